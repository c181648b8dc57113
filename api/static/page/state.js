// The state of the board is its address: what is asked, which month, place and map are shown, and
// where the map stands. Each change is a step that Back and Forward walk. Without this file every
// link and button still works, as a page of its own.
// @ts-check
import { focusKept, replaceParts } from "./replace.js";
import { ownAddress } from "./root.js";

/** What the address says of the way the page is looked at; the rest is what it answers. */
const LOOKS = ["at", "view", "mark", "present"];
/** Of these the page itself needs none: it holds all steps of the presentation, and any view. */
const PAGELESS = LOOKS.slice(1);
/** Links that only change the way the page is looked at. */
const LOOK_LINKS = "a.story, a.close, a.present, a.step";
/** Latitude, longitude and zoom; anything else is no view, also where the service refused it. */
const VIEW = /^-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?,\d{1,2}(\.\d+)?$/;
const PATIENCE_MS = 150;
const MOST_PAGES = 20;
/** A page that was fetched ahead is not asked for again when it is shown so soon. */
const FRESH_MS = 5000;

/** @typedef {{ at: string, view: string, mark: string, present: string }} Look */
/** @typedef {{ page: () => void, look: (now: Look, before: Look | null) => void }} Parts what is set up anew with a page, and what follows its look */

/** @type {Map<string, { text: string, ahead: number }>} pages that were read, by their address, and when each was fetched ahead: each is shown at once, and asked for again */
const pages = new Map();
/** @typedef {{ top: Promise<string>, whole: Promise<void>, own: AbortController, wanted: boolean }} Coming a page on its way: its text down to its map, '' where there is none, all of it, what calls it off, and whether it was pressed */
/** @type {Map<string, Coming>} pages that are on their way, by their address */
const preparing = new Map();
/** @type {Parts} */
let parts = { page: () => {}, look: () => {} };
let shown = new URL(window.location.href);
/** @type {AbortController | null} */
let loading = null;

/** @param {URL} url @returns {Look} */
function lookOf(url) {
  const [at, view, mark, present] = LOOKS.map((name) => url.searchParams.get(name) ?? "");
  return { at, view: VIEW.test(view) ? view : "", mark, present };
}

/** The address without its look: pages of one such address are one page. @param {URL} url */
function questionOf(url) {
  const bare = new URL(url);
  for (const name of LOOKS) bare.searchParams.delete(name);
  return `${bare.pathname}${bare.search}`;
}

/** What the page answers, as the service read it: without what it refused, and with the cells that serve. */
export function answered() {
  const asked = document.querySelector("main")?.dataset.asked;
  const url = new URL(asked ?? window.location.href, window.location.href);
  for (const name of LOOKS) url.searchParams.delete(name);
  return url;
}

/** @returns {Look} */
export const look = () => lookOf(new URL(window.location.href));

/** Commas and slashes as they are, as the service writes them. @param {URL} url */
const written = (url) => url.href.replace(/%2C/g, ",").replace(/%2F/g, "/").replace(/%3A/g, ":");

/** The address of now with another look. @param {Partial<Look>} others */
export function addressOf(others) {
  const url = new URL(window.location.href);
  url.hash = "";
  for (const [name, text] of Object.entries(others)) {
    if (text) url.searchParams.set(name, text);
    else url.searchParams.delete(name);
  }
  return url;
}

/** Take a step, or correct the present one. @param {URL} url @param {{ replace?: boolean }} [how] */
export function go(url, { replace = false } = {}) {
  if (url.href === window.location.href) return;
  window.history[replace ? "replaceState" : "pushState"](null, "", written(url));
  follow();
}

/** Note where the map stands, without a step: it was moved by hand. @param {string} view */
export function noteView(view) {
  window.history.replaceState(null, "", written(addressOf({ view })));
  shown = new URL(window.location.href);
}

/** Show what the address says. */
function follow() {
  const before = shown;
  shown = new URL(window.location.href);
  if (questionOf(shown) !== questionOf(before)) load(shown);
  else parts.look(lookOf(shown), lookOf(before));
}

/** @param {Parts} own */
export function setUpState(own) {
  parts = own;
  parts.page();
  parts.look(look(), null);
  window.addEventListener("popstate", () => {
    if (shown.href !== window.location.href) follow();
  });
  // A page that the browser kept whole may be of data that have changed since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) load(shown);
  });
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit);
}

/** @param {MouseEvent} event */
function onClick(event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.download) return;
  const url = new URL(link.href);
  if (url.origin !== window.location.origin || url.pathname !== ownAddress("/") || url.hash || !url.search) return;
  event.preventDefault();
  if (link.matches(LOOK_LINKS)) {
    // The page writes its links without what was refused: its address keeps that.
    go(questionOf(url) === questionOf(answered()) ? addressOf(lookOf(url)) : url);
    return;
  }
  // The page was written before the map was moved and the place chosen.
  keepLook(url);
  if (url.href === window.location.href) load(url);
  else go(url);
}

/** Have the page of a link at hand before it is asked for. @param {HTMLAnchorElement} link */
export function prepare(link) {
  const url = new URL(link.href);
  keepLook(url);
  const { href } = pageOf(url);
  forgetOthers(href);
  if (pages.has(href) || preparing.has(href)) return;
  const own = new AbortController();
  /** @type {(text: string) => void} */
  let first = () => {};
  const top = /** @type {Promise<string>} */ (new Promise((resolve) => (first = resolve)));
  const whole = fetchAhead(href, first, own.signal).finally(() => {
    first("");
    if (preparing.get(href)?.own === own) preparing.delete(href);
  });
  preparing.set(href, { top, whole, own, wanted: false });
}

/** Call off what somebody pointed at and did not press: the service stops to work on it. @param {string} [but] the address of a page that is still wanted */
export function forgetOthers(but = "") {
  for (const [href, { own, wanted }] of preparing) {
    if (wanted || href === but) continue;
    preparing.delete(href);
    own.abort();
  }
}

/** @param {string} address @param {(text: string) => void} onTop @param {AbortSignal} signal */
async function fetchAhead(address, onTop, signal) {
  try {
    const response = await fetch(address, { signal, priority: "low", headers: { accept: "text/html" } });
    if (response.ok && !response.redirected) remember(address, await textOf(response, onTop), performance.now());
  } catch {
    // A press on the link asks for the page again, and shows what is wrong.
  }
}

/** The address of the page that holds all steps and views. @param {URL} url */
function pageOf(url) {
  const page = new URL(url);
  for (const name of PAGELESS) page.searchParams.delete(name);
  return page;
}

/** @param {URL} url */
function keepLook(url) {
  const now = look();
  for (const [name, text] of [["at", now.at], ["view", now.view], ["mark", now.mark]]) {
    if (text) url.searchParams.set(name, text);
    else url.searchParams.delete(name);
  }
}

/** The form of the question, which bar.js has tidied. @param {SubmitEvent} event */
function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.id !== "question") return;
  event.preventDefault();
  const url = new URL(form.action);
  url.search = new URLSearchParams(/** @type {any} */ (new FormData(form))).toString();
  const same = (/** @type {string[]} */ ...names) =>
    names.every((name) => url.searchParams.getAll(name).join() === (shown.searchParams.get(name) ?? ""));
  const layer = /** @type {HTMLSelectElement | null} */ (form.elements.namedItem("layer"));
  const moved = layer && layer.value !== layer.dataset.shown;
  // Elsewhere the map would show nothing, and a place is not there.
  if (!moved && same("within")) keepLook(url);
  const month = shown.searchParams.get("month");
  if (month && same("period", "datetime")) url.searchParams.set("month", month);
  go(url);
}

/** Fetch the page of an address and put its parts in place, the map as soon as it is there. @param {URL} url */
async function load(url) {
  loading?.abort();
  const own = (loading = new AbortController());
  const asked = pageOf(url);
  const main = /** @type {HTMLElement} */ (document.querySelector("main"));
  main.ariaBusy = "true";
  main.dataset.stale = "";
  const waiting = setTimeout(() => tell("Working out the answer …"), PATIENCE_MS);
  let known, words = "";
  try {
    const coming = preparing.get(asked.href);
    for (const one of preparing.values()) one.wanted = one === coming;
    forgetOthers();
    const top = await coming?.top;
    if (own.signal.aborted) return;
    if (top && !pages.has(asked.href)) showTop(top);
    await coming?.whole;
    if (own.signal.aborted) return;
    const page = pages.get(asked.href);
    known = page?.text;
    if (page && known) {
      replacePage(parsed(known), true);
      main.ariaBusy = "false";
      clearTimeout(waiting);
      tell("");
      const recent = page.ahead && performance.now() - page.ahead < FRESH_MS;
      page.ahead = 0;
      if (recent) return;
    }
    const text = await read(asked, own, known);
    if (own.signal.aborted) return;
    if (text !== known) replacePage(parsed(text), text.includes("</html>"));
  } catch (error) {
    if (own.signal.aborted) return;
    if (known) words = "Patchmap does not answer: this page may be out of date";
    else openAnew(url, error);
  } finally {
    clearTimeout(waiting);
    if (loading === own) {
      main.ariaBusy = "false";
      fresh();
      tell(words);
    }
  }
}

/** @param {URL} url @param {unknown} error */
function openAnew(url, error) {
  console.info(`${error}: the page is opened anew`);
  if (url.href === window.location.href) window.location.reload();
  else window.location.assign(url);
}

/** @param {URL} url @param {AbortController} own @param {string} [known] the page that is shown already */
async function read(url, own, known = "") {
  const response = await fetch(url, { signal: own.signal, headers: { accept: "text/html" } });
  if (!response.headers.get("content-type")?.startsWith("text/html")) throw new Error("no page");
  if (response.redirected) settle(new URL(response.url));
  const text = await textOf(response, known ? () => {} : showTop);
  if (response.ok) remember(url.href, text);
  else pages.delete(url.href);
  return text;
}

/** The text of a page, that down to its map as soon as it is there. @param {Response} response @param {(text: string) => void} onTop */
async function textOf(response, onTop) {
  const reader = response.body?.getReader();
  if (!reader) throw new Error("no page");
  const decoder = new TextDecoder();
  let text = "", top = false;
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) return text;
    if (!top && text.includes("</iframe>")) {
      top = true;
      onTop(text);
    }
  }
}

/** What stands above answers the address again. */
const fresh = () => document.querySelector("main")?.removeAttribute("data-stale");

/** @param {string} text of a page down to its map */
function showTop(text) {
  fresh();
  replaceParts(parsed(text), [".asked", ...TOP]);
  parts.look(look(), null);
}

/** The service writes an address in its own way: so does the bar of the browser. @param {URL} url */
function settle(url) {
  for (const name of PAGELESS) {
    const text = shown.searchParams.get(name);
    if (text) url.searchParams.set(name, text);
  }
  window.history.replaceState(null, "", written(url));
  shown = new URL(window.location.href);
}

/** @param {string} address @param {string} text @param {number} [ahead] */
function remember(address, text, ahead = 0) {
  pages.set(address, { text, ahead });
  const oldest = pages.keys().next().value;
  if (pages.size > MOST_PAGES && oldest) pages.delete(oldest);
}

const parsed = (/** @type {string} */ text) => new DOMParser().parseFromString(text, "text/html");

// What is asked stands in the bar: that comes as a whole with the page, and would lose what was taken from it.
const TOP = [".finding", ".modes", ".maps"];
const REST = ["#meeting", "#bars", ".lead", ".side", ".foot", "#sections", "#present"];

/** @param {Document} page @param {boolean} whole */
function replacePage(page, whole) {
  if (!whole) throw new Error("half a page");
  fresh();
  const putBack = focusKept();
  const both = [document, page].every((one) => one.querySelector(".overview"));
  if (both) {
    const frames = [document, page].map((one) => [...one.querySelectorAll("iframe.map")].map((map) => map.getAttribute("src")?.split("#")[0]).join());
    replaceParts(page, frames[0] === frames[1] ? TOP.slice(0, -1) : TOP);
    replaceParts(page, REST);
    const alerts = "main > [role=alert]";
    for (const old of document.querySelectorAll(alerts)) old.remove();
    document.querySelector("main")?.prepend(...page.querySelectorAll(alerts));
    const mains = [document, page].map((one) => /** @type {HTMLElement} */ (one.querySelector("main")));
    for (const name of ["asked", "category"]) mains[0].dataset[name] = mains[1].dataset[name] ?? "";
  } else {
    replaceParts(page, ["main"]);
  }
  replaceParts(page, ["header.bar"]);
  document.title = page.title;
  parts.page();
  parts.look(look(), null);
  putBack();
}

/** @param {string} words */
export function tell(words) {
  const status = document.getElementById("status");
  if (status) status.textContent = words;
}
