// The pointer on the map: a click or a stroke visits the blocks under it.
// @ts-check

const STEP_PX = 5; // no block wider than this is skipped by a fast stroke

/**
 * @typedef {object} Brush What a stroke does.
 * @property {() => boolean} active whether the pointer draws, or moves the map
 * @property {(block: number) => void} begin
 * @property {(block: number) => void} over once for each block of the stroke, the first one too
 * @property {() => void} end
 * @property {() => void} cancel
 * @property {(block: number) => void} point −1 outside
 * @property {(block: number) => void} pick with the right button or Alt
 */

/** @param {L.Map} map @param {import("./topology.js").Geometry} geometry @param {Brush} brush */
export function setUpStrokes(map, geometry, brush) {
  const box = map.getContainer();
  /** @type {Set<number> | null} */
  let stroke = null;
  /** @type {L.Point | null} */
  let last = null;
  let spaceDown = false;
  /** @type {Set<number>} */
  const fingers = new Set();

  /** @param {PointerEvent} event */
  const placeOf = (event) => map.mouseEventToContainerPoint(event);
  /** @param {L.Point} place */
  const blockAt = (place) => {
    const { lat, lng } = map.containerPointToLatLng(place);
    return geometry.at(lng, lat);
  };
  /** @param {L.Point} place */
  const touch = (place) => {
    const block = blockAt(place);
    if (block === -1 || !stroke || stroke.has(block)) return;
    if (stroke.size === 0) brush.begin(block);
    stroke.add(block);
    brush.over(block);
  };
  const leave = () => {
    if (stroke?.size) brush.cancel();
    stroke = last = null;
  };

  const free = () => spaceDown || !brush.active();
  const settle = () => {
    if (free()) map.dragging.enable();
    else map.dragging.disable();
    box.classList.toggle("draws", !free());
  };

  box.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest(".leaflet-control, .on-map")) return;
    if (event.pointerType === "touch") fingers.add(event.pointerId);
    if (fingers.size > 1) return leave(); // two fingers zoom
    if (event.button === 2 || event.altKey) return brush.pick(blockAt(placeOf(event)));
    if (event.button !== 0 || free()) return;
    box.setPointerCapture(event.pointerId);
    stroke = new Set();
    last = placeOf(event);
    touch(last);
  });
  box.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    if (!stroke || !last) return brush.point(blockAt(place));
    const steps = Math.max(1, Math.ceil(last.distanceTo(place) / STEP_PX));
    for (let at = 1; at <= steps; at += 1) {
      touch(last.add(place.subtract(last).multiplyBy(at / steps)));
    }
    last = place;
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    box.addEventListener(kind, (event) => {
      fingers.delete(/** @type {PointerEvent} */ (event).pointerId);
      if (!stroke) return;
      if (kind === "pointercancel") return leave();
      if (stroke.size) brush.end();
      stroke = last = null;
    });
  }
  box.addEventListener("pointerleave", () => brush.point(-1));
  box.addEventListener("contextmenu", (event) => event.preventDefault());
  // While the space bar is spaceDown the pointer moves the map.
  for (const [kind, down] of /** @type {[string, boolean][]} */ ([["keydown", true], ["keyup", false]])) {
    document.addEventListener(kind, (event) => {
      const { code, target } = /** @type {KeyboardEvent} */ (event);
      if (code !== "Space" || (target instanceof Element && target.closest("input, select, button, textarea, summary, a"))) return;
      if (down) event.preventDefault();
      spaceDown = down;
      settle();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
  settle();
  return settle;
}
