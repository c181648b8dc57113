// The page of a file of counts: its map, drawn from outlines that are fetched once, the slider of
// months, and the story of the area that is clicked. Without this file the table has the same numbers.
// @ts-check
import { setUpBar } from "./bar.js";
import { makeSortable } from "./sort.js";
import { underlay } from "./underlay.js";

const PAUSE_MS = 60;
/** Pixels that a step of the outlines may take: closer, their corners would be seen. */
const LARGEST_STEP = 8;
const DEEPEST = 19;
/** Where the outlines lie is in metres of Web Mercator; a file of an earlier version does not say it.
 * @typedef {{ codes: string[], names: string[], rings: number[][][], width: number, height: number, west?: number, north?: number, step?: number }} Outlines */
/** An area that is unknown has no number. @typedef {{ n: (number | null)[], breaks: number[], legend: [number, string][] }} Numbers */

const L = /** @type {any} */ (window).L;
setUpBar(/** @type {HTMLFormElement} */ (document.getElementById("question")));
setUpTables();
const box = document.getElementById("map");
if (box) await setUpMap(box);

function setUpTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    makeSortable(/** @type {HTMLTableElement} */ (table));
  }
}

/** @param {HTMLElement} box */
async function setUpMap(box) {
  const address = new URL(box.dataset.numbers ?? "", window.location.href);
  /** @type {[Outlines, Numbers]} */
  const [outlines, first] = await Promise.all([read("/outlines.json"), read(address)]);
  const place = placing(outlines);
  const map = L.map(box, { ...place.options, preferCanvas: true, attributionControl: false, zoomSnap: 0 });
  const home = [place.at(0, outlines.height), place.at(outlines.width, 0)];
  let moved = false;
  let fitting = false;
  /** Until somebody moves the map, it is fitted to its box. */
  function fit() {
    if (moved) return;
    fitting = true;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(home, { padding: [6, 6], animate: false });
    fitting = false;
  }
  fit();
  // By pointer, wheel, buttons or keys.
  map.on("movestart zoomstart", () => (moved = moved || !fitting));
  new ResizeObserver(fit).observe(box);
  // Paper has another room than the screen, and nothing observes it.
  for (const [kind, printing] of /** @type {[string, boolean][]} */ ([["beforeprint", true], ["afterprint", false]])) {
    window.addEventListener(kind, () => {
      box.classList.toggle("on-paper", printing);
      fit();
    });
  }
  const areas = outlines.rings.map((rings, number) =>
    L.polygon(rings.map((steps) => corners(steps, place.at)), { number, fillOpacity: 1, smoothFactor: 0.6 }));
  let shown = first;
  const group = L.featureGroup(areas);
  paint(areas, shown);
  group.addTo(map);
  if (outlines.step) underlay(map).then((based) => box.classList.toggle("based", based));
  group.bindTooltip((/** @type {any} */ area) => tooltip(outlines, shown, area.options.number), { sticky: true });

  const light = L.layerGroup().addTo(map);
  /** @param {string} code */
  function mark(code) {
    light.clearLayers();
    const area = areas[outlines.codes.indexOf(code)];
    if (!area) return;
    for (const style of [{ color: "#111", weight: 6 }, { color: "#ffd166", weight: 3 }]) {
      L.polygon(area.getLatLngs(), { ...style, fill: false, interactive: false }).addTo(light);
    }
    if (!map.getBounds().intersects(area.getBounds())) map.panTo(area.getBounds().getCenter());
  }
  const opened = () => new URLSearchParams(window.location.search).get("at") ?? "";
  mark(opened());
  group.on("click", (/** @type {any} */ event) => open(outlines.codes[event.layer.options.number], mark));
  setUpLinks(mark, opened);
  setUpMonths(async (month) => {
    const query = new URL(address);
    query.searchParams.delete("month");
    if (month) query.searchParams.set("month", month);
    shown = await read(query);
    paint(areas, shown);
    fillLegend(shown, month);
  });
}

/** @param {URL | string} address */
async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} of ${address}`);
  return response.json();
}

/** How the map is projected, and where on it a step to the east and to the south lies. @param {Outlines} outlines */
function placing({ west, north, step }) {
  if (west === undefined || north === undefined || !step) {
    return {
      options: { crs: L.CRS.Simple, minZoom: -6, maxZoom: Math.log2(LARGEST_STEP) },
      at: (/** @type {number} */ x, /** @type {number} */ y) => L.latLng(-y, x),
    };
  }
  const crs = L.CRS.EPSG3857;
  const world = L.Projection.SphericalMercator.bounds.getSize().x;
  return {
    options: { crs, maxZoom: Math.min(Math.floor(crs.zoom((LARGEST_STEP * world) / step)), DEEPEST) },
    at: (/** @type {number} */ x, /** @type {number} */ y) => crs.unproject(L.point(west + x * step, north - y * step)),
  };
}

/** Turn differences into corners. @param {number[]} steps @param {(x: number, y: number) => any} at */
function corners(steps, at) {
  let [x, y] = [0, 0];
  const points = [];
  for (let step = 0; step < steps.length; step += 2) {
    x += steps[step];
    y += steps[step + 1];
    points.push(at(x, y));
  }
  return points;
}

/** @param {any[]} areas @param {Numbers} numbers */
function paint(areas, numbers) {
  const style = getComputedStyle(document.documentElement);
  const shades = numbers.legend.map(([shade]) => style.getPropertyValue(`--shade-${shade}`));
  areas.forEach((area, number) => {
    const n = numbers.n[number];
    if (n === null) {
      area.setStyle({ fillColor: style.getPropertyValue("--unknown"), color: "#4d4d4d", weight: 1, dashArray: "2 5" });
      return;
    }
    const shade = numbers.breaks.filter((least) => least <= n).length;
    area.setStyle({ fillColor: shades[shade], color: "#6b6577", weight: 0.25, dashArray: null });
  });
}

/** @param {Outlines} outlines @param {Numbers} numbers @param {number} number */
function tooltip(outlines, numbers, number) {
  const words = document.createElement("span");
  const n = numbers.n[number]?.toLocaleString("en-GB") ?? "unknown";
  words.textContent = `${outlines.names[number]} (${outlines.codes[number]}): ${n}`;
  return words;
}

/** @param {Numbers} numbers @param {string} month */
function fillLegend(numbers, month) {
  const scale = document.getElementById("scale");
  if (scale) scale.textContent = `Incidents in an area${month ? " in the month" : ""}:`;
  /** @type {[string, string][]} */
  const shades = numbers.legend.map(([shade, words]) => [`shade-${shade}`, words]);
  if (numbers.n.includes(null)) shades.push(["shade-unknown", "unknown: no data"]);
  document.getElementById("legend")?.replaceChildren(...shades.map(([name, words]) => {
    const item = document.createElement("li");
    item.className = name;
    item.textContent = words;
    return item;
  }));
}

/** @param {(month: string) => void} show */
function setUpMonths(show) {
  const label = document.getElementById("months");
  const slider = label?.querySelector("input");
  const output = label?.querySelector("output");
  if (!label || !slider || !output) return;
  label.hidden = false;
  const months = (label.dataset.months ?? "").split(",");
  const titles = (label.dataset.titles ?? "").split(",");
  let waiting = 0;
  slider.addEventListener("input", () => {
    const at = Number(slider.value) - 1;
    const month = months[at] ?? "";
    output.value = titles[at] ?? "whole period";
    setParameter("month", month);
    clearTimeout(waiting);
    waiting = window.setTimeout(() => show(month), PAUSE_MS);
  });
}

/** Write a parameter into the address. @param {string} name @param {string} value */
function setParameter(name, value) {
  const page = new URL(window.location.href);
  page.searchParams.delete(name);
  if (value) page.searchParams.set(name, value);
  window.history.replaceState(null, "", page);
}

/** @param {(code: string) => void} mark @param {() => string} opened */
function setUpLinks(mark, opened) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.story, a.close") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(new URL(link.href).searchParams.get("at") ?? "", mark);
  });
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const row = event.target instanceof Element ? event.target.closest("tr[data-at]") : null;
      if (row instanceof HTMLElement) mark(row.dataset.at ?? "");
      else if (kind === "mouseover" && event.target instanceof Element && !event.target.closest("#map")) mark(opened());
    });
  }
}

/** Show the story of an area, or of all of them. @param {string} code @param {(code: string) => void} mark */
async function open(code, mark) {
  setParameter("at", code);
  mark(code);
  const response = await fetch(window.location.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const story = page.getElementById("results");
  const old = document.getElementById("results");
  // A later click may be answered sooner: then this answer is out of date.
  if (!story || !old || code !== (new URLSearchParams(window.location.search).get("at") ?? "")) return;
  old.replaceChildren(...story.children);
  setUpTables();
}
