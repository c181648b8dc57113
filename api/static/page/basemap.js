// The vector basemap of a map: drawn by protomaps-leaflet under the cells, its names over them. Tiles
// come from this service, or in a file of its own from the page itself.
// @ts-check

const TEXTS_MOVED_MS = 150;

/** Put the basemap that the page names under a map. @param {any} map @param {{ places?: boolean }} [more] whether places are named, or only what lies in them */
function addBasemap(map, { places = true } = {}) {
  const L = /** @type {any} */ (window).L;
  const lib = /** @type {any} */ (window).protomapsL;
  const data = document.getElementById("basemap-data");
  if (!lib || !data) return;

  /** @typedef {{ id: string, address: string, first: number, last: number, attribution: string, tiles?: Record<string, string> }} Source */
  /** @type {Source[]} */
  const sources = JSON.parse(data.textContent ?? "[]");
  const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;

  /** What the library reads tiles from, in place of an archive. @param {Source} source */
  const archive = (source) => ({
    /** @param {number} z @param {number} x @param {number} y @param {AbortSignal} [signal] */
    async getZxy(z, x, y, signal) {
      if (z < source.first || z > source.last) return undefined;
      const bytes = source.tiles ? await unpacked(source.tiles[`${z}/${x}/${y}`]) : await fetched(source, z, x, y, signal);
      return bytes?.byteLength ? { data: bytes } : undefined;
    },
  });

  /** @param {Source} source @param {number} z @param {number} x @param {number} y @param {AbortSignal} [signal] */
  async function fetched(source, z, x, y, signal) {
    const address = source.address.replace("{z}", `${z}`).replace("{x}", `${x}`).replace("{y}", `${y}`);
    const response = await fetch(address, { signal });
    // Without a tile the map stays empty there: what lies over it can be read all the same.
    return response.status === 200 ? response.arrayBuffer() : undefined;
  }

  /** @param {string | undefined} text */
  async function unpacked(text) {
    if (!text) return undefined;
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  const view = { zoom: map.getZoom() ?? 12, scale: 1, text: 1 };
  const { paint, labels, background } = /** @type {any} */ (window).patchmapBasemapRules(lib, sources.map(({ id }) => id), view, { dark, places });
  map.getContainer().style.background = background;
  // On paper a dark one is turned light by the style of the map: printing does not wait for tiles.
  map.getContainer().classList.toggle("dark-ground", dark);

  /** A layer that draws at the size of the screen, also between two zooms of tiles. @param {any} options */
  function layer(options) {
    const made = lib.leafletLayer({
      sources: Object.fromEntries(sources.map((source) => [source.id, { url: archive(source), maxDataZoom: source.last }])),
      attribution: "", maxZoom: map.getMaxZoom(), noWrap: true, tileDelay: 1, ...options,
    });
    // By itself the layer empties whenever the map is set to a view. It keeps what it has until what
    // follows is drawn: printing does not wait for that, and a map that is resized does not flicker.
    made._invalidateAll = () => {};
    // A tile is often begun anew, for another size of letters or of the map, before it is drawn. The
    // library draws each of these, and the older one may come last: only the newest is drawn.
    const renderTile = made.renderTile;
    let begun = 0;
    /** @this {any} @param {any} coords @param {any} element @param {string} key @param {() => void} [done] */
    made.renderTile = function (coords, element, key, done) {
      element.done = done ?? element.done;
      element.key = `${key} ${++begun}`;
      return renderTile.call(this, coords, element, element.key, () => {
        element.done?.();
        element.done = undefined;
      });
    };
    const setView = L.GridLayer.prototype._setView;
    /** @this {any} @param {any[]} where */
    made._setView = function (...where) {
      const [, zoom] = where;
      // A frame that has no size yet gives no zoom: tiles without end would be asked for.
      if (!Number.isFinite(zoom)) return;
      const before = this._tileZoom;
      const scale = 2 ** (zoom - this._clampZoom(Math.round(zoom)));
      const changed = Math.abs(scale - (this.drawnScale ?? 0)) > 0.01;
      Object.assign(view, { zoom, scale });
      if (changed) {
        this.drawnScale = scale;
        this.tileSize = Math.round(256 * Math.max(devicePixelRatio, 1) * Math.max(scale, 1));
        this.clearLayout();
      }
      setView.apply(this, where);
      if (changed && before === this._tileZoom) this.rerenderTiles();
    };
    return made;
  }

  const ground = layer({ paintRules: paint, labelRules: [] });
  map.createPane("basemap-names").style.zIndex = "450";
  map.getPane("basemap-names").style.pointerEvents = "none";
  const names = layer({ paintRules: [], labelRules: labels, pane: "basemap-names" });
  names.views = ground.views;

  /** Keep names off the names of areas, the numbers of places and the edge of the map. @param {any} labelers */
  function guard(labelers) {
    const add = labelers.add.bind(labelers);
    labelers.add = (/** @type {number} */ z, /** @type {Map<string, any>} */ prepared) => {
      if (!labelers.labelers.has(z)) {
        add(z, new Map());
        for (const label of [...taken(z), ...edges(z)]) labelers.getIndex(z).insert(label, -1, "0:0:0:taken");
      }
      return add(z, prepared);
    };
  }

  /** The places of the texts that the page itself shows, in pixels of the world at a zoom. @param {number} z */
  function taken(z) {
    /** @type {any[]} */ const found = [];
    map.eachLayer((/** @type {any} */ one) => {
      const tooltip = one.getTooltip?.();
      const element = (tooltip?.options.permanent && tooltip.getElement()) || one.options?.icon?.options.shownText?.();
      if (!element) return;
      const { x, y } = map.project(one.getLatLng(), z);
      const [half, high] = [element.offsetWidth / 2 / view.scale, element.offsetHeight / 2 / view.scale];
      const aside = (tooltip?.options.offset?.[0] ?? tooltip?.options.offset?.x ?? 0) / view.scale;
      const box = { minX: x + aside - half, maxX: x + aside + half, minY: y - high, maxY: y + high };
      found.push({ anchor: { x, y }, bboxes: [box], draw() {} });
    });
    return found;
  }

  let laidOut = "";
  const shownBox = () => `${map.getBounds().toBBoxString()} ${map.getZoom()}`;
  /** What lies just beyond the map, a tile wide: it would cut the names that reach into it. @param {number} z */
  function edges(z) {
    laidOut = shownBox();
    const size = map.getSize().divideBy(view.scale), beyond = 256;
    const { x, y } = map.project(map.getCenter(), z);
    const [left, right, top, bottom] = [x - size.x / 2, x + size.x / 2, y - size.y / 2, y + size.y / 2];
    const boxes = [
      { minX: left - beyond, maxX: left, minY: top - beyond, maxY: bottom + beyond },
      { minX: right, maxX: right + beyond, minY: top - beyond, maxY: bottom + beyond },
      { minX: left, maxX: right, minY: top - beyond, maxY: top },
      { minX: left, maxX: right, minY: bottom, maxY: bottom + beyond },
    ];
    return boxes.map((box) => ({ anchor: { x: box.minX, y: box.minY }, bboxes: [box], draw() {} }));
  }

  const clearLayout = names.clearLayout;
  names.clearLayout = /** @this {any} */ function () {
    clearLayout.call(this);
    guard(this.labelers);
  };
  guard(names.labelers);
  ground.addTo(map);
  names.addTo(map);
  // The page has moved texts of its own: names are laid out anew once it is done.
  let waiting = 0;
  const layOut = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      names.clearLayout();
      names.rerenderTiles();
    }, TEXTS_MOVED_MS);
  };
  map.on("textsmoved", layOut);
  // The edge of the map lies elsewhere: other names reach beyond it.
  map.on("moveend", () => {
    if (shownBox() !== laidOut) layOut();
  });
  map.on("textscale", (/** @type {{ scale: number }} */ { scale }) => {
    view.text = scale;
    names.clearLayout();
    names.rerenderTiles();
  });

  const said = document.createElement("span");
  for (const credit of new Set(sources.map(({ attribution }) => attribution).filter(Boolean))) {
    said.textContent = credit;
    map.attributionControl?.addAttribution(said.innerHTML);
  }
}

(() => {
  // folium's map is a variable of the window; a page that makes its own calls the function.
  const L = /** @type {any} */ (window).L;
  const map = Object.values(window).find((value) => value instanceof L.Map);
  if (map) addBasemap(map);
  else /** @type {any} */ (window).addBasemap = addBasemap;
})();
