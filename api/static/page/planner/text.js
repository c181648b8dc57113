// Numbers, dates and column names as text.
// @ts-check

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signedWhole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0, signDisplay: "exceptZero" });
const signedParts = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2, signDisplay: "exceptZero" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** @typedef {number | string | boolean | null | undefined} Value */

/** A number with as many decimals as matter; "–" for none. @param {Value} value */
export function figure(value) {
  if (typeof value !== "number") return "–";
  const size = Math.abs(value);
  return (size >= 100 || Number.isInteger(value) ? whole : size >= 10 ? tenths : hundredths).format(value);
}

/** A change with its sign; "" for none. @param {Value} before @param {Value} now */
export function change(before, now) {
  if (typeof before !== "number" || typeof now !== "number") return "";
  const by = now - before;
  if (Math.abs(by) < 0.005) return "";
  return (Math.abs(by) >= 100 || Number.isInteger(by) ? signedWhole : signedParts).format(by).replace("-", "−");
}

/** A whole per cent with its sign. @param {Value} percent */
export const variance = (percent) =>
  typeof percent === "number" ? `${signedWhole.format(percent).replace("-", "−")} %` : "–";

/** @param {string} moment ISO 8601 */
export const when = (moment) => day.format(new Date(moment));

/** @param {number} n @param {string} one @param {string} [many] */
export const count = (n, one, many = `${one}s`) => `${whole.format(n)} ${n === 1 ? one : many}`;

/** @type {Record<string, string>} */
const TITLES = {
  electors: "Electors", electors_forecast: "Forecast electors", members: "Members",
  electors_per_member: "Electors per member", electors_forecast_per_member: "Forecast per member",
  variance_percent: "Variance", variance_percent_forecast: "Forecast variance",
  imd_score: "IMD score", area_km2: "km²", polsby_popper: "Polsby–Popper", reock: "Reock",
  n: "Incidents",
};

/** What an electorate is called: "now", "forecast", "2031". @param {string} column */
export const electorate = (column) => (column === "electors" ? "now" : column.replace("electors_", ""));

/** Name columns by their own titles. @param {Record<string, string>} titles */
export const addTitles = (titles) => void Object.assign(TITLES, titles);

const ELECTORATE = /^(electors|variance_percent)_(\d{4})(_per_member)?$/; // a further forecast

/** The heading of a column. @param {string} column */
export function title(column) {
  const [, what, year, each] = ELECTORATE.exec(column) ?? [];
  if (year) return what === "electors" ? `Electors ${year}${each ? " per member" : ""}` : `Variance ${year}`;
  const words = column.replaceAll("_", " ");
  return TITLES[column] ?? words[0].toUpperCase() + words.slice(1);
}
