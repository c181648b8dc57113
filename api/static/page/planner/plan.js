// The plan as this page knows it: the service's last response, and the steps still being sent.
// @ts-check

import { planAddress, read, Refusal, send } from "./service.js";
import { addTitles } from "./text.js";

/** @typedef {import("./types.js").PlanState} PlanState */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").PlanStatus} PlanStatus */

/** @typedef {import("./types.js").Past} Past */

/**
 * Events: `shown` (blocks to recolour, because a step is being sent or was refused; detail: the
 * blocks), `changed` (a step was saved; detail: its `blocks`, and the `areas` with a new row),
 * `busy` (the number of steps being sent has changed), `others` (somebody else's steps have arrived;
 * detail: their entries of the history as `steps`, and the `blocks` that they moved).
 */
export class Plan extends EventTarget {
  /** @param {PlanState} state @param {string} [question] the query that its figures answer */
  constructor(state, question = "") {
    super();
    this.question = question;
    /** @type {Set<number>} numbers of the steps that this page has taken */
    this.own = new Set();
    this.id = state.plan_id;
    this.codes = state.codes;
    this.places = new Map(state.codes.map((code, place) => [code, place]));
    /** @type {Map<number, string>[]} the moves of each step being sent */
    this.onTheirWay = [];
    this.tail = Promise.resolve();
    this.state = state;
    addTitles(state.titles);
    this.assigned = [...state.assigned];
    this.rows = state.rows;
    this.status = state.status;
    this.history = state.history;
  }

  get areas() {
    return this.status.areas;
  }

  /** @param {string} code */
  area(code) {
    return this.areas.find((area) => area.code === code);
  }

  /** The number of an area in the order of the list, as keys select it. @param {string} code */
  numberOf(code) {
    const at = this.areas.findIndex((area) => area.code === code);
    return at < 0 ? "" : String(at + 1);
  }

  /** @param {string} code the name of an area */
  called(code) {
    if (!code) return "no area";
    return this.area(code)?.name ?? this.state.before.areas.find((area) => area.code === code)?.name ?? code;
  }

  /** The area of a block as shown: steps being sent included. @param {number} block */
  shown(block) {
    for (let at = this.onTheirWay.length - 1; at >= 0; at -= 1) {
      const to = this.onTheirWay[at].get(block);
      if (to !== undefined) return to;
    }
    return this.assigned[block];
  }

  /** The blocks of an area, as places. @param {string} code */
  blocksOf(code) {
    return this.assigned.flatMap((area, block) => (area === code ? [block] : []));
  }

  /** The sum of a column over some blocks. @param {Iterable<number>} blocks @param {string} column */
  sum(blocks, column) {
    const values = this.state.figures[column] ?? [];
    let total = 0;
    for (const block of blocks) total += values[block] ?? 0;
    return total;
  }

  /**
   * Send a step, after those before it. Moved blocks are shown as moved at once, and moved back
   * if the service refuses.
   * @param {Step} step
   * @param {{by: string, reason: string, moved?: Map<number, string>}} how
   * @returns {Promise<Change>}
   */
  step(step, { by, reason, moved = new Map() }) {
    this.onTheirWay.push(moved);
    this.#emit("shown", [...moved.keys()]);
    const basis = { begun_at: this.state.begun_at, steps: this.status.steps };
    const answer = this.tail.then(() => this.#send({ ...step, by, reason, basis }, moved));
    this.tail = answer.then(() => {}, () => {});
    return answer;
  }

  /** Show what others have changed, once the steps before are saved. @param {number} [version] that the plan is known to have reached */
  catchUp(version) {
    const answer = this.tail.then(async () => {
      if (version === this.status.version) return; // the answer to a step has brought it
      const known = `begun_at=${encodeURIComponent(this.state.begun_at)}&steps=${this.status.steps}`;
      this.#apply(/** @type {Change} */ (await read(this.#part("/changes", known))), new Map());
    });
    this.tail = answer.catch(() => {});
    return answer;
  }

  /** What somebody would undo or redo, "" for nothing. @param {"undo" | "redo"} turn @param {string} by */
  turnOf(turn, by) {
    const turns = this.status[turn];
    return turns[by] ?? (turn === "redo" ? turns[""] : undefined) ?? "";
  }

  /** An address below the plan's, for the figures of this page. @param {string} name @param {string} [terms] */
  #part(name, terms = "") {
    const query = [this.question, terms].filter(Boolean).join("&");
    return planAddress(this.id, `${name}${query ? `?${query}` : ""}`);
  }

  /** @param {Record<string, unknown> & {basis: {begun_at: string, steps: number}}} body @param {Map<number, string>} moved @returns {Promise<Change>} */
  async #send(body, moved) {
    this.#emit("busy", null);
    try {
      const own = [...this.own].filter((number) => number > body.basis.steps);
      const basis = { ...body.basis, own };
      const change = /** @type {Change} */ (
        await send(this.#part("/steps"), { ...body, basis, version: this.status.version })
      );
      this.onTheirWay = this.onTheirWay.filter((each) => each !== moved);
      this.own.add(change.status.steps);
      this.#apply(change, moved);
      return change;
    } catch (error) {
      this.onTheirWay = this.onTheirWay.filter((each) => each !== moved);
      this.#emit("shown", [...moved.keys()]);
      throw error instanceof Refusal ? error : new Refusal({ status: 0, detail: String(error) });
    } finally {
      this.#emit("busy", null);
    }
  }

  /** @param {Change} change @param {Map<number, string>} moved */
  #apply(change, moved) {
    const shown = new Set(moved.keys());
    for (const [code, area] of Object.entries(change.blocks)) {
      const block = /** @type {number} */ (this.places.get(code));
      this.assigned[block] = area;
      shown.add(block);
    }
    this.status = change.status;
    this.rows = { ...this.rows, ...change.rows };
    const undone = new Set(change.status.undone);
    const known = this.history.length;
    const first = change.history[0]?.step ?? known + 1;
    this.history = [...this.history.slice(0, first - 1), ...change.history].map((past) => ({ ...past, in_force: !undone.has(past.step) }));
    this.#emit("changed", { blocks: [...shown], areas: Object.keys(change.rows) });
    const others = this.history.filter(({ step }) => step > known && !this.own.has(step));
    if (others.length) this.#emit("others", { steps: others, blocks: [...shown].filter((block) => !moved.has(block)) });
  }

  /** @param {string} name @param {unknown} detail */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
