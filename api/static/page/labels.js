// Hides area names that would lie over each other or over the number of a place; the largest
// areas keep theirs. A place whose number would lie over that of a better one is a dot.
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
    // Numbers of areas and stops always stay.
    const placed = [...document.querySelectorAll(".area-number, .stop")].map((label) => label.getBoundingClientRect());
    // The best place is drawn last, over the others.
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
  requestAnimationFrame(tidy);
})();
