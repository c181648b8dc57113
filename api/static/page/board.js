// The board comes to life: its bar, its tables and its map. Without this file every control and
// every link still works, by the buttons that say so.
// @ts-check
import { setUpBar } from "./bar.js";
import { linkMapAndTables } from "./link.js";
import { setUpMonths } from "./months.js";
import { setUpPrint } from "./print.js";
import { makeSortable } from "./sort.js";

setUpBar(/** @type {HTMLFormElement} */ (document.getElementById("question")));
for (const table of document.querySelectorAll("table.sortable")) {
  makeSortable(/** @type {HTMLTableElement} */ (table));
}
linkMapAndTables();
setUpMonths();
setUpPrint();
