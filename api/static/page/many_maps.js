// Says once in a session, to a reader of one category after another, that some map of nothing is
// hot by chance.
// @ts-check

/** Categories after which the note is shown: two are a comparison, three are a search. */
const MANY = 3;
const KEY = "patchmap-categories";
const SHOWN = "shown";

/** Counts the categories of this session, and shows the note at the third. */
export function setUpManyMaps() {
  const note = document.getElementById("many-maps");
  const state = sessionStorage.getItem(KEY) ?? "";
  if (!note || state === SHOWN) return;
  const categories = new Set(state.split("|").filter(Boolean));
  categories.add(document.querySelector("main")?.dataset.category || "all");
  note.hidden = categories.size < MANY;
  sessionStorage.setItem(KEY, note.hidden ? [...categories].join("|") : SHOWN);
}
