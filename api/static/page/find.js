// The box that finds a place while its name is typed: a combobox with a list of results. Enter
// moves the map there. Without this file the form opens a page with the same results.
// @ts-check
import { shortcutsOn } from "./shortcuts.js";
import { addressOf, answered, go, look as lookNow } from "./state.js";
import { ownAddress } from "./root.js";

const PATIENCE_MS = 120;
/** The nearest zoom at which a place is shown: single streets are seen. */
const NEAR = 17;
/** How much of the map a place may fill. */
const ROOM = 0.7;
const WORLD_PX = 256;
const MOST = "8";
/** Of the name beside a mark. */
const MOST_LETTERS = 100;

/** @typedef {{ name: string, kind: string, type: string, place: string, at: string, area_name: string, grid_reference: string, note: string }} Properties */
/** @typedef {{ bbox: [number, number, number, number], geometry: { coordinates: [number, number] }, properties: Properties }} Feature */
/** @typedef {{ features: Feature[], notes: string[], attribution: string[] }} Answer */

/** Set up the box of a page, once. */
export function setUpFind() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("find"));
  if (form && !form.classList.contains("live")) setUp(form);
  document.addEventListener("keydown", onSlash);
}

/** The key that leads to the box from anywhere. @param {KeyboardEvent} event */
function onSlash(event) {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById("find-text"));
  if (!input || event.key !== "/" || !shortcutsOn() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target?.isContentEditable || target?.matches("input, select, textarea")) return;
  event.preventDefault();
  input.focus();
  input.select();
}

/** @param {HTMLFormElement} form */
function setUp(form) {
  const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (form.querySelector(`#find-${id}`));
  const input = /** @type {HTMLInputElement} */ (part("text"));
  const [popup, list, note, status] = ["popup", "list", "note", "status"].map(part);
  /** @type {Feature[]} */
  let results = [];
  /** The text that the results are of; null where they are out of date. @type {string | null} */
  let resultsOf = null;
  let active = -1;
  let timer = 0;
  /** @type {AbortController | null} */
  let loading = null;
  form.classList.add("live");

  /** @param {boolean} open */
  function show(open) {
    popup.hidden = !open;
    input.setAttribute("aria-expanded", String(open && results.length > 0));
    if (!open) choose(-1);
  }

  function close() {
    stop();
    show(false);
  }

  /** @param {number} number */
  function choose(number) {
    active = number;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === number));
    const option = list.children[number];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  /** Let no search that is on its way, or about to begin, open the list again. */
  function stop() {
    clearTimeout(timer);
    loading?.abort();
    resultsOf = null;
  }

  async function look() {
    stop();
    const text = input.value.trim();
    if (text.length < 2) {
      results = [];
      list.replaceChildren();
      status.textContent = "";
      show(false);
      return;
    }
    const own = (loading = new AbortController());
    try {
      const answer = await asked(text, own.signal);
      if (own.signal.aborted) return;
      results = answer.features;
      resultsOf = text;
      list.replaceChildren(...results.map(optionOf));
      note.textContent = [...answer.notes, ...(results.length ? answer.attribution : [])].join(". ");
      show(true);
      choose(results.length ? 0 : -1);
      status.textContent = answer.notes.join(". ") || `${results.length} place${results.length === 1 ? "" : "s"}`;
    } catch (error) {
      if (own.signal.aborted) return;
      results = [];
      list.replaceChildren();
      note.textContent = error instanceof Error ? error.message : "The search failed. Try again";
      status.textContent = note.textContent;
      show(true);
    }
  }

  /** @param {number} number */
  function open(number) {
    const feature = results[number];
    if (!feature) return;
    const { name, at } = feature.properties;
    stop();
    input.value = name;
    show(false);
    go(addressOf(at ? { at, view: "", mark: "" } : { at: "", view: viewOf(feature), mark: markOf(feature) }));
    status.textContent = `The map shows ${name}`;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PATIENCE_MS);
  });
  // What the search needs is prepared while somebody begins to type.
  input.addEventListener("focus", () => void asked("", new AbortController().signal).catch(() => {}), { once: true });
  input.addEventListener("keydown", (event) => {
    const size = results.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (popup.hidden) return void look();
      if (size) choose((active + (event.key === "ArrowDown" ? 1 : -1) + size) % size);
    } else if (event.key === "Escape") {
      if (!popup.hidden) {
        event.preventDefault();
        close();
      } else if (lookNow().mark) {
        go(addressOf({ mark: "" }));
      }
    } else if (event.key === "Tab") {
      close();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (popup.hidden || resultsOf !== input.value.trim()) await look();
    // Whoever types on meanwhile means another place.
    if (resultsOf === input.value.trim()) open(Math.max(active, 0));
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("li") : null;
    if (option) open([...list.children].indexOf(option));
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
  });
}

/** @param {string} text @param {AbortSignal} signal @returns {Promise<Answer>} */
async function asked(text, signal) {
  const query = answered().searchParams;
  query.delete("month");
  query.set("q", text);
  query.set("limit", MOST);
  const response = await fetch(ownAddress(`/search?${query}`), { signal, headers: { accept: "application/geo+json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? "The search failed. Try again");
  return answer;
}

/** @param {Feature} feature @param {number} number */
function optionOf({ properties: one }, number) {
  const option = document.createElement("li");
  option.id = `find-option-${number}`;
  option.role = "option";
  const name = document.createElement("b");
  name.textContent = one.name;
  const more = document.createElement("small");
  const kind = one.kind === "ranked place" || one.kind === "area" || one.kind === "postcode" ? one.kind : one.type || one.kind;
  const about = one.kind === "area" || one.kind === "ranked place" ? one.type : "";
  const area = one.area_name && one.kind !== "area" ? `in ${one.area_name}` : "";
  more.textContent = [[kind, about].filter(Boolean).join(", "), area].filter(Boolean).join(" · ");
  option.append(name, one.place ? `, ${one.place}` : "", more);
  if (one.note) {
    const outside = document.createElement("span");
    outside.className = "outside";
    outside.textContent = ` · ${one.note}`;
    more.append(outside);
  }
  return option;
}

/** Where the map stands to show a place: latitude, longitude, zoom. @param {Feature} feature */
function viewOf({ bbox, geometry }) {
  const map = document.querySelector("iframe.map")?.getBoundingClientRect();
  const [west, south, east, north] = bbox;
  const [lon, lat] = geometry.coordinates;
  const fits = (/** @type {number} */ pixels, /** @type {number} */ degrees) => Math.log2((pixels * ROOM * 360) / (WORLD_PX * Math.max(degrees, 1e-6)));
  const across = fits(map?.width ?? 800, east - west);
  const up = fits(map?.height ?? 600, (north - south) / Math.cos((lat * Math.PI) / 180));
  const zoom = Math.max(5, Math.min(NEAR, across, up));
  return `${lat.toFixed(5)},${lon.toFixed(5)},${zoom.toFixed(1)}`;
}

/** What the map marks: its point, or the square of a grid reference, and its name. @param {Feature} feature */
function markOf({ bbox: [west, south, east, north], geometry, properties: { kind, name } }) {
  const [lon, lat] = geometry.coordinates;
  const numbers = kind === "grid reference" ? [south, west, north, east] : [lat, lon];
  return `${numbers.map((degrees) => degrees.toFixed(5))}:${name.slice(0, MOST_LETTERS)}`;
}
