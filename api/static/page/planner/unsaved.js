// Steps that are being sent: leaving the page warns, and what was cut off can be taken again.
// @ts-check

/** @typedef {import("./types.js").Step} Step */
/** @typedef {{step: Step, by: string, moved: [number, string][], number: number}} Unsaved `number`: which step of the history it becomes */

const STAYED_MS = 2000; // after that the user has chosen to stay

export class UnsavedSteps {
  /** @param {import("./plan.js").Plan} plan */
  constructor(plan) {
    this.plan = plan;
    this.key = `patchmap-unsaved-${plan.id}`;
    /** @type {Unsaved[]} */
    this.steps = [];
    this.leaving = false;
    window.addEventListener("beforeunload", (event) => {
      if (!this.steps.length) return;
      event.preventDefault();
      // Requests that leaving the page cuts off fail first; what they sent is not to be forgotten.
      this.leaving = true;
      setTimeout(() => (this.leaving = false), STAYED_MS);
    });
  }

  /** Remember a step. @param {Omit<Unsaved, "number">} step @returns {() => void} to be called once it was answered */
  add(step) {
    const entry = { ...step, number: this.plan.status.steps + this.steps.length + 1 };
    this.steps.push(entry);
    this.#store();
    return () => {
      if (this.leaving) return;
      this.steps = this.steps.filter((each) => each !== entry);
      this.#store();
    };
  }

  /** What an earlier page of this tab had not saved; asked once. @returns {{lost: Unsaved[], changed: boolean}} */
  left() {
    /** @type {Unsaved[]} */
    const all = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    sessionStorage.removeItem(this.key);
    // The service may have saved a step whose answer did not reach the page.
    // Others' steps may have come between.
    let from = 0;
    const lost = all.filter(({ number, step, by }) => {
      const at = this.plan.history.findIndex((past) => past.step >= Math.max(number, from) && past.by === by && past.kind === step.step);
      if (at >= 0) from = this.plan.history[at].step + 1;
      return at < 0;
    });
    return { lost, changed: lost.length > 0 && this.plan.status.steps >= lost[0].number };
  }

  #store() {
    if (this.steps.length) sessionStorage.setItem(this.key, JSON.stringify(this.steps));
    else sessionStorage.removeItem(this.key);
  }
}
