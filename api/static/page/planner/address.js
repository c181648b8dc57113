// What the address says of the page: the plan, the chosen area, the view. It can be shared.
// @ts-check

const query = new URLSearchParams(location.search);

/** @param {string} name */
export const given = (name) => query.get(name) ?? "";

/** Keep something in the address; "" takes it out. @param {string} name @param {string} value */
export function remember(name, value) {
  if (value) query.set(name, value);
  else query.delete(name);
  history.replaceState(null, "", `?${query.toString().replaceAll("%2C", ",")}`);
}
