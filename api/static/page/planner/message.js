// The message over the map, with the buttons to answer it.
// @ts-check

import { byId, make } from "./dom.js";

/**
 * Show a message, with what can be done about it.
 * @param {string} words
 * @param {...[string, () => void, boolean?]} choices label, action, and whether it is the main one
 */
export function say(words, ...choices) {
  const box = byId("message");
  const all = choices.length ? choices : [/** @type {[string, () => void]} */ (["Close", () => {}])];
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
