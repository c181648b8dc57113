// Communities of interest: the areas of a layer, and how far the plan keeps each whole.
// @ts-check

import { byId, make, noteOf } from "./dom.js";
import { refusal } from "./message.js";
import { count, figure, title } from "./text.js";

/** @typedef {import("./types.js").Kept} Kept */

export class Communities {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {{id: string, title: string}[]} layers
   * @param {{read: (layer: string) => Promise<Kept>, drawOver: (layer: string) => void}} acts
   */
  constructor(plan, layers, { read, drawOver }) {
    this.plan = plan;
    this.look = read;
    this.box = /** @type {HTMLDetailsElement} */ (byId("communities"));
    this.layer = make("select", { name: "community-layer", change: () => {
      if (this.layer.value) drawOver(this.layer.value);
      this.#look();
    } }, make("option", { value: "" }, "choose a layer"),
      ...layers.map(({ id, title: name }) => make("option", { value: id }, name)));
    this.result = make("div", { class: "kept", role: "status" });
    this.n = noteOf(this.box);
    this.box.append(make("p", { class: "row" }, make("label", {}, "Communities are the areas of ", this.layer)), this.result);
  }

  /** Look again after a step. */
  draw() {
    if (this.layer.value) this.#look();
  }

  async #look() {
    const { version } = this.plan.status;
    const layer = this.layer.value;
    if (!layer) {
      this.n.textContent = "";
      return this.result.replaceChildren();
    }
    try {
      const kept = await this.look(layer);
      if (version !== this.plan.status.version || layer !== this.layer.value) return; // a later call shows it
      this.n.textContent = `${kept.whole} of ${kept.communities.length}`;
      this.result.replaceChildren(...this.#drawn(kept));
    } catch (error) {
      this.result.replaceChildren(refusal(error));
    }
  }

  /** @param {Kept} kept @returns {Node[]} */
  #drawn({ people, communities }) {
    if (!communities.length) return [make("p", { class: "note" }, "No block belongs to one of them: none holds half of a block.")];
    const number = { class: "number", scope: "col" };
    const part = (/** @type {Kept["communities"][number]} */ one) =>
      people ? share(one.people_in_largest, one.people) : share(one.blocks_in_largest, one.blocks);
    const rows = [...communities].sort((one, other) => (part(one) ?? 2) - (part(other) ?? 2)).map((one) => {
      const largest = part(one);
      return make("tr", {}, make("th", { scope: "row" }, one.name), make("td", { class: "number" }, figure(one.blocks)),
        ...(people ? [make("td", { class: "number" }, figure(one.people))] : []),
        make("td", {}, one.whole ? `whole, in ${this.plan.called(one.area_code)}`
          : one.areas ? `${largest === null ? "largest part" : `${Math.floor(100 * largest)} %`} in ${this.plan.called(one.area_code)}, ${count(one.areas, "area")} in all` : "in no area yet"));
    });
    return [
      make("div", { class: "wide" }, make("table", {},
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Community"), make("th", number, "Blocks"), ...(people ? [make("th", number, title(people))] : []), make("th", { scope: "col" }, "Kept"))),
        make("tbody", {}, ...rows))),
      make("p", { class: "note" }, `A community has the blocks of which at least half lies in it. Shares are of its ${people ? title(people).toLowerCase() : "blocks"}.`),
    ];
  }
}

/** @param {number | undefined} part @param {number | undefined} whole */
const share = (part, whole) => (whole ? (part ?? 0) / whole : null);
