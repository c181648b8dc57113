// The question that is folded into a line closes as a menu does, and a link into a folded part
// opens it.
// @ts-check

const ask = () => /** @type {HTMLDetailsElement | null} */ (document.getElementById("ask"));

export function setUpFolds() {
  document.addEventListener("keydown", (event) => {
    const menu = ask();
    if (event.key !== "Escape" || !menu?.open || event.defaultPrevented) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const menu = ask();
    // What was refused stands in the page, not over it: closed, it would move what is being pressed.
    if (menu?.open && !menu.matches(".refused") && !menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const part = link && document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
    const fold = part?.closest("details");
    if (fold) fold.open = true;
  });
}
