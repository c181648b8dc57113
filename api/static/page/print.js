// Gives the maps their size on paper and redraws them before the page is printed.
// @ts-check

export function setUpPrint() {
  /** @param {boolean} printing */
  const fit = (printing) => {
    const frames = /** @type {NodeListOf<HTMLIFrameElement>} */ (document.querySelectorAll("iframe.map"));
    for (const frame of frames) {
      frame.classList.toggle("on-paper", printing);
      frame.classList.toggle("beside", printing && frames.length > 1);
      frame.contentWindow?.dispatchEvent(new CustomEvent("patchmap:fit", { detail: { printing } }));
    }
  };
  window.addEventListener("beforeprint", () => fit(true));
  window.addEventListener("afterprint", () => fit(false));
}
