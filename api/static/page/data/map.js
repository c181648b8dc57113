// The map of a file: its cells or areas over the layer of the board, and over the basemap.
// @ts-check
import { underlay } from "../underlay.js";

/** @typedef {[number, number][]} Ring */
/** @typedef {{ bounds: [[number, number], [number, number]] | null, what: string, cells: [Ring, number][], areas: Ring[], under: Ring[] }} Drawn */

const L = /** @type {any} */ (window).L;

/** Make a map; the function that it returns draws what the file is now. @param {HTMLElement} box @param {AbortSignal} signal */
export function drawMap(box, signal) {
  const map = L.map(box, { preferCanvas: true, attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false });
  map.setView([52.9, -1.5], 6);
  const layers = L.featureGroup().addTo(map);
  const based = underlay(map);
  return async () => {
    const response = await fetch(box.dataset.address ?? "", { signal }).catch(() => null);
    if (!response?.ok) return;
    /** @type {Drawn | null} */
    const drawn = await response.json().catch(() => null);
    if (!drawn) return; // the page is being left
    // A layer of the board that is filled would hide the basemap.
    const fill = (await based) ? 0.1 : 0.7;
    layers.clearLayers();
    const under = drawn.under.map((ring) => L.polygon(ring, { color: "#8a8578", weight: 1, fillColor: "#fff", fillOpacity: fill, interactive: false }));
    const most = Math.max(1, ...drawn.cells.map(([, n]) => n));
    const cells = drawn.cells.map(([ring, n]) =>
      L.polygon(ring, { stroke: true, color: "#8a3a00", weight: 0.5, fillColor: "#d95f02", fillOpacity: 0.35 + 0.6 * Math.sqrt(n / most) })
        .bindTooltip(`${n.toLocaleString("en-GB")} ${drawn.what}`));
    const areas = drawn.areas.map((ring) => L.polygon(ring, { color: "#8a3a00", weight: 1.5, fillColor: "#d95f02", fillOpacity: 0.35, interactive: false }));
    const own = [...cells, ...areas];
    for (const one of [...under, ...own]) layers.addLayer(one);
    const shown = drawn.bounds ? L.latLngBounds(drawn.bounds) : own.length ? L.featureGroup(own).getBounds() : layers.getBounds();
    if (shown.isValid()) map.fitBounds(shown.pad(0.15), { animate: false, maxZoom: 14 });
  };
}
