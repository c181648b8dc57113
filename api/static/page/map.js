// The map in its frame: fits the frame, reports clicks and pointing to the board, and highlights
// what the board names. In a file of its own it only fits the window.
// @ts-check
(() => {
  const L = /** @type {any} */ (window).L;
  const map = /** @type {any} */ (Object.values(window).find((value) => value instanceof L.Map));
  const home = JSON.parse(document.body.dataset.bounds ?? "[]");
  const inBoard = window.parent !== window;

  let moved = false;
  let fitting = false;
  /** Until somebody moves the map, it fills whatever frame or paper it is given. */
  function fit() {
    if (moved) return;
    fitting = true;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(home, { padding: [10, 10], animate: false });
    fitting = false;
  }
  for (const kind of ["dragstart", "zoomstart"]) map.on(kind, () => (moved = moved || !fitting));
  new ResizeObserver(fit).observe(map.getContainer());
  // Printing does not wait: what a map draws in the next animation frame would be missing.
  window.addEventListener("patchmap:fit", () => {
    fit();
    map.eachLayer((/** @type {any} */ layer) => layer._renderer?._redraw?.());
  });
  document.fonts.ready.then(fit);

  // A press on the map gives it the keyboard. The page must not scroll meanwhile to show all of
  // the frame: the button would come up over another place than it went down on.
  const container = map.getContainer();
  container.focus = () => HTMLElement.prototype.focus.call(container, { preventScroll: true });

  const legend = /** @type {HTMLElement | null} */ (document.querySelector(".legend"));
  /** A legend that scrolls can be reached, and so scrolled, with the keyboard. */
  function reach() {
    if (!legend) return;
    if (legend.scrollHeight > legend.clientHeight) legend.tabIndex = 0;
    else legend.removeAttribute("tabindex");
  }
  if (legend) new ResizeObserver(reach).observe(legend);

  /** @type {Map<string, any>} the shape that each id names */
  const shapes = new Map();
  map.eachLayer((/** @type {any} */ layer) => {
    const { at: own, stop } = layer.feature?.properties ?? {};
    const at = own ?? stop;
    if (!at) return;
    // The stop of a round is a point of a place that has its own shape.
    if (own) shapes.set(at, layer);
    if (!inBoard || !layer.options.interactive) return;
    layer.on("click", () => tell("picked", at));
    layer.on("mouseover", () => tell("pointed", at));
    layer.on("mouseout", () => tell("pointed", ""));
  });

  /** @param {string} what @param {string} at */
  function tell(what, at) {
    window.parent.postMessage({ patchmap: what, at }, window.location.origin);
  }

  const light = L.layerGroup().addTo(map);
  /** @param {string} at */
  function show(at) {
    light.clearLayers();
    const shape = shapes.get(at);
    if (!shape) return;
    for (const style of [{ color: "#111", weight: 9 }, { color: "#ffd166", weight: 5 }]) {
      L.geoJSON(shape.feature, { interactive: false, style: { fill: false, opacity: 1, ...style } }).addTo(light);
    }
    if (!map.getBounds().intersects(shape.getBounds())) map.panTo(shape.getBounds().getCenter());
  }
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.patchmap === "light") show(event.data.at);
  });

  // Two maps side by side move together; a move made by the other map is not sent back.
  let led = false;
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    const view = [lat, lng, map.getZoom()];
    if (inBoard && moved && !led && !fitting) {
      window.parent.postMessage({ patchmap: "moved", view }, window.location.origin);
    }
  });
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.patchmap !== "move") return;
    const [lat, lng, zoom] = event.data.view;
    moved = led = true;
    map.setView([lat, lng], zoom, { animate: false });
    led = false;
  });
  if (inBoard) tell("ready", "");
})();
