// The map in its frame: fits the frame, reports clicks and pointing to the board, and highlights
// what the board names. In a file of its own it only fits the window.
// @ts-check
(() => {
  const L = /** @type {any} */ (window).L;
  const map = /** @type {any} */ (Object.values(window).find((value) => value instanceof L.Map));
  const home = JSON.parse(document.body.dataset.bounds ?? "[]");
  const inBoard = window.parent !== window;
  const legend = /** @type {HTMLElement | null} */ (document.querySelector(".legend"));
  // The credit is of the data alone, and so short enough for a small map.
  map.attributionControl?.setPrefix(false);
  /** The zoom at which single streets are seen. */
  const NEAR = 15.5;

  /** Whether somebody has moved the map: then it stays where it is. */
  let moved = false;
  // Two maps side by side move together; a move made by the page is not sent back.
  let quiet = false;
  /** @param {() => void} move */
  function quietly(move) {
    const before = quiet;
    quiet = true;
    try {
      move();
    } finally {
      quiet = before;
    }
  }
  /** Whether the page has another map beside this one. */
  const paired = () => (window.frameElement?.ownerDocument.querySelectorAll("iframe.map").length ?? 0) > 1;
  /** Bounds stand beside the legend or over it, whichever shows them larger. */
  function clear() {
    const key = legend;
    // Two maps stand alike, a legend that was opened is closed again, and on paper it is beside the map.
    if (!key || paired() || key.querySelector("details[open]") || getComputedStyle(key).position !== "absolute") return [0, 0, 0];
    // What is over the legend begins below the field that finds places.
    const ways = [[key.offsetWidth, 0, 0], [0, key.offsetHeight + creditBelow(), inBoard ? 50 : 0]];
    const [beside, over] = ways.map(([x, y, top]) => map.getBoundsZoom(home, false, L.point(x + 20, y + top + 20)));
    return ways[beside >= over ? 0 : 1];
  }
  /** @type {Map<any, any>} how far beside its place each label stands at the usual size */
  const asides = new Map();
  /** The size of type of a board on a small screen, and how much larger a presentation writes than a board. */
  const [BOARD_PX, PRESENTED] = [19, 1.65];
  /** Narrower windows are phones: a presentation writes as any page there. */
  const ROOM = "(min-width: 901px)";
  /** The map writes as large as the board around it: larger on a wide screen, and in a presentation, which is read from five metres. */
  function scaleText() {
    const page = inBoard ? window.frameElement?.ownerDocument : null;
    if (!page) return;
    const presented = page.body.classList.contains("presenting") && window.parent.matchMedia(ROOM).matches;
    const wide = Math.max(parseFloat(getComputedStyle(page.documentElement).fontSize) / BOARD_PX, 1);
    const scale = document.body.classList.contains("on-paper") ? 1 : wide * (presented ? PRESENTED : 1);
    document.body.classList.toggle("presented", presented);
    if (scale === Number(document.documentElement.dataset.scale ?? 1)) return;
    document.documentElement.dataset.scale = `${scale}`;
    document.documentElement.style.fontSize = `${16 * scale}px`;
    L.Control.Scale.prototype.options.maxWidth = 100 * scale;
    map.fire("textscale", { scale });
    map.whenReady(scaleLabels);
  }
  function scaleLabels() {
    const scale = Number(document.documentElement.dataset.scale ?? 1);
    // The scale is written when the map moves, and a map that somebody has moved is not fitted again.
    quietly(() => map.fire("move"));
    map.eachLayer((/** @type {any} */ layer) => {
      const tooltip = layer.getTooltip?.();
      if (!tooltip?.options.permanent) return;
      asides.set(tooltip, asides.get(tooltip) ?? L.point(tooltip.options.offset));
      tooltip.options.offset = asides.get(tooltip).multiplyBy(scale);
      tooltip.update();
    });
  }
  /** Pixels from the legend to the credit, so that their letters do not touch. */
  const APART = 6;
  /** How high the credit is where it reaches under the legend, which then stands above it; else 0. */
  function creditBelow() {
    const credit = document.querySelector(".leaflet-control-attribution")?.getBoundingClientRect();
    const reaches = credit && legend && credit.left < legend.getBoundingClientRect().right + APART;
    return reaches ? credit.height : 0;
  }
  /** The scale stands above the credit, and so does a legend that it reaches. */
  function clearCredit() {
    const credit = /** @type {HTMLElement | null} */ (document.querySelector(".leaflet-control-attribution"));
    document.body.style.setProperty("--credit", `${credit?.offsetHeight ?? 0}px`);
    document.body.style.setProperty("--credit-below", `${creditBelow()}px`);
  }
  for (const one of document.querySelectorAll(".legend, .leaflet-control-attribution")) {
    new ResizeObserver(clearCredit).observe(one);
  }
  /** The room that the map was fitted to, until it moves: to fit it again would draw all of it again. */
  let fitted = "";
  /** Until somebody moves the map, it fills whatever frame or paper it is given. */
  function fit() {
    document.body.classList.toggle("paired", paired());
    scaleText();
    clearCredit();
    quietly(() => {
      // Before its first view Leaflet does not notice that the size of a map has changed.
      if (!map._loaded) map._sizeChanged = true;
      map.invalidateSize({ animate: false, pan: moved });
      const { x, y } = map.getSize();
      // A frame without a size holds no bounds at any zoom: it is fitted when it has one.
      if (!(x > 20 && y > 20)) return;
      if (moved) return;
      const [left, below, top] = clear();
      const room = `${[x, y, left, below, top]}`;
      if (room === fitted) return;
      map.fitBounds(home, { paddingTopLeft: [10 + left, 10 + top], paddingBottomRight: [10, 10 + below], animate: false });
      fitted = room;
    });
  }
  // By pointer, wheel, buttons or keys.
  map.on("movestart zoomstart", () => (moved = moved || !quiet));
  map.on("movestart zoomstart", () => (fitted = ""));
  new ResizeObserver(fit).observe(map.getContainer());
  // Printing does not wait: what a map draws in the next animation frame would be missing.
  window.addEventListener("patchmap:fit", (event) => {
    document.body.classList.toggle("on-paper", /** @type {any} */ (event).detail?.printing === true);
    fit();
    map.eachLayer((/** @type {any} */ layer) => layer._renderer?._redraw?.());
  });
  document.fonts.ready.then(fit);

  // A press on the map gives it the keyboard. The page must not scroll meanwhile to show all of
  // the frame: the button would come up over another place than it went down on.
  const container = map.getContainer();
  container.focus = () => HTMLElement.prototype.focus.call(container, { preventScroll: true });

  /** A legend that scrolls can be reached, and so scrolled, with the keyboard. */
  function reach() {
    if (!legend) return;
    if (legend.scrollHeight > legend.clientHeight) legend.tabIndex = 0;
    else legend.removeAttribute("tabindex");
  }
  if (legend) new ResizeObserver(reach).observe(legend);

  /** @type {Map<string, any>} the shape that each id names */
  const shapes = new Map();
  /** @param {any} layer */
  function follow(layer) {
    const { at: own, stop } = layer.feature?.properties ?? {};
    const at = own ?? stop;
    if (!at) return;
    // The stop of a round is a point of a place that has its own shape.
    if (own) shapes.set(at, layer);
    if (!inBoard || !layer.options.interactive) return;
    layer.on("click", () => tell("picked", at));
    layer.on("mouseover", () => tell("pointed", at));
    layer.on("mouseout", () => tell("pointed", ""));
  }

  /** @param {string} what @param {string} at */
  function tell(what, at) {
    window.parent.postMessage({ patchmap: what, at }, window.location.origin);
  }

  const light = L.layerGroup().addTo(map);
  /** @param {string} at @param {boolean} centre */
  function show(at, centre) {
    light.clearLayers();
    const shape = shapes.get(at);
    if (!shape) return;
    for (const style of [{ color: "#111", weight: 9 }, { color: "#ffd166", weight: 5 }]) {
      L.geoJSON(shape.feature, { interactive: false, style: { fill: false, opacity: 1, ...style } }).addTo(light);
    }
    if (!centre) return;
    // Near enough to see its streets, and all of it: a place of 150 m, or an area of some miles.
    const bounds = shape.getBounds();
    const zoom = Math.min(map.getBoundsZoom(bounds.pad(0.15)), NEAR);
    hold(() => map.setView(bounds.getCenter(), zoom, { animate: false }));
  }
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent) return;
    const { patchmap, at, centre } = event.data ?? {};
    if (patchmap === "light") show(at, centre);
    if (patchmap === "home") {
      moved = false;
      fit();
    }
  });

  /** Numbers of unusual places, as their cards have them. @param {string[]} ranks */
  function markUnusual(ranks) {
    for (const number of document.querySelectorAll(".place-number:not(.street, .base)")) {
      number.classList.toggle("unusual", ranks.includes(number.textContent ?? ""));
    }
  }
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.patchmap === "unusual") markUnusual(event.data.ranks);
  });

  const marks = L.layerGroup().addTo(map);
  /** Mark a place that was looked for; nothing takes the mark away. @param {{ name?: string, point?: number[], box?: number[] | null }} place */
  function mark({ name, point, box }) {
    marks.clearLayers();
    if (!point) return;
    const style = { color: "#111", weight: 3, fillColor: "#ffd166", interactive: false };
    if (box) {
      const [west, south, east, north] = box;
      L.rectangle([[south, west], [north, east]], { ...style, fill: false }).addTo(marks);
    }
    const text = document.createElement("span");
    text.textContent = name ?? "";
    L.circleMarker(point, { ...style, radius: 8, fillOpacity: 1 })
      .bindTooltip(text, { permanent: true, direction: "top", offset: [0, -8] })
      .addTo(marks);
  }
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.patchmap === "mark") mark(event.data);
  });

  /** Move the map on behalf of the page: it stays there, without a message to the page. @param {() => void} move */
  function hold(move) {
    moved = true;
    quietly(move);
  }
  /** Stand at a latitude, longitude and zoom; what is none is passed over. @param {number[]} view */
  function stand([lat, lng, zoom]) {
    if ([lat, lng, zoom].every(Number.isFinite)) hold(() => map.setView([lat, lng], zoom, { animate: false }));
  }
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    const view = [lat, lng, map.getZoom()];
    if (inBoard && moved && !quiet) {
      window.parent.postMessage({ patchmap: "moved", view }, window.location.origin);
    }
  });
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.patchmap !== "move") return;
    stand(event.data.view);
  });
  const opened = new URLSearchParams(window.location.hash.slice(1)).get("view")?.split(",").map(Number);
  // folium's map has no view yet: its shapes are drawn once, where they stay.
  map.whenReady(() => map.eachLayer(follow));
  if (opened) stand(opened);
  fit();
  // Keys of a clicker that go to the map are meant for the presentation around it.
  if (inBoard) {
    window.addEventListener("keydown", ({ key }) => {
      if (["PageUp", "PageDown", "Escape"].includes(key)) tell("key", key);
    });
    map.whenReady(() => tell("ready", ""));
  }
})();
