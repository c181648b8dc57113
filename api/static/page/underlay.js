// The basemap of the store under a small map that a page makes by itself. A page that has none, or a
// service without one, leaves the map as it is: what lies over it can be read all the same.
// @ts-check
import { ownAddress } from "./root.js";

const SCRIPTS = ["/static/protomaps-leaflet/protomaps-leaflet.js", "/static/page/basemap_style.js", "/static/page/basemap.js"];
/** @typedef {{ id: string, format: string, attribution: string, tiles: string[], minzoom: number, maxzoom: number }} Described */

/** Put the basemap under a map that has a view; says whether there is one. @param {L.Map} map */
export async function underlay(map) {
  const response = await fetch(ownAddress("/basemap")).catch(() => null);
  const answer = response?.ok ? await response.json().catch(() => null) : null;
  /** @type {Described[]} */
  const basemaps = answer?.basemaps ?? [];
  if (!basemaps.length) return false;
  L.control.attribution({ prefix: false }).addTo(map);
  const pictures = basemaps.filter(({ format }) => format !== "pbf").at(-1);
  if (pictures) addPictures(map, pictures);
  const vectors = basemaps.filter(({ format }) => format === "pbf");
  if (vectors.length) await addVectors(map, vectors);
  return true;
}

/** An address of tiles on this host: the service may know itself by another name. @param {string} address */
const local = (address) => ownAddress(address.slice(address.indexOf("/basemap/")));

/** @param {L.Map} map @param {Described} one */
function addPictures(map, { tiles, minzoom, maxzoom, attribution }) {
  const credit = document.createElement("span");
  credit.textContent = attribution;
  L.tileLayer(local(tiles[0]), {
    minZoom: Math.max(minzoom - 2, 0), maxZoom: 19, minNativeZoom: minzoom, maxNativeZoom: maxzoom,
    attribution: credit.innerHTML,
  }).addTo(map);
}

/** @param {L.Map} map @param {Described[]} vectors */
async function addVectors(map, vectors) {
  const data = document.createElement("script");
  data.type = "application/json";
  data.id = "basemap-data";
  data.textContent = JSON.stringify(vectors.map(({ id, tiles, minzoom, maxzoom, attribution }) =>
    ({ id, address: local(tiles[0]), first: minzoom, last: maxzoom, attribution })));
  document.body.append(data);
  for (const address of SCRIPTS) await loaded(ownAddress(address));
  /** @type {any} */ (window).addBasemap?.(map);
}

/** @param {string} address */
const loaded = (address) => new Promise((resolve) => {
  const script = document.createElement("script");
  script.onload = script.onerror = resolve;
  script.src = address;
  document.head.append(script);
});
