// The bars of the months are a slider, too: arrow keys walk from month to month.
// A month is fetched as soon as somebody points at it, so that a press shows it at once. One that is
// left again is called off: who moves over many months wants none of them.
// @ts-check
import { forgetOthers, prepare } from "./state.js";

const PAUSE_MS = 200;
const POINTED_MS = 80;

export function setUpMonths() {
  const strip = document.querySelector("#bars nav");
  let waiting = 0;
  let pointed = 0;
  const onPointed = (/** @type {Event} */ event) => {
    const bar = event.target instanceof Element ? event.target.closest("a") : null;
    clearTimeout(pointed);
    if (bar) pointed = window.setTimeout(() => prepare(bar), POINTED_MS);
  };
  strip?.addEventListener("pointerover", onPointed);
  strip?.addEventListener("focusin", onPointed);
  strip?.addEventListener("pointerleave", () => {
    clearTimeout(pointed);
    forgetOthers();
  });
  // The bar that was pressed is marked at once; what it answers follows.
  strip?.addEventListener("click", (event) => {
    const { target, button, ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
    const bar = target instanceof Element ? target.closest("a") : null;
    if (!bar || button || ctrlKey || metaKey || shiftKey) return;
    for (const one of strip.querySelectorAll(".chosen")) one.classList.remove("chosen");
    bar.classList.add("chosen");
  });
  strip?.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const bars = /** @type {HTMLAnchorElement[]} */ ([...strip.querySelectorAll("a")]);
    const next = step && bars[bars.indexOf(/** @type {any} */ (document.activeElement)) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    // Who holds the key down wants the month where it is let go.
    clearTimeout(waiting);
    waiting = window.setTimeout(() => next.click(), PAUSE_MS);
  });
}
