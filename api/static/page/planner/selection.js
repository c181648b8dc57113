// Selected blocks, and what can be done with them.
// @ts-check

import { askForArea } from "./chosen.js";
import { make } from "./dom.js";
import { count, figure, title } from "./text.js";

/** @typedef {import("./plan.js").Plan} Plan */

/**
 * @typedef {object} Acts
 * @property {() => string} into the chosen area
 * @property {(blocks: number[], to: string) => void} move
 * @property {(step: import("./types.js").Step) => void} take
 * @property {(blocks: Iterable<number>) => void} mark
 */

export class Selection {
  /** @param {HTMLElement} box @param {Plan} plan @param {Acts} acts */
  constructor(box, plan, acts) {
    this.box = box;
    this.plan = plan;
    this.acts = acts;
    /** @type {Set<number>} */
    this.blocks = new Set();
  }

  /** @param {number[]} blocks @param {boolean} selected */
  set(blocks, selected) {
    for (const block of blocks) {
      if (selected) this.blocks.add(block);
      else this.blocks.delete(block);
    }
    this.draw();
  }

  clear() {
    this.blocks.clear();
    this.draw();
  }

  draw() {
    const { plan, acts, blocks } = this;
    acts.mark(blocks);
    this.box.hidden = blocks.size === 0;
    if (this.box.hidden) return;
    const button = (/** @type {string} */ words, /** @type {() => void} */ click) => make("button", { type: "button", click }, words);
    const done = (/** @type {() => void} */ act) => () => {
      act();
      this.clear();
    };
    const codes = [...blocks].map((block) => plan.codes[block]);
    const areas = new Set([...blocks].map((block) => plan.shown(block)));
    const first = Object.keys(plan.state.figures)[0];
    const sum = first && !plan.state.averaged.includes(first) ? `, ${figure(plan.sum(blocks, first))} ${title(first).toLowerCase()}` : "";
    const parts = [
      make("p", {}, `${count(blocks.size, "block")}${sum}`),
      button(`Move into ${plan.called(acts.into())}`, done(() => acts.move([...blocks], acts.into()))),
    ];
    const [area] = areas;
    if (areas.size === 1 && area) {
      const split = button("Make a new area …", () =>
        askForArea(split, "Split", (made) => {
          acts.take({ step: "split", area, blocks: codes, ...made });
          this.clear();
        }));
      parts.push(split);
    }
    if (blocks.size === 2) {
      const bridge = button("Bridge them …", () => this.#askForBridge(bridge, codes));
      parts.push(bridge);
    }
    this.box.replaceChildren(...parts, button("Clear selection", () => this.clear()));
  }

  /** @param {HTMLElement} after @param {string[]} ends */
  #askForBridge(after, ends) {
    this.box.querySelector("form.ask")?.remove();
    const name = make("input", { name: "bridge", required: true, maxlength: "100", placeholder: "Derwent footbridge", autocomplete: "off" });
    const form = make("form", { class: "ask" }, make("label", {}, "Name of the bridge ", name), make("button", { type: "submit" }, "Bridge"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.acts.take({ step: "bridge", name: name.value, ends });
      this.clear();
    });
    after.parentElement?.append(form);
    name.focus();
  }
}
