// The message over the map, with the buttons to answer it.
// @ts-check

import { byId, make } from "./dom.js";

/**
 * Show a message, with what can be done about it.
 * @param {string} words
 * @param {...[string, () => void, ("main" | "stays")?]} choices label, action, and whether it is the
 *   main one, or one after which the message stays to be answered
 */
export function say(words, ...choices) {
  const box = byId("message");
  const all = choices.length ? choices : [/** @type {[string, () => void]} */ (["Close", () => {}])];
  const buttons = all.map(([name, act, how]) =>
    make("button", { type: "button", class: how === "main" ? "first" : "", click: () => {
      if (how !== "stays") hush();
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
