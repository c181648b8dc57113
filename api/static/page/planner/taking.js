// Takes steps for the desk: signed, shown at once, and told in words where they are refused.
// @ts-check

import { byId } from "./dom.js";
import { hush, say } from "./message.js";
import { count } from "./words.js";

/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./service.js").Refusal} Refusal */

const AUTHOR = "patchmap-author";

export class Taking {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {import("./map.js").BlockMap} map
   * @param {() => void} refused the page shows again what is
   */
  constructor(plan, map, refused) {
    this.plan = plan;
    this.map = map;
    this.refused = refused;
    this.by = /** @type {HTMLInputElement} */ (byId("by"));
    this.reason = /** @type {HTMLInputElement} */ (byId("reason"));
    this.by.value = localStorage.getItem(AUTHOR) || this.by.value;
    this.by.addEventListener("change", () => localStorage.setItem(AUTHOR, this.by.value));
  }

  /** Move blocks, but for those that are there. @param {number[]} blocks @param {string} to */
  move(blocks, to) {
    const moved = new Map(blocks.filter((block) => this.plan.shown(block) !== to).map((block) => [block, to]));
    if (moved.size) this.take({ step: "move", blocks: [...moved.keys()].map((block) => this.plan.codes[block]), to }, moved);
  }

  /** Move what a stroke went over; blocks of locked areas stay. @param {number[]} blocks @param {string} to */
  paint(blocks, to) {
    const open = blocks.filter((block) => !this.plan.area(this.plan.shown(block))?.locked);
    const held = blocks.length - open.length;
    // A single one is refused by the service, which says why.
    if (!held || !open.length) return this.move(blocks, to);
    this.map.shade(blocks);
    this.move(open, to);
    say(`${count(held, "block")} of locked areas stayed where ${held === 1 ? "it is" : "they are"}`);
  }

  /** @param {Step} step @param {Map<number, string>} [moved] */
  async take(step, moved = new Map()) {
    if (!this.by.value.trim()) {
      this.map.shade(moved.keys());
      this.by.focus();
      return say("say who takes the step: the field “By” is empty");
    }
    hush();
    try {
      await this.plan.step(step, { by: this.by.value, reason: this.reason.value, moved });
    } catch (error) {
      this.refused();
      this.#tell(/** @type {Refusal} */ (error), step, moved);
    }
  }

  /** @param {Refusal} refusal @param {Step} step @param {Map<number, string>} moved */
  #tell({ message, problem }, step, moved) {
    if (problem.conflict === "version") return say(message, ["Load it again", () => location.reload(), true]);
    if (problem.conflict !== "pieces") return say(message);
    const pieces = (problem.pieces ?? []).map((piece) => piece.flatMap((code) => this.plan.places.get(code) ?? []));
    const show = () => {
      this.map.zoomTo(pieces.flat());
      this.map.mark(pieces.slice(1).flat());
    };
    say(message,
      ["Do it all the same", () => this.take({ ...step, force: true }, moved), true],
      ["Show the pieces", show],
      ["Leave it", () => {}]);
  }
}
