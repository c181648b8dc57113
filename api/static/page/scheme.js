// On a dark screen a map's shapes are drawn so that much is bright and little is dark, as on a light
// one much is dark: the legend with them. Pictures under a map are light: there nothing changes.
// @ts-check
(() => {
  /** Lines and fills of the maps, and what stands for them on a dark screen. @type {Record<string, string>} */
  const DARK = {
    "#ffffff": "#1f2a33", "#1a1a1a": "#dfe5ea", "#111111": "#f0f4f7", "#111": "#f0f4f7", "#b9b4a8": "#46525c",
    "#767676": "#8a96a0", "#4d4d4d": "#aab4bb", "#333333": "#aab4bb", "#8d8d8d": "#aab4bb",
    // hot and cold cells, patterns, rates
    "#b2182b": "#e5384d", "#7a0c1c": "#ff9a8c", "#5f0a17": "#ffc2b8", "#92c5de": "#3f7899", "#2166ac": "#6aaee6",
    "#0b2f57": "#b9dcff", "#3f1d66": "#cbb3f0",
    // density and streets
    "#ffe699": "#5d4a1e", "#fd9f2e": "#9a5f1c", "#e2541a": "#d9622b", "#b3001b": "#ff8a66", "#50001a": "#ffe0d1",
    // more and fewer
    "#fdb863": "#6b4a1e", "#e66101": "#d9741a", "#8c3a00": "#ffb87a", "#b2abd2": "#4b4470", "#5e3c99": "#8f74cf", "#2d0a5e": "#d6c8ff",
    // unusual
    "#17806d": "#35a58c", "#0d3b2c": "#8fe5cf", "#5c4700": "#ffe38a", "#7b3fa0": "#b67fe0", "#3b1054": "#e3c8fa",
    // further layers
    "#7b3294": "#c58be0", "#00695c": "#4dbfae", "#8c510a": "#d9975a", "#35478c": "#93a6ea",
    // shares of the need
    "#f7faff": "#1e2c36", "#b3d1e8": "#28506f", "#61a5d0": "#3f83b5", "#2070b0": "#8cc8f2",
  };
  const L = /** @type {any} */ (window).L;
  const map = /** @type {any} */ (Object.values(window).find((value) => value instanceof L.Map));
  const screen = matchMedia("screen and (prefers-color-scheme: dark)");
  if (!map || !getComputedStyle(document.documentElement).colorScheme.includes("dark")) return;

  /** @type {Map<any, Record<string, string>>} what has been changed, as it was */
  const light = new Map();
  /** @param {any} one @param {string[]} names @param {(name: string) => string | undefined} get @param {(name: string, colour: string) => void} set */
  function paint(one, names, get, set) {
    const own = light.get(one) ?? Object.fromEntries(names.map((name) => [name, get(name) ?? ""]));
    light.set(one, own);
    for (const name of names) {
      const dark = DARK[own[name].toLowerCase()];
      if (dark) set(name, screen.matches && !paper ? dark : own[name]);
    }
  }
  let paper = false;
  function apply() {
    map.eachLayer((/** @type {any} */ { options, feature }) => {
      if (feature) paint(options, ["color", "fillColor"], (name) => options[name], (name, colour) => (options[name] = colour));
    });
    for (const shape of document.querySelectorAll(".legend svg :is(path, circle)")) {
      paint(shape, ["fill", "stroke"], (name) => shape.getAttribute(name) ?? "", (name, colour) => shape.setAttribute(name, colour));
    }
  }
  // Before anything is drawn.
  if (screen.matches) map.whenReady(apply);
  function repaint() {
    apply();
    map.eachLayer((/** @type {any} */ layer) => layer._renderer?._redraw?.());
  }
  // Paper is light: the board says so before it is printed.
  window.addEventListener("patchmap:fit", (event) => {
    paper = /** @type {any} */ (event).detail?.printing === true;
    repaint();
  });
  // A vector basemap is drawn once, as the page was opened: what lies on it follows it on the screen.
  const opened = screen.matches;
  const ground = document.getElementById("basemap-data");
  screen.addEventListener("change", () => {
    paper = !!ground && opened && matchMedia("print").matches;
    if (!ground || opened) repaint();
  });
})();
