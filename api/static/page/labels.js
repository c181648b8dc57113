// Hides area names that would overlap a larger area's name, the number of a place, the legend or a
// button, or that the edge of the map would cut. A place whose number would overlap a better one's
// becomes a dot.
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

  /** @param {string} kinds */
  const all = (kinds) => [...document.querySelectorAll(kinds)];
  const boxOf = (/** @type {Element} */ one) => one.getBoundingClientRect();

  /**
   * Keep each label that is free of those before it; the others get the class of a loser.
   * @param {Element[]} labels @param {string} loser @param {DOMRect[]} placed
   * @param {(box: DOMRect) => boolean} [fits]
   */
  function place(labels, loser, placed, fits = () => true) {
    for (const label of labels) label.classList.remove(loser);
    const boxes = labels.map(boxOf);
    labels.forEach((label, number) => {
      if (fits(boxes[number]) && isFree(boxes[number], placed)) placed.push(boxes[number]);
      else label.classList.add(loser);
    });
  }

  const tidy = () => {
    // Numbers of areas and stops are never hidden.
    const placed = all(".area-number, .stop").map(boxOf);
    // The best place is drawn last, on top.
    place(all(".place-number").reverse(), "dot", placed);
    const edge = boxOf(map.getContainer());
    const isWhole = (/** @type {DOMRect} */ box) =>
      box.left >= edge.left && box.right <= edge.right && box.top >= edge.top && box.bottom <= edge.bottom;
    place(all(".area-label"), "hidden", [...placed, ...all(".legend, .leaflet-control").map(boxOf)], isWhole);
  };
  map.on("moveend resize", () => requestAnimationFrame(tidy));
  // Printing waits for no animation frame; map.js has fitted the map by then.
  window.addEventListener("patchmap:fit", tidy);
  requestAnimationFrame(tidy);
})();
