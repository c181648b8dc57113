// The council as a whole: its average, and whether its variances meet the criteria for a review.
// @ts-check

import { byId, make } from "./dom.js";
import { count, electorate, figure } from "./text.js";

const capital = (/** @type {string} */ words) => words[0].toUpperCase() + words.slice(1);

/** @param {import("./plan.js").Plan} plan */
export function drawCouncil({ areas, status: { council } }) {
  const lines = Object.entries(council.equality).map(([electors, { average, areas: n, notable, extreme, review }]) =>
    make("span", {}, `${capital(electorate(electors))} `, make("b", {}, figure(average && Math.round(average))),
      ` electors per member: ${notable} of ${n} beyond ±10 %, ${extreme} beyond ±30 %`,
      ...(review ? [make("span", { class: "review" }, " – meets the criteria for a review")] : [])));
  const { size, members: elected } = council;
  const whole = size === null || size === elected ? "" : `; council size ${size}`;
  const members = elected || size ? `, ${count(elected, "member")}${whole}` : "";
  byId("council").replaceChildren(`${count(areas.length, "area")}${members}. `, ...lines);
}
