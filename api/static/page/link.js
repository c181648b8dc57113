// Links cards, tables and map: pointing at a place highlights it in all of them, and a click opens
// its story. The map tells where it stands.
// @ts-check
import { onKey } from "./present.js";
import { addressOf, answered, go, look, noteView } from "./state.js";
import { ownAddress } from "./root.js";

/** Where the map stood before a story was opened: there it returns when the story is closed. */
let viewBefore = "";

const maps = () => /** @type {HTMLIFrameElement[]} */ ([...document.querySelectorAll("iframe.map")]);

/** @param {object} message @param {MessageEventSource | null} [but] */
function post(message, but = null) {
  for (const map of maps()) {
    if (map.contentWindow !== but) map.contentWindow?.postMessage(message, window.location.origin);
  }
}

/** @param {string} at @param {boolean} [centre] */
const light = (at, centre = false) => post({ patchmap: "light", at, centre });

export function linkMapAndTables() {
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => light(rowOf(event.target)?.dataset.at ?? look().at));
  }
  // Before the click changes the address, which says what is open.
  document.addEventListener("click", showAgainOnClick, { capture: true });
  window.addEventListener("message", (event) => {
    const own = maps().find((map) => map.contentWindow === event.source);
    if (!own || event.origin !== window.location.origin) return;
    const { patchmap, at, view } = event.data ?? {};
    if (patchmap === "moved") {
      post({ patchmap: "move", view }, event.source);
      noteView(viewText(view));
    }
    if (patchmap === "key") onKey(at);
    if (patchmap === "pointed") markRow(at || look().at);
    if (patchmap === "picked") {
      showAgain(at);
      go(addressOf({ at, view: "", mark: "" }));
    }
    if (patchmap === "ready") {
      own.closest(".frame")?.classList.add("drawn");
      showOn(own);
    }
  });
}

/** @param {[number, number, number]} view */
const viewText = ([lat, lng, zoom]) => `${+lat.toFixed(5)},${+lng.toFixed(5)},${+zoom.toFixed(1)}`;

/** The numbers of unusual places have the colour of their cards. */
const unusualMessage = () => ({
  patchmap: "unusual",
  ranks: [...document.querySelectorAll("#cards .place.unusual .rank")].map((rank) => rank.textContent ?? ""),
});

/** Each map says that it is being drawn until it is. */
export function watchMaps() {
  post(unusualMessage());
  for (const map of maps()) {
    const drawn = () => {
      map.closest(".frame")?.classList.add("drawn");
      showOn(map);
    };
    // It may have said that it is ready, or have been loaded, before this script.
    map.addEventListener("load", drawn);
    if (map.contentDocument?.readyState === "complete" && map.contentWindow?.location.href !== "about:blank") drawn();
  }
}

/** Put a map where the address says. @param {HTMLIFrameElement} map */
function showOn(map) {
  const { at, view, mark } = look();
  const send = (/** @type {object} */ message) => map.contentWindow?.postMessage(message, window.location.origin);
  if (view) send({ patchmap: "move", view: view.split(",").map(Number) });
  send({ patchmap: "light", at, centre: !view });
  send(markMessage(mark));
  send(unusualMessage());
}

/** What tells a map which place was looked for: its point or its box, and its name. @param {string} mark */
function markMessage(mark) {
  const [where, ...name] = mark.split(":");
  const numbers = where.split(",").map(Number);
  const [south, west, north = south, east = west] = numbers;
  if (!name.length || ![2, 4].includes(numbers.length) || !numbers.every(Number.isFinite)) return { patchmap: "mark" };
  const box = numbers.length === 4 ? [west, south, east, north] : null;
  return { patchmap: "mark", name: name.join(":"), point: [(south + north) / 2, (west + east) / 2], box };
}

/** @param {import("./state.js").Look} now @param {import("./state.js").Look | null} before null where the page is new */
export function followLook(now, before) {
  markRow(now.at);
  if (!before) return;
  if (now.at !== before.at && !before.at) viewBefore = before.view;
  // A presentation shows no story, but leaves the one of its last place.
  if (!now.present && (before.present || now.at !== before.at)) tellStory(now.at, before.at);
  if (now.mark !== before.mark) post(markMessage(now.mark));
  if (now.view) post({ patchmap: "move", view: now.view.split(",").map(Number) });
  else if (!now.at) post({ patchmap: "home" });
  light(now.at, !now.view);
}

/** Open the story of a place, or close it for an empty id. @param {string} at @param {string} before the place whose story was open */
async function tellStory(at, before) {
  const panel = document.getElementById("story");
  if (!panel) return;
  if (!at) {
    const inside = panel.contains(document.activeElement);
    panel.replaceChildren();
    if (inside) focusOn(before);
    return;
  }
  const asked = answered();
  asked.searchParams.set("at", at);
  const text = await fetch(ownAddress(`/story${asked.search}`))
    .then((response) => (response.ok ? response.text() : ""))
    .catch(() => "");
  // A later click may be answered sooner: then this answer is out of date.
  if (at !== look().at) return;
  const fragment = new DOMParser().parseFromString(text, "text/html");
  panel.replaceChildren(...(text ? fragment.body.children : noStory(() => tellStory(at, before))));
  showFromTop(panel);
}

/** Bring the beginning of a story on the screen, and the keyboard to it. @param {HTMLElement} panel */
function showFromTop(panel) {
  document.getElementById("story-title")?.focus({ preventScroll: true });
  panel.parentElement?.scrollTo({ top: 0 });
  const { top } = panel.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight) panel.scrollIntoView();
}

/** The story of a place that is chosen again is open already: it begins anew. @param {string | null} at */
function showAgain(at) {
  const panel = document.getElementById("story");
  const { at: open, present } = look();
  if (at && at === open && !present && panel) showFromTop(panel);
}

/** @param {MouseEvent} event */
function showAgainOnClick(event) {
  const link = event.target instanceof Element ? event.target.closest("a.story") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  showAgain(new URL(link.href).searchParams.get("at"));
}

/** What stands for a story that cannot be loaded. @param {() => void} again */
function noStory(again) {
  const [words, button] = [document.createElement("p"), document.createElement("button")];
  words.className = "reason";
  words.textContent = "The story cannot be loaded.";
  button.type = "button";
  button.textContent = "Try again";
  button.addEventListener("click", again);
  return [words, button];
}

/** The keyboard goes on at a place in the cards or a table, else at the map. @param {string} at */
function focusOn(at) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`[data-at="${CSS.escape(at)}"]:is(tr, li) a.story`));
  const seen = [...rows].find((row) => row.checkVisibility());
  (seen ?? maps()[0])?.focus({ preventScroll: true });
}

/** Closing a story returns to where the map stood. @param {MouseEvent} event */
export function onClose(event) {
  const link = event.target instanceof Element ? event.target.closest("a.close") : null;
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  go(addressOf({ at: "", view: viewBefore }));
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function rowOf(target) {
  return target instanceof Element ? target.closest("[data-at]:is(tr, li)") : null;
}

/** @param {string} at */
function markRow(at) {
  for (const row of document.querySelectorAll("[data-at]:is(tr, li)")) {
    row.classList.toggle("lit", row instanceof HTMLElement && row.dataset.at === at && at !== "");
  }
}
