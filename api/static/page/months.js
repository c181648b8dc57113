// The bars of the months are a slider, too: arrow keys walk from month to month.
// @ts-check

const PAUSE_MS = 200;

export function setUpMonths() {
  const strip = document.querySelector("#bars nav");
  let waiting = 0;
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
