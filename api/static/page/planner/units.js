// The areas of another layer as sets of blocks: a click takes all of one, and straddling blocks are marked.
// @ts-check

import { given, remember } from "./address.js";
import { byId, make } from "./dom.js";
import { say } from "./message.js";
import { Refine } from "./refine.js";
import { count } from "./text.js";

/** @typedef {import("./types.js").UnitsState} UnitsState */
/**
 * @typedef {object} Acts
 * @property {(layer: string) => Promise<UnitsState>} read
 * @property {(terms: Record<string, unknown>) => Promise<import("./refine.js").Refined>} refine
 * @property {(blocks: number[]) => void} flag mark them for good
 * @property {(blocks: number[]) => void} zoom
 * @property {(layer: string) => void} drawOver the map
 */

const MOST_LINES = 200;

export class Units {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {{id: string, title: string}[]} layers
   * @param {Acts} acts
   */
  constructor(plan, layers, acts) {
    this.plan = plan;
    this.layers = layers;
    this.acts = acts;
    /** @type {UnitsState | null} */
    this.units = null;
    /** @type {Map<string, number[]>} */
    this.blocks = new Map();
    /** @type {number[]} */
    this.straddling = [];
    this.select = /** @type {HTMLSelectElement} */ (byId("unit"));
    this.select.replaceChildren(make("option", { value: "" }, "single blocks"), ...layers.map(({ id, title }) => make("option", { value: id }, title)));
    this.select.addEventListener("change", () => this.#choose());
    this.refine = new Refine(plan, layers, acts.refine);
    this.box = /** @type {HTMLDetailsElement} */ (byId("units"));
    this.box.addEventListener("toggle", () => this.draw());
    if (layers.some(({ id }) => id === given("take"))) {
      this.select.value = given("take");
      this.#choose();
    }
  }

  async #choose() {
    const layer = this.select.value;
    remember("take", layer);
    this.#use(null);
    if (!layer) return;
    try {
      const units = await this.acts.read(layer);
      if (layer !== this.select.value) return; // another one was chosen meanwhile
      this.#use(units);
      this.acts.drawOver(layer);
    } catch (error) {
      this.select.value = "";
      say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {UnitsState | null} units */
  #use(units) {
    this.units = units;
    this.blocks = new Map();
    units?.area.forEach((code, block) => {
      const some = this.blocks.get(code);
      if (some) some.push(block);
      else this.blocks.set(code, [block]);
    });
    this.straddling = (units?.straddling ?? []).map((code) => /** @type {number} */ (this.plan.places.get(code)));
    this.acts.flag(this.straddling);
    this.draw();
  }

  /** The blocks that a click on one takes: all of its unit. @param {number} block @returns {number[]} */
  of(block) {
    const code = this.units?.area[block];
    return code ? (this.blocks.get(code) ?? [block]) : [block];
  }

  /** What the unit of a block is called, "" for none. @param {number} block */
  called(block) {
    const code = this.units?.area[block];
    return code ? (this.units?.names[code] ?? code) : "";
  }

  /** The units that the areas of the plan divide, with the blocks of each part. */
  #divided() {
    return [...this.blocks].filter(([code]) => code).flatMap(([code, blocks]) => {
      /** @type {Map<string, number[]>} */
      const parts = new Map();
      for (const block of blocks) {
        const area = this.plan.assigned[block];
        if (area) parts.set(area, [...(parts.get(area) ?? []), block]);
      }
      return parts.size > 1 ? [{ code, parts }] : [];
    });
  }

  draw() {
    this.box.hidden = !this.units;
    if (!this.units) return;
    const { names } = this.units;
    const { straddling } = this;
    const divided = this.#divided();
    const title = this.layers.find(({ id }) => id === this.select.value)?.title ?? "";
    const summary = make("summary", {}, `${title} `, make("span", { class: "n" }, `${divided.length} of ${Object.keys(names).length} divided, ${count(straddling.length, "block")} straddling`));
    this.box.replaceChildren(summary);
    if (!this.box.open) return;
    const zoom = (/** @type {number[]} */ some) => make("button", { type: "button", click: () => this.acts.zoom(some) }, "zoom to");
    const parts = divided.slice(0, MOST_LINES).map(({ code, parts: each }) => make("li", {},
      make("span", {}, `${names[code] ?? code}: ${[...each].map(([area, some]) => `${count(some.length, "block")} in ${this.plan.called(area)}`).join(", ")}`), zoom(this.blocks.get(code) ?? [])));
    const across = straddling.slice(0, MOST_LINES).map((block) => make("li", {},
      make("span", {}, `${this.plan.codes[block]} in ${this.plan.called(this.plan.assigned[block])}, mostly in ${this.called(block)}`), zoom([block])));
    this.box.append(
      make("h3", {}, "Divided by the plan"),
      divided.length ? make("ul", {}, ...parts) : make("p", { class: "note" }, "Each lies whole in one area of the plan."),
      make("h3", {}, "Blocks that straddle a line"),
      straddling.length ? make("ul", {}, ...across) : make("p", { class: "note" }, "Every block lies in one of them, or in none."),
      ...(straddling.length ? [this.refine.form(this.select.value)] : []),
    );
  }
}
