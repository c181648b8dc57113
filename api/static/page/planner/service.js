// Requests to the service. A refusal is thrown with its message.
// @ts-check

import { ownAddress } from "../root.js";

/** @typedef {import("./types.js").Problem} Problem */

export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** @param {string} address @param {RequestInit} [options] @returns {Promise<any>} */
async function ask(address, options) {
  const response = await fetch(address, options).catch(() => {
    throw new Refusal({ status: 0, detail: "Patchmap does not respond; check that it is running. Nothing was changed" });
  });
  const payload = await response.json().catch(() => ({ status: response.status, detail: response.statusText }));
  if (!response.ok) throw new Refusal(payload);
  return payload;
}

/** @param {string} address @param {AbortSignal} [signal] of one who may stop waiting */
export const read = (address, signal) => ask(address, signal ? { signal } : undefined);

/** @param {string} address @param {unknown} body */
export function send(address, body) {
  const headers = { "content-type": "application/json" };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The address of a plan, or of something below it. @param {string} id @param {string} [part] */
export const planAddress = (id, part = "") => ownAddress(`/planner/plans/${encodeURIComponent(id)}${part}`);
