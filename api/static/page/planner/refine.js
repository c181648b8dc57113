// Smaller blocks in place of those that straddle the lines of a layer: a new plan like this one.
// @ts-check

import { make } from "./dom.js";
import { sentence } from "./message.js";
import { count } from "./text.js";

/** @typedef {{address: string, blocks: number, blocks_before: number, new_blocks: number, not_replaced: string[], shared: string}} Refined */

export class Refine {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {{id: string, title: string}[]} layers
   * @param {(terms: Record<string, unknown>) => Promise<Refined>} make begins the new plan
   */
  constructor(plan, layers, make) {
    this.plan = plan;
    this.layers = layers;
    this.begin = make;
    this.straddling = "";
    /** @type {HTMLFormElement | null} */
    this.drawn = null;
  }

  /** The form for the lines of a layer; it keeps what was typed while steps are taken. @param {string} straddling */
  form(straddling) {
    if (!this.drawn || straddling !== this.straddling) this.drawn = this.#form(straddling);
    this.straddling = straddling;
    return this.drawn;
  }

  /** @param {string} straddling */
  #form(straddling) {
    const offered = this.layers.filter(({ id }) => id !== straddling);
    const smaller = make("select", { name: "smaller", required: true }, make("option", { value: "" }, "choose a layer"),
      ...offered.map(({ id, title }) => make("option", { value: id }, title)));
    const id = make("input", { name: "save_as", required: true, maxlength: "50", pattern: "[a-z0-9][a-z0-9_\\-]*", value: `${this.plan.id}-fine`.slice(0, 50), autocomplete: "off", title: "small letters, digits and -" });
    const button = make("button", { type: "submit" }, "Replace them in a new plan");
    const result = make("p", { role: "status" });
    const form = make("form", {}, make("h3", {}, "Smaller blocks in their place"),
      make("p", { class: "row" }, make("label", {}, "Areas of ", smaller), make("label", {}, "id of the new plan ", id), button),
      make("p", { class: "note" }, "This plan stays as it is. People are shared out by those of the smaller areas where all are known, else by surface; totals stay the same."), result);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      result.className = "";
      result.textContent = "Replacing …";
      try {
        const made = await this.begin({ smaller: smaller.value, straddling, save_as: id.value, title: `${this.plan.state.title}, smaller blocks` });
        result.replaceChildren(...summary(made));
      } catch (error) {
        result.className = "refusal";
        result.textContent = sentence(/** @type {Error} */ (error).message);
      }
      button.disabled = false;
    });
    return form;
  }
}

/** @param {Refined} made @returns {(Node | string)[]} */
const summary = ({ address, blocks, blocks_before: before, new_blocks: parts, not_replaced: whole, shared }) => [
  `${count(blocks, "block")} in place of ${before}: ${count(parts, "smaller one")}; people shared ${shared}. `,
  ...(whole.length ? [`Not replaced, as fewer than two lie in it: ${whole.join(", ")}. `] : []),
  make("a", { href: address }, "Open the new plan"),
];
