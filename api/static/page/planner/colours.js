// A colour for each area: neighbours differ, and no colour stands out.
// @ts-check

import { ARC } from "./topology.js";

/** Paul Tol's light scheme, which colour-blind people can tell apart, without its grey and paler still. */
export const PALETTE = ["#98bee5", "#cbd864", "#f2a58b", "#b1e5ff", "#f2e5a5", "#ffbecb", "#71cbb1", "#bebe3d"];
export const NO_AREA = "#cdc8bd";

const SAME_COLOUR = 1000; // for neighbours; areas with one between them only would rather differ

/**
 * Colour areas: the one with most neighbours first, each as unlike those around it as can be.
 * An area keeps the colour that it has, unless a neighbour has the same.
 * @param {string[]} codes
 * @param {Map<string, Set<string>>} near the neighbours of each area
 * @param {Map<string, number>} [current] places in the palette
 * @returns {Map<string, number>}
 */
export function coloured(codes, near, current = new Map()) {
  /** @param {string} code */
  const around = (code) => near.get(code) ?? new Set();
  const order = [...codes].sort((a, b) => around(b).size - around(a).size || (a < b ? -1 : 1));
  /** @type {Map<string, number>} */
  const places = new Map();
  for (const code of order) {
    const place = current.get(code);
    if (place !== undefined && ![...around(code)].some((other) => places.get(other) === place)) places.set(code, place);
  }
  for (const code of order) {
    if (places.has(code)) continue;
    const costs = new Array(PALETTE.length).fill(0);
    for (const other of around(code)) {
      const place = places.get(other);
      if (place !== undefined) costs[place] += SAME_COLOUR;
      for (const third of around(other)) {
        const further = places.get(third);
        if (further !== undefined && third !== code) costs[further] += 1;
      }
    }
    places.set(code, costs.indexOf(Math.min(...costs)));
  }
  return places;
}

/** The neighbours of each area of an assignment. @param {Int32Array} arcs @param {string[]} assigned @param {Map<string, Set<string>>} [into] */
export function areaNeighbours(arcs, assigned, into = new Map()) {
  for (let at = 0; at < arcs.length; at += ARC) {
    const b = arcs[at + 1];
    if (b === -1) continue;
    const [one, other] = [assigned[arcs[at]], assigned[b]];
    if (one === other || !one || !other) continue;
    for (const [from, to] of [[one, other], [other, one]]) {
      if (!into.has(from)) into.set(from, new Set());
      into.get(from)?.add(to);
    }
  }
  return into;
}
