// Printing: the maps are resized for paper and redrawn first.
// @ts-check

import { byId } from "./dom.js";

/** @typedef {import("./map.js").BlockMap} BlockMap */

/** @param {BlockMap} map @param {() => BlockMap | null} before */
export function setUpPrint(map, before) {
  /** @type {[L.LatLng, number] | null} */
  let view = null;
  const maps = () => [map, ...(before() ? [/** @type {BlockMap} */ (before())] : [])];
  /** @param {boolean} printing */
  const fit = (printing) => {
    document.body.classList.toggle("on-paper", printing);
    if (printing) view = [map.map.getCenter(), map.map.getZoom()];
    const details = /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("#panels details"));
    for (const one of details) {
      if (printing) one.dataset.open = String(one.open);
      one.open = printing || one.dataset.open === "true";
    }
    for (const each of maps()) {
      each.map.invalidateSize({ animate: false, pan: false });
      if (printing) each.fit();
      else if (view) each.map.setView(...view, { animate: false });
      each.drawNow();
      if (printing) each.map.getContainer().querySelectorAll("canvas").forEach(asPicture);
    }
  };
  window.addEventListener("beforeprint", () => fit(true));
  window.addEventListener("afterprint", () => fit(false));
  byId("print").addEventListener("click", () => window.print());
}

/**
 * Let a canvas be printed as a picture. Chromium prints what was just drawn stroke by stroke, and
 * there the clearing of a canvas takes away all that lies below it; what was read in between, and
 * drawn on since, it prints as it stands.
 * @param {HTMLCanvasElement} canvas
 */
function asPicture(canvas) {
  const pen = canvas.getContext("2d");
  if (!pen || !canvas.width || !canvas.height) return;
  pen.getImageData(0, 0, 1, 1);
  pen.fillStyle = "#00000001";
  pen.fillRect(0, 0, 1, 1);
}
