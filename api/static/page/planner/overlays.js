// Overlays: hotspots, incidents by cell, and the areas of other layers.
// @ts-check

import { make } from "./dom.js";
import { read } from "./service.js";
import { count } from "./text.js";
import { ownAddress } from "../root.js";

/** @typedef {{id: string, title: string, kind: string}} Layer areas, or the points of housing sites */

const DASHES = ["", "7 5", "2 5", "10 4 2 4"];
const PAGE = 10_000; // the most features that the service returns at once

const SITE = { radius: 6, color: "#6a2c86", weight: 2, fillColor: "#ffffff", fillOpacity: 0.85 };
const HOT = { color: "#b2182b", weight: 2, fillColor: "#b2182b", fillOpacity: 0.14 };

/** What can be drawn. @param {Layer[]} layers */
export const offered = (layers) => [
  { id: "ranked-hotspots", title: "Ranked places" },
  { id: "hotspots", title: "Hotspots" },
  { id: "cells", title: "Incidents by cell" },
  ...layers,
];

export class Overlays {
  /** @param {L.Map[]} maps @param {Layer[]} layers @param {string} question which incidents count, as a query */
  constructor(maps, layers, question) {
    this.maps = maps;
    this.layers = layers;
    this.question = question;
    /** @type {Map<string, L.Layer[]>} */
    this.drawn = new Map();
    /** @type {Map<string, Promise<GeoJSON.FeatureCollection>>} */
    this.known = new Map();
  }

  /** Draw exactly these, on every map. @param {string[]} ids @returns {Promise<string>} a note on them */
  async show(ids) {
    for (const [id, layers] of this.drawn) {
      for (const layer of layers) layer.remove();
      this.drawn.delete(id);
    }
    const notes = await Promise.all(ids.map((id) => this.#draw(id)));
    return notes.filter(Boolean).join("; ");
  }

  /** @param {string} id */
  async #draw(id) {
    const collection = id === "cells" ? "hotspots" : id;
    const isLayer = this.layers.some((layer) => layer.id === id);
    const query = isLayer || !this.question ? "" : `&${this.question}`;
    const address = ownAddress(`/ogc/collections/${encodeURIComponent(collection)}/items?f=json&limit=${PAGE}${query}`);
    const request = this.known.get(address) ?? readAll(address);
    this.known.set(address, request);
    const features = await request.catch((/** @type {Error} */ error) => {
      this.known.delete(address);
      throw error;
    });
    const drawn = this.maps.map((map) => this.#layerOf(id, features).addTo(map));
    this.drawn.set(id, drawn);
    return isLayer ? "" : describe(id, features);
  }

  /** @param {string} id @param {GeoJSON.FeatureCollection} features @returns {L.Layer} */
  #layerOf(id, features) {
    const at = this.layers.findIndex((layer) => layer.id === id);
    const renderer = L.canvas({ pane: "over" });
    const draw = (/** @type {L.PathOptions} */ style, /** @type {(feature: any) => boolean} */ filter = () => true) =>
      L.geoJSON(features, { interactive: false, filter, style: { ...style, renderer } });
    if (this.layers[at]?.kind === "points") {
      return L.geoJSON(features, { interactive: false, pointToLayer: (_, place) => L.circleMarker(place, { ...SITE, renderer, interactive: false }) });
    }
    if (at >= 0) {
      return draw({ color: "#6a2c86", weight: 2.4, fill: false, dashArray: DASHES[at % DASHES.length] });
    }
    if (id === "hotspots") return draw(HOT, ({ properties }) => String(properties.class).startsWith("hot"));
    if (id === "ranked-hotspots") return L.layerGroup([draw(HOT), ranks(features)]);
    const most = Math.max(...features.features.map((each) => each.properties?.n ?? 0));
    return L.geoJSON(features, {
      interactive: false,
      filter: ({ properties }) => properties.n > 0,
      style: (feature) => ({
        renderer, stroke: false, fillColor: "#3d1a00",
        fillOpacity: 0.1 + 0.7 * Math.sqrt((feature?.properties.n ?? 0) / most),
      }),
    });
  }
}

/** All pages of a collection. @param {string} address @returns {Promise<any>} */
async function readAll(address) {
  const page = await read(address);
  const next = page.links?.find((/** @type {{rel: string}} */ link) => link.rel === "next");
  if (!next) return page;
  const { pathname, search } = new URL(next.href);
  const rest = await readAll(pathname + search);
  return { ...page, features: [...page.features, ...rest.features] };
}

/** The rank of each place, in its middle. @param {GeoJSON.FeatureCollection} places */
function ranks(places) {
  const group = L.layerGroup();
  for (const place of places.features) {
    const shape = /** @type {L.Polygon} */ (L.geoJSON(place).getLayers()[0]);
    const html = make("span", {}, String(place.properties?.rank ?? ""));
    const icon = L.divIcon({ className: "rank", html, iconSize: [0, 0] });
    L.marker(shape.getBounds().getCenter(), { icon, interactive: false, keyboard: false, zIndexOffset: 1000 }).addTo(group);
  }
  return group;
}

/** @param {string} id @param {any} features with its accounts */
function describe(id, features) {
  const period = features.accounts?.period;
  const of = period ? ` of ${period.from} to ${period.to}` : "";
  if (id === "ranked-hotspots") return `${count(features.features.length, "ranked place")}${of}`;
  if (id === "hotspots") {
    const hot = features.features.filter((/** @type {any} */ each) => String(each.properties.class).startsWith("hot"));
    const joined = new Set(hot.map((/** @type {any} */ each) => each.properties.cluster_id));
    return `${count(joined.size, "hotspot")}${of}`;
  }
  return `incidents${of}; darker means more`;
}
