// Keyboard shortcuts of the map.
// @ts-check

/**
 * @typedef {object} Does
 * @property {() => void} paint
 * @property {() => void} collect
 * @property {() => void} pick
 * @property {() => void} go to the chosen area
 * @property {(at: number) => void} number
 * @property {() => void} find
 * @property {(by: number) => void} next
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => void} lock
 * @property {(tool: string) => void} tool
 * @property {(by: number) => void} zoom
 * @property {() => void} fit
 * @property {() => void} give the block in between to the other side
 * @property {() => void} keep it where it is
 * @property {() => void} leave it open and go to the next
 */

const TOGETHER_MS = 1000;

/** @param {HTMLElement} box @param {Does} does */
export function setUpKeys(box, does) {
  /** @type {Record<string, () => void>} */
  const keys = {
    Enter: does.paint, c: does.pick, g: does.go, x: does.collect, u: does.undo, r: does.redo, l: does.lock, f: does.fit,
    p: () => does.tool("paint"), b: () => does.tool("fill"), s: () => does.tool("select"), h: () => does.tool("hand"),
    m: does.give, k: does.keep, n: does.leave,
    "/": does.find, "[": () => does.next(-1), "]": () => does.next(1),
    "+": () => does.zoom(1), "=": () => does.zoom(1), "-": () => does.zoom(-1),
  };
  let typed = "";
  let last = -Infinity;
  /** Digits typed one soon after the other are one number. @param {string} digit @param {number} time */
  const number = (digit, time) => {
    typed = time - last < TOGETHER_MS ? typed + digit : digit;
    last = time;
    does.number(Number(typed) - 1);
  };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== box) return;
    const act = /^[0-9]$/.test(event.key) ? () => number(event.key, event.timeStamp) : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // Ctrl+Z and Ctrl+Y, except while typing.
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || (event.target instanceof Element && event.target.closest("input, select"))) return;
    const key = event.key.toLowerCase();
    const act = key === "y" || (key === "z" && event.shiftKey) ? does.redo : key === "z" ? does.undo : null;
    if (!act) return;
    event.preventDefault();
    act();
  });
}
