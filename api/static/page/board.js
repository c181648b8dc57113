// Sets up the bar, the tables and the map of the board. Without this file every control and link
// still works through its button.
// @ts-check
import { setUpBar } from "./bar.js";
import { setUpFind } from "./find.js";
import { setUpFolds } from "./folds.js";
import { followLook, linkMapAndTables, onClose, watchMaps } from "./link.js";
import { setUpManyMaps } from "./many_maps.js";
import { setUpMonths } from "./months.js";
import { setUpPresent, showStep } from "./present.js";
import { setUpPrint } from "./print.js";
import { nameShortcuts, setUpShortcuts } from "./shortcuts.js";
import { makeSortable } from "./sort.js";
import { setUpState } from "./state.js";

function setUpPage() {
  setUpBar(/** @type {HTMLFormElement} */ (document.getElementById("question")));
  for (const table of document.querySelectorAll("table.sortable")) {
    makeSortable(/** @type {HTMLTableElement} */ (table));
  }
  watchMaps();
  setUpManyMaps();
  setUpMonths();
  setUpFind();
  nameShortcuts();
  showMode();
}

/** On a phone the modes are a row that is drawn aside: the one that is shown stands in it. */
function showMode() {
  const row = /** @type {HTMLElement | null} */ (document.querySelector(".modes"));
  const now = /** @type {HTMLElement | null} */ (row?.querySelector("[aria-current]"));
  if (row && now) row.scrollLeft = now.offsetLeft - row.offsetLeft - (row.clientWidth - now.offsetWidth) / 2;
}

document.addEventListener("click", onClose);
linkMapAndTables();
setUpState({
  page: setUpPage,
  look: (now, before) => {
    showStep(now.present);
    followLook(now, before);
  },
});
setUpPresent();
setUpFolds();
setUpShortcuts();
setUpPrint();
