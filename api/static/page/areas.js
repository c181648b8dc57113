// The table of a layer's areas: any column can be sorted by. Without this file it is by name.
// @ts-check
import { makeSortable } from "./sort.js";

for (const table of document.querySelectorAll("table.sortable")) {
  makeSortable(/** @type {HTMLTableElement} */ (table));
}
