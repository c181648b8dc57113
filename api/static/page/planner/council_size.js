// Council size: the members of the whole council, and what other numbers would mean for the areas.
// @ts-check

import { byId, make, noteOf } from "./dom.js";
import { refusal } from "./message.js";
import { verdict } from "./table.js";
import { count, electorate as called, figure, title, variance } from "./text.js";

/** @typedef {import("./types.js").CouncilOption} CouncilOption */
/** @typedef {import("./types.js").CouncilOptions} CouncilOptions */

const PATTERNS = /** @type {[string, string][]} */ ([
  ["mixed", "1 to 3 members"], ["one", "1 member"], ["two", "2 members"], ["three", "3 members"],
]);
const ELECTORATE = /^electors(_forecast|_\d{4})?$/;

export class CouncilSize {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {{take: (step: import("./types.js").Step) => void, compare: (terms: Record<string, string>) => Promise<CouncilOptions>}} acts
   */
  constructor(plan, { take, compare }) {
    this.plan = plan;
    this.take = take;
    this.compare = compare;
    this.box = /** @type {HTMLDetailsElement} */ (byId("council-size"));
    this.note = noteOf(this.box);
    this.state = make("p", { class: "note" });
    this.size = make("input", { type: "number", name: "size", min: "1", max: "200" });
    this.sizes = make("input", { name: "sizes", autocomplete: "off", maxlength: "80", placeholder: "such as 48, 51, 54" });
    this.pattern = make("select", { name: "pattern" }, ...PATTERNS.map(([value, words]) => make("option", { value }, words)));
    const known = Object.keys(plan.state.figures).filter((name) => ELECTORATE.test(name));
    this.electorate = make("select", { name: "electorate" }, ...known.map((value) => make("option", { value }, title(value).toLowerCase())));
    this.electorate.value = known.includes("electors_forecast") ? "electors_forecast" : (known[0] ?? "");
    this.result = make("div", { class: "sizes-result", role: "status" });
    this.box.append(this.#sizeForm(), this.state, ...(known.length ? [this.#compareForm(), this.result] : []));
    this.draw();
  }

  #sizeForm() {
    const form = make("form", { class: "row" }, make("label", {}, "Members of the council ", this.size), make("button", { type: "submit" }, "Set"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.take({ step: "council", size: this.size.value === "" ? null : Number(this.size.value) });
    });
    return form;
  }

  #compareForm() {
    const form = make("form", { class: "row" },
      make("label", {}, "Compare sizes ", this.sizes), make("label", {}, "Areas of ", this.pattern),
      make("label", {}, "by ", this.electorate), make("button", { type: "submit" }, "Compare"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare();
    });
    return form;
  }

  /** Show the plan as it stands; sizes that are compared are compared anew. */
  draw() {
    const { size, members } = this.plan.status.council;
    const rest = size === null ? "" : members < size ? `${size - members} not given to any area yet` : members > size ? `${members - size} too many` : "all given to areas";
    this.note.textContent = size === null ? "not set" : count(size, "member");
    this.box.querySelector("summary")?.classList.toggle("warn", size !== null && members !== size);
    this.state.textContent = size === null
      ? `Not set: the average is that of the ${count(members, "member")} whom the areas elect.`
      : `The areas elect ${members} of ${size}: ${rest}. Variances are held against all electors by ${size}.`;
    if (document.activeElement !== this.size) this.size.value = size === null ? "" : String(size);
    if (this.box.open && this.result.childElementCount) this.#compare();
  }

  async #compare() {
    const version = this.plan.status.version;
    this.result.classList.add("waiting");
    try {
      const terms = { sizes: this.sizes.value, pattern: this.pattern.value, electorate: this.electorate.value };
      const options = await this.compare(terms);
      if (version !== this.plan.status.version) return; // a later step compares again
      if (!this.sizes.value.trim()) this.sizes.value = options.options.map((option) => option.size).join(", ");
      this.result.replaceChildren(...this.#drawn(options));
    } catch (error) {
      this.result.replaceChildren(refusal(error));
    }
    this.result.classList.remove("waiting");
  }

  /** @param {CouncilOptions} options @returns {Node[]} */
  #drawn({ electorate, areas, options }) {
    const ending = electorate.replace("electors", "");
    const heads = options.map(({ size }) => make("th", { scope: "colgroup", colspan: "2", class: "size" }, count(size, "member")));
    const parts = options.flatMap(() => [make("th", { scope: "col", class: "number" }, "Seats"), make("th", { scope: "col", class: "number" }, title(`variance_percent${ending}`))]);
    const head = make("thead", {},
      make("tr", {}, make("th", { scope: "col", rowspan: "2" }, "Area"), make("th", { scope: "col", rowspan: "2", class: "number" }, "Members now"), ...heads),
      make("tr", {}, ...parts));
    const lines = areas.map((area, at) => make("tr", {},
      make("th", { scope: "row" }, String(area.area_name)), make("td", { class: "number" }, figure(area.members)),
      ...options.flatMap((option) => cells(option.areas[at], ending))));
    const foot = make("tfoot", {},
      make("tr", {}, make("th", { scope: "row", colspan: "2" }, "Electors per member"), ...options.map((option) => make("td", { colspan: "2" }, averages(option)))),
      make("tr", {}, make("th", { scope: "row", colspan: "2" }, "Areas beyond ±10 %"), ...options.map((option) => make("td", { colspan: "2" }, beyond(option)))),
      make("tr", { class: "not-on-paper" }, make("td", { colspan: "2" }), ...options.map((option) => make("td", { colspan: "2" }, ...this.#use(option)))));
    return [
      make("p", { class: "note" }, `Small figures: the members that the ${title(electorate).toLowerCase()} of the area entitle it to. Seats are shared out by the Sainte-Laguë method over the areas as they are drawn.`),
      make("div", { class: "wide" }, make("table", { class: "sizes" }, head, make("tbody", {}, ...lines), foot)),
    ];
  }

  /** @param {CouncilOption} option @returns {Node[]} */
  #use(option) {
    if (option.why) return [];
    const members = Object.fromEntries(option.areas.filter(({ seats }) => typeof seats === "number").map(({ area_code: code, seats }) => [code, seats]));
    return [make("button", { type: "button", click: () => this.take({ step: "share", members, size: option.size }) }, `Use these ${option.size}`)];
  }
}

/** @param {import("./types.js").Row} row @param {string} ending */
function cells(row, ending) {
  const { kind, symbol } = verdict(row, `variance_percent${ending}`);
  return [
    make("td", { class: "number size" }, figure(row.seats), make("small", {}, typeof row.entitlement === "number" ? row.entitlement.toFixed(2) : "")),
    make("td", { class: `number variance ${kind}` }, make("span", {}, symbol ? `${symbol} ` : "", variance(row[`variance_percent${ending}`]))),
  ];
}

/** @param {CouncilOption} option */
const averages = ({ averages: each }) =>
  Object.entries(each).map(([name, average]) => `${called(name)} ${figure(Math.round(average))}`).join(", ");

/** @param {CouncilOption} option */
const beyond = ({ why, triggers }) => why ||
  Object.entries(triggers).map(([name, { notable, areas }]) => `${called(name)} ${notable} of ${areas}`).join(", ");
