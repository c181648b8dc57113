// The controls below the map: colours, overlays, comparison.
// @ts-check

import { given, remember } from "./address.js";
import { byId, make } from "./dom.js";
import { say } from "./message.js";
import { offered } from "./overlays.js";

/**
 * @param {import("./map.js").BlockMap} map
 * @param {import("./styles.js").BlockStyles} styles
 * @param {import("./compare.js").Compare} compare
 * @param {import("./overlays.js").Overlays} overlays
 */
export function setUpViewOptions(map, styles, compare, overlays) {
  const select = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id));
  const [shade, comparing] = [select("shade"), select("compare")];

  shade.replaceChildren(...styles.offered().map(([name, words]) => make("option", { value: name }, words)));
  /** @param {string} name */
  function shadeBy(name) {
    styles.choose(name);
    shade.value = styles.by;
    map.shade();
    compare.before?.shade();
    byId("legend").replaceChildren(...styles.legend());
    byId("legend").hidden = !byId("legend").children.length;
    remember("shade", styles.by);
  }
  shade.addEventListener("change", () => shadeBy(shade.value));

  comparing.addEventListener("change", () => {
    compare.show(comparing.value);
    remember("compare", compare.mode);
  });

  const boxes = offered(overlays.layers).map(({ id, title }) => {
    const box = make("input", { type: "checkbox", value: id, change: drawOver });
    box.checked = given("over").split(",").includes(id);
    byId("overlays").querySelector("fieldset")?.append(make("label", {}, box, title));
    return box;
  });
  async function drawOver() {
    const ids = boxes.filter((box) => box.checked).map((box) => box.value);
    remember("over", ids.join(","));
    try {
      byId("overlay-note").textContent = await overlays.show(ids);
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }
  document.addEventListener("pointerdown", (event) => {
    for (const id of ["overlays", "counted"]) {
      const list = /** @type {HTMLDetailsElement} */ (byId(id));
      if (list.open && !list.contains(/** @type {Node} */ (event.target))) list.open = false;
    }
  });
  compare.made = (before) => {
    overlays.maps.push(before.map);
    drawOver();
  };

  const question = /** @type {HTMLFormElement} */ (byId("question"));
  question.addEventListener("submit", () => {
    for (const field of question.elements) {
      if ((field instanceof HTMLInputElement || field instanceof HTMLSelectElement) && field.value === "") field.disabled = true;
    }
    for (const name of ["area", "view", "over", "compare", "shade", "fit", "take"]) {
      if (given(name)) question.append(make("input", { type: "hidden", name, value: given(name) }));
    }
  });

  byId("fit").addEventListener("click", () => map.fit());
  byId("show-before").addEventListener("change", (event) =>
    byId("areas").classList.toggle("with-before", /** @type {HTMLInputElement} */ (event.target).checked));
  byId("link").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    byId("announcement").textContent = "Link copied";
    byId("link").textContent = "Copied";
    setTimeout(() => (byId("link").textContent = "Copy link"), 900);
  });
  map.map.on("moveend", () => {
    const { lat, lng } = map.map.getCenter();
    remember("view", `${lat.toFixed(5)},${lng.toFixed(5)},${map.map.getZoom()}`);
  });

  // Restore the view that the address names.
  const view = given("view").split(",").map(Number);
  if (view.length === 3 && view.every(Number.isFinite)) map.map.setView([view[0], view[1]], view[2], { animate: false });
  if (given("shade")) shadeBy(given("shade"));
  comparing.value = given("compare");
  compare.show(comparing.value);
  drawOver();
}
