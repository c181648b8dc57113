// How a basemap is drawn: quiet greys under the cells, names over them. Layers and properties are
// those of OS Open Zoomstack, and of Protomaps and OpenMapTiles where they differ.
// @ts-check
(() => {
  /** @typedef {{ props: Record<string, any> }} Feature */
  /** @typedef {{ zoom: number, scale: number, text: number }} View the map's own zoom, how large a tile is drawn, and how much larger than usual its names are */

  const LIGHT = {
    land: "#f3f1ec", built: "#e9e5de", water: "#cfdbe2", green: "#e1e9da", wood: "#d7e2d1", site: "#eae6df",
    building: "#e2ded7", casing: "#d3cec5", major: "#bdb6aa", road: "#ffffff", rail: "#aaa59d", edge: "#a79fae",
    line: "#b9b4a8", text: "#55524c", strong: "#35332f", waterText: "#3f6780", greenText: "#4a6638", halo: "#fbfaf8",
  };
  const DARK = {
    land: "#22252a", built: "#272a2f", water: "#17293a", green: "#24302a", wood: "#223029", site: "#2a2c30",
    building: "#2f3338", casing: "#191b1e", major: "#14161a", road: "#40454c", rail: "#5c6168", edge: "#5d5566",
    line: "#4c5056", text: "#b4b8be", strong: "#dfe2e6", waterText: "#8fb4cc", greenText: "#9dbb8d", halo: "#1b1e22",
  };
  const FONT = 'system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
  const SMALLEST = 11.5; // pixels: smaller names cannot be read

  /** Ranks of roads by the words of each schema: 1 motorways … 6 paths. @type {Record<string, number>} */
  const RANKS = {
    Motorway: 1, Primary: 2, "A Road": 3, "B Road": 4, Minor: 4, Local: 5, "Guided Busway": 5, Restricted: 6,
    highway: 1, major_road: 3, minor_road: 5, path: 6, other: 6,
    motorway: 1, trunk: 2, primary: 2, secondary: 3, tertiary: 4, minor: 5, service: 6, track: 6,
  };
  const WIDTHS = [
    [],
    [[8, 1], [10, 1.8], [12, 3.2], [14, 6.5], [16, 13], [18, 26]],
    [[8, 0.8], [10, 1.5], [12, 2.8], [14, 6], [16, 12], [18, 24]],
    [[9, 0.6], [10, 1.2], [12, 2.4], [14, 5.2], [16, 11], [18, 22]],
    [[10, 0.5], [12, 1.6], [14, 4], [16, 9.5], [18, 20]],
    [[12, 0.7], [13, 1.2], [14, 2.4], [15, 4.2], [16, 7.5], [18, 17]],
    [[13, 0.5], [14, 0.9], [16, 3], [18, 7]],
  ];
  const ROADS = ["roads", "roads_local", "roads_regional", "roads_national", "transportation"];

  /** @param {Feature} feature */
  const rank = ({ props }) => RANKS[props.type] ?? RANKS[props.kind] ?? RANKS[props.class] ?? (isRail(props) ? 0 : 5);
  /** @param {Record<string, any>} props */
  const isRail = (props) => props.kind === "rail" || props.class === "rail" || props.class === "transit";

  /** @param {number[][]} stops @param {number} zoom */
  function between(stops, zoom) {
    if (zoom <= stops[0][0]) return stops[0][1];
    for (let i = 1; i < stops.length; i++) {
      const [[z0, v0], [z1, v1]] = [stops[i - 1], stops[i]];
      if (zoom <= z1) return v0 * (v1 / v0) ** ((zoom - z0) / (z1 - z0));
    }
    return stops[stops.length - 1][1];
  }

  /**
   * The library writes along straight lines only: a street that bends a little is taken for one.
   * @param {any} symbolizer @param {View} view
   */
  const straightened = (symbolizer, view) => ({
    /** @param {any} layout @param {any[][]} lines @param {any} feature */
    place: (layout, lines, feature) => symbolizer.place(layout, lines.map((line) => simplified(line, 5 / view.scale)), feature),
  });

  /** Douglas and Peucker's points of a line. @param {{ x: number, y: number }[]} line @param {number} tolerance @returns {any[]} */
  function simplified(line, tolerance) {
    if (line.length < 3) return line;
    const [first, last] = [line[0], line[line.length - 1]];
    const length = Math.hypot(last.x - first.x, last.y - first.y) || 1;
    let [farthest, at] = [tolerance, 0];
    for (let i = 1; i < line.length - 1; i++) {
      const { x, y } = line[i];
      const off = Math.abs((last.x - first.x) * (first.y - y) - (first.x - x) * (last.y - first.y)) / length;
      if (off > farthest) [farthest, at] = [off, i];
    }
    if (!at) return [first, last];
    return [...simplified(line.slice(0, at + 1), tolerance).slice(0, -1), ...simplified(line.slice(at), tolerance)];
  }

  /**
   * The rules of protomaps-leaflet.
   * @param {any} lib @param {string[]} sources @param {View} view what sizes are measured by
   * @param {{ dark: boolean, places: boolean }} how
   */
  function rules(lib, sources, view, how) {
    const colour = how.dark ? DARK : LIGHT;
    /** @type {any[]} */ const paint = [];
    /** @type {any[]} */ const labels = [];
    /** Sizes in pixels of the screen: a tile is drawn larger or smaller than it is. @param {(zoom: number) => number} size */
    const px = (size) => () => size(view.zoom) / view.scale;

    /** @param {any[]} list @param {string | string[]} layers @param {any} symbolizer @param {{ filter?: any, from?: number, to?: number, sort?: any }} [more] */
    function rule(list, layers, symbolizer, { filter, from, to, sort } = {}) {
      for (const dataLayer of [layers].flat()) {
        for (const dataSource of sources) {
          list.push({ dataSource, dataLayer, symbolizer, filter, minzoom: from, maxzoom: to, sort });
        }
      }
    }
    /** @param {string | string[]} layers @param {string} fill @param {any} [more] */
    const fill = (layers, fill, more) => rule(paint, layers, new lib.PolygonSymbolizer({ fill }), more);
    /** @param {string | string[]} layers @param {string} color @param {number[][]} stops @param {any} [more] */
    function line(layers, color, stops, { dash, ...more } = {}) {
      const width = px((zoom) => between(stops, zoom));
      rule(paint, layers, new lib.LineSymbolizer({ color, width, dash, lineCap: dash ? "butt" : "round", lineJoin: "round" }), more);
    }

    fill(["land", "earth"], colour.land);
    fill(["sea"], colour.water);
    fill(["urban_areas"], colour.built);
    fill("landuse", colour.green, { filter: (/** @type {number} */ _z, /** @type {Feature} */ f) => /park|grass|garden|recreation|cemetery|pitch|nature/.test(f.props.kind ?? f.props.class ?? "") });
    fill("sites", colour.site);
    fill(["greenspaces", "greenspace", "park"], colour.green);
    fill(["woodland"], colour.wood);
    fill("landcover", colour.wood, { filter: (/** @type {number} */ _z, /** @type {Feature} */ f) => /wood|forest/.test(f.props.kind ?? f.props.class ?? "") });
    fill(["surfacewater", "water"], colour.water, { filter: (/** @type {number} */ _z, /** @type {any} */ f) => f.geomType === 3 });
    line(["waterlines", "waterway"], colour.water, [[11, 0.8], [14, 1.6], [17, 4]]);
    fill(["buildings", "building", "local_buildings", "district_buildings"], colour.building, { from: 14 });
    line("lines", colour.line, [[9, 0.6], [14, 1.2], [17, 2.5]]);

    const ranks = [6, 5, 4, 3, 2, 1];
    /** @param {number} wanted */
    const of = (wanted) => (/** @type {number} */ _z, /** @type {Feature} */ f) => rank(f) === wanted;
    for (const number of ranks) {
      // Where they are thin, side streets would be a grey mass with an edge each.
      const from = [0, 0, 0, 9, 13, 14, 15][number];
      const wider = WIDTHS[number].map(([zoom, width]) => [zoom, width + (number < 4 ? 1.8 : 1.4)]);
      line(ROADS, number < 4 ? colour.major : colour.casing, wider, { filter: of(number), from });
    }
    for (const number of ranks) {
      // Thin main roads would vanish beside their edges.
      const from = [0, 9, 9, 10, 10, 12, 13][number];
      line(ROADS, colour.road, WIDTHS[number], { filter: of(number), from });
    }
    const rails = (/** @type {number} */ _z, /** @type {Feature} */ f) => isRail(f.props);
    for (const [layers, filter] of /** @type {[string | string[], any][]} */ ([["rail", undefined], [["transportation", "roads"], rails]])) {
      line(layers, colour.rail, [[8, 0.7], [12, 1.4], [14, 2.4], [17, 4]], { filter, from: 9 });
      line(layers, colour.land, [[12, 0.6], [14, 1.2], [17, 2.4]], { filter, from: 13, dash: [6, 6] });
    }
    line("boundaries", colour.edge, [[8, 0.8], [14, 1.4], [17, 2]], { dash: [6, 4] });
    rule(paint, ["railwaystations", "railway_stations"], new lib.CircleSymbolizer({
      radius: px((zoom) => between([[12, 2.5], [15, 4]], zoom)), fill: colour.halo, stroke: colour.strong, width: px(() => 1.5),
    }), { from: 12 });

    // Names, the most important first: a name gives way to those before it.

    /** @param {number[][]} stops @param {string} fill @param {{ weight?: number, style?: string }} [more] */
    const letters = (stops, fill, { weight = 400, style } = {}) => ({
      fontFamily: FONT, fontWeight: weight, fontStyle: style, fill, stroke: colour.halo, width: px(() => 3.2 * Math.sqrt(view.text)),
      fontSize: px((zoom) => Math.max(between(stops, zoom), SMALLEST) * view.text), lineHeight: 1.1,
    });
    /** @param {string | string[]} layers @param {any} text @param {any} more */
    const named = (layers, text, more) => rule(labels, layers, new lib.CenteredTextSymbolizer({ labelProps: ["name1", "name", "name:latin"], ...text }), more);
    /** @param {RegExp} kinds */
    const typed = (kinds) => (/** @type {number} */ _z, /** @type {Feature} */ f) => kinds.test(f.props.type ?? f.props.kind_detail ?? f.props.class ?? f.props.kind ?? "");
    const places = how.places ? ["names", "places", "place"] : [];
    named(places, letters([[8, 14], [12, 19], [14, 20]], colour.strong, { weight: 650 }), { filter: typed(/^(capital|city)$/i), to: 14 });
    named(places, letters([[8, 12], [12, 16], [14, 17]], colour.strong, { weight: 600 }), { filter: typed(/^town$/i), to: 15 });
    named(places, letters([[11, 12], [14, 15]], colour.text, { weight: 600 }), { filter: typed(/^(suburban area|suburb|village|neighbou?rhood|locality)$/i), from: 11, to: 16 });
    named(places, letters([[12, 11.5], [15, 13]], colour.text), { filter: typed(/^(hamlet|small settlements?|quarter)$/i), from: 13, to: 17 });
    rule(labels, ["railwaystations", "railway_stations"], new lib.OffsetTextSymbolizer({
      labelProps: ["name"], offsetX: px(() => 7), offsetY: 0, ...letters([[12, 11.5], [15, 13]], colour.strong, { weight: 600 }),
    }), { from: 13 });
    for (const number of [1, 2, 3, 4, 5, 6]) {
      const from = [0, 13, 13, 13, 14, 15, 16][number];
      const way = letters([[13, 11.5], [15, 12], [17, 14]], number < 4 ? colour.strong : colour.text, { weight: number < 4 ? 600 : 400 });
      /** @param {string[]} labelProps */
      const along = (labelProps) => straightened(new lib.LineLabelSymbolizer({ labelProps, position: 2, repeatDistance: 320, ...way }), view);
      const layers = [...ROADS, "transportation_name"];
      if (number < 5) rule(labels, layers, along(["number", "ref"]), { filter: of(number), from: 11, to: 13 });
      rule(labels, layers, along(["name", "name1", "number", "ref"]), { filter: of(number), from });
    }
    /** In large letters the names of parks and sites would hide what the map is about. @param {RegExp} kinds */
    const minor = (kinds) => (/** @type {number} */ z, /** @type {Feature} */ f) => view.text < 1.5 && typed(kinds)(z, f);
    named("names", letters([[13, 11.5], [16, 13]], colour.waterText, { style: "italic" }), { filter: typed(/^water$/i), from: 12 });
    const stream = letters([[13, 11.5], [16, 13]], colour.waterText, { style: "italic" });
    rule(labels, ["waterlines", "waterway"], straightened(new lib.LineLabelSymbolizer({ labelProps: ["name"], position: 2, repeatDistance: 400, ...stream }), view), { from: 13 });
    named("names", letters([[13, 11.5], [16, 13]], colour.greenText), { filter: minor(/^(greenspace|woodland|landcover|national park)$/i), from: 14 });
    named("names", letters([[13, 11.5], [16, 13]], colour.text), { filter: minor(/^(sites|landform)$/i), from: 14 });
    return { paint, labels, background: colour.land };
  }

  /** @type {any} */ (window).patchmapBasemapRules = rules;
})();
