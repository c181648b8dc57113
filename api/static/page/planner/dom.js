// Helpers for making elements. Text is never read as HTML.
// @ts-check

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [given] attributes; functions listen
 * @param {...(Node | string)} inside
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}

/** @param {string} tag @param {Record<string, string | number>} given @param {...Node} inside */
export function drawn(tag, given, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, String(value));
  made.append(...inside);
  return made;
}

/** What stands beside the name of a part of the page that opens. @param {HTMLElement} part @returns {HTMLElement} */
export function noteOf(part) {
  const note = part.querySelector("summary > .n");
  if (!note) throw new Error(`#${part.id} has no place for a note beside its name`);
  return /** @type {HTMLElement} */ (note);
}

/** The element of an id, which must be there. @template {HTMLElement} [Kind=HTMLElement] @param {string} id @returns {Kind} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return /** @type {Kind} */ (element);
}
