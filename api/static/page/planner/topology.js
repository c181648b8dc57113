// The blocks of a plan as they are drawn: their rings, and the lines between them.
// @ts-check

/** @typedef {[number, number]} Place longitude, latitude */
/**
 * @typedef {object} DrawnBlocks As `api/planner/drawn_blocks.py` writes them.
 * @property {string[]} codes
 * @property {string[]} names
 * @property {number} per_degree
 * @property {number[]} x of each vertex, as the difference from the one before
 * @property {number[]} y
 * @property {number[]} rings how many vertices each has
 * @property {number[]} blocks whose each ring is
 * @property {number[]} outer 1 where a ring begins a polygon
 * @property {number[]} arcs four numbers each: see `ARC`
 */

/** Numbers of an arc: a block, the one beyond (−1 outside), the first and the last vertex. */
export const ARC = 4;

/** The blocks in the order of the plan. Vertices lie in arrays of numbers: a city has a million. */
export class Geometry {
  /** @param {DrawnBlocks} drawn */
  constructor(drawn) {
    this.codes = drawn.codes;
    this.names = drawn.names;
    this.lon = summed(drawn.x, drawn.per_degree);
    this.lat = summed(drawn.y, drawn.per_degree);
    this.arcs = Int32Array.from(drawn.arcs);
    /** where each ring begins, and where the last one ends */
    this.ringStarts = new Int32Array(drawn.rings.length + 1);
    /** the first ring of each block, and where those of the last one end */
    this.firstRings = new Int32Array(this.size + 1).fill(drawn.rings.length);
    for (let ring = drawn.rings.length - 1; ring >= 0; ring -= 1) this.firstRings[drawn.blocks[ring]] = ring;
    drawn.rings.forEach((size, ring) => (this.ringStarts[ring + 1] = this.ringStarts[ring] + size));
    /** west, south, east and north of each block */
    this.boxes = new Float64Array(4 * this.size);
    /** how large each block is, in square degrees: good enough to compare neighbours */
    this.sizes = new Float64Array(this.size);
    /** @type {Place[]} the point that stands for each block: the middle of its largest polygon */
    this.middles = [];
    for (let block = 0; block < this.size; block += 1) this.#measure(block, drawn.outer);
    /** @type {Set<number>[] | null} */
    this.neighbours = null;
  }

  get size() {
    return this.codes.length;
  }

  /** The neighbours of each block. */
  get near() {
    if (this.neighbours) return this.neighbours;
    const near = Array.from({ length: this.size }, () => /** @type {Set<number>} */ (new Set()));
    for (let at = 0; at < this.arcs.length; at += ARC) {
      const [a, b] = [this.arcs[at], this.arcs[at + 1]];
      if (b === -1) continue;
      near[a].add(b);
      near[b].add(a);
    }
    return (this.neighbours = near);
  }

  /** A block, and all that can be reached from it over blocks of a kind. @param {number} start @param {(block: number) => boolean} isOne */
  joined(start, isOne) {
    const found = new Set([start]);
    for (const block of found) { // the set grows as it is read
      for (const other of this.near[block]) if (isOne(other)) found.add(other);
    }
    return found;
  }

  /** @param {number} block @param {number[]} outer */
  #measure(block, outer) {
    const [first, end] = [this.ringStarts[this.firstRings[block]], this.ringStarts[this.firstRings[block + 1]]];
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = first; at < end; at += 1) {
      west = Math.min(west, this.lon[at]);
      east = Math.max(east, this.lon[at]);
      south = Math.min(south, this.lat[at]);
      north = Math.max(north, this.lat[at]);
    }
    this.boxes.set([west, south, east, north], 4 * block);
    let largest = -1;
    for (let ring = this.firstRings[block]; ring < this.firstRings[block + 1]; ring += 1) {
      if (!outer[ring]) continue;
      const { size, middle } = this.#ringMiddle(ring);
      this.sizes[block] += size;
      if (size > largest) this.middles[block] = middle;
      largest = Math.max(largest, size);
    }
    this.sizes[block] ||= 1e-12;
  }

  /** @param {number} ring @returns {{size: number, middle: Place}} */
  #ringMiddle(ring) {
    const { lon, lat } = this;
    const [from, to] = [this.ringStarts[ring], this.ringStarts[ring + 1] - 1];
    let [twice, x, y] = [0, 0, 0];
    for (let at = from; at < to; at += 1) {
      const [ax, ay, bx, by] = [lon[at] - lon[from], lat[at] - lat[from], lon[at + 1] - lon[from], lat[at + 1] - lat[from]];
      const cross = ax * by - bx * ay;
      twice += cross;
      x += (ax + bx) * cross;
      y += (ay + by) * cross;
    }
    if (!twice) return { size: 0, middle: [lon[from], lat[from]] };
    return { size: Math.abs(twice) / 2, middle: [lon[from] + x / (3 * twice), lat[from] + y / (3 * twice)] };
  }

  /** The block that holds a place. @param {number} lon @param {number} lat @returns {number} −1 outside all */
  at(lon, lat) {
    const { boxes } = this;
    for (let block = 0; block < this.size; block += 1) {
      const at = 4 * block;
      if (lon >= boxes[at] && lon <= boxes[at + 2] && lat >= boxes[at + 1] && lat <= boxes[at + 3] && this.#holds(block, lon, lat)) return block;
    }
    return -1;
  }

  /** Even–odd rule over all rings, so that holes are outside. @param {number} block @param {number} x @param {number} y */
  #holds(block, x, y) {
    const { lon, lat } = this;
    let odd = false;
    for (let ring = this.firstRings[block]; ring < this.firstRings[block + 1]; ring += 1) {
      for (let at = this.ringStarts[ring]; at < this.ringStarts[ring + 1] - 1; at += 1) {
        if (lat[at] > y !== lat[at + 1] > y && x < ((lon[at + 1] - lon[at]) * (y - lat[at])) / (lat[at + 1] - lat[at]) + lon[at]) odd = !odd;
      }
    }
    return odd;
  }

  /** Latitude and longitude of vertices, as Leaflet has them. @param {number} from @param {number} to the one after the last @returns {[number, number][]} */
  line(from, to) {
    return Array.from({ length: to - from }, (_, at) => [this.lat[from + at], this.lon[from + at]]);
  }

  /** The rings of a block, as Leaflet has them. @param {number} block */
  outline(block) {
    const rings = [];
    for (let ring = this.firstRings[block]; ring < this.firstRings[block + 1]; ring += 1) {
      rings.push(this.line(this.ringStarts[ring], this.ringStarts[ring + 1]));
    }
    return rings;
  }

  /** The lines around those blocks that belong. @param {(block: number) => boolean} belongs */
  around(belongs) {
    const lines = [];
    for (let at = 0; at < this.arcs.length; at += ARC) {
      const b = this.arcs[at + 1];
      if (belongs(this.arcs[at]) !== (b !== -1 && belongs(b))) lines.push(this.line(this.arcs[at + 2], this.arcs[at + 3] + 1));
    }
    return lines;
  }

  /** Every line of some blocks, those between two of them once. @param {(block: number) => boolean} belongs */
  edgesOf(belongs) {
    const lines = [];
    for (let at = 0; at < this.arcs.length; at += ARC) {
      const b = this.arcs[at + 1];
      if (belongs(this.arcs[at]) || (b !== -1 && belongs(b))) lines.push(this.line(this.arcs[at + 2], this.arcs[at + 3] + 1));
    }
    return lines;
  }

  /** The box around some blocks. @param {Iterable<number>} blocks @returns {[number, number, number, number]} west, south, east, north */
  boxOf(blocks) {
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const block of blocks) {
      west = Math.min(west, this.boxes[4 * block]);
      south = Math.min(south, this.boxes[4 * block + 1]);
      east = Math.max(east, this.boxes[4 * block + 2]);
      north = Math.max(north, this.boxes[4 * block + 3]);
    }
    return [west, south, east, north];
  }
}

/** @param {number[]} differences @param {number} per */
function summed(differences, per) {
  const values = new Float64Array(differences.length);
  let sum = 0;
  differences.forEach((by, at) => (values[at] = (sum += by) / per));
  return values;
}
