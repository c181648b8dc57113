// Sends the steps of the planner: signed, shown at once, with a message where one is refused.
// @ts-check

import { byId } from "./dom.js";
import { hush, say } from "./message.js";
import { count } from "./text.js";
import { UnsavedSteps } from "./unsaved.js";

/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./service.js").Refusal} Refusal */

const AUTHOR = "patchmap-author";

export class StepSender {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {import("./map.js").BlockMap} map
   * @param {object} acts
   * @param {() => void} acts.refused called after a refusal, to show the plan as it is
   * @param {(moved: Map<number, string>) => void} acts.preview show blocks as if they were moved
   */
  constructor(plan, map, { refused, preview }) {
    this.plan = plan;
    this.map = map;
    this.refused = refused;
    this.preview = preview;
    this.by = /** @type {HTMLInputElement} */ (byId("by"));
    this.reason = /** @type {HTMLInputElement} */ (byId("reason"));
    this.by.value = localStorage.getItem(AUTHOR) || this.by.value;
    this.by.addEventListener("change", () => localStorage.setItem(AUTHOR, this.by.value));
    this.unsaved = new UnsavedSteps(plan);
    this.#offerUnsaved();
  }

  /** Steps that a reload cut off are not lost: they can be sent again. */
  #offerUnsaved() {
    const { lost, changed } = this.unsaved.left();
    if (!lost.length) return;
    const send = async () => {
      for (const { step, moved } of lost) await this.take(step, new Map(moved));
    };
    const since = changed ? ". Somebody has changed the plan since then" : "";
    say(`${count(lost.length, "step")} had not been saved when this page was closed${since}`,
      [lost.length === 1 ? "Take it now" : "Take them now", send, "main"], ["Leave it", () => {}]);
  }

  /** Move blocks, except those that are in the area already. @param {number[]} blocks @param {string} to */
  move(blocks, to) {
    const moved = new Map(blocks.filter((block) => this.plan.shown(block) !== to).map((block) => [block, to]));
    if (moved.size) this.take({ step: "move", blocks: [...moved.keys()].map((block) => this.plan.codes[block]), to }, moved);
  }

  /** Move the blocks of a stroke; those of locked areas stay. @param {number[]} blocks @param {string} to */
  paint(blocks, to) {
    const open = blocks.filter((block) => !this.plan.area(this.plan.shown(block))?.locked);
    const locked = blocks.length - open.length;
    // If all are locked the service refuses the move, and its message says why.
    if (!locked || !open.length) return this.move(blocks, to);
    this.map.shade(blocks);
    this.move(open, to);
    say(`${count(locked, "block")} of locked areas ${locked === 1 ? "was" : "were"} not moved`);
  }

  /** Where no reason is typed, a step may bring one of its own. @param {Step} step @param {Map<number, string>} [moved] */
  async take(step, moved = new Map()) {
    if (!this.by.value.trim()) {
      this.map.shade(moved.keys());
      this.by.focus();
      return say("enter your name in the field “Your name”");
    }
    hush();
    const forget = this.unsaved.add({ step, by: this.by.value.trim(), moved: [...moved] });
    try {
      await this.plan.step(step, { by: this.by.value, reason: this.reason.value.trim() || String(step.reason ?? ""), moved });
      forget();
    } catch (error) {
      forget();
      this.refused();
      this.#showRefusal(/** @type {Refusal} */ (error), step, moved);
    }
  }

  /** @param {Refusal} refusal @param {Step} step @param {Map<number, string>} moved */
  #showRefusal({ message, problem }, step, moved) {
    const anyway = /** @type {[string, () => void, "main"]} */ (["Do it anyway", () => this.take({ ...step, force: true }, moved), "main"]);
    const cancel = /** @type {[string, () => void]} */ (["Cancel", () => this.map.mark([])]);
    if (problem.conflict === "overlap") return void this.#askWhose(problem, step, moved);
    if (problem.conflict === "version") return say(message, ["Reload", () => location.reload(), "main"]);
    if (problem.conflict === "personal") return say(message, ["It names nobody: keep it", () => this.take({ ...step, confirmed: true }, moved), "main"], ["Change the text", () => {}]);
    if (problem.conflict === "bridge") return say(message, anyway, cancel);
    if (problem.conflict !== "pieces") return say(message);
    const pieces = (problem.pieces ?? []).map((piece) => piece.flatMap((code) => this.plan.places.get(code) ?? []));
    const show = () => {
      this.map.zoomTo(pieces.flat());
      this.map.mark(pieces.slice(1).flat());
    };
    say(message, anyway, ["Show the pieces", show, "stays"], cancel);
  }
  /** Somebody else has just changed the same part of the plan. @param {import("./types.js").Problem} problem @param {Step} step @param {Map<number, string>} moved */
  async #askWhose({ theirs = [], mine = "", moves = {} }, step, moved) {
    await this.plan.catchUp().catch(() => {});
    const places = new Map(Object.entries(moves).map(([code, to]) => [this.plan.places.get(code) ?? 0, to]));
    const others = theirs.flatMap(({ blocks }) => Object.keys(blocks)).flatMap((code) => this.plan.places.get(code) ?? []);
    const who = [...new Set(theirs.map(({ by }) => by || "somebody"))].join(" and ");
    const done = theirs.map(({ by, what, step: number }) => `${by || "Somebody"} ${what} (step ${number})`).join("; ");
    const show = () => {
      const both = [...new Set([...places.keys(), ...others])];
      if (both.length) this.map.zoomTo(both);
      this.map.mark(both);
    };
    say(`while you took your step, ${who} changed the same part of the plan. Theirs, on the map now: ${done}. Yours, not saved yet: ${mine}`,
      ["Keep mine", () => this.take(step, moved), "main", (on) => this.preview(on ? places : new Map())],
      [`Take theirs`, () => this.map.mark([]), "", (on) => on && this.map.mark(others)],
      ...(places.size || others.length ? [/** @type {[string, () => void, "stays"]} */ (["Show both on the map", show, "stays"])] : []));
  }
}
