// Other planners: their steps appear as they are saved, and who else has the plan open is shown.
// @ts-check

import { byId } from "./dom.js";
import { say } from "./message.js";
import { read } from "./service.js";
import { ownAddress } from "../root.js";

/** @typedef {import("./types.js").News} News */
/** @typedef {import("./types.js").Past} Past */

const FIRST_MS = 6_000; // a stream that has said nothing by then is held back by something between
const SILENT_MS = 40_000; // the service says something every 15 seconds
const ASK_MS = 5_000;
const AGAIN_MS = 120_000; // how often a stream is tried again where pages ask instead
const HIDDEN_MS = 30_000; // browsers have six connections to a service, for all their tabs together

/** What stands before the names of the others, by how this page hears of them. */
const HEARD = {
  stream: "",
  asking: "Others’ steps appear within 5 seconds, not at once: the network holds back what the service sends. ",
  lost: "No connection: others’ steps do not appear. Trying again every 5 seconds. ",
};

export class Live {
  /**
   * @param {import("./plan.js").Plan} plan
   * @param {object} acts
   * @param {(blocks: number[]) => void} acts.light show for a moment what was changed
   * @param {() => string} acts.own who has signed in here, "" where nobody has to
   */
  constructor(plan, { light, own }) {
    this.plan = plan;
    this.own = own;
    /** @type {keyof typeof HEARD} */
    this.heard = "stream";
    /** @type {string[]} */
    this.here = [];
    this.latest = "";
    const random = crypto.getRandomValues(new Uint8Array(12));
    const page = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.address = ownAddress(`/planner/live/${encodeURIComponent(plan.id)}`);
    this.query = `?page=${page}`;
    /** @type {EventSource | null} */
    this.stream = null;
    this.isBroken = false;
    this.silence = this.asking = this.again = this.hiding = 0;
    plan.addEventListener("others", (event) => {
      const { steps, blocks } = /** @type {CustomEvent<{steps: Past[], blocks: number[]}>} */ (event).detail;
      this.#tell(steps);
      if (byId("message").hidden) light(blocks); // a question there has marks of its own
    });
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.hiding);
      if (document.visibilityState === "visible") this.#open();
      else this.hiding = setTimeout(() => this.#close(), HIDDEN_MS);
    });
    window.addEventListener("pagehide", () => this.#close());
    window.addEventListener("pageshow", () => this.#open());
    this.#open();
  }

  #open() {
    if (this.stream || this.asking) return;
    if (!("EventSource" in window)) return this.#ask();
    this.isBroken = false;
    this.stream = new EventSource(this.address + this.query);
    this.#expect(FIRST_MS);
    this.stream.onmessage = ({ data }) => {
      this.#expect(SILENT_MS);
      this.isBroken = false;
      this.heard = "stream";
      this.#read(JSON.parse(data));
    };
    this.stream.onerror = () => {
      // The browser connects again by itself, unless the service has refused.
      if (this.stream?.readyState === EventSource.CLOSED) this.#ask();
      else if (!this.isBroken) this.#expect(FIRST_MS);
      this.isBroken = true;
    };
  }

  #close() {
    this.stream?.close();
    this.stream = null;
    clearTimeout(this.silence);
    clearInterval(this.asking);
    clearTimeout(this.again);
    this.asking = 0;
  }

  /** Ask instead, where the stream says nothing for so long. @param {number} milliseconds */
  #expect(milliseconds) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.#ask(), milliseconds);
  }

  /** Ask every few seconds, and try a stream again later. */
  #ask() {
    this.#close();
    const ask = async () => {
      try {
        const news = await read(`${this.address}/now${this.query}`);
        const isBack = this.heard === "lost";
        this.heard = "asking";
        this.#read(news);
        if (isBack) this.#again();
      } catch (error) {
        const { message, problem } = /** @type {import("./service.js").Refusal} */ (error);
        this.heard = "lost";
        this.here = [];
        this.#draw();
        if (problem?.status === 401 || problem?.status === 403) {
          this.#close();
          say(message, ["Reload", () => location.reload(), "main"]);
        }
      }
    };
    this.asking = setInterval(ask, ASK_MS);
    this.again = setTimeout(() => this.#again(), AGAIN_MS);
    void ask();
  }

  #again() {
    this.#close();
    this.#open();
  }

  /** @param {News} news */
  #read({ version, here }) {
    this.here = here;
    this.#draw();
    if (version === null) {
      this.#close();
      return say("this plan was deleted. What you see is how it was", ["All plans", () => location.assign(ownAddress("/planner")), "main"], ["Stay here", () => {}]);
    }
    if (version !== this.plan.status.version) void this.plan.catchUp(version).catch(({ message, problem }) => {
      if (problem?.conflict === "version") say(message, ["Reload", () => location.reload(), "main"]);
    });
  }

  /** Say what others did. @param {Past[]} steps */
  #tell(steps) {
    const { by, what, step } = steps[steps.length - 1];
    const more = steps.length > 1 ? `${steps.length - 1} more and ` : "";
    this.latest = `${by || "Somebody"}: ${more}${what} (step ${step}).`;
    this.#draw();
  }

  #draw() {
    const { here } = this;
    const names = [...new Set(here.filter(Boolean))].map((name) => (name === this.own() ? "you in another window" : name));
    const nameless = here.filter((name) => !name).length;
    if (nameless) names.push(nameless === 1 ? "someone" : `${nameless} people`);
    const last = names.pop();
    const all = names.length ? `${names.join(", ")} and ${last}` : last;
    const present = last ? `Also here: ${all}. ` : "";
    const text = `${HEARD[this.heard]}${present}${this.latest}`.trim();
    const line = byId("others");
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("lost", this.heard === "lost");
  }
}
