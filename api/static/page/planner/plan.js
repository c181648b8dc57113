// The plan as this page knows it: what the service said last, and the steps still on their way.
// @ts-check

import { planAddress, Refusal, send } from "./service.js";

/** @typedef {import("./types.js").PlanState} PlanState */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Standing} Standing */

/**
 * Events: `shown` (detail: blocks that are shown elsewhere, while a step is on its way or because it
 * was refused), `changed` (a step was answered; detail: its `blocks`, and the `areas` whose row is
 * another now), `busy` (more or fewer steps are on their way).
 */
export class Plan extends EventTarget {
  /** @param {PlanState} state */
  constructor(state) {
    super();
    this.id = state.plan_id;
    this.codes = state.codes;
    this.places = new Map(state.codes.map((code, place) => [code, place]));
    /** @type {Map<number, string>[]} what each step on its way would move */
    this.onTheirWay = [];
    this.tail = Promise.resolve();
    this.state = state;
    this.assigned = [...state.assigned];
    this.rows = state.rows;
    this.standing = state.standing;
    this.history = state.history;
  }

  get areas() {
    return this.standing.areas;
  }

  /** @param {string} code */
  area(code) {
    return this.areas.find((area) => area.code === code);
  }

  /** @param {string} code what people call an area */
  called(code) {
    if (!code) return "no area";
    return this.area(code)?.name ?? this.state.before.areas.find((area) => area.code === code)?.name ?? code;
  }

  /** The area of a block as it is shown: with what is on its way. @param {number} block */
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

  /** What the blocks add up to. @param {Iterable<number>} blocks @param {string} column */
  sum(blocks, column) {
    const values = this.state.figures[column] ?? [];
    let total = 0;
    for (const block of blocks) total += values[block] ?? 0;
    return total;
  }

  /**
   * Take a step, after those before it. Moved blocks are shown as moved at once, and moved back
   * where the service refuses.
   * @param {Step} step
   * @param {{by: string, reason: string, moved?: Map<number, string>}} how
   * @returns {Promise<Change>}
   */
  step(step, { by, reason, moved = new Map() }) {
    this.onTheirWay.push(moved);
    this.#tell("shown", [...moved.keys()]);
    const answer = this.tail.then(() => this.#send({ ...step, by, reason }, moved));
    this.tail = answer.then(() => {}, () => {});
    return answer;
  }

  /** @param {Record<string, unknown>} body @param {Map<number, string>} moved @returns {Promise<Change>} */
  async #send(body, moved) {
    this.#tell("busy", null);
    try {
      const change = /** @type {Change} */ (
        await send(planAddress(this.id, "/steps"), { ...body, version: this.standing.version })
      );
      this.onTheirWay = this.onTheirWay.filter((each) => each !== moved);
      this.#apply(change, moved);
      return change;
    } catch (error) {
      this.onTheirWay = this.onTheirWay.filter((each) => each !== moved);
      this.#tell("shown", [...moved.keys()]);
      throw error instanceof Refusal ? error : new Refusal({ status: 0, detail: String(error) });
    } finally {
      this.#tell("busy", null);
    }
  }

  /** @param {Change} change @param {Map<number, string>} moved */
  #apply(change, moved) {
    const seen = new Set(moved.keys());
    for (const [code, area] of Object.entries(change.blocks)) {
      const block = /** @type {number} */ (this.places.get(code));
      this.assigned[block] = area;
      seen.add(block);
    }
    this.standing = change.standing;
    this.rows = { ...this.rows, ...change.rows };
    const first = Math.min(...change.history.map((past) => past.step));
    if (change.history.length) this.history = [...this.history.slice(0, first - 1), ...change.history];
    this.history = this.history.map((past) => ({ ...past, in_force: past.step <= change.standing.done }));
    this.#tell("changed", { blocks: [...seen], areas: Object.keys(change.rows) });
  }

  /** @param {string} name @param {unknown} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
