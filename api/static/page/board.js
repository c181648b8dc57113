// Sets up the bar, the tables and the map of the board. Without this file every control and link
// still works through its button.
// @ts-check
import { setUpBar } from "./bar.js";
import { linkMapAndTables } from "./link.js";
import { setUpManyMaps } from "./many_maps.js";
import { setUpMonths } from "./months.js";
import { setUpPrint } from "./print.js";
import { makeSortable } from "./sort.js";

setUpBar(/** @type {HTMLFormElement} */ (document.getElementById("question")));
for (const table of document.querySelectorAll("table.sortable")) {
  makeSortable(/** @type {HTMLTableElement} */ (table));
}
linkMapAndTables();
setUpManyMaps();
setUpMonths();
setUpPrint();
