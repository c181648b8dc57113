// The panels below the table: pieces, unassigned blocks, suggestions, moves, splits, history.
// @ts-check

import { make } from "./dom.js";
import { sentence } from "./message.js";
import { count, figure, title, variance, when } from "./text.js";

/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./types.js").Suggestion} Suggestion */
/**
 * @typedef {object} Acts
 * @property {(blocks: number[]) => void} zoom
 * @property {(blocks: number[]) => void} light
 * @property {(name: string) => void} unbridge
 * @property {(block: number, to: string) => void} move
 * @property {() => Promise<{column: string, moves: Suggestion[]}>} suggest
 */
/** @typedef {{title: string, n: string, warn?: boolean, open?: boolean, body: () => Node[]}} Panel */

const MOST_LINES = 60;

export class Panels {
  /**
   * @param {HTMLElement} box
   * @param {Plan} plan
   * @param {Acts} acts
   */
  constructor(box, plan, acts) {
    this.box = box;
    this.plan = plan;
    this.acts = acts;
    /** @type {Map<string, boolean>} whether the user opened or closed each */
    this.opened = new Map();
    this.suggestions = make("ul", {});
    this.draw();
  }

  draw() {
    const panels = [this.#warnings(), this.#broken(), this.#unassigned(), this.#suggested(), this.#moved(), this.#splits(), this.#bridges(), this.#history(), this.#caveats()];
    this.box.replaceChildren(...panels.filter((panel) => panel !== null).map((panel) => this.#drawn(panel)));
  }

  /** @param {Panel} panel */
  #drawn({ title: name, n, warn = false, open = false, body }) {
    const summary = make("summary", { class: warn ? "warn" : "" }, `${name} `, make("span", { class: "n" }, n));
    const details = make("details", { "data-panel": name }, summary);
    // A closed panel is not filled: the history alone can be thousands of lines.
    const write = () => details.childElementCount === 1 && details.append(...body());
    details.open = this.opened.get(name) ?? open;
    if (details.open) write();
    details.addEventListener("toggle", write);
    summary.addEventListener("click", () => this.opened.set(name, !details.open));
    return details;
  }

  /** @param {string[]} codes */
  #places = (codes) => codes.flatMap((code) => this.plan.places.get(code) ?? []);

  /** @param {string} words @param {string[]} codes @param {Node[]} more */
  #line(words, codes, ...more) {
    const blocks = this.#places(codes);
    const zoom = make("button", { type: "button", click: () => this.acts.zoom(blocks) }, "zoom to");
    const item = make("li", {}, make("span", {}, words), ...(blocks.length ? [zoom] : []), ...more);
    item.addEventListener("pointerenter", () => this.acts.light(blocks));
    item.addEventListener("pointerleave", () => this.acts.light([]));
    return item;
  }

  #warnings() {
    const { warnings } = this.plan.status;
    if (!warnings.length) return { title: "Warnings", n: "none", body: () => [make("p", { class: "note" }, "Members, bridges and enclosed areas are as a review expects.")] };
    const lines = warnings.map(({ text, blocks, areas }) => this.#line(text, blocks.length ? blocks : areas.flatMap((code) => this.plan.blocksOf(code).map((block) => this.plan.codes[block]))));
    return { title: "Warnings", n: String(warnings.length), warn: true, open: true, body: () => [make("ul", {}, ...lines)] };
  }

  #broken() {
    const { broken } = this.plan.status;
    const lines = broken.flatMap(({ area, pieces }) =>
      pieces.map((piece, at) => this.#line(`${this.plan.called(area)}: piece ${at + 1} of ${pieces.length}, ${count(piece.length, "block")}`, piece)),
    );
    if (!broken.length) return { title: "In pieces", n: "none", body: () => [make("p", { class: "note" }, "Every area is in one piece.")] };
    return { title: "In pieces", n: count(broken.length, "area"), warn: true, open: true, body: () => [make("ul", {}, ...lines)] };
  }

  #unassigned() {
    const { blocks, sums } = this.plan.status.unassigned;
    if (!blocks.length) return { title: "Unassigned blocks", n: "none", body: () => [make("p", { class: "note" }, "Every block is assigned to an area.")] };
    const totals = Object.entries(sums).map(([name, value]) => `${figure(value)} ${title(name).toLowerCase()}`).join(", ");
    const all = this.#line(`${count(blocks.length, "block")} with ${totals}`, blocks);
    const each = blocks.slice(0, MOST_LINES).map((code) => this.#line(code, [code]));
    const rest = blocks.length > MOST_LINES ? [make("li", {}, `and ${blocks.length - MOST_LINES} more`)] : [];
    return { title: "Unassigned blocks", n: count(blocks.length, "block"), warn: true, open: blocks.length < 200, body: () => [make("ul", {}, all, ...each, ...rest)] };
  }

  #suggested() {
    const ask = make("button", { type: "button", name: "suggest", click: () => this.#suggest() }, "Find moves");
    return { title: "Suggested moves", n: "better balance, nothing worse", body: () => [make("p", { class: "not-on-paper" }, ask), this.suggestions] };
  }

  /** After a step the list stays, and is found anew for the plan as it stands. */
  suggestAgain() {
    if (this.suggestions.childElementCount) this.#suggest();
  }

  async #suggest() {
    const version = this.plan.status.version;
    this.suggestions.classList.add("waiting");
    try {
      const { column, moves } = await this.acts.suggest();
      if (version !== this.plan.status.version) return; // a later step asks again
      const lines = moves.map(({ block_code: code, from_area: from, to_area: to, from_off, to_off }) =>
        this.#line(`${code}: ${this.plan.called(from)} → ${this.plan.called(to)}`, [code],
          make("button", { type: "button", click: () => this.acts.move(this.#places([code])[0], to) }, "apply"),
          make("p", { class: "note" }, `then ${[...(from_off === null ? [] : [`${this.plan.called(from)} ${variance(100 * from_off)}`]), `${this.plan.called(to)} ${variance(100 * to_off)}`].join(", ")} from balance of ${title(column).toLowerCase()}`)));
      this.suggestions.replaceChildren(...(lines.length ? lines : [make("li", {}, "No single move improves the balance without making something else worse.")]));
    } catch (error) {
      this.suggestions.replaceChildren(make("li", {}, sentence(/** @type {Error} */ (error).message)));
    }
    this.suggestions.classList.remove("waiting");
  }

  #moved() {
    const { start, codes } = this.plan.state;
    /** @type {Map<string, string[]>} */
    const flows = new Map();
    this.plan.assigned.forEach((to, block) => {
      if (start[block] === to) return;
      const key = JSON.stringify([start[block], to]);
      flows.set(key, [...(flows.get(key) ?? []), codes[block]]);
    });
    const summed = Object.keys(this.plan.state.figures).filter((name) => !this.plan.state.averaged.includes(name)).slice(0, 4);
    const lines = () => [...flows].sort((one, other) => other[1].length - one[1].length).map(([key, blocks]) => {
      const [from, to] = JSON.parse(key);
      const totals = summed.map((name) => `${figure(this.plan.sum(this.#places(blocks), name))} ${title(name).toLowerCase()}`).join(", ");
      return this.#line(`${this.plan.called(from)} → ${this.plan.called(to)}: ${count(blocks.length, "block")}`, blocks, make("p", { class: "note" }, totals));
    });
    const all = [...flows.values()].reduce((sum, blocks) => sum + blocks.length, 0);
    const body = () => (flows.size ? [make("ul", {}, ...lines())] : [make("p", { class: "note" }, "No block has moved since the plan started.")]);
    return { title: "Moved since the plan started", n: count(all, "block"), body };
  }

  #splits() {
    const { splits } = this.plan.status;
    if (!splits.length) return null;
    const lines = () => splits.map(({ kind, before, now, split }) => {
      const named = split.slice(0, 12).map(({ name, areas }) => `${name} (${areas.map((code) => this.plan.called(code)).join(" | ")})`).join("; ");
      const rest = split.length > 12 ? ` and ${split.length - 12} more` : "";
      return make("li", {}, make("span", {}, kind === "hotspots" ? "Hotspots" : kind), make("strong", {}, `${now} split`), make("span", { class: "note" }, `${before} before`), ...(named ? [make("p", { class: "note" }, named + rest)] : []));
    });
    const n = splits.map(({ kind, now }) => `${now} of ${kind === "hotspots" ? "the hotspots" : kind}`).join(", ");
    return { title: "Split by boundaries", n, body: () => [make("ul", {}, ...lines())] };
  }

  #bridges() {
    const { bridges } = this.plan.status;
    if (!bridges.length) return null;
    const lines = bridges.map(({ name, ends, metres }) =>
      this.#line(`${name}: ${ends[0]} – ${ends[1]}, ${metres >= 1000 ? `${(metres / 1000).toFixed(1)} km` : `${metres} m`}`, ends, make("button", { type: "button", click: () => this.acts.unbridge(name) }, "remove")),
    );
    return { title: "Bridges", n: String(bridges.length), body: () => [make("ul", {}, ...lines)] };
  }

  #history() {
    const lines = () => [...this.plan.history].reverse().map((step) =>
      make("li", step.in_force ? {} : { class: "undone" },
        make("span", {}, `${step.step}. ${step.what}${step.forced ? " (forced)" : ""}`),
        make("span", { class: "note" }, [step.reason && `“${step.reason}”`, step.by, when(step.at), step.in_force ? "" : "undone"].filter(Boolean).join(" · "))),
    );
    const body = () => [this.plan.history.length ? make("ol", {}, ...lines()) : make("p", { class: "note" }, "No steps yet.")];
    return { title: "History", n: count(this.plan.status.steps, "step"), body };
  }

  #caveats() {
    const { caveats } = this.plan.state;
    if (!caveats.length) return null;
    return { title: "Notes", n: count(caveats.length, "note"), body: () => caveats.map((caveat) => make("p", { class: "caveat" }, caveat)) };
  }
}
