// Improve from here: a search in rounds, each a request, whose best result can be shown and taken.
// @ts-check

import { byId, make } from "./dom.js";
import { refusal } from "./message.js";
import { planAddress, send } from "./service.js";
import { count, figure, title } from "./text.js";
import { ownAddress } from "../root.js";

/** @typedef {import("./types.js").Alternative} Alternative */
/**
 * @typedef {object} Acts
 * @property {(terms: Record<string, string>, signal: AbortSignal) => Promise<Alternative>} search one round
 * @property {(step: import("./types.js").Step) => void} take
 * @property {(moved: Map<number, string>) => void} preview shows blocks as moved; none of them for an empty map
 * @property {() => string} by
 */

const ROUNDS = 8;

export class Improve {
  /** @param {import("./plan.js").Plan} plan @param {{id: string, title: string}[]} layers @param {Acts} acts */
  constructor(plan, layers, acts) {
    this.plan = plan;
    this.acts = acts;
    this.box = /** @type {HTMLDetailsElement} */ (byId("improve"));
    const columns = Object.keys(plan.state.figures).filter((name) => !plan.state.averaged.includes(name));
    this.balance = make("select", { name: "balance" }, ...columns.map((value) => make("option", { value }, title(value).toLowerCase())));
    if (columns.includes("electors")) this.balance.value = "electors";
    this.moved = number("moved", { min: "1", max: "100", value: "10" });
    this.border = number("border", { min: "0", max: "100", value: "5" });
    this.compactness = number("compactness", { min: "0", max: "1", step: "0.05", placeholder: "none" });
    this.communities = make("select", { name: "communities" }, make("option", { value: "" }, "nothing"),
      ...layers.map(({ id, title: name }) => make("option", { value: id }, name)));
    this.start = make("button", { type: "submit" }, "Improve from here");
    this.stop = make("button", { type: "button", click: () => this.searching?.abort() }, "Stop");
    this.progress = make("progress", { max: String(ROUNDS), "aria-label": "Rounds searched" });
    this.result = make("div", { class: "improved", role: "status" });
    /** @type {AbortController | null} */
    this.searching = null;
    /** @type {Alternative | null} */
    this.best = null;
    this.box.append(...(columns.length ? [this.#form(), this.result] : [make("p", { class: "note" }, "The blocks have no electors or other figures to balance.")]));
    this.#busy(false);
  }

  #form() {
    const form = make("form", {},
      make("p", { class: "row" }, make("label", {}, "Balance ", this.balance), make("label", {}, "Move at most ", this.moved, " % of the blocks"), make("label", {}, "Borders longer by at most ", this.border, " %")),
      make("p", { class: "row" }, make("label", {}, "No area less compact than ", this.compactness), make("label", {}, "Divide no more areas of ", this.communities)),
      make("p", { class: "row" }, this.start, this.stop, this.progress),
      make("p", { class: "note" }, "Compactness is Polsby–Popper, 1 for a circle. Locked areas stay as they are. Nothing changes until you take the result."));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    return form;
  }

  /** A step makes the result one of a plan that is no more. */
  draw() {
    if (!this.best || this.best.version === this.plan.status.version) return;
    this.best = null;
    this.searching?.abort();
    this.result.replaceChildren();
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.start.disabled = busy;
    this.stop.hidden = this.progress.hidden = !busy;
  }

  async #search() {
    const searching = (this.searching = new AbortController());
    const inputs = [this.balance, this.moved, this.border, this.compactness, this.communities];
    const terms = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
    const version = this.plan.status.version;
    this.acts.preview(new Map());
    this.best = null;
    this.result.replaceChildren("Searching …");
    this.#busy(true);
    let rounds = 0;
    try {
      for (; rounds < ROUNDS; rounds += 1) {
        this.progress.value = rounds;
        const found = await this.acts.search({ ...terms, seed: String(rounds + 1) }, searching.signal);
        if (found.version !== version || version !== this.plan.status.version) throw new Error("the plan has changed meanwhile; search again from it as it is now");
        if (!this.best || found.imbalance[1] < this.best.imbalance[1]) this.best = found;
        this.#show(this.best, rounds + 1);
      }
    } catch (error) {
      if (!searching.signal.aborted) this.result.replaceChildren(refusal(error));
      else if (!this.best) this.result.replaceChildren("Stopped before the first round was done.");
      else this.#show(this.best, rounds);
    }
    this.#busy(false);
  }

  /** @param {Alternative} best @param {number} rounds */
  #show(best, rounds) {
    const moved = new Map(Object.entries(best.targets).map(([code, area]) => [/** @type {number} */ (this.plan.places.get(code)), area]));
    const ofRounds = rounds < ROUNDS ? `Best of ${count(rounds, "round")} so far` : `Best of ${ROUNDS} rounds`;
    if (!moved.size) return this.result.replaceChildren(`${ofRounds}: within these limits none was found that is better balanced.`);
    const [far, near] = best.furthest.map((off) => `${figure(Math.round(1000 * off) / 10)} %`);
    const what = title(best.balance).toLowerCase();
    const reason = `better balance of ${what}, found by search (seed ${best.seed})`;
    const step = { step: "reassign", targets: best.targets, reason };
    const preview = make("button", { type: "button", "aria-pressed": "false", click: () => {
      const on = preview.getAttribute("aria-pressed") !== "true";
      preview.setAttribute("aria-pressed", String(on));
      this.acts.preview(on ? moved : new Map());
    } }, "Show on the map");
    const done = (/** @type {() => void} */ act) => () => {
      this.acts.preview(new Map());
      act();
    };
    this.result.replaceChildren(
      make("p", {}, make("b", {}, `${ofRounds}: ${count(moved.size, "block")} would move. `), `Furthest area from balance of ${what}: ${far} now, ${near} then. Neighbouring blocks in different areas: ${figure(best.cut_edges[0])} now, ${figure(best.cut_edges[1])} then.`),
      make("p", { class: "row" }, preview,
        make("button", { type: "button", click: done(() => this.acts.take(step)) }, "Take it, as one step"),
        make("button", { type: "button", click: done(() => void this.#saveAs(step)) }, "Save as a new plan")));
  }

  /** @param {{step: string, targets: Record<string, string>, reason: string}} step */
  async #saveAs(step) {
    const { plan } = this;
    const id = `${plan.id.slice(0, 40)}-${Date.now().toString(36)}`;
    const by = this.acts.by();
    try {
      const begun = await send(ownAddress("/planner/plans"), { plan_id: id, title: `${plan.state.title.slice(0, 85)}, improved`, by, from_plan: plan.id });
      await send(planAddress(id, "/steps"), { ...step, by, version: 1 });
      this.result.append(make("p", {}, "Saved. ", make("a", { href: begun.address }, "Open the new plan"), " or ",
        make("a", { href: ownAddress(`/planner/compare?plan=${encodeURIComponent(plan.id)}&plan=${encodeURIComponent(id)}`) }, "compare both"), "."));
    } catch (error) {
      this.result.append(refusal(error));
    }
  }
}

/** @param {string} name @param {Record<string, string>} given */
const number = (name, given) => make("input", { type: "number", name, ...given });
