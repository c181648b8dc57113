// The council as a whole: its average, and whether its variances call for a review.
// @ts-check

import { byId, make } from "./dom.js";
import { count, figure } from "./words.js";

const WHEN = /** @type {Record<string, string>} */ ({ electors: "Now ", electors_forecast: "Forecast " });

/** @param {import("./plan.js").Plan} plan */
export function drawCouncil({ areas, standing: { council } }) {
  const lines = Object.entries(council.equality).map(([electors, { average, areas: n, notable, extreme, review }]) =>
    make("span", {}, WHEN[electors] ?? "", make("b", {}, figure(average && Math.round(average))),
      ` electors a member: ${notable} of ${n} beyond ±10 %, ${extreme} beyond ±30 %`,
      ...(review ? [make("span", { class: "review" }, " – calls for a review")] : [])));
  const members = council.members ? `, ${count(council.members, "member")}` : "";
  byId("council").replaceChildren(`${count(areas.length, "area")}${members}. `, ...lines);
}
