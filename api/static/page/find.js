// The box that finds a place while its name is typed: a combobox with a list of results. Enter
// moves the map there. Without this file the form opens a page with the same results.
// @ts-check

const PATIENCE_MS = 120;
/** The nearest zoom at which a place is shown: single streets are seen. */
const NEAR = 17;
/** How much of the map a place may fill. */
const ROOM = 0.7;
const WORLD_PX = 256;
const MOST = "8";

/** @typedef {{ name: string, kind: string, type: string, place: string, at: string, area_name: string, grid_reference: string, note: string }} Properties */
/** @typedef {{ bbox: [number, number, number, number], geometry: { coordinates: [number, number] }, properties: Properties }} Feature */
/** @typedef {{ features: Feature[], notes: string[], attribution: string[] }} Answer */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("find"));
if (form) setUp(form);

/** @param {HTMLFormElement} form */
function setUp(form) {
  const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (form.querySelector(`#find-${id}`));
  const input = /** @type {HTMLInputElement} */ (part("text"));
  const [popup, list, note, status] = ["popup", "list", "note", "status"].map(part);
  /** @type {Feature[]} */
  let results = [];
  let active = -1;
  let timer = 0;
  /** @type {AbortController | null} */
  let loading = null;
  /** @type {object | null} what the map marks now */
  let mark = null;
  form.classList.add("live");

  /** @param {boolean} open */
  function show(open) {
    popup.hidden = !open;
    input.setAttribute("aria-expanded", String(open && results.length > 0));
    if (!open) choose(-1);
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

  async function look() {
    loading?.abort();
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
    const { name, at, kind } = feature.properties;
    const [lon, lat] = feature.geometry.coordinates;
    input.value = name;
    show(false);
    mark = at ? null : { patchmap: "mark", name, point: [lat, lon], box: kind === "grid reference" ? feature.bbox : null };
    visit(at ? { at, view: "" } : { at: "", view: viewOf(feature) });
    if (mark || at) send(mark ?? { patchmap: "mark" });
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
        show(false);
      } else if (mark) {
        mark = null;
        send({ patchmap: "mark" });
      }
    } else if (event.key === "Tab") {
      show(false);
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    if (popup.hidden || loading === null || input.value.trim() !== lastAsked()) await look();
    open(Math.max(active, 0));
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("li") : null;
    if (option) open([...list.children].indexOf(option));
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(/** @type {Node | null} */ (event.relatedTarget))) show(false);
  });
  // A map that is drawn anew knows no mark.
  window.addEventListener("message", (event) => {
    if (event.origin === window.location.origin && event.data?.patchmap === "ready" && mark) send(mark);
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target?.isContentEditable || target?.matches("input, select, textarea")) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

let last = "";
const lastAsked = () => last;

/** @param {string} text @param {AbortSignal} signal @returns {Promise<Answer>} */
async function asked(text, signal) {
  const query = new URLSearchParams(window.location.search);
  for (const name of ["at", "view", "present", "month"]) query.delete(name);
  query.set("q", text);
  query.set("limit", MOST);
  last = text;
  const response = await fetch(`/search?${query}`, { signal, headers: { accept: "application/geo+json" } });
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

/** Follow a link of the page to a place: the page knows how. @param {{ at: string, view: string }} look */
function visit({ at, view }) {
  const url = new URL(window.location.href);
  url.hash = "";
  for (const [name, text] of [["at", at], ["view", view]]) {
    if (text) url.searchParams.set(name, text);
    else url.searchParams.delete(name);
  }
  const link = document.createElement("a");
  link.href = url.href;
  link.className = "story";
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
}

/** @param {object} message */
function send(message) {
  for (const map of /** @type {NodeListOf<HTMLIFrameElement>} */ (document.querySelectorAll("iframe.map"))) {
    map.contentWindow?.postMessage(message, window.location.origin);
  }
}
