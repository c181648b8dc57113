// The message over the map, with the buttons to answer it.
// @ts-check

import { byId, make } from "./dom.js";

/**
 * Show a message, with what can be done about it.
 * @param {string} words
 * @param {...[string, () => void, ("main" | "stays" | "")?, ((on: boolean) => void)?]} choices label,
 *   action, whether it is the main one, or one after which the message stays to be answered, and what
 *   to show while it is pointed at
 */
export function say(words, ...choices) {
  const box = byId("message");
  const all = choices.length ? choices : [/** @type {[string, () => void]} */ (["Close", () => {}])];
  const buttons = all.map(([name, act, how, point]) => {
    const button = make("button", { type: "button", class: how === "main" ? "first" : "", click: () => {
      point?.(false);
      if (how !== "stays") hush();
      act();
    } }, name);
    for (const [event, on] of /** @type {[string, boolean][]} */ (point ? [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]] : []))
      button.addEventListener(event, () => point?.(on));
    return button;
  });
  box.replaceChildren(make("p", {}, sentence(words)), ...buttons);
  box.hidden = false;
}

export function hush() {
  byId("message").hidden = true;
}

/** Why the service refused something, for the part of the page where that was asked. @param {unknown} error */
export const refusal = (error) => make("p", { class: "refusal" }, sentence(/** @type {Error} */ (error).message));

/** With a capital and a full stop. @param {string} words */
export const sentence = (words) => words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
