// On paper the maps have another size: they are given that size, and drawn, before the page is
// printed.
// @ts-check

export function setUpPrint() {
  const frames = /** @type {NodeListOf<HTMLIFrameElement>} */ (document.querySelectorAll("iframe.map"));
  /** @param {boolean} printing */
  const fit = (printing) => {
    for (const frame of frames) {
      frame.classList.toggle("on-paper", printing);
      frame.classList.toggle("beside", printing && frames.length > 1);
      frame.contentWindow?.dispatchEvent(new CustomEvent("patchmap:fit"));
    }
  };
  window.addEventListener("beforeprint", () => fit(true));
  window.addEventListener("afterprint", () => fit(false));
}
