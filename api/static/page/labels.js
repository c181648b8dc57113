// Hides area names that would lie over each other; the largest areas keep theirs.
// @ts-check
(() => {
  const map = Object.values(window).find((value) => value instanceof window.L.Map);
  const tidy = () => {
    /** @type {DOMRect[]} */
    const kept = [];
    for (const label of document.querySelectorAll(".area-label")) {
      label.classList.remove("hidden");
      const box = label.getBoundingClientRect();
      const free = kept.every(
        (other) =>
          box.right < other.left || box.left > other.right ||
          box.bottom < other.top || box.top > other.bottom,
      );
      if (free) kept.push(box);
      else label.classList.add("hidden");
    }
  };
  map.on("zoomend resize", () => requestAnimationFrame(tidy));
  requestAnimationFrame(tidy);
})();
