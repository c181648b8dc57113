// Shows the plan again when a number changes. Without this file the Show button does the same.
// @ts-check

import { setUpPrint } from "./print.js";
import { ownAddress } from "./root.js";

const PAUSE_MS = 250; // between two keys of one number

const form = /** @type {HTMLFormElement} */ (document.getElementById("question"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
let latest = 0;
let timer = 0;

/** The address of the form, without its empty fields. */
function address() {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  return `${ownAddress("/allocation")}?${new URLSearchParams(/** @type {[string, string][]} */ (fields))}`;
}

/** Replace a part of this page by the same part of a fetched page. */
function replacePart(/** @type {Document} */ page, /** @type {string} */ selector) {
  const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
  if (old && fresh) old.replaceWith(fresh);
}

async function show() {
  const own = ++latest;
  const main = /** @type {HTMLElement} */ (document.getElementById("answer"));
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => (status.textContent = "Calculating …"), 400);
  try {
    const response = await fetch(address());
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (own !== latest) return;
    if (!page.getElementById("answer")) throw new Error("the response has no answer");
    for (const part of ["#tabs", "#answer"]) replacePart(page, part);
    document.title = page.title;
    status.textContent = "";
    history.pushState(null, "", response.url);
  } catch {
    if (own !== latest) return;
    main.removeAttribute("aria-busy");
    status.textContent = "Patchmap does not respond. Check that it is running, then try again.";
  } finally {
    clearTimeout(slow);
  }
}

form.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
  // Fields that belong together wait for their button; another layer needs another form.
  if ("wait" in field.dataset) return;
  if ("whole" in field.dataset) return form.requestSubmit();
  clearTimeout(timer);
  if (field.checkValidity()) timer = setTimeout(show, PAUSE_MS);
});

form.addEventListener("submit", () => {
  clearTimeout(timer);
  for (const field of form.elements) {
    if ((field instanceof HTMLInputElement || field instanceof HTMLSelectElement) && field.value === "") field.disabled = true;
  }
});

setUpPrint();
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLElement && "print" in event.target.dataset) window.print();
});

// Back and forward: the form must match the address.
window.addEventListener("popstate", () => location.reload());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
