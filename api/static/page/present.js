// The presentation: a step at a time by arrow keys, or by the page keys that clickers send.
// @ts-check
import { shortcutsOn } from "./shortcuts.js";
import { addressOf, go, look } from "./state.js";

const NEXT = ["ArrowRight", "ArrowDown", "PageDown", " "];
const BACK = ["ArrowLeft", "ArrowUp", "PageUp"];

export function setUpPresent() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable]");
    if (!typing && onKey(event.key)) event.preventDefault();
  });
  // The key that leaves the full screen never reaches the page.
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && look().present) leave();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a.present")) fill();
  });
}

/** Follow a key, of this page or of the map in its frame. @param {string} key @returns {boolean} whether it meant something */
export function onKey(key) {
  const { present } = look();
  const p = key.toLowerCase() === "p" && shortcutsOn();
  if (!present) {
    if (!p || !document.querySelector("#present article")) return false;
    fill();
    go(addressOf({ present: "1", at: "", view: "", mark: "" }));
    return true;
  }
  if (key === "Escape" || p) leave();
  else if (NEXT.includes(key)) turn(".after");
  else if (key.toLowerCase() === "d" && shortcutsOn()) turn(".decide");
  else if (BACK.includes(key)) turn(".before");
  else return false;
  return true;
}

/** @param {string} way */
function turn(way) {
  /** @type {HTMLAnchorElement | null} */ (document.querySelector(`#present .now nav ${way}`))?.click();
}

/** The board again, with the place of the step. */
function leave() {
  go(addressOf({ present: "" }));
}

/** The whole screen, where the browser allows it: without it the step still fills the window. */
function fill() {
  document.documentElement.requestFullscreen?.().catch(() => {});
}

/** Show the step that the address says. @param {string} present */
export function showStep(present) {
  const steps = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#present article")]);
  const presenting = Number(present) >= 1 && steps.length > 0;
  const left = !presenting && document.body.classList.contains("presenting");
  document.body.classList.toggle("presenting", presenting);
  if (!presenting) {
    if (document.fullscreenElement) document.exitFullscreen();
    // The keyboard goes on where the presentation was begun; the story of a place takes it, if one opens.
    if (left) /** @type {HTMLElement | null} */ (document.querySelector(".bar a.present"))?.focus({ preventScroll: true });
    return;
  }
  const now = steps[Math.min(Number(present), steps.length) - 1];
  for (const step of steps) step.classList.toggle("now", step === now);
  now?.focus({ preventScroll: true });
}
