// What asks for the planner's attention, above the desk.
// @ts-check

import { byId, make } from "./dom.js";

/**
 * Tell something, with what can be done about it.
 * @param {string} words
 * @param {...[string, () => void, boolean?]} doings the last says whether it is the first choice
 */
export function say(words, ...doings) {
  const box = byId("message");
  const all = doings.length ? doings : [/** @type {[string, () => void]} */ (["Close", () => {}])];
  const buttons = all.map(([name, act, first]) =>
    make("button", { type: "button", class: first ? "first" : "", click: () => {
      hush();
      act();
    } }, name));
  box.replaceChildren(make("p", {}, sentence(words)), ...buttons);
  box.hidden = false;
}

export function hush() {
  byId("message").hidden = true;
}

/** @param {string} words */
const sentence = (words) => words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
