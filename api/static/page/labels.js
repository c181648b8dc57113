// Hides area names that would overlap a larger area's name, the number of a place, the legend or a
// button. A place whose number would overlap a better one's becomes a dot.
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
   */
  function place(labels, loser, placed) {
    for (const label of labels) label.classList.remove(loser);
    const boxes = labels.map(boxOf);
    labels.forEach((label, number) => {
      if (isFree(boxes[number], placed)) placed.push(boxes[number]);
      else label.classList.add(loser);
    });
  }

  const tidy = () => {
    // Numbers of areas and stops are never hidden.
    const placed = all(".area-number, .stop").map(boxOf);
    // The best place is drawn last, on top.
    place(all(".place-number").reverse(), "dot", placed);
    place(all(".area-label"), "hidden", [...placed, ...all(".legend, .leaflet-control").map(boxOf)]);
  };
  map.on("moveend resize", () => requestAnimationFrame(tidy));
  // Printing waits for no animation frame; map.js has fitted the map by then.
  window.addEventListener("patchmap:fit", tidy);
  requestAnimationFrame(tidy);
})();
