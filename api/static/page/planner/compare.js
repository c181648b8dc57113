// The areas as the plan started: on a second map beside the first, or over it up to a line.
// @ts-check

import { byId, make } from "./dom.js";
import { BlockMap, moveTogether } from "./map.js";

export class Compare {
  /**
   * @param {BlockMap} now
   * @param {() => import("./map.js").Content} content of the map of before
   */
  constructor(now, content) {
    this.now = now;
    this.content = content;
    /** @type {(map: BlockMap) => void} called once the second map is there */
    this.made = () => {};
    this.mode = "";
    /** @type {BlockMap | null} */
    this.before = null;
    this.pair = /** @type {HTMLElement} */ (document.querySelector(".pair"));
    this.line = make("div", { class: "line-between", hidden: true });
    this.pair.append(this.line);
    this.range = /** @type {HTMLInputElement} */ (byId("swipe").querySelector("input"));
    this.range.addEventListener("input", () => this.#cut());
    new ResizeObserver(() => this.#cut()).observe(this.pair);
  }

  /** @param {string} mode "", "beside" or "swipe" */
  show(mode) {
    this.mode = ["beside", "swipe"].includes(mode) ? mode : "";
    this.pair.classList.toggle("beside", this.mode === "beside");
    this.pair.classList.toggle("swipe", this.mode === "swipe");
    byId("before-side").hidden = !this.mode;
    byId("swipe").hidden = this.line.hidden = this.mode !== "swipe";
    this.now.resized();
    if (this.mode && !this.before) {
      this.before = new BlockMap(byId("before"), this.now.geometry, this.content());
      this.before.draw();
      moveTogether(this.now, this.before);
      this.made(this.before);
    }
    this.before?.resized();
    this.#cut();
  }

  #cut() {
    const box = byId("before");
    const share = Number(this.range.value);
    box.style.clipPath = this.mode === "swipe" ? `inset(0 ${100 - share}% 0 0)` : "";
    this.line.style.left = `${share}%`;
  }
}
