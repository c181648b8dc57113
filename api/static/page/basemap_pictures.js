// The pictures under a map in a file of its own: they are in the page itself.
// @ts-check
(() => {
  const L = /** @type {any} */ (window).L;
  const map = /** @type {any} */ (Object.values(window).find((value) => value instanceof L.Map));
  const data = document.getElementById("basemap-pictures");
  if (!map || !data) return;
  /** @type {{ first: number, last: number, attribution: string, tiles: Record<string, string> }} */
  const { first, last, attribution, tiles } = JSON.parse(data.textContent ?? "{}");
  const CLEAR = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
  const layer = L.tileLayer("", {
    minZoom: Math.max(first - 2, 0), maxZoom: map.getMaxZoom(), minNativeZoom: first, maxNativeZoom: last,
  });
  /** @param {{ x: number, y: number, z: number }} place */
  layer.getTileUrl = ({ x, y, z }) => tiles[`${z}/${x}/${y}`] ?? CLEAR;
  layer.addTo(map);
  const said = document.createElement("span");
  said.textContent = attribution;
  if (attribution) map.attributionControl?.addAttribution(said.innerHTML);
})();
