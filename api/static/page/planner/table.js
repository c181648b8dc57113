// The table of areas: one row each, with its measures now and what the plan changed.
// @ts-check

import { byId, drawn, make } from "./dom.js";
import { fitting } from "./find.js";
import { change, count, figure, title, variance } from "./text.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {{row: HTMLTableRowElement, key: HTMLElement, name: HTMLButtonElement}} Line of an area: its row, its number, its name */

const isVariance = (/** @type {string} */ column) => column.startsWith("variance_percent");
const FIRST = [
  // What a narrow screen cuts off is not what reviews are decided by.
  "members", "variance_percent", "variance_percent_forecast", "electors", "electors_per_member",
  "electors_forecast", "electors_forecast_per_member",
];
const LAST = ["blocks", "area_km2", "polsby_popper", "reock"];
const NOT_SHOWN = /^(area_name|locked|pieces|(variance|beyond)(_forecast|_\d{4})?)$/;
const ON_PAPER = 9; // columns
const WIDEST = 32; // per cent: where the bars end

/** The columns of the table, the most used ones first. @param {Row} row */
export function columnsOf(row) {
  const there = Object.keys(row).filter((name) => !NOT_SHOWN.test(name) && typeof row[name] !== "string");
  const among = (/** @type {string[]} */ names) => names.filter((name) => there.includes(name));
  return [...among(FIRST), ...there.filter((name) => !FIRST.includes(name) && !LAST.includes(name)), ...among(LAST)];
}

/** How far beyond a limit, for style and symbol. @param {Row | undefined} row @param {string} [column] */
export function verdict(row, column = "variance_percent") {
  const [percent, beyond] = [row?.[column], row?.[column.replace("variance_percent", "beyond")]];
  if (typeof percent !== "number" || !beyond) return { kind: "within", symbol: "" };
  const symbol = percent > 0 ? "▲" : "▼";
  return { kind: `${percent > 0 ? "over" : "under"} beyond-${beyond}`, symbol: beyond === 30 ? symbol.repeat(2) : symbol };
}

/** @typedef {{column: string, falls: boolean}} Order by a column; "" is the name */

export class AreaTable {
  /**
   * @param {HTMLTableElement} table
   * @param {import("./plan.js").Plan} plan
   * @param {{colour: (code: string) => string, chosen: () => string, choose: (code: string) => void, point: (code: string) => void}} with_
   */
  constructor(table, plan, with_) {
    this.table = table;
    this.plan = plan;
    this.with = with_;
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    this.marked = "";
    this.showing = false;
    this.body = make("tbody");
    /** @type {string[]} */
    this.columns = [];
    /** @type {Order | null} null for the order of the codes */
    this.order = null;
    this.box = /** @type {HTMLElement} */ (table.parentElement);
    this.filter = /** @type {HTMLInputElement} */ (byId("area-filter"));
    this.filter.addEventListener("input", () => this.#arrange());
    table.addEventListener("click", (event) => {
      const head = event.target instanceof Element ? event.target.closest("button[data-sort]") : null;
      if (head instanceof HTMLElement) return this.#sortBy(head.dataset.sort ?? "");
      const line = event.target instanceof Element ? event.target.closest("tr[data-area]") : null;
      if (line instanceof HTMLElement) with_.choose(line.dataset.area ?? "");
    });
    for (const [kind, leave] of /** @type {[string, boolean][]} */ ([["pointerover", false], ["pointerleave", true]])) {
      table.addEventListener(kind, (event) => {
        const line = event.target instanceof Element ? event.target.closest("tr[data-area]") : null;
        with_.point(!leave && line instanceof HTMLElement ? (line.dataset.area ?? "") : "");
      });
    }
    this.drawAll();
  }

  drawAll() {
    const rows = [...Object.values(this.plan.rows), ...Object.values(this.plan.state.before.rows)];
    this.columns = columnsOf(rows[0] ?? {});
    const sorter = (/** @type {string} */ column, /** @type {string} */ words) =>
      make("button", { type: "button", "data-sort": column, title: `Sort by ${words.toLowerCase()}` }, words);
    const heads = this.columns.map((name) => make("th", { scope: "col", class: `number${this.#far(name)}` }, sorter(name, title(name))));
    const old = this.columns.map((name) => make("th", { scope: "col", class: `number was${this.#far(name)}` }, `${title(name)} before`));
    const all = heads.flatMap((head, at) => [old[at], head]);
    this.table.replaceChildren(make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "who" }, sorter("", "Area")), ...all)), this.body);
    this.lines.clear();
    this.body.replaceChildren();
    this.update(this.plan.areas.map((area) => area.code));
  }

  /** The class of columns that paper has no room for. @param {string} column */
  #far(column) {
    return this.columns.indexOf(column) < ON_PAPER ? "" : " far";
  }

  /** Write some rows anew, and drop those of areas that are gone. @param {string[]} changed */
  update(changed) {
    if (!this.columns.length && Object.keys(this.plan.rows).length) return this.drawAll();
    const codes = this.plan.areas.map((area) => area.code);
    const there = new Set(codes);
    for (const [code, { row }] of this.lines) {
      if (there.has(code)) continue;
      row.remove();
      this.lines.delete(code);
    }
    const toWrite = new Set(changed);
    codes.forEach((code, at) => {
      const old = this.lines.get(code);
      const line = old && !toWrite.has(code) ? old : this.#line(code);
      // Text that is written anew is laid out anew, in hundreds of rows.
      if (line.key.textContent !== String(at + 1)) line.key.textContent = String(at + 1);
      if (line === old) return;
      if (old) old.row.replaceWith(line.row);
      else this.body.insertBefore(line.row, this.body.children[at] ?? null);
      this.lines.set(code, line);
    });
    this.#arrange();
    this.mark();
  }

  /** Sort by a column: first from above, then from below, then in the order of the codes again. @param {string} column */
  #sortBy(column) {
    const first = column !== ""; // numbers from above, names from A
    const again = this.order?.column === column;
    this.order = !again ? { column, falls: first } : this.order?.falls === first ? { column, falls: !first } : null;
    for (const head of this.table.querySelectorAll("thead th")) {
      const own = /** @type {HTMLElement | null} */ (head.querySelector("button"))?.dataset.sort === this.order?.column;
      if (this.order && own) head.setAttribute("aria-sort", this.order.falls ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.#arrange();
  }

  /** Put the rows in their order, and hide those that the filter leaves out. */
  #arrange() {
    const codes = this.#sorted();
    const there = [...this.body.children].map((line) => /** @type {HTMLElement} */ (line).dataset.area);
    if (codes.some((code, at) => code !== there[at])) {
      this.body.append(...codes.flatMap((code) => this.lines.get(code)?.row ?? []));
    }
    const all = !this.filter.value.trim();
    const shown = new Set(all ? [] : fitting(this.plan.areas, this.filter.value).map(({ code }) => code));
    for (const [code, { row }] of this.lines) row.hidden = !all && !shown.has(code);
    byId("area-filter-note").textContent = all ? "" : `${shown.size} of ${count(codes.length, "area")} shown`;
  }

  /** Codes in the order of the table; areas without a value come last. */
  #sorted() {
    const codes = this.plan.areas.map((area) => area.code);
    if (!this.order) return codes;
    const { column, falls } = this.order;
    const sign = falls ? -1 : 1;
    if (!column) return codes.sort((one, other) => sign * this.plan.called(one).localeCompare(this.plan.called(other), "en-GB"));
    const value = (/** @type {string} */ code) => {
      const number = this.plan.rows[code]?.[column];
      return typeof number === "number" ? sign * number : Infinity;
    };
    return codes.sort((one, other) => (value(one) < value(other) ? -1 : value(one) > value(other) ? 1 : 0));
  }

  /** Show which area is chosen, and bring its row into view. */
  mark() {
    const chosen = this.with.chosen();
    for (const code of new Set([this.marked, chosen])) {
      const line = this.lines.get(code);
      line?.row.classList.toggle("chosen", code === chosen);
      line?.name.setAttribute("aria-pressed", String(code === chosen));
    }
    this.marked = chosen;
    if (this.showing) return;
    this.showing = true;
    // With the frame, which lays the table out in any case: to ask now where the row is would do it twice.
    requestAnimationFrame(() => {
      this.showing = false;
      this.#bringIntoView(this.lines.get(this.with.chosen())?.row);
    });
  }

  /** @param {HTMLTableRowElement | undefined} row */
  #bringIntoView(row) {
    const head = this.table.tHead?.offsetHeight ?? 0;
    if (row && row.offsetTop - head < this.box.scrollTop) this.box.scrollTop = row.offsetTop - head;
    else if (row && row.offsetTop + row.offsetHeight > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = row.offsetTop + row.offsetHeight - this.box.clientHeight;
  }

  /** @param {string} code @returns {Line} */
  #line(code) {
    const area = this.plan.area(code);
    const [row, before] = [this.plan.rows[code] ?? {}, this.plan.state.before.rows[code]];
    const swatch = make("span", { class: "swatch" });
    swatch.style.background = this.with.colour(code);
    const marks = [
      ...(area?.locked ? [make("span", { class: "locked", title: "Locked: nothing moves in or out" }, "locked")] : []),
      ...(Number(row.pieces) > 1 ? [make("span", { class: "broken" }, `${row.pieces} pieces`)] : []),
      ...(before ? [] : [make("span", { class: "fresh" }, "new")]),
    ];
    const key = make("kbd", { class: "key", "aria-hidden": "true" });
    const name = make("button", { type: "button", "aria-pressed": "false" }, area?.name ?? code);
    const who = make("th", { scope: "row", class: "who" }, make("span", { class: "line" }, key, swatch, make("span", {}, name, ...marks)));
    const cells = this.columns.flatMap((column) => [this.#was(before, column), this.#cell(row, before, column)]);
    return { row: make("tr", { "data-area": code }, who, ...cells), key, name };
  }

  /** @param {Row | undefined} before @param {string} column */
  #was(before, column) {
    const text = isVariance(column) ? variance(before?.[column]) : figure(before?.[column]);
    return make("td", { class: `number was${this.#far(column)}` }, before ? text : "–");
  }

  /** @param {Row} row @param {Row | undefined} before @param {string} column */
  #cell(row, before, column) {
    const by = change(before?.[column], row[column]);
    const note = make("small", {}, by && before ? by : "");
    if (!isVariance(column)) return make("td", { class: `number${this.#far(column)}` }, figure(row[column]), note);
    const { kind, symbol } = verdict(row, column);
    const text = make("span", {}, symbol ? make("b", { class: "symbol" }, `${symbol} `) : "", variance(row[column]));
    return make("td", { class: `number variance ${kind}` }, note, text, varianceBar(row[column], kind));
  }
}

/** A bar from zero to the variance, with ticks at ±10 and ±30 per cent. @param {unknown} percent @param {string} kind */
function varianceBar(percent, kind) {
  const bar = drawn("svg", { class: "bar", viewBox: "-33 0 66 9", width: 66, height: 9, "aria-hidden": "true" });
  bar.append(drawn("path", { class: "ticks", d: "M0 0v9M-10 2v5M10 2v5M-30 3v3M30 3v3" }));
  if (typeof percent !== "number") return bar;
  const wide = Math.min(Math.abs(percent), WIDEST);
  const box = { x: percent < 0 ? -wide : 0, y: 1.5, width: wide, height: 6 };
  bar.append(drawn("rect", { class: "fill", ...box }));
  if (kind !== "within") bar.append(drawn("rect", { fill: kind.includes("30") ? "url(#crossed)" : "url(#hatched)", ...box }));
  return bar;
}
