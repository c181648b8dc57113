// Finds a block or an area of the plan by its name or code.
// @ts-check
import { byId, make } from "./dom.js";
import { hush, say } from "./message.js";

/** Suggestions that are listed at once. */
const MOST = 30;

/** @typedef {{ code: string, name: string, show: () => void }} Place */

/** A text as it is compared, as the service does. @param {string} text */
const folded = (text) =>
  text.normalize("NFKD").replace(/[\p{M}'’]/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").replace(/\bsaint\b/g, "st").trim();

/** How well a place fits, from 0; -1 where it does not. @param {{code: string, name: string}} place @param {string} text */
function fit(place, text) {
  const names = [folded(place.name), folded(place.code)];
  if (names.includes(text)) return 0;
  if (names.some((name) => name.startsWith(text))) return 1;
  const words = names[0].split(" ");
  return text.split(" ").every((part) => words.some((word) => word.startsWith(part))) ? 2 : -1;
}

/** The best first. @template {{code: string, name: string}} Named @param {Named[]} places @param {string} text @returns {Named[]} */
export function fitting(places, text) {
  const wanted = folded(text);
  if (!wanted) return [];
  const ranked = places.map((place) => ({ place, rank: fit(place, wanted) })).filter(({ rank }) => rank >= 0);
  return ranked.sort((one, other) => one.rank - other.rank).map(({ place }) => place);
}

/** @param {() => Place[]} places areas before blocks */
export function setUpFind(places) {
  const input = /** @type {HTMLInputElement} */ (byId("find-place"));
  const list = byId("find-places");
  const label = (/** @type {Place} */ { code, name }) => (name === code ? code : `${name} (${code})`);
  const whole = (/** @type {string} */ text) => places().find((place) => label(place) === text);

  function show() {
    const place = whole(input.value) ?? fitting(places(), input.value)[0];
    if (place) {
      hush();
      place.show();
    } else if (input.value.trim()) {
      say(`no block or area of this plan is called ${input.value.trim()}`);
    }
  }
  input.addEventListener("input", () => {
    // A suggestion was chosen, not typed.
    if (whole(input.value)) show();
    else list.replaceChildren(...fitting(places(), input.value).slice(0, MOST).map((place) => make("option", { value: label(place) })));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") show();
  });
}
