// Hides area names that would overlap a larger area's name or the number of a place. A place whose
// number would overlap a better one's becomes a dot.
// @ts-check
(() => {
  const L = /** @type {any} */ (window).L;
  const map = /** @type {any} */ (Object.values(window).find((value) => value instanceof L.Map));

  /** @param {DOMRect} box @param {DOMRect[]} others */
  const isFree = (box, others) =>
    others.every(
      (other) =>
        box.right < other.left || box.left > other.right ||
        box.bottom < other.top || box.top > other.bottom,
    );

  const tidy = () => {
    // Numbers of areas and stops are never hidden.
    const placed = [...document.querySelectorAll(".area-number, .stop")].map((label) => label.getBoundingClientRect());
    // The best place is drawn last, on top.
    for (const [kind, loser] of [[".place-number", "dot"], [".area-label", "hidden"]]) {
      const labels = [...document.querySelectorAll(kind)];
      for (const label of kind === ".place-number" ? labels.reverse() : labels) {
        label.classList.remove(loser);
        const box = label.getBoundingClientRect();
        if (isFree(box, placed)) placed.push(box);
        else label.classList.add(loser);
      }
    }
  };
  map.on("zoomend resize", () => requestAnimationFrame(tidy));
  // Printing waits for no animation frame; map.js has fitted the map by then.
  window.addEventListener("patchmap:fit", tidy);
  requestAnimationFrame(tidy);
})();
