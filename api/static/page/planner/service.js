// Asks the service. A refusal is thrown as what it says.
// @ts-check

/** @typedef {import("./types.js").Problem} Problem */

export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** @param {string} address @param {RequestInit} [how] @returns {Promise<any>} */
async function ask(address, how) {
  const response = await fetch(address, how).catch(() => {
    throw new Refusal({ status: 0, detail: "Patchmap does not answer; is it still running? Nothing was changed" });
  });
  const told = await response.json().catch(() => ({ status: response.status, detail: response.statusText }));
  if (!response.ok) throw new Refusal(told);
  return told;
}

export const read = (/** @type {string} */ address) => ask(address);

/** @param {string} address @param {unknown} body */
export function send(address, body) {
  const headers = { "content-type": "application/json" };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The address of a plan, or of something below it. @param {string} id @param {string} [part] */
export const planAddress = (id, part = "") => `/planner/plans/${encodeURIComponent(id)}${part}`;
