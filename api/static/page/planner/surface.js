// A canvas on a map, and what paints blocks and lines on it: tens of thousands at once.
// @ts-check

import { ARC } from "./topology.js";

/** @typedef {import("./topology.js").Geometry} Geometry */
/**
 * @typedef {object} View Where the canvas lies on the map of the whole world, in its pixels.
 * @property {number} scale pixels of the whole world, by 256
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Region a part of a view, in its pixels */
/** @typedef {(pen: CanvasRenderingContext2D, view: View, region: Region) => void} Paint */

const BEYOND = 0.1; // of the size of the map, drawn around it for when it is moved
const LEAST_PX = 0.5; // vertices that are closer to the last one are left out
const LEAST_EDGED_PX = 5; // smaller blocks are drawn without their edges
const WORLD = 256;
const DOTS_ON_PAPER = 3; // of a canvas to each pixel: 288 to the inch

/** A canvas that is painted again whenever the map shows another place. */
export class Surface extends L.Layer {
  /** @param {string} pane @param {Paint} paint */
  constructor(pane, paint) {
    super({ pane });
    this.paint = paint;
    this.canvas = document.createElement("canvas");
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.view = { scale: 1, left: 0, top: 0, width: 0, height: 0 };
    this.waiting = false;
  }

  /** @override @param {L.Map} map */
  onAdd(map) {
    /** @type {HTMLElement} */ (this.getPane()).append(this.canvas);
    map.on("moveend zoomend resize viewreset", this.drawSoon, this);
    this.draw();
    return this;
  }

  /** @override @param {L.Map} map */
  onRemove(map) {
    map.off("moveend zoomend resize viewreset", this.drawSoon, this);
    this.canvas.remove();
    return this;
  }

  /** Draw before the next frame, however often it is asked for. */
  drawSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.waiting && this.draw());
  }

  /** Move the canvas to where the map is, and draw it. */
  draw() {
    this.waiting = false;
    const map = this._map;
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint(size.multiplyBy(-BEYOND)).round();
    const [width, height] = [size.x, size.y].map((side) => Math.ceil(side * (1 + 2 * BEYOND)));
    const dots = document.body.classList.contains("on-paper") ? DOTS_ON_PAPER : Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this.canvas, corner);
    this.canvas.width = width * dots;
    this.canvas.height = height * dots;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const origin = map.getPixelOrigin();
    this.view = { scale: 2 ** map.getZoom(), left: origin.x + corner.x, top: origin.y + corner.y, width, height };
    this.pen.setTransform(dots, 0, 0, dots, 0, 0);
    if (width && height) this.paint(this.pen, this.view, { left: 0, top: 0, right: width, bottom: height });
  }

  /** Draw a part of it anew. @param {[number, number, number, number]} box west, south, east, north */
  drawPart([west, south, east, north]) {
    const { scale, left, top, width, height } = this.view;
    const region = {
      left: Math.max(0, Math.floor(worldX(west) * scale - left) - 2), top: Math.max(0, Math.floor(worldY(north) * scale - top) - 2),
      right: Math.min(width, Math.ceil(worldX(east) * scale - left) + 2), bottom: Math.min(height, Math.ceil(worldY(south) * scale - top) + 2),
    };
    if (region.right <= region.left || region.bottom <= region.top) return;
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(region.left, region.top, region.right - region.left, region.bottom - region.top);
    pen.clip();
    pen.clearRect(region.left, region.top, region.right - region.left, region.bottom - region.top);
    this.paint(pen, this.view, region);
    pen.restore();
  }
}

/** Paints the blocks of a plan, and lines between them. */
export class Painter {
  /** @param {Geometry} geometry */
  constructor(geometry) {
    this.geometry = geometry;
    this.x = geometry.lon.map(worldX);
    this.y = geometry.lat.map(worldY);
    const { boxes } = geometry;
    this.boxes = boxes.map((value, at) => (at % 2 ? worldY(boxes[at ^ 2]) : worldX(value))); // north is above
  }

  /** The blocks in a part of a view, 1 for each. @param {View} view @param {Region} region */
  #within({ scale, left, top }, region) {
    const { boxes } = this;
    const shown = new Uint8Array(this.geometry.size);
    for (let block = 0, at = 0; block < shown.length; block += 1, at += 4) {
      shown[block] = Number(boxes[at] * scale - left <= region.right && boxes[at + 2] * scale - left >= region.left &&
        boxes[at + 1] * scale - top <= region.bottom && boxes[at + 3] * scale - top >= region.top);
    }
    return shown;
  }

  /** @param {CanvasRenderingContext2D} pen @param {View} view @param {Region} region @param {string[]} fills @param {number} opacity */
  blocks(pen, view, region, fills, opacity) {
    const { firstRings, ringStarts, arcs } = this.geometry;
    const shown = this.#within(view, region);
    /** @type {Map<string, number[]>} */
    const byFill = new Map();
    let [width, n] = [0, 0];
    shown.forEach((is, block) => {
      if (!is) return;
      const blocks = byFill.get(fills[block]);
      if (blocks) blocks.push(block);
      else byFill.set(fills[block], [block]);
      width += (this.boxes[4 * block + 2] - this.boxes[4 * block]) * view.scale;
      n += 1;
    });
    pen.globalAlpha = opacity;
    for (const [fill, blocks] of byFill) {
      pen.beginPath();
      for (const block of blocks) {
        // Left open: `fill` closes rings by itself, and `closePath` looks at the whole path each time.
        for (let ring = firstRings[block]; ring < firstRings[block + 1]; ring += 1) {
          this.#trace(pen, view, ringStarts[ring], ringStarts[ring + 1] - 1);
        }
      }
      pen.fillStyle = fill;
      pen.fill("evenodd");
    }
    if (width < LEAST_EDGED_PX * n) return;
    pen.beginPath();
    for (let at = 0; at < arcs.length; at += ARC) {
      if (shown[arcs[at]] || (arcs[at + 1] !== -1 && shown[arcs[at + 1]])) this.#trace(pen, view, arcs[at + 2], arcs[at + 3]);
    }
    stroke(pen, "#ffffff", 0.7, 0.9);
  }

  /**
   * Lines between blocks of different areas, and around one area.
   * @param {CanvasRenderingContext2D} pen @param {View} view @param {Region} region
   * @param {(block: number) => string} area @param {string} chosen
   */
  lines(pen, view, region, area, chosen) {
    const { arcs } = this.geometry;
    const shown = this.#within(view, region);
    const areas = Array.from({ length: shown.length }, (_, block) => (shown[block] ? area(block) : ""));
    /** @param {(one: string, other: string) => boolean} parts */
    const path = (parts) => {
      pen.beginPath();
      for (let at = 0; at < arcs.length; at += ARC) {
        const [a, b] = [arcs[at], arcs[at + 1]];
        if (!shown[a] && (b === -1 || !shown[b])) continue;
        if (b === -1 ? parts(areas[a], "\0") : parts(areas[a] || area(a), areas[b] || area(b))) this.#trace(pen, view, arcs[at + 2], arcs[at + 3]);
      }
    };
    pen.lineJoin = pen.lineCap = "round";
    path((one, other) => one !== other);
    stroke(pen, "#ffffff", 5, 0.75);
    stroke(pen, "#22303a", 2.2, 1);
    path((one, other) => (one === chosen) !== (other === chosen));
    stroke(pen, "#c24e00", 3.6, 1);
  }

  /** @param {CanvasRenderingContext2D} pen @param {View} view @param {number} from @param {number} to the last vertex */
  #trace(pen, { scale, left, top }, from, to) {
    let [x, y] = [this.x[from] * scale - left, this.y[from] * scale - top];
    pen.moveTo(x, y);
    for (let at = from + 1; at <= to; at += 1) {
      const [nextX, nextY] = [this.x[at] * scale - left, this.y[at] * scale - top];
      if (at < to && Math.abs(nextX - x) < LEAST_PX && Math.abs(nextY - y) < LEAST_PX) continue;
      pen.lineTo((x = nextX), (y = nextY));
    }
  }
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour @param {number} width @param {number} opacity */
function stroke(pen, colour, width, opacity) {
  pen.globalAlpha = opacity;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

/** Web Mercator at zoom 0. @param {number} lon */
const worldX = (lon) => (lon / 360 + 0.5) * WORLD;
/** @param {number} lat */
const worldY = (lat) => (0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)) * WORLD;
