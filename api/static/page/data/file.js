// The page of a file: its map, the preview that follows each choice, and how far an import is.
// Without this file the button "Check these choices" does the same.
// @ts-check
import { byId } from "../planner/dom.js";
import { drawMap } from "./map.js";

const PAUSE_MS = 250;
const POLL_MS = 700;

const working = document.getElementById("working");
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("choices"));
if (working) await follow(working);
if (form) setUp(form);
(document.getElementById("problem") ?? document.getElementById("done"))?.focus();

/** @param {HTMLFormElement} form */
function setUp(form) {
  const map = document.getElementById("map");
  const leaving = new AbortController();
  const redraw = map ? drawMap(map, leaving.signal) : async () => {};
  redraw();
  let waiting = 0;
  let latest = 0;
  let checking = new AbortController();
  // What is sent now stands: a check of it would come while the file is imported, or is gone.
  form.addEventListener("submit", () => {
    leaving.abort();
    clearTimeout(waiting);
    checking.abort();
    latest += 1;
  });
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(async () => {
      const own = ++latest;
      byId("result").classList.add("busy");
      checking = new AbortController();
      const page = await check(form, checking.signal);
      if (own !== latest) return; // a later choice is being checked
      if (page) await replace(page, redraw);
      byId("result").classList.remove("busy");
    }, PAUSE_MS);
  });
}

/** Have the choices checked; the answer is the page with its new preview. @param {HTMLFormElement} form @param {AbortSignal} signal */
async function check(form, signal) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  body.set("action", "check");
  // `form.action` would be the buttons of that name.
  const response = await fetch(form.getAttribute("action") ?? "", { method: "POST", body, signal }).catch(() => null);
  const text = await response?.text().catch(() => null);
  if (!text) return null;
  const page = new DOMParser().parseFromString(text, "text/html");
  // Of another layer of the file everything differs, its fields too; an expired file has no form.
  const part = (/** @type {Document} */ of) => of.getElementById("what-title")?.parentElement?.querySelector("dl dd:nth-of-type(3)")?.textContent;
  const options = (/** @type {Document} */ of) => of.querySelectorAll("#code_field option").length;
  if (!page.getElementById("result") || options(page) !== options(document) || part(page) !== part(document)) {
    window.location.reload();
    return null;
  }
  return page;
}

/** @param {Document} page @param {() => Promise<void>} redraw */
async function replace(page, redraw) {
  for (const id of ["result", "rows", "map-words", "format-hint"]) {
    const [old, made] = [document.getElementById(id), page.getElementById(id)];
    if (old && made) old.replaceWith(made);
  }
  document.querySelector(".facts .summary")?.replaceWith(page.querySelector(".facts .summary") ?? "");
  const formats = page.getElementById("formats");
  if (formats) document.getElementById("formats")?.replaceWith(formats);
  await redraw();
}

/** Show how far an import is, until it is over. @param {HTMLElement} box */
async function follow(box) {
  const bar = /** @type {HTMLProgressElement} */ (byId("done-share"));
  for (;;) {
    const response = await fetch(box.dataset.address ?? "").catch(() => null);
    // Of an import that failed a problem document, which has its state too.
    const job = await response?.json().catch(() => null);
    if (!job?.state) byId("done-words").textContent = "Patchmap does not respond; trying again …";
    else if (job.state !== "waiting" && job.state !== "working") break;
    else {
      byId("working-title").textContent = job.state === "waiting" ? "Waiting for another import" : "Importing";
      if (job.percent !== null) bar.value = job.percent;
      byId("done-words").textContent = job.rows ? `${job.rows.toLocaleString("en-GB")} rows` : "";
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  window.location.reload();
}
