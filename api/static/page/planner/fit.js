// How far the areas lie whole in those of another layer, and the blocks in between, one by one.
// @ts-check

import { given, remember } from "./address.js";
import { byId, make, noteOf } from "./dom.js";
import { refusal } from "./message.js";
import { count, figure, title } from "./text.js";

/** @typedef {import("./types.js").Fit} FitState */
/** @typedef {import("./types.js").Between} Between */
/**
 * @typedef {object} Acts
 * @property {(step: import("./types.js").Step) => void} take
 * @property {(blocks: number[], to: string) => void} move
 * @property {(block: number) => void} show a block and what lies around it
 * @property {(code: string) => void} zoom to an area
 * @property {(layer: string) => void} drawOver the map
 * @property {(layer: string) => Promise<FitState>} read
 * @property {(layer: string) => string} changes address of the file of changes
 */

const percent = (/** @type {number | null} */ share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

export class Fit {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {{id: string, title: string}[]} layers
   * @param {Acts} acts
   */
  constructor(plan, layers, acts) {
    this.plan = plan;
    this.layers = layers;
    this.acts = acts;
    /** @type {FitState | null} */
    this.fit = null;
    this.at = "";
    this.walking = false;
    this.box = /** @type {HTMLDetailsElement} */ (byId("fit-target"));
    this.note = noteOf(this.box);
    this.target = make("select", { name: "target" }, make("option", { value: "" }, "choose a layer"), ...layers.map(({ id, title: words }) => make("option", { value: id }, words)));
    this.result = make("div", { role: "status" });
    this.block = make("p", { class: "in-between" });
    const button = (/** @type {string} */ name, /** @type {() => void} */ click) => make("button", { type: "button", name, click });
    this.give = button("give", () => this.giveBlock());
    this.keep = button("keep", () => this.keepBlock());
    this.next = button("next", () => this.nextBlock());
    this.all = button("give-all", () => this.#giveAll());
    this.decided = make("input", { type: "checkbox", name: "decided", change: () => this.#drawBlock() });
    this.walk = make("div", { class: "walk not-on-paper" }, this.block, make("p", { class: "row" }, this.give, this.keep, this.next, this.all, make("label", {}, this.decided, " show decided blocks too")));
    this.tables = make("div");
    this.walk.hidden = true;
    this.box.append(
      make("p", { class: "row not-on-paper" }, make("label", {}, "Areas that should hold these whole ", this.target)),
      this.result, this.walk, this.tables,
    );
    this.box.hidden = layers.length === 0;
    this.#listen();
    if (layers.some(({ id }) => id === given("fit"))) {
      this.target.value = given("fit");
      this.box.open = true;
      this.#choose();
    }
  }

  #listen() {
    this.target.addEventListener("change", () => this.#choose());
    const keys = { k: () => this.keepBlock(), m: () => this.giveBlock(), n: () => this.nextBlock() };
    this.box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.target) return;
      const act = keys[/** @type {"k" | "m" | "n"} */ (event.key.toLowerCase())];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  #choose() {
    const layer = this.target.value;
    remember("fit", layer);
    this.at = "";
    this.walking = false;
    if (layer) this.acts.drawOver(layer);
    this.draw();
  }

  /** Measure again how far the plan fits, as it stands. */
  async draw() {
    const [layer, { version }] = [this.target.value, this.plan.status];
    if (!layer) return this.#show(null);
    try {
      const fit = await this.acts.read(layer);
      // A later step, or another layer, is measured on its own.
      if (version === this.plan.status.version && layer === this.target.value) this.#show(fit);
    } catch (error) {
      this.#show(null);
      this.result.replaceChildren(refusal(error));
    }
  }

  /** @param {FitState | null} fit */
  #show(fit) {
    const before = this.#listed();
    const was = before.findIndex(({ block_code: code }) => code === this.at);
    this.fit = fit;
    const left = this.#listed();
    if (!left.some(({ block_code: code }) => code === this.at)) this.at = (left[Math.max(was, 0)] ?? left[0])?.block_code ?? "";
    this.note.textContent = fit ? `${fit.now.whole} of ${fit.now.areas} areas whole` : "";
    this.result.replaceChildren(...(fit ? this.#drawSummary(fit) : []));
    this.tables.replaceChildren(...(fit ? [this.#drawAreas(fit), ...this.#drawChanges(fit)] : []));
    this.walk.hidden = !fit || !fit.between.length;
    this.#drawBlock();
    if (this.walking && this.at) this.acts.show(this.#place(this.at));
  }

  /** The blocks to walk through. @returns {Between[]} */
  #listed() {
    return (this.fit?.between ?? []).filter(({ decided }) => this.decided.checked || !decided);
  }

  /** @param {string} code */
  #place = (code) => /** @type {number} */ (this.plan.places.get(code));

  /** @param {string} code of an area of the target */
  #called = (code) => this.fit?.names[code] ?? code;

  /** @param {FitState} fit */
  #drawSummary({ people, before, now, between }) {
    const undecided = between.filter(({ decided }) => !decided).length;
    const shares = [
      ...(now.people_share === null ? [] : [`${percent(now.people_share)} of the ${title(people).toLowerCase()} (${percent(before.people_share)} as the plan began)`]),
      `${percent(now.blocks_share)} of the blocks (${percent(before.blocks_share)})`,
    ];
    return [
      make("p", {}, make("strong", {}, `${now.whole} of ${count(now.areas, "area")}`), ` whole in one area of ${this.#layer()} (${before.whole} as the plan began).`),
      make("p", {}, `Where most of their area lies: ${shares.join(" and ")}.`),
      make("p", {}, between.length ? `${count(between.length, "block")} in between, ${undecided} not decided on yet.` : "No block lies in between."),
    ];
  }

  #layer = () => this.layers.find(({ id }) => id === this.target.value)?.title ?? this.target.value;

  /** The block whose turn it is, and what can be done with it. */
  #drawBlock() {
    const listed = this.#listed();
    const turn = listed.findIndex(({ block_code: code }) => code === this.at);
    const one = listed[turn];
    for (const button of [this.give, this.keep, this.next]) button.disabled = !one;
    this.all.hidden = true;
    this.give.textContent = "Move (M)";
    this.keep.textContent = "Keep (K)";
    this.next.textContent = this.walking ? "Next (N)" : "Start (N)";
    if (!one) {
      this.block.textContent = this.fit?.between.length ? "Every block in between has been decided on." : "";
      return;
    }
    const { block_code: code, area_code: area, other_area: other, people, decided } = one;
    const lies = [`${Math.round(100 * one.share)} % of it in ${this.#called(one.target_code)}`, ...(one.across ? [`some in ${this.#called(one.across)}`] : [])].join(", ");
    const who = people === null ? "" : `, ${figure(people)} ${title(this.fit?.people ?? "").toLowerCase()}`;
    this.block.textContent = `${turn + 1} of ${listed.length}: block ${code}${who}, is in ${this.plan.called(area)}; ${lies}.${decided ? ` Decided by step ${decided}.` : ""}${other ? "" : " No area beside it lies mostly on the other side yet."}`;
    this.keep.textContent = `Keep in ${this.plan.called(area)} (K)`;
    this.give.disabled = !other;
    if (!other) return;
    this.give.textContent = `Move to ${this.plan.called(other)} (M)`;
    const alike = this.#alike(one);
    this.all.hidden = alike.length < 2;
    this.all.textContent = `Move all ${alike.length} that lie in ${this.#called(one.target_code)} to ${this.plan.called(other)}`;
  }

  /** The undecided blocks of the same area that lie in the same area of the target. @param {Between} one */
  #alike(one) {
    if (one.kind !== "elsewhere") return [];
    return (this.fit?.between ?? []).filter(({ kind, area_code: area, target_code: target, decided }) =>
      kind === one.kind && area === one.area_code && target === one.target_code && !decided);
  }

  #current() {
    return this.box.open ? this.#listed().find(({ block_code: code }) => code === this.at) : undefined;
  }

  /** Move the block to the area on the other side. */
  giveBlock() {
    const one = this.#current();
    if (!one?.other_area) return;
    this.walking = true;
    this.acts.move([this.#place(one.block_code)], one.other_area);
  }

  /** Record that the block stays where it is. */
  keepBlock() {
    const one = this.#current();
    if (!one) return;
    this.walking = true;
    this.acts.take({ step: "keep", blocks: [one.block_code] });
  }

  /** Go to the next block, and leave this one open. */
  nextBlock() {
    const listed = this.#listed();
    if (!this.box.open || !listed.length) return;
    const turn = listed.findIndex(({ block_code: code }) => code === this.at);
    this.at = listed[(turn + (this.walking ? 1 : 0)) % listed.length].block_code;
    this.walking = true;
    this.#drawBlock();
    this.acts.show(this.#place(this.at));
  }

  #giveAll() {
    const one = this.#current();
    if (one?.other_area) this.acts.move(this.#alike(one).map(({ block_code: code }) => this.#place(code)), one.other_area);
  }

  /** @param {FitState} fit */
  #drawAreas({ areas, people }) {
    const share = (/** @type {number | null} */ part, /** @type {number | null} */ whole) => (part === null || !whole ? "–" : percent(part / whole));
    const number = { class: "number", scope: "col" };
    const head = make("tr", {}, make("th", { scope: "col" }, "Area"), make("th", { scope: "col" }, "Mostly in"), make("th", number, "Blocks there"), ...(people ? [make("th", number, `${title(people)} there`)] : []));
    const order = [...areas].sort((one, other) => Number(one.whole) - Number(other.whole) || one.area_name.localeCompare(other.area_name, "en-GB", { numeric: true }));
    const lines = order.map((area) => make("tr", {},
      make("th", { scope: "row" }, make("button", { type: "button", class: "plain", click: () => this.acts.zoom(area.area_code) }, area.area_name)),
      make("td", {}, area.target_code ? area.target_name : "none of them", ...(area.targets > 1 ? [make("small", {}, ` and ${count(area.targets - 1, "other")}`)] : [])),
      make("td", { class: "number" }, share(area.blocks_within, area.blocks)),
      ...(people ? [make("td", { class: "number" }, share(area.people_within, area.people))] : [])));
    return make("div", { class: "wide" }, make("table", { class: "fit" }, make("thead", {}, head), make("tbody", {}, ...lines)));
  }

  /** @param {FitState} fit */
  #drawChanges({ changes, people }) {
    const heading = make("h3", {}, "What changed for whom");
    if (!changes.length) return [heading, make("p", { class: "note" }, "No block has moved since the plan began.")];
    const head = make("tr", {}, make("th", { scope: "col" }, "From"), make("th", { scope: "col" }, "To"), make("th", { scope: "col", class: "number" }, "Blocks"), ...(people ? [make("th", { scope: "col", class: "number" }, title(people))] : []));
    const lines = changes.map((change) => make("tr", {},
      make("td", {}, change.from_name || "no area"), make("td", {}, change.to_name || "no area"),
      make("td", { class: "number" }, figure(change.blocks)), ...(people ? [make("td", { class: "number" }, figure(change.people))] : [])));
    return [
      heading,
      make("div", { class: "wide" }, make("table", { class: "fit" }, make("thead", {}, head), make("tbody", {}, ...lines))),
      make("p", { class: "not-on-paper" }, make("a", { class: "do", href: this.acts.changes(this.target.value) }, "Every block as CSV")),
    ];
  }
}
