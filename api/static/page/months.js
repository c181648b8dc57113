// The slider under the map limits it to one month, which becomes a part of the address.
// @ts-check

const PAUSE_MS = 200;

export function setUpMonths() {
  const label = document.getElementById("months");
  const frame = /** @type {HTMLIFrameElement | null} */ (document.querySelector("iframe.map"));
  const slider = label?.querySelector("input");
  const output = label?.querySelector("output");
  if (!label || !frame || !slider || !output) return;
  const months = (label.dataset.months ?? "").split(",");
  label.hidden = false;
  let waiting = 0;
  slider.addEventListener("input", () => {
    const month = months[Number(slider.value) - 1] ?? "";
    output.value = month || "whole period";
    clearTimeout(waiting);
    waiting = window.setTimeout(() => show(frame, month), PAUSE_MS);
  });
}

/** @param {HTMLIFrameElement} frame @param {string} month '' for the whole period */
function show(frame, month) {
  const page = new URL(window.location.href);
  page.searchParams.delete("month");
  const map = new URL(page);
  map.pathname = "/map";
  for (const name of ["at", "by"]) map.searchParams.delete(name);
  if (month) {
    page.searchParams.set("month", month);
    map.searchParams.set("datetime", month);
    map.searchParams.delete("period");
    if (map.searchParams.get("show") !== "change") map.searchParams.delete("compare");
  }
  window.history.replaceState(null, "", page);
  // Not through src, which would add an entry for the Back button.
  frame.contentWindow?.location.replace(map);
}
