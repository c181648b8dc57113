// The keyboard cursor of the map, which moves from block to block.
// @ts-check

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
});
const SIDEWAYS = 0.5; // cosine: what lies further to the side is not in that direction

/**
 * The block that lies that way: the neighbour that does so best, else the nearest block that does.
 * @param {number} from @param {[number, number]} way @param {[number, number][]} middles @param {Set<number>[]} near
 */
export function blockThatWay(from, way, middles, near) {
  const [x, y] = middles[from];
  const squeeze = Math.cos((y * Math.PI) / 180);
  /** @param {number} block */
  const direction = (block) => {
    const [dx, dy] = [(middles[block][0] - x) * squeeze, middles[block][1] - y];
    const away = Math.hypot(dx, dy) || Infinity;
    return { away, along: (dx * way[0] + dy * way[1]) / away };
  };
  const beside = [...near[from]].map((block) => ({ block, ...direction(block) })).filter((one) => one.along > SIDEWAYS);
  if (beside.length) return beside.reduce((best, one) => (one.along > best.along ? one : best)).block;
  const far = middles.map((_, block) => ({ block, ...direction(block) })).filter((one) => one.along > SIDEWAYS);
  return far.reduce((best, one) => (one.away < best.away ? one : best), { block: from, away: Infinity }).block;
}

export class Cursor {
  /**
   * @param {import("./map.js").BlockMap} map
   * @param {{first: () => number, moved: (block: number) => void}} more the block to begin at
   */
  constructor(map, { first, moved }) {
    this.map = map;
    this.moved = moved;
    this.block = -1;
    this.rings = [{ color: "#000000", weight: 6 }, { color: "#ffffff", weight: 3, dashArray: "6 5" }].map((style) =>
      L.polygon([], { renderer: map.lines, interactive: false, fill: false, ...style }).addTo(map.map),
    );
    const box = map.map.getContainer();
    box.addEventListener("focus", () => {
      // A click focuses too, and has its own block.
      if (box.matches(":focus-visible")) this.go(this.block === -1 ? first() : this.block);
    });
    box.addEventListener("blur", () => this.#draw(-1));
    box.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const from = this.block === -1 ? first() : this.block;
      this.go(blockThatWay(from, way, map.geometry.middles, map.geometry.near));
    });
  }

  /** @param {number} block */
  go(block) {
    this.block = block;
    this.#draw(block);
    if (block === -1) return;
    const [west, south, east, north] = this.map.geometry.boxOf([block]);
    const bounds = L.latLngBounds([[south, west], [north, east]]);
    if (!this.map.map.getBounds().contains(bounds)) this.map.map.panInside(bounds.getCenter(), { padding: [120, 120], animate: false });
    this.moved(block);
  }

  /** @param {number} block */
  #draw(block) {
    const shape = block === -1 ? [] : this.map.geometry.outline(block);
    for (const ring of this.rings) ring.setLatLngs(/** @type {L.LatLngExpression[][]} */ (shape));
  }
}
