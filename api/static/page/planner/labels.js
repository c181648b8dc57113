// Labels of areas on a map: every area in view has one, and none overlaps another.
// @ts-check

import { make } from "./dom.js";

/** @typedef {[number, number]} Place longitude, latitude */
/** @typedef {{name: string, detail: string, kind: string, number: string}} Text */
/** @typedef {{lines: string[], detail: string, size: number, width: number, height: number, level: string}} Form how a label can be written */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */
/** @typedef {{text: Text, blocks: number[], spots: Place[], forms: Form[], marker: L.Marker, inside: HTMLElement, key: string}} Label */

const SPOTS = 9; // places that are tried for a label
const SAMPLE = 120; // blocks of an area that its spots are chosen among
const FULL_PX = 13;
const SMALL_PX = 11;
const LINE = 1.15;
const GAP_PX = 1;
const FURTHEST_PX = 90; // from the area, where it is too crowded
const MOVED_PX = 2; // less is the rounding of a map that was dragged
const CELL_PX = 64; // about the size of a label

export class AreaLabels {
  /** @param {L.Map} map */
  constructor(map) {
    this.map = map;
    /** @type {Map<string, Label>} */
    this.labels = new Map();
    this.pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    this.waiting = false;
    map.on("zoomend moveend resize", () => this.#placeSoon());
  }

  /**
   * Label areas. What an area's label shows is worked out anew only where it has changed.
   * @param {{code: string, text: Text, blocks: number[], size: number}[]} areas the largest first
   * @param {Place[]} middles of the blocks
   */
  draw(areas, middles) {
    const there = new Set(areas.map(({ code }) => code));
    let changed = areas.length !== this.labels.size;
    for (const [code, { marker }] of this.labels) {
      if (there.has(code)) continue;
      marker.remove();
      this.labels.delete(code);
    }
    /** @type {Map<string, Label>} in the order of the areas */
    const labels = new Map();
    const family = getComputedStyle(this.map.getContainer()).fontFamily;
    for (const { code, text, blocks } of areas) {
      const old = this.labels.get(code);
      const spots = old && sameBlocks(old.blocks, blocks) ? old.spots : spread(blocks, middles);
      const forms = old && sameText(old.text, text) ? old.forms : this.#forms(text, family);
      changed ||= spots !== old?.spots || forms !== old?.forms;
      const inside = old?.inside ?? make("span", { "data-area": code });
      const marker = old?.marker ?? L.marker([0, 0], {
        icon: L.divIcon(/** @type {any} */ ({ className: "area-name", html: inside, iconSize: [0, 0], shownText: () => (inside.classList.contains("hidden-name") ? null : inside) })), interactive: false, keyboard: false,
      }).addTo(this.map);
      labels.set(code, { text, blocks, spots, forms, marker, inside, key: old?.key ?? "" });
    }
    this.labels = labels;
    if (changed) this.#placeSoon();
  }

  /** Place the labels before the next frame. */
  #placeSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.place();
    });
  }

  /** Place all labels: numbers for all first, so that no name takes the room of another area's. */
  place() {
    const { x: width, y: height } = this.map.getSize();
    if (!width) return;
    const all = [...this.labels.values()].map((label) => ({
      label,
      points: label.spots.map(([lon, lat]) => this.map.latLngToContainerPoint([lat, lon]))
        .filter(({ x, y }) => x > 0 && y > 0 && x < width && y < height),
      /** @type {{box: Box, form: Form, x: number, y: number} | null} */
      placed: null,
    }));
    const inView = all.filter(({ points }) => points.length);
    const boxes = new Boxes();
    for (const control of this.#controls()) boxes.add(control);
    /** @param {typeof all[number]} one @param {Form} form @param {Iterable<{x: number, y: number}>} points */
    const put = (one, form, points) => {
      for (const { x, y } of points) {
        const box = { left: x - form.width / 2, right: x + form.width / 2, top: y - form.height / 2, bottom: y + form.height / 2 };
        if (!boxes.isFree(box, one.placed?.box)) continue;
        if (one.placed) boxes.remove(one.placed.box);
        boxes.add(box);
        one.placed = { box, form, x, y };
        return true;
      }
      return false;
    };
    for (const one of [...inView].reverse()) {
      const number = one.label.forms[one.label.forms.length - 1];
      if (!put(one, number, one.points)) put(one, number, around(one.points[0]));
    }
    for (const one of inView) one.label.forms.slice(0, -1).some((form) => put(one, form, one.points));
    const moved = all.filter(({ label, placed }) => this.#write(label, placed));
    // The names of the basemap keep off these.
    if (moved.length) this.map.fire("textsmoved");
  }

  /** Where buttons and texts lie over the map, in its pixels. @returns {Box[]} */
  #controls() {
    const container = this.map.getContainer(), { left, top } = container.getBoundingClientRect();
    return [...container.querySelectorAll(".leaflet-control")].map((control) => {
      const box = control.getBoundingClientRect();
      return { left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top };
    });
  }

  /** Whether it takes another place than before. @param {Label} label @param {{form: Form, x: number, y: number} | null} placed */
  #write(label, placed) {
    const { marker, inside, text } = label;
    const wasHidden = inside.classList.contains("hidden-name");
    inside.classList.toggle("hidden-name", !placed);
    if (!placed) return !wasHidden;
    const { form, x, y } = placed;
    const moved = wasHidden || this.map.latLngToContainerPoint(marker.getLatLng()).distanceTo([x, y]) > MOVED_PX;
    marker.setLatLng(this.map.containerPointToLatLng([x, y]));
    const key = JSON.stringify([form.level, form.lines, form.detail, text.kind]);
    if (key === label.key) return moved;
    const grown = !label.key || JSON.parse(label.key)[0] !== form.level;
    label.key = key;
    inside.className = form.level;
    const lines = form.lines.flatMap((line, at) => (at ? [" ", make("br"), line] : [line]));
    inside.replaceChildren(...lines, ...(form.detail ? [make("small", { class: text.kind }, form.detail)] : []));
    return moved || grown;
  }

  /** The ways to write a label, the fullest first, its number last. @param {Text} text @param {string} family of fonts @returns {Form[]} */
  #forms({ name, detail, number }, family) {
    const number_ = this.#form("number", [number || name.slice(0, 3)], "", SMALL_PX, family);
    const short = wrapped(name);
    return [
      this.#form("full", [name], detail, FULL_PX, family),
      this.#form("small", short, detail, SMALL_PX, family),
      this.#form("small", short, "", SMALL_PX, family),
      { ...number_, width: number_.width + 8, height: number_.height + 3 },
    ];
  }

  /** @param {string} level @param {string[]} lines @param {string} detail @param {number} size @param {string} family @returns {Form} */
  #form(level, lines, detail, size, family) {
    const wide = (/** @type {string} */ text, /** @type {number} */ px) => {
      this.pen.font = `700 ${px}px ${family}`;
      return this.pen.measureText(text).width;
    };
    const width = Math.max(...lines.map((line) => wide(line, size)), wide(detail, size - 1)) + 2 * GAP_PX;
    const height = lines.length * size * LINE + (detail ? (size - 1) * LINE : 0) + 2 * GAP_PX;
    return { level, lines, detail, size, width, height };
  }
}

/** @param {Box} one @param {Box} other */
const apart = (one, other) => one.right < other.left || one.left > other.right || one.bottom < other.top || one.top > other.bottom;

/** Boxes on a map, found by the cells that they reach into: hundreds of labels would else be compared each with each. */
class Boxes {
  constructor() {
    /** @type {Map<string, Set<Box>>} */
    this.cells = new Map();
  }

  /** @param {Box} box */
  *#cellsOf({ left, top, right, bottom }) {
    for (let x = Math.floor(left / CELL_PX); x <= right / CELL_PX; x += 1) {
      for (let y = Math.floor(top / CELL_PX); y <= bottom / CELL_PX; y += 1) yield `${x} ${y}`;
    }
  }

  /** @param {Box} box */
  add(box) {
    for (const cell of this.#cellsOf(box)) this.cells.set(cell, (this.cells.get(cell) ?? new Set()).add(box));
  }

  /** @param {Box} box */
  remove(box) {
    for (const cell of this.#cellsOf(box)) this.cells.get(cell)?.delete(box);
  }

  /** Whether a box would overlap no other than its own. @param {Box} box @param {Box} [own] */
  isFree(box, own) {
    for (const cell of this.#cellsOf(box)) {
      for (const other of this.cells.get(cell) ?? []) if (other !== own && !apart(other, box)) return false;
    }
    return true;
  }
}

/** @param {number[]} one @param {number[]} other */
const sameBlocks = (one, other) => one.length === other.length && one.every((block, at) => block === other[at]);

/** @param {Text} one @param {Text} other */
const sameText = (one, other) =>
  one.name === other.name && one.detail === other.detail && one.kind === other.kind && one.number === other.number;

/** Points around another, ever further away. @param {{x: number, y: number}} point */
function* around({ x, y }) {
  for (let far = 8; far <= FURTHEST_PX; far += 5) {
    for (let turn = 0; turn < 16; turn += 1) {
      const angle = (turn / 8) * Math.PI;
      yield { x: x + far * Math.cos(angle), y: y + far * Math.sin(angle) };
    }
  }
}

/** A name in lines that are about as wide as a ward. @param {string} name */
function wrapped(name) {
  /** @type {string[]} */
  const lines = [];
  for (const word of name.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && (last.length + word.length < 11 || /^(&|and|of|the|on|in)$/i.test(last))) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Middles of blocks of an area: the one nearest to its middle first, then those furthest from the others. @param {number[]} blocks @param {Place[]} middles @returns {Place[]} */
function spread(blocks, middles) {
  const step = Math.max(1, Math.floor(blocks.length / SAMPLE));
  const places = blocks.filter((_, at) => at % step === 0).map((block) => middles[block]);
  const mean = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  const away = (/** @type {Place} */ [x, y], /** @type {number[]} */ from) => (x - from[0]) ** 2 + (1.6 * (y - from[1])) ** 2;
  const first = places.reduce((best, place) => (away(place, mean) < away(best, mean) ? place : best));
  const spots = [first];
  const nearest = places.map((place) => away(place, first));
  while (spots.length < Math.min(SPOTS, places.length)) {
    const next = places[nearest.indexOf(Math.max(...nearest))];
    spots.push(next);
    places.forEach((place, at) => (nearest[at] = Math.min(nearest[at], away(place, next))));
  }
  // Those nearest to the middle look best.
  return spots.sort((one, other) => away(one, mean) - away(other, mean));
}
