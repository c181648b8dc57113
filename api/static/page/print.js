// On paper the map has another size: it is given that size, and drawn, before the page is printed.
// @ts-check

export function setUpPrint() {
  const frame = /** @type {HTMLIFrameElement | null} */ (document.querySelector("iframe.map"));
  if (!frame) return;
  /** @param {boolean} printing */
  const fit = (printing) => {
    frame.classList.toggle("on-paper", printing);
    frame.contentWindow?.dispatchEvent(new CustomEvent("patchmap:fit"));
  };
  window.addEventListener("beforeprint", () => fit(true));
  window.addEventListener("afterprint", () => fit(false));
}
