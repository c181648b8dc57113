// Puts parts of a page that was fetched in the place of those that are shown, and keeps the keyboard
// where it was.
// @ts-check

/** @param {Document} page @param {string[]} selectors */
export function replaceParts(page, selectors) {
  for (const selector of selectors) {
    const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
}

/** Note where the keyboard is; the result puts it there again once the parts have been replaced. */
export function focusKept() {
  const active = document.activeElement;
  if (!active || active === document.body) return () => {};
  const selector = selectorOf(active);
  return () => {
    if (!active.isConnected) putFocus(selector);
  };
}

/** What finds an element in another edition of the page; '' where nothing does. @param {Element} active */
function selectorOf(active) {
  if (active.closest("#ask")) return "#ask > summary";
  if (active.id) return `#${CSS.escape(active.id)}`;
  const link = active.closest("#bars a");
  if (link) return `#bars a[title="${CSS.escape(link.getAttribute("title") ?? "")}"], #bars a.chosen`;
  const mode = active.closest(".modes a");
  if (mode) return ".modes a[aria-current]";
  const at = active.closest("[data-at]:is(li, tr)")?.getAttribute("data-at");
  return at ? `[data-at="${CSS.escape(at)}"] a.story` : "";
}

/** Where the keyboard was in a part that is gone, it goes on from what stands there now. @param {string} selector */
function putFocus(selector) {
  for (const one of [selector, "#story-title", "#headline"].filter(Boolean)) {
    /** @type {HTMLElement | null} */ (document.querySelector(one))?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) return;
  }
}
