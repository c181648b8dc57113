// Sortable tables: each column heading becomes a button.
// @ts-check

/** @param {HTMLTableElement} table */
export function makeSortable(table) {
  for (const heading of table.querySelectorAll("thead th:not(.unsorted)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(table, /** @type {HTMLTableCellElement} */ (heading)));
  }
}

/** @param {HTMLTableElement} table @param {HTMLTableCellElement} heading */
function sort(table, heading) {
  const down = heading.getAttribute("aria-sort") !== "descending";
  for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((one, other) => compare(one, other, heading.cellIndex));
  body.append(...(down ? rows.reverse() : rows));
}

/** @param {HTMLTableRowElement} one @param {HTMLTableRowElement} other @param {number} column */
function compare(one, other, column) {
  const [a, b] = [one, other].map((row) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent?.trim() ?? "";
  });
  const [x, y] = [Number(a), Number(b)];
  // Empty values come last when the greatest come first.
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? -1 : 1;
  return Number.isNaN(x) ? a.localeCompare(b, "en-GB") : x - y;
}
