// One map of the blocks: coloured, outlined and labelled by area.
// @ts-check

import { AreaLabels } from "./labels.js";
import { Painter, Surface } from "./surface.js";

/** @typedef {import("./topology.js").Geometry} Geometry */

/**
 * @typedef {object} Content How blocks are shown.
 * @property {(block: number) => string} area
 * @property {(block: number) => string} fill
 * @property {() => string} chosen the area that is outlined by itself
 * @property {(area: string) => {name: string, detail: string, kind: string, number: string}} label
 * @property {() => [number, number][]} bridges the blocks that each joins
 */

const MOST_PARTS = 400; // more blocks are drawn anew as a whole

export class BlockMap {
  /** @param {HTMLElement} box @param {Geometry} geometry @param {Content} content @param {{tiles?: string, credit?: string}} [more] */
  constructor(box, geometry, content, { tiles = "", credit = "" } = {}) {
    this.geometry = geometry;
    this.content = content;
    this.home = this.#boxOf(geometry.codes.keys());
    this.resizing = false;
    /** @type {L.Map | null} the map that this one follows when its size changes */
    this.leader = null;
    this.map = L.map(box, {
      preferCanvas: true, zoomControl: false, keyboard: false, doubleClickZoom: false, boxZoom: false,
      attributionControl: false, zoomSnap: 0.25, zoomAnimation: false, fadeAnimation: false, maxZoom: 19,
    });
    this.map.fitBounds(this.home, { padding: [12, 12], animate: false });
    for (const [name, order] of [["shade", 390], ["over", 420], ["borders", 430], ["lines", 440]]) {
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
    const painter = new Painter(geometry);
    this.fills = geometry.codes.map((_, block) => content.fill(block));
    this.shades = new Surface("shade", (pen, view, region) => painter.blocks(pen, view, region, this.fills, this.opacity)).addTo(this.map);
    this.borders = new Surface("borders", (pen, view, region) => {
      pen.clearRect(region.left, region.top, region.right - region.left, region.bottom - region.top);
      painter.lines(pen, view, region, content.area, content.chosen());
    }).addTo(this.map);
    // Few canvases: the browser composites all of them again for every frame.
    const lines = L.canvas({ pane: "lines" });
    this.lines = lines;
    const spans = [{ color: "#ffffff", weight: 8 }, { color: "#6a1b9a", weight: 4, dashArray: "1 7", lineCap: "round" }];
    this.bridges = spans.map((style) =>
      L.polyline([], { renderer: lines, interactive: false, .../** @type {L.PolylineOptions} */ (style) }).addTo(this.map),
    );
    this.labels = new AreaLabels(this.map);
    /** @type {L.Polyline[]} */
    this.marks = [];
    /** @type {L.Polyline | undefined} */
    this.flags = undefined;
    new ResizeObserver(() => this.resized()).observe(box);
  }

  /** Recolour some blocks, or all. @param {Iterable<number>} [blocks] */
  shade(blocks = this.fills.keys()) {
    const changed = [];
    for (const block of blocks) {
      const fill = this.content.fill(block);
      if (this.fills[block] !== fill) changed.push(block);
      this.fills[block] = fill;
    }
    this.#redraw(changed);
  }

  /** Show a block in a colour until it is shaded again. @param {number} block @param {string} fill */
  tint(block, fill) {
    this.fills[block] = fill;
    this.#redraw([block]);
  }

  /** @param {number[]} blocks */
  #redraw(blocks) {
    if (blocks.length > MOST_PARTS) this.shades.drawSoon();
    else if (blocks.length) this.shades.drawPart(this.geometry.boxOf(blocks));
  }

  /** Redraw the areas: the lines between them, bridges, and their labels. */
  draw() {
    this.drawLines();
    this.#drawBridges();
    this.drawNames();
  }

  /** Redraw the lines between areas. */
  drawLines() {
    this.borders.drawSoon();
  }

  /** A line over each bridge, from the middle of one block to that of the other. */
  #drawBridges() {
    const { middles } = this.geometry;
    const ends = this.content.bridges().map((pair) => pair.map((block) => /** @type {[number, number]} */ ([middles[block][1], middles[block][0]])));
    for (const line of this.bridges) line.setLatLngs(ends);
  }

  /** Redraw the labels of the areas. */
  drawNames() {
    const areas = this.#byArea().filter(({ code }) => code);
    this.labels.draw(areas.map((area) => ({ ...area, text: this.content.label(area.code) })), this.geometry.middles);
  }

  /** Areas with their blocks, the largest first. @returns {{code: string, blocks: number[], size: number}[]} */
  #byArea() {
    const { sizes } = this.geometry;
    /** @type {Map<string, {code: string, blocks: number[], size: number}>} */
    const areas = new Map();
    sizes.forEach((size, block) => {
      const code = this.content.area(block);
      const area = areas.get(code) ?? { code, blocks: [], size: 0 };
      area.blocks.push(block);
      area.size += size;
      areas.set(code, area);
    });
    return [...areas.values()].sort((one, other) => other.size - one.size);
  }

  /** Outline some blocks, instead of those outlined before. @param {Iterable<number>} blocks @param {L.PathOptions} [style] */
  mark(blocks, style = {}) {
    for (const mark of this.marks) mark.remove();
    const marked = new Set(blocks);
    const lines = marked.size ? this.geometry.around((block) => marked.has(block)) : [];
    const rings = [{ color: "#111111", weight: 7 }, { color: "#ffd166", weight: 3.5 }];
    this.marks = rings.map((ring) =>
      L.polyline(lines, { renderer: this.lines, interactive: false, ...ring, ...style }).addTo(this.map),
    );
  }

  /** Mark some blocks until others are, such as those that straddle a line. @param {Iterable<number>} blocks */
  flag(blocks) {
    this.flags?.remove();
    const flagged = new Set(blocks);
    if (!flagged.size) return;
    const lines = this.geometry.edgesOf((block) => flagged.has(block));
    this.flags = L.polyline(lines, { renderer: this.lines, interactive: false, color: "#8a1c7c", weight: 3, dashArray: "2 5" }).addTo(this.map);
  }

  /** Zoom to some blocks. @param {Iterable<number>} blocks */
  zoomTo(blocks) {
    const box = this.#boxOf(blocks);
    if (box.isValid()) this.map.fitBounds(box, { padding: [60, 60], maxZoom: 16, animate: false });
  }

  /** @param {Iterable<number>} blocks @returns {L.LatLngBounds} */
  #boxOf(blocks) {
    const [west, south, east, north] = this.geometry.boxOf(blocks);
    return west < east ? L.latLngBounds([[south, west], [north, east]]) : L.latLngBounds([]);
  }

  /** After a change of size; a map that showed the whole plan still does. */
  resized() {
    if (!this.map.getContainer().clientWidth) return; // hidden: it has no middle to keep
    const whole = this.map.getBounds().contains(this.home);
    this.resizing = true;
    this.map.invalidateSize({ animate: false, pan: !this.leader });
    if (this.leader) this.map.setView(this.leader.getCenter(), this.leader.getZoom(), { animate: false });
    this.resizing = false;
    if (whole && !this.leader) this.fit();
  }

  /** Fit the map into its box, and draw it now: paper does not wait for the next frame. */
  drawNow() {
    this.map.invalidateSize({ animate: false, pan: false });
    this.map.eachLayer((layer) => {
      /** @type {any} */ (layer)._renderer?._redraw?.();
    });
    for (const surface of [this.shades, this.borders]) surface.draw();
    this.labels.place();
  }

  fit() {
    this.map.fitBounds(this.home, { padding: [12, 12], animate: false });
  }
}

/** Two maps that show the same place whichever is moved. @param {BlockMap} one @param {BlockMap} other */
export function moveTogether(one, other) {
  let led = false;
  other.leader = one.map;
  for (const [from, to] of [[one, other], [other, one]]) {
    from.map.on("move", () => {
      // A hidden map has no size, and one that gets another size no middle that is to be followed.
      if (led || from.resizing || !from.map.getContainer().clientWidth || !to.map.getContainer().clientWidth) return;
      led = true;
      to.map.setView(from.map.getCenter(), from.map.getZoom(), { animate: false });
      led = false;
    });
  }
}
