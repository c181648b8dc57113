// One map of the blocks: coloured, outlined and labelled by area.
// @ts-check

import { make } from "./dom.js";
import { boxOf } from "./topology.js";

/** @typedef {import("./topology.js").Block} Block */
/** @typedef {import("./topology.js").Arc} Arc */

/**
 * @typedef {object} Geometry What every map of a plan is drawn from.
 * @property {Block[]} blocks
 * @property {Arc[]} arcs
 * @property {[number, number][]} middles longitude and latitude of each block
 * @property {number[]} sizes
 */

/**
 * @typedef {object} Content How blocks are shown.
 * @property {(block: number) => string} area
 * @property {(block: number) => string} fill
 * @property {() => string} chosen the area that is outlined by itself
 * @property {(area: string) => {name: string, detail: string, kind: string}} label
 */

const BLOCK_EDGE = { color: "#ffffff", weight: 0.7, opacity: 0.9, fillOpacity: 1 };
const INK = "#22303a";

export class BlockMap {
  /** @param {HTMLElement} box @param {Geometry} geometry @param {Content} content @param {{tiles?: string, credit?: string}} [more] */
  constructor(box, geometry, content, { tiles = "", credit = "" } = {}) {
    this.geometry = geometry;
    this.content = content;
    this.home = homeOf(geometry.blocks);
    this.map = L.map(box, {
      preferCanvas: true, zoomControl: false, keyboard: false, doubleClickZoom: false, boxZoom: false,
      attributionControl: false, zoomSnap: 0.25, zoomAnimation: false, fadeAnimation: false, maxZoom: 19,
    });
    this.map.fitBounds(this.home, { padding: [12, 12], animate: false });
    for (const [name, order] of [["shade", 390], ["over", 420], ["lines", 430]]) {
      this.map.createPane(String(name)).style.zIndex = String(order);
    }
    if (tiles) {
      L.tileLayer(tiles, { maxZoom: 19 }).addTo(this.map);
      L.control.attribution({ prefix: false }).addAttribution(credit).addTo(this.map);
    }
    const ground = document.getElementById("basemap-data");
    this.opacity = tiles ? 0.7 : ground ? 0.78 : 1;
    if (ground) {
      if (!tiles) L.control.attribution({ prefix: false }).addTo(this.map);
      /** @type {any} */ (window).addBasemap?.(this.map, { places: false });
    }
    const shade = L.canvas({ pane: "shade" });
    this.shapes = geometry.blocks.map((block, at) =>
      L.polygon(/** @type {L.LatLngExpression[][][]} */ (latlngs(block)), {
        renderer: shade, interactive: false, smoothFactor: 0.5, ...BLOCK_EDGE,
        fillOpacity: this.opacity, fillColor: content.fill(at),
      }).addTo(this.map),
    );
    // Few canvases: the browser composites all of them again for every frame.
    const lines = L.canvas({ pane: "lines" });
    this.lines = lines;
    const styles = [{ color: "#ffffff", weight: 5, opacity: 0.75 }, { color: INK, weight: 2.2, opacity: 1 }];
    this.outlines = styles.map((style) =>
      L.polyline([], { renderer: lines, interactive: false, smoothFactor: 0.5, ...style }).addTo(this.map),
    );
    this.chosen = L.polyline([], { renderer: lines, interactive: false, smoothFactor: 0.5, color: "#c24e00", weight: 3.6 }).addTo(this.map);
    /** @type {Map<string, {key: string, marker: L.Marker}>} the label of each area, and a key of its place and text */
    this.names = new Map();
    /** @type {L.Polyline[]} */
    this.marks = [];
    this.map.on("zoomend resize", () => this.#tidyNames());
    new ResizeObserver(() => this.resized()).observe(box);
  }

  /** Recolour some blocks, or all. @param {Iterable<number>} [blocks] */
  shade(blocks = this.shapes.keys()) {
    for (const block of blocks) {
      const fillColor = this.content.fill(block);
      if (this.shapes[block].options.fillColor !== fillColor) this.shapes[block].setStyle({ fillColor });
    }
  }

  /** Redraw the areas: the lines between them, and their labels. */
  draw() {
    this.drawLines();
    this.drawNames();
  }

  /** Redraw the lines between areas. */
  drawLines() {
    const lines = this.geometry.arcs.flatMap(({ a, b, line }) =>
      b === -1 || this.content.area(a) !== this.content.area(b) ? [line] : [],
    );
    for (const outline of this.outlines) outline.setLatLngs(lines);
    this.chosen.setLatLngs(this.#around((block) => this.content.area(block) === this.content.chosen()));
  }

  /** The lines around those blocks that belong. @param {(block: number) => boolean} belongs */
  #around(belongs) {
    return this.geometry.arcs.flatMap(({ a, b, line }) => (belongs(a) !== (b !== -1 && belongs(b)) ? [line] : []));
  }

  /** Redraw the labels of areas that have changed. */
  drawNames() {
    const { middles, sizes } = this.geometry;
    const areas = this.#byArea().filter(([code]) => code);
    const there = new Set(areas.map(([code]) => code));
    for (const [code, { marker }] of this.names) {
      if (there.has(code)) continue;
      marker.remove();
      this.names.delete(code);
    }
    areas.forEach(([code, blocks], rank) => {
      const whole = blocks.reduce((sum, block) => sum + sizes[block], 0);
      const centre = [0, 1].map((axis) => blocks.reduce((sum, at) => sum + middles[at][axis] * sizes[at], 0) / whole);
      const [lon, lat] = nearest(blocks.map((at) => middles[at]), centre);
      const { name, detail, kind } = this.content.label(code);
      const key = JSON.stringify([lat, lon, name, detail, kind]);
      const old = this.names.get(code);
      if (old?.key === key) return;
      old?.marker.remove();
      const inside = make("span", {}, name, ...(detail ? [make("small", { class: kind }, detail)] : []));
      const icon = L.divIcon({ className: "area-name", html: inside, iconSize: [0, 0] });
      const marker = L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(this.map);
      inside.dataset.rank = String(rank);
      this.names.set(code, { key, marker });
    });
    this.#tidyNames();
  }

  /** Hide the labels of smaller areas that overlap those of larger ones. */
  #tidyNames() {
    requestAnimationFrame(() => {
      /** @type {DOMRect[]} */
      const placed = [];
      const labels = /** @type {HTMLElement[]} */ ([...this.map.getPane("markerPane")?.querySelectorAll(".area-name span") ?? []]);
      labels.sort((one, other) => Number(one.dataset.rank) - Number(other.dataset.rank));
      const boxes = labels.map((label) => label.getBoundingClientRect());
      for (const [at, label] of labels.entries()) {
        label.classList.remove("hidden-name");
        const box = boxes[at];
        const free = placed.every((one) => box.right < one.left || box.left > one.right || box.bottom < one.top || box.top > one.bottom);
        if (free) placed.push(box);
        else label.classList.add("hidden-name");
      }
    });
  }

  /** Areas with their blocks, the largest first. @returns {[string, number[]][]} */
  #byArea() {
    /** @type {Map<string, number[]>} */
    const areas = new Map();
    this.shapes.forEach((_, block) => {
      const code = this.content.area(block);
      const blocks = areas.get(code);
      if (blocks) blocks.push(block);
      else areas.set(code, [block]);
    });
    const size = (/** @type {number[]} */ blocks) => blocks.reduce((sum, block) => sum + this.geometry.sizes[block], 0);
    return [...areas].sort((one, other) => size(other[1]) - size(one[1]));
  }

  /** Outline some blocks, instead of those outlined before. @param {Iterable<number>} blocks @param {L.PathOptions} [style] */
  mark(blocks, style = {}) {
    for (const mark of this.marks) mark.remove();
    const marked = new Set(blocks);
    const lines = this.#around((block) => marked.has(block));
    const rings = [{ color: "#111111", weight: 7 }, { color: "#ffd166", weight: 3.5 }];
    this.marks = rings.map((ring) =>
      L.polyline(lines, { renderer: this.lines, interactive: false, ...ring, ...style }).addTo(this.map),
    );
  }

  /** Zoom to some blocks. @param {Iterable<number>} blocks */
  zoomTo(blocks) {
    const box = L.latLngBounds([]);
    for (const block of blocks) box.extend(this.shapes[block].getBounds());
    if (box.isValid()) this.map.fitBounds(box, { padding: [60, 60], maxZoom: 16, animate: false });
  }

  /** After a change of size; a map that showed the whole plan still does. */
  resized() {
    const whole = this.map.getBounds().contains(this.home);
    // Leaflet then keeps the centre: without that the map beside it, which follows, would be moved.
    this.map.invalidateSize({ animate: false });
    if (whole) this.fit();
  }

  /** Fit the map into its box, and draw it now: paper does not wait for the next frame. */
  drawNow() {
    this.map.invalidateSize({ animate: false, pan: false });
    this.map.eachLayer((layer) => {
      /** @type {any} */ (layer)._renderer?._redraw?.();
    });
  }

  fit() {
    this.map.fitBounds(this.home, { padding: [12, 12], animate: false });
  }
}

/** Two maps that show the same place whichever is moved. @param {L.Map} one @param {L.Map} other */
export function moveTogether(one, other) {
  let led = false;
  for (const [from, to] of [[one, other], [other, one]]) {
    from.on("move", () => {
      if (led) return;
      led = true;
      to.setView(from.getCenter(), from.getZoom(), { animate: false });
      led = false;
    });
  }
}

/** @param {Block} block @returns {[number, number][][][]} */
const latlngs = (block) =>
  block.rings.map((polygon) => polygon.map((ring) => ring.map(([lon, lat]) => /** @type {[number, number]} */ ([lat, lon]))));

/** @param {Block[]} blocks @returns {[[number, number], [number, number]]} */
function homeOf(blocks) {
  const [west, south, east, north] = boxOf(blocks.flatMap((block) => block.rings.flat(2)));
  return [[south, west], [north, east]];
}

/** @param {[number, number][]} places @param {number[]} centre */
function nearest(places, centre) {
  const away = (/** @type {[number, number]} */ [x, y]) => (x - centre[0]) ** 2 + (1.6 * (y - centre[1])) ** 2;
  return places.reduce((best, place) => (away(place) < away(best) ? place : best));
}
