// The list of plans: its form starts a new one.
// @ts-check

import { byId, make } from "./dom.js";
import { refusal } from "./message.js";
import { send } from "./service.js";
import { count } from "./text.js";
import { ownAddress } from "../root.js";

const AUTHOR = "patchmap-author";
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("begin"));
if (form) setUp(form);

/** @param {HTMLFormElement} form */
function setUp(form) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const [title, id, by] = [field("title"), field("plan_id"), field("by")];
  by.value = localStorage.getItem(AUTHOR) || by.value;
  let own = false;
  id.addEventListener("input", () => (own = id.value !== ""));
  title.addEventListener("input", () => {
    if (!own) id.value = slug(title.value);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    localStorage.setItem(AUTHOR, by.value);
    const [kind, name] = field("from").value.split(/:(.*)/);
    const answer = byId("answer");
    answer.replaceChildren("Starting …");
    try {
      const begun = await send(ownAddress("/planner/plans"), {
        plan_id: id.value, title: title.value, by: by.value,
        ...(kind === "plan" ? { from_plan: name } : { blocks_layer: field("blocks_layer").value }),
        ...(kind === "layer" ? { from_layer: name } : {}),
      });
      if (!begun.straddling.length) return location.assign(begun.address);
      answer.replaceChildren(...straddlingTable(begun));
    } catch (error) {
      answer.replaceChildren(refusal(error));
    }
  });
}

/** An id made of a title. @param {string} title */
const slug = (title) =>
  title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 58);

/** @param {{address: string, straddling: {block_code: string, area_code: string, share: number, elsewhere: string}[]}} begun */
function straddlingTable({ address, straddling }) {
  const rows = straddling.map((one) =>
    make("tr", {},
      make("th", { scope: "row" }, one.block_code), make("td", {}, one.area_code || "no area"),
      make("td", { class: "number" }, `${Math.round(100 * one.share)} %`), make("td", {}, one.elsewhere || "–")),
  );
  const heads = ["Block", "Assigned to", "Share inside", "Also in"].map((head) => make("th", { scope: "col" }, head));
  return [
    make("p", {}, make("strong", {}, `The plan has started. ${count(straddling.length, "block")} straddle${straddling.length === 1 ? "s" : ""} areas; each was assigned whole to the area that it fits best. `),
      make("a", { class: "do", href: address }, "Open the plan")),
    make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows))),
  ];
}
