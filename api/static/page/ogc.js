// Draws the features that a page names on its small map, from the same service and nowhere else.
// @ts-check
import { underlay } from "./underlay.js";

/** @type {Record<string, string>} */
const FILL = {
  hot_99: "#b2182b", hot_95: "#f4a582", none: "#d9d9d9",
  cold_95: "#92c5de", cold_99: "#2166ac", undefined: "#ffffff",
};

async function draw(/** @type {HTMLElement} */ box) {
  const map = L.map(box, { preferCanvas: true, attributionControl: false });
  const response = await fetch(box.dataset.features ?? "");
  if (!response.ok) {
    box.textContent = (await response.json()).detail;
    return;
  }
  const style = (/** @type {GeoJSON.Feature | undefined} */ feature) => ({
    color: "#0b3d5c", weight: 1, fillOpacity: 0.5,
    fillColor: FILL[feature?.properties?.class ?? ""] ?? "#6aa5c9",
  });
  const layer = L.geoJSON(await response.json(), {
    style,
    pointToLayer: (feature, place) => L.circleMarker(place, { ...style(feature), radius: 4 }),
    onEachFeature: (feature, shape) => {
      const label = document.createElement("span");
      label.textContent = feature.properties?.area_name ?? feature.id;
      shape.bindTooltip(label);
    },
  }).addTo(map);
  const bounds = layer.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { maxZoom: 15 });
  else map.setView([53, -1.5], 6);
  if (await underlay(map)) box.classList.add("based");
  box.dataset.drawn = String(layer.getLayers().length);
}

for (const box of document.querySelectorAll("[data-features]")) draw(/** @type {HTMLElement} */ (box));
