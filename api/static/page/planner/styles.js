// How blocks are coloured: by their area, by its variance, or by a figure of their own.
// @ts-check

import { areaNeighbours, coloured, NO_AREA, PALETTE } from "./colours.js";
import { make } from "./dom.js";
import { verdict } from "./table.js";
import { figure, title, variance } from "./text.js";

/** @typedef {import("./plan.js").Plan} Plan */

const STEPS = ["#f2efe8", "#fdd9a0", "#f5a95b", "#cf6a2b", "#7f3010"];
const VARIANCE = /** @type {Record<string, string>} */ ({
  "over beyond-30": "#a3302f", "over beyond-10": "#e08a7a", within: "#e4e3dc",
  "under beyond-10": "#8fb4d6", "under beyond-30": "#23588f",
});
const VARIANCE_WORDS = /** @type {Record<string, string>} */ ({
  "under beyond-30": "more than 30 % below ▼▼", "under beyond-10": "more than 10 % below ▼", within: "within 10 %",
  "over beyond-10": "more than 10 % above ▲", "over beyond-30": "more than 30 % above ▲▲",
});

export class BlockStyles {
  /** @param {Plan} plan @param {Int32Array} arcs */
  constructor(plan, arcs) {
    this.plan = plan;
    this.arcs = arcs;
    this.by = "";
    /** @type {Map<string, number>} */
    this.colours = new Map();
    /** @type {number[]} */
    this.limits = [];
    /** Which areas were neighbours when the plan started. */
    this.nearAtStart = areaNeighbours(arcs, plan.state.start);
    this.recolour();
  }

  /** Give each area a colour; most keep theirs. @returns {boolean} whether any changed */
  recolour() {
    const { state, assigned, areas } = this.plan;
    const near = new Map([...this.nearAtStart].map(([code, others]) => [code, new Set(others)]));
    const before = state.before.areas.map((area) => area.code);
    // The areas as the plan started come first: so the colours are the same when the page is reloaded.
    const colours = this.colours.size ? this.colours : coloured(before, this.nearAtStart);
    areaNeighbours(this.arcs, assigned, near);
    const next = coloured([...new Set([...before, ...areas.map((area) => area.code)])], near, colours);
    const same = next.size === this.colours.size && [...next].every(([code, place]) => this.colours.get(code) === place);
    this.colours = next;
    return !same;
  }

  /** What blocks can be coloured by. @returns {[string, string][]} */
  offered() {
    const has = "variance_percent" in (Object.values(this.plan.rows)[0] ?? {});
    return [
      ["", "by area"],
      ...(has ? [/** @type {[string, string]} */ (["variance_percent", "by variance of the area"])] : []),
      ...Object.keys(this.plan.state.figures).map((name) => /** @type {[string, string]} */ ([name, `by ${title(name).toLowerCase()} of the block`])),
    ];
  }

  /** @param {string} by */
  choose(by) {
    this.by = this.offered().some(([name]) => name === by) ? by : "";
    const values = (this.plan.state.figures[this.by] ?? []).filter((value) => typeof value === "number").sort((a, b) => a - b);
    this.limits = STEPS.slice(1).map((_, at) => values[Math.floor(((at + 1) * values.length) / STEPS.length)]);
  }

  /** @param {string} code */
  colour = (code) => (code ? PALETTE[this.colours.get(code) ?? 0] : NO_AREA);

  /** @param {number} block @param {string} area @param {Record<string, import("./types.js").Row>} rows */
  fill(block, area, rows) {
    if (this.by === "variance_percent") return area ? VARIANCE[verdict(rows[area]).kind] : NO_AREA;
    if (!this.by) return this.colour(area);
    const value = this.plan.state.figures[this.by][block];
    return typeof value === "number" ? STEPS[this.limits.filter((limit) => value >= limit).length] : "#ffffff";
  }

  /** @returns {Node[]} empty when blocks are coloured by area: the names are on the map */
  legend() {
    const entry = (/** @type {string} */ fill, /** @type {string} */ words) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = fill;
      return make("span", {}, swatch, words);
    };
    if (!this.by) return [];
    if (this.by === "variance_percent") return Object.entries(VARIANCE_WORDS).map(([kind, words]) => entry(VARIANCE[kind], words));
    const ends = this.limits.map(figure);
    return [
      make("span", {}, `${title(this.by)} of a block, fifths:`),
      ...STEPS.map((fill, at) => entry(fill, at === 0 ? `below ${ends[0]}` : at < ends.length ? `${ends[at - 1]} to ${ends[at]}` : `${ends[at - 1]} and more`)),
    ];
  }
}

/** The line below an area's name on the map. @param {import("./types.js").Row | undefined} row */
export function labelOf(row) {
  const { kind, symbol } = verdict(row);
  const percent = row?.variance_percent;
  return { detail: typeof percent === "number" ? `${variance(percent)} ${symbol}`.trim() : "", kind };
}
