// Which blocks are neighbours, and the lines between them, worked out from their rings.
// @ts-check

/** @typedef {[number, number]} Place longitude, latitude */
/** @typedef {{id: string, name: string, rings: Place[][][]}} Block its polygons, each a list of rings */
/** @typedef {{a: number, b: number, line: [number, number][]}} Arc a line between two blocks; b is −1 outside */

/** A layer of GeoJSON polygons as blocks, in its order. */
export function blocksOf(/** @type {GeoJSON.FeatureCollection} */ layer) {
  return layer.features.map((feature) => {
    const shape = /** @type {GeoJSON.Polygon | GeoJSON.MultiPolygon} */ (feature.geometry);
    const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
    const rings = /** @type {Place[][][]} */ (polygons);
    return { id: String(feature.id), name: String(feature.properties?.area_name ?? feature.id), rings };
  });
}

/** Every line between two blocks, or between a block and the outside, once. @param {Block[]} blocks @returns {Arc[]} */
export function arcsOf(blocks) {
  /** @type {Map<string, number[]>} the blocks on either side of each segment */
  const sides = new Map();
  eachRing(blocks, (ring, block) => {
    for (let at = 0; at < ring.length - 1; at += 1) {
      const key = segment(ring[at], ring[at + 1]);
      const both = sides.get(key);
      if (both) both.push(block);
      else sides.set(key, [block]);
    }
  });
  /** @type {Arc[]} */
  const arcs = [];
  eachRing(blocks, (ring, block) => {
    const beyond = ring.slice(0, -1).map((place, at) => {
      const both = sides.get(segment(place, ring[at + 1])) ?? [];
      return both.find((other) => other !== block) ?? -1;
    });
    for (const [from, to] of runs(beyond)) {
      const b = beyond[from];
      if (b !== -1 && b < block) continue;
      arcs.push({ a: block, b, line: ring.slice(from, to + 1).map(([lon, lat]) => [lat, lon]) });
    }
  });
  return arcs;
}

/** Stretches of equal values, each as its first place and the one after its last. @param {number[]} values */
function runs(values) {
  /** @type {[number, number][]} */
  const stretches = [];
  for (let from = 0, to = 1; to <= values.length; to += 1) {
    if (to < values.length && values[to] === values[from]) continue;
    stretches.push([from, to]);
    from = to;
  }
  return stretches;
}

/** The neighbours of each block. @param {number} size @param {Arc[]} arcs */
export function neighboursOf(size, arcs) {
  const near = Array.from({ length: size }, () => /** @type {Set<number>} */ (new Set()));
  for (const { a, b } of arcs) {
    if (b === -1) continue;
    near[a].add(b);
    near[b].add(a);
  }
  return near;
}

/** @param {Block[]} blocks @param {(ring: Place[], block: number) => void} visit */
function eachRing(blocks, visit) {
  blocks.forEach((block, index) => block.rings.forEach((polygon) => polygon.forEach((ring) => visit(ring, index))));
}

/** @param {Place} one @param {Place} other */
function segment(one, other) {
  const [a, b] = [`${one[0]} ${one[1]}`, `${other[0]} ${other[1]}`];
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** The point that stands for a block: the middle of its largest polygon. @param {Block} block @returns {Place} */
export function middleOf(block) {
  const sized = block.rings.map((polygon) => ringMiddle(polygon[0]));
  return sized.reduce((best, one) => (one.size > best.size ? one : best)).middle;
}

/** How large a block is, in square degrees: good enough to compare neighbours. @param {Block} block */
export const sizeOf = (block) => block.rings.reduce((sum, polygon) => sum + ringMiddle(polygon[0]).size, 0) || 1e-12;

/** @param {Place[]} ring @returns {{size: number, middle: Place}} */
function ringMiddle(ring) {
  let [twice, x, y] = [0, 0, 0];
  const [ox, oy] = ring[0];
  for (let at = 0; at < ring.length - 1; at += 1) {
    const [ax, ay, bx, by] = [ring[at][0] - ox, ring[at][1] - oy, ring[at + 1][0] - ox, ring[at + 1][1] - oy];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (!twice) return { size: 0, middle: ring[0] };
  return { size: Math.abs(twice) / 2, middle: [ox + x / (3 * twice), oy + y / (3 * twice)] };
}

/** Finds the block that holds a place. */
export class Finder {
  /** @param {Block[]} blocks */
  constructor(blocks) {
    this.blocks = blocks;
    this.boxes = blocks.map((block) => boxOf(block.rings.flat(2)));
  }

  /** @param {number} lon @param {number} lat @returns {number} −1 outside all */
  at(lon, lat) {
    return this.boxes.findIndex(
      ([west, south, east, north], block) =>
        lon >= west && lon <= east && lat >= south && lat <= north &&
        this.blocks[block].rings.some((polygon) => inside(polygon, lon, lat)),
    );
  }
}

/** @param {Place[]} places @returns {[number, number, number, number]} west, south, east, north */
export function boxOf(places) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of places) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  return [west, south, east, north];
}

/** Even–odd rule over all rings, so that holes are outside. @param {Place[][]} polygon @param {number} lon @param {number} lat */
function inside(polygon, lon, lat) {
  let odd = false;
  for (const ring of polygon) {
    for (let at = 0, last = ring.length - 1; at < ring.length; last = at, at += 1) {
      const [ax, ay] = ring[at];
      const [bx, by] = ring[last];
      if (ay > lat !== by > lat && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) odd = !odd;
    }
  }
  return odd;
}
