// The address of the page holds the plan, the selected area and the view, so that it can be shared.
// @ts-check

const query = new URLSearchParams(location.search);

/** @param {string} name */
export const given = (name) => query.get(name) ?? "";

/** Put something into the address; "" takes it out. @param {string} name @param {string} value */
export function remember(name, value) {
  if (value) query.set(name, value);
  else query.delete(name);
  history.replaceState(null, "", `?${query.toString().replaceAll("%2C", ",")}`);
}
