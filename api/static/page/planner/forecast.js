// The forecast of electors: how it was made, and the housing sites that add to it.
// @ts-check

import { byId, make, noteOf } from "./dom.js";
import { refusal } from "./message.js";
import { count, figure, title } from "./text.js";

/** @typedef {import("./types.js").PlanStatus["forecast"]} ForecastMethod */
/** @typedef {{properties: Record<string, number | string | null>}} Site a feature of the layer of sites */
/**
 * @typedef {object} Acts
 * @property {(step: import("./types.js").Step) => void} take
 * @property {() => Promise<{features: Site[]}>} [sites] reads them; missing where there are none
 * @property {() => void} drawOver draw the sites on the map
 * @property {(blocks: number[]) => void} zoom
 */

const YEAR = /^dwellings_(\d{4})$/;
const FORECAST = /^electors_(forecast|\d{4})$/;

export class Forecast {
  /** @param {import("./plan.js").Plan} plan @param {Acts} acts */
  constructor(plan, acts) {
    this.plan = plan;
    this.acts = acts;
    this.box = /** @type {HTMLDetailsElement} */ (byId("forecast"));
    this.n = noteOf(this.box);
    this.method = make("textarea", { name: "method", rows: "4", maxlength: "4000", placeholder: "the method and its sources: population projections, the electoral register, housing sites" });
    this.madeBy = make("input", { name: "made_by", maxlength: "200", autocomplete: "off", placeholder: "a service or an organisation" });
    this.madeOn = make("input", { type: "date", name: "made_on" });
    this.sites = make("div", { class: "sites" });
    this.drawn = "";
    this.box.append(this.#form(), this.sites);
    if (acts.sites) this.box.addEventListener("toggle", () => this.box.open && this.#readSites(), { once: true });
    this.draw();
  }

  #form() {
    const form = make("form", {}, make("label", { class: "block" }, "How the forecast was made ", this.method),
      make("p", { class: "row" }, make("label", {}, "Made by ", this.madeBy), make("label", {}, "on ", this.madeOn), make("button", { type: "submit" }, "Save")),
      make("p", { class: "note" }, "The report and the proforma have this text. Write roles and services, not names of people."));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.acts.take({ step: "forecast", method: this.method.value, made_by: this.madeBy.value, made_on: this.madeOn.value });
    });
    return form;
  }

  /** Show the text as it stands; one that is being typed stays until it is saved. */
  draw() {
    const { forecast } = this.plan.status;
    const key = JSON.stringify(forecast);
    if (key === this.drawn) return;
    this.drawn = key;
    this.method.value = forecast.method;
    this.madeBy.value = forecast.made_by;
    this.madeOn.value = forecast.made_on;
    this.n.textContent = Object.values(forecast).some(Boolean) ? "described" : "not described yet";
  }

  async #readSites() {
    try {
      const { features } = await /** @type {NonNullable<Acts["sites"]>} */ (this.acts.sites)();
      this.sites.replaceChildren(...this.#drawnSites(features.map(({ properties }) => properties)));
    } catch (error) {
      this.sites.replaceChildren(refusal(error));
    }
  }

  /** @param {Site["properties"][]} sites @returns {Node[]} */
  #drawnSites(sites) {
    const columns = Object.keys(sites[0] ?? {});
    const years = columns.filter((name) => YEAR.test(name));
    const forecasts = columns.filter((name) => FORECAST.test(name));
    const number = { class: "number", scope: "col" };
    const known = (/** @type {number | string | null} */ value) => (value === null ? "not known" : figure(value));
    const cell = (/** @type {number | string | null} */ value) => make("td", { class: "number" }, known(value ?? null));
    const rows = sites.map((site) => make("tr", {},
      make("th", { scope: "row" }, this.#siteName(site)),
      ...years.map((name) => cell(site[name])), cell(site.electors_per_dwelling), ...forecasts.map((name) => cell(site[name]))));
    const head = make("tr", {}, make("th", { scope: "col" }, "Housing site"),
      ...years.map((name) => make("th", number, `Dwellings ${name.slice(-4)}`)), make("th", number, "Electors a dwelling"),
      ...forecasts.map((name) => make("th", number, `Added to ${title(name).toLowerCase()}`)));
    return [
      make("p", { class: "row" }, count(sites.length, "housing site"), make("button", { type: "button", click: () => this.acts.drawOver() }, "Draw on the map")),
      make("div", { class: "wide" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))),
      make("p", { class: "note" }, "A site with a number that is not known adds nothing."),
    ];
  }

  /** Its name, which zooms to the blocks that it lies in. @param {Site["properties"]} site */
  #siteName(site) {
    const name = String(site.name ?? site.area_name ?? "");
    const blocks = String(site.blocks ?? "").split(", ").flatMap((code) => this.plan.places.get(code) ?? []);
    if (!blocks.length) return make("span", {}, `${name}: outside of all blocks`);
    return make("button", { type: "button", class: "plain", title: "Zoom to its blocks", click: () => this.acts.zoom(blocks) }, name);
  }
}
