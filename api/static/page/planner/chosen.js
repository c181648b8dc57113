// The selected area: its name, members and lock, and what can be done with it as a whole.
// @ts-check

import { make } from "./dom.js";

/**
 * @typedef {object} Acts
 * @property {(step: import("./types.js").Step) => void} take
 * @property {(code: string) => string} colour
 * @property {(code: string) => void} zoom
 */

/** @param {HTMLElement} box @param {import("./plan.js").Plan} plan @param {string} code @param {Acts} acts */
export function drawChosen(box, plan, code, { take, colour, zoom }) {
  const swatch = make("span", { class: "swatch" });
  swatch.style.background = colour(code);
  const area = plan.area(code);
  if (!area) {
    box.replaceChildren(swatch, make("strong", {}, "No area"), make("span", { class: "code" }, "blocks painted now are taken out of their area"), newArea(take));
    return;
  }
  const name = make("input", { name: "name", value: area.name, "aria-label": "Name of the area", maxlength: "100", autocomplete: "off" });
  name.addEventListener("change", () => {
    if (name.value.trim() && name.value.trim() !== area.name) take({ step: "rename", area: code, name: name.value });
    else name.value = area.name;
  });
  const members = make("input", { type: "number", name: "members", min: "1", max: "9", value: area.members === null ? "" : String(area.members) });
  members.addEventListener("change", () => {
    // What is no number at all reads as "": that must not become "not known".
    if (members.validity.badInput) return void members.reportValidity();
    take({ step: "members", area: code, members: members.value === "" ? null : Number(members.value) });
  });
  const lock = make("button", { type: "button", name: "lock", "aria-pressed": String(area.locked), click: () => take({ step: area.locked ? "unlock" : "lock", area: code }) }, area.locked ? "Unlock" : "Lock");
  const others = plan.areas.filter((one) => one.code !== code).map((one) => make("option", { value: one.code }, one.name));
  const merge = make("select", { name: "merge", "aria-label": `Merge another area into ${area.name}` }, make("option", { value: "" }, "Merge in …"), ...others);
  merge.addEventListener("change", () => {
    if (merge.value) take({ step: "merge", areas: [merge.value], into: code });
    merge.value = "";
  });
  const remove = make("button", { type: "button", name: "remove", title: "Its blocks become unassigned", click: () => take({ step: "remove", area: code }) }, "Remove");
  const why = make("textarea", { name: "why", rows: "2", maxlength: "4000", placeholder: "for the report: communities, roads and services, what residents said" }, area.why);
  why.addEventListener("change", () => take({ step: "why", area: code, why: why.value }));
  box.replaceChildren(
    swatch, name, make("span", { class: "code" }, code),
    make("label", {}, "Members ", members),
    lock, make("button", { type: "button", click: () => zoom(code) }, "Zoom to"), merge, remove, newArea(take),
    whyLine(box, area.why, why),
  );
}

/** Why the area is drawn so, as one line that opens; it stays open while areas are gone through. @param {HTMLElement} box @param {string} text @param {HTMLTextAreaElement} field */
function whyLine(box, text, field) {
  const line = make("details", { class: "why-area" },
    make("summary", {}, "Why this area is drawn so ", make("span", { class: "n" }, text || "nothing written yet")), field,
    make("p", { class: "note" }, "Write roles and places, not names of people, telephone numbers or house numbers."));
  field.setAttribute("aria-label", "Why this area is drawn so");
  line.open = box.querySelector("details.why-area")?.hasAttribute("open") ?? false;
  return line;
}

/** A button that asks for the code and name of a new area. @param {(step: import("./types.js").Step) => void} take */
function newArea(take) {
  const button = make("button", { type: "button", name: "add" }, "New area …");
  button.addEventListener("click", () => askForArea(button, "Add", (area) => take({ step: "add", ...area })));
  return button;
}

/**
 * Ask below a button for the code, name and members of a new area.
 * @param {HTMLElement} after
 * @param {string} does
 * @param {(area: {code: string, name: string, members: number | null}) => void} then
 */
export function askForArea(after, does, then) {
  const box = /** @type {HTMLElement} */ (after.parentElement);
  box.querySelector("form.ask")?.remove();
  const field = (/** @type {string} */ name, /** @type {Record<string, string | boolean>} */ more) => make("input", { name, autocomplete: "off", ...more });
  const [code, name, members] = [
    field("code", { required: true, maxlength: "64" }), field("name", { maxlength: "100" }),
    field("members", { type: "number", min: "1", max: "9" }),
  ];
  const form = make("form", { class: "ask" },
    make("label", {}, "Code ", code), make("label", {}, "Name ", name), make("label", {}, "Members ", members),
    make("button", { type: "submit" }, does), make("button", { type: "button", click: () => form.remove() }, "Cancel"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.remove();
    then({ code: code.value.trim(), name: name.value.trim(), members: members.value === "" ? null : Number(members.value) });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") form.remove();
  });
  box.append(form);
  code.focus();
}
