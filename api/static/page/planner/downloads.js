// The links to the files of a plan: reports and electorates have the parishes of the layer chosen.
// @ts-check

import { given, remember } from "./address.js";
import { byId, make } from "./dom.js";

/** @param {{id: string, title: string}[]} layers that may be parishes */
export function setUpDownloads(layers) {
  const select = /** @type {HTMLSelectElement} */ (byId("parishes"));
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("#downloads a[data-parishes]")]);
  const addresses = links.map((link) => link.getAttribute("href") ?? "");
  const choose = () => links.forEach((link, at) => {
    const choice = select.value && `${addresses[at].includes("?") ? "&" : "?"}parishes=${encodeURIComponent(select.value)}`;
    link.setAttribute("href", `${addresses[at]}${choice}`);
  });
  select.append(...layers.map(({ id, title }) => make("option", { value: id }, title)));
  /** @type {HTMLElement} */ (select.closest("p")).hidden = !layers.length;
  select.addEventListener("change", () => {
    remember("parishes", select.value);
    choose();
  });
  if (layers.some(({ id }) => id === given("parishes"))) select.value = given("parishes");
  choose();
}
