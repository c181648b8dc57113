// Comments of people on the plan and on places in it: listed by area, drawn as points, added, imported.
// @ts-check

import { byId, make, noteOf } from "./dom.js";
import { refusal } from "./message.js";
import { Refusal } from "./service.js";
import { count } from "./text.js";

/** @typedef {import("./types.js").Comment} Comment */
/** @typedef {import("./types.js").ImportedComments} ImportedComments */
/**
 * @typedef {object} Acts
 * @property {() => Promise<{comments: Comment[]}>} read
 * @property {(comment: Record<string, unknown>) => Promise<unknown>} add
 * @property {(file: {file: string, content: string, confirmed: boolean}) => Promise<ImportedComments>} bring
 * @property {(block: number) => [number, number]} place the longitude and latitude that stand for a block
 * @property {() => number[]} selected blocks
 * @property {(blocks: number[]) => void} light
 * @property {(blocks: number[]) => void} zoom
 */

const POINT = { radius: 6, color: "#16222b", weight: 2, fillColor: "#ffd60a", fillOpacity: 1, interactive: false };
const NOWHERE = "\n"; // no code of an area: the comments on none
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

export class Comments {
  /** @param {import("./plan.js").Plan} plan @param {import("./map.js").BlockMap} map @param {Acts} acts */
  constructor(plan, map, acts) {
    this.plan = plan;
    this.acts = acts;
    /** @type {Comment[]} */
    this.comments = [];
    this.drawnAbout = "";
    this.points = L.layerGroup().addTo(map.map);
    this.renderer = map.lines;
    this.n = noteOf(byId("comments"));
    this.area = make("select", { name: "comment-area", change: () => this.#list() });
    this.shown = make("input", { type: "checkbox", name: "comment-points", checked: true, change: () => this.#drawPoints() });
    this.list = make("ol", { class: "comments" });
    this.result = make("div", { class: "brought", role: "status" });
    byId("comments").append(make("p", { class: "row" }, make("label", {}, "On ", this.area), make("label", {}, this.shown, " show as points")),
      this.list, this.#addForm(), this.#fileForm(), this.result);
    this.#look();
  }

  /** Say anew on which area each is, after a step. */
  draw() {
    const chosen = this.area.value;
    const counts = new Map();
    for (const comment of this.comments) counts.set(this.#areaOf(comment), (counts.get(this.#areaOf(comment)) ?? 0) + 1);
    const codes = [...counts.keys()].filter(Boolean).sort((one, other) => this.#called(one).localeCompare(this.#called(other)));
    this.area.replaceChildren(make("option", { value: "" }, `all areas (${this.comments.length})`),
      ...codes.map((code) => make("option", { value: code }, `${this.#called(code)} (${counts.get(code)})`)),
      ...(counts.has("") ? [make("option", { value: NOWHERE }, `the plan as a whole, or no area (${counts.get("")})`)] : []));
    this.area.value = codes.includes(chosen) || chosen === NOWHERE ? chosen : "";
    this.n.textContent = this.comments.length ? String(this.comments.length) : "";
    this.#list();
    this.#drawAbout();
  }

  async #look() {
    try {
      this.comments = (await this.acts.read()).comments;
    } catch (error) {
      this.result.replaceChildren(refusal(error));
    }
    this.draw();
    this.#drawPoints();
  }

  /** The area of the block that a comment is about, else the one that it names. @param {Comment} comment */
  #areaOf(comment) {
    const block = this.plan.places.get(comment.block_code);
    return block === undefined ? comment.area_code : this.plan.shown(block);
  }

  /** An area that a comment names may be gone. @param {string} code */
  #called(code) {
    return this.plan.area(code) ? this.plan.called(code) : code;
  }

  #list() {
    const wanted = this.area.value;
    const shown = this.comments.filter((one) => !wanted || (this.#areaOf(one) || NOWHERE) === wanted);
    this.list.replaceChildren(...shown.map((one) => this.#item(one)));
  }

  /** @param {Comment} comment */
  #item(comment) {
    const block = this.plan.places.get(comment.block_code);
    const area = this.#areaOf(comment);
    const where = comment.outside ? "outside of all blocks" : area ? this.#called(area) : "the plan as a whole";
    const facts = [comment.name || "no name", comment.date ? day.format(new Date(comment.date)) : "no date", where];
    const about = make("p", { class: "note about" }, make("span", {}, facts.join(" · ")));
    const item = make("li", { value: String(comment.number) }, about, make("p", { class: "said" }, comment.comment));
    if (block === undefined) return item;
    item.addEventListener("pointerenter", () => this.acts.light([block]));
    item.addEventListener("pointerleave", () => this.acts.light([]));
    about.append(make("button", { type: "button", "aria-label": `Show the place of comment ${comment.number}`, click: () => this.acts.zoom([block]) }, "Show"));
    return item;
  }

  #drawPoints() {
    this.points.clearLayers();
    if (!this.shown.checked) return;
    for (const { latitude, longitude } of this.comments) {
      if (latitude !== null && longitude !== null) L.circleMarker([latitude, longitude], { ...POINT, renderer: this.renderer }).addTo(this.points);
    }
  }

  #addForm() {
    this.text = make("textarea", { name: "comment-text", rows: "3", maxlength: "4000", required: true });
    this.name = make("input", { name: "comment-name", maxlength: "100", autocomplete: "off" });
    this.date = make("input", { type: "date", name: "comment-date" });
    this.about = make("select", { name: "comment-about" });
    const form = make("form", {}, make("label", { class: "block" }, "Comment ", this.text),
      make("p", { class: "row" }, make("label", {}, "From ", this.name), make("label", {}, "Date ", this.date), make("label", {}, "About ", this.about), make("button", { type: "submit" }, "Add")),
      make("p", { class: "note" }, "For the middle of a block, select the block with the pointer “Select” first. Names are seen by those who may see plans; the report for consultation gives only numbers. Write no telephone or house numbers."));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add(false);
    });
    form.addEventListener("focusin", () => this.#drawAbout());
    return make("details", { class: "inside" }, make("summary", {}, "Add a comment"), form);
  }

  /** What a comment can be about now: the plan, the selected block, an area. */
  #drawAbout() {
    const about = /** @type {HTMLSelectElement} */ (this.about);
    const chosen = about.value;
    const [block, ...more] = this.acts.selected();
    const single = block !== undefined && !more.length;
    const key = JSON.stringify([single && block, this.plan.areas.map(({ code, name }) => [code, name])]);
    if (key === this.drawnAbout) return; // 400 areas are not written anew at every step
    this.drawnAbout = key;
    about.replaceChildren(make("option", { value: "" }, "the plan as a whole"),
      ...(single ? [make("option", { value: "block" }, `block ${this.plan.codes[block]}`)] : []),
      ...this.plan.areas.map(({ code, name }) => make("option", { value: `area ${code}` }, name)));
    about.value = chosen;
    if (about.selectedIndex === -1) about.value = "";
  }

  /** @param {boolean} confirmed that it names nobody */
  async #add(confirmed) {
    const [text, name, date, about] = /** @type {HTMLInputElement[]} */ (/** @type {unknown[]} */ ([this.text, this.name, this.date, this.about]));
    const [block] = this.acts.selected();
    const where = about.value === "block" ? { point: this.acts.place(block) } : { area: about.value.slice("area ".length) };
    try {
      await this.acts.add({ text: text.value, name: name.value.trim(), date: date.value, ...where, confirmed });
    } catch (error) {
      const personal = error instanceof Refusal && error.problem.conflict === "personal";
      const keep = make("button", { type: "button", click: () => this.#add(true) }, "It names nobody: keep it");
      return this.result.replaceChildren(refusal(error), ...(personal ? [keep] : []));
    }
    text.value = "";
    this.result.replaceChildren(make("p", {}, "The comment was added."));
    await this.#look();
  }

  #fileForm() {
    const file = make("input", { type: "file", name: "comment-file", accept: ".csv,.tsv,.txt,.geojson,.json", required: true });
    const sure = make("input", { type: "checkbox", name: "comment-sure" });
    const form = make("form", {}, make("p", { class: "row" }, make("label", {}, "File ", file), make("button", { type: "submit" }, "Import")),
      make("p", { class: "row" }, make("label", {}, sure, " I have read the texts: none names a person")),
      make("p", { class: "note" }, "A CSV or GeoJSON with a column of comments and, where known, name, date, area, and longitude and latitude (or easting and northing). A row that was imported before is not added again; other columns are not stored."));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [chosen] = file.files ?? [];
      if (!chosen) return;
      try {
        const counts = await this.acts.bring({ file: chosen.name, content: await chosen.text(), confirmed: sure.checked });
        this.result.replaceChildren(...accountsOf(counts));
      } catch (error) {
        return this.result.replaceChildren(refusal(error));
      }
      await this.#look();
    });
    return make("details", { class: "inside" }, make("summary", {}, "Import a file"), form);
  }
}

/** What an import did with each row. @param {ImportedComments} counts @returns {Node[]} */
function accountsOf(counts) {
  const sum = `${counts.file}: ${count(counts.read, "row")} read = ${counts.added} added + ${counts.known} added before + ${counts.rejected} rejected.`;
  const more = counts.rejected - counts.rejects.length;
  return [
    make("p", {}, sum),
    ...(counts.unread.length ? [make("p", { class: "note" }, `Columns that are not read, and not stored: ${counts.unread.join(", ")}.`)] : []),
    ...(counts.rejected ? [make("p", { class: "refusal" }, "Rejected rows can be mended in the file, which can then be imported again:"),
      make("ul", { class: "rejects" }, ...counts.rejects.map(({ line, reason }) => make("li", {}, `line or feature ${line}: ${reason}`)),
        ...(more ? [make("li", {}, `and ${more} more`)] : []))] : []),
  ];
}
