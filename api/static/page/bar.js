// The question bar: a choice is applied at once, and empty fields stay out of the address.
// @ts-check

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

/** @param {HTMLFormElement} form @param {string} name @returns {Field | null} */
function named(form, name) {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement ? field : null;
}

/** @param {HTMLFormElement} form @returns {Field[]} */
function fieldsOf(form) {
  return /** @type {Field[]} */ ([...form.elements].filter(
    (field) => field instanceof HTMLInputElement || field instanceof HTMLSelectElement,
  ));
}

const DATES = ["from", "to"];
const HOURS = ["hour_from", "hour_to"];

/** @param {HTMLFormElement} form */
export function setUpBar(form) {
  const disabledByServer = new Set(fieldsOf(form).filter((field) => field.disabled));
  form.addEventListener("submit", () => disableUnusedFields(form));
  form.addEventListener("change", (event) => onChange(form, /** @type {Field} */ (event.target)));
  for (const list of form.querySelectorAll("details.pick")) {
    setUpList(form, /** @type {HTMLDetailsElement} */ (list));
  }
  // After the browser's Back button, fields that were disabled for the address must work again.
  window.addEventListener("pageshow", () => {
    for (const field of fieldsOf(form)) field.disabled = disabledByServer.has(field);
  });
  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.onclick = () => window.print();
  }
}

/** @param {HTMLFormElement} form */
function disableUnusedFields(form) {
  for (const field of fieldsOf(form)) field.disabled = field.disabled || field.value === "";
  const off = [
    ...(named(form, "period")?.value ? [...DATES, "datetime"] : []),
    ...(named(form, "hours")?.value === "other" ? [] : HOURS),
  ];
  for (const name of off) {
    const field = named(form, name);
    if (field) field.disabled = true;
  }
}

/** @param {HTMLFormElement} form @param {Field} field */
function onChange(form, field) {
  // Tick boxes wait until their list is closed; a date or an hour waits for its other field.
  if (field.closest("details.pick") && !(field instanceof HTMLSelectElement)) return;
  if (DATES.includes(field.name) || HOURS.includes(field.name)) {
    const days = named(form, "datetime");
    if (days && DATES.includes(field.name)) days.disabled = true;
    return;
  }
  if (field.name === "period" && field.value === "") {
    named(form, "from")?.focus();
    return;
  }
  if (field.name === "hours" && field.value === "other") {
    named(form, "hour_from")?.focus();
    return;
  }
  if (field.name === "layer") dropAreas(form);
  form.requestSubmit();
}

/** Another layer has other area codes. @param {HTMLFormElement} form */
function dropAreas(form) {
  for (const field of fieldsOf(form)) if (field.name === "within") field.disabled = true;
}

/** A list of tick boxes: applied when it closes; Escape closes it. @param {HTMLFormElement} form @param {HTMLDetailsElement} list */
function setUpList(form, list) {
  let dirty = false;
  list.addEventListener("change", () => (dirty = true));
  list.addEventListener("toggle", () => {
    if (!list.open && dirty) form.requestSubmit();
  });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    // Only this list closes, not what it stands in.
    event.preventDefault();
    list.open = false;
    list.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (list.open && !list.contains(/** @type {Node} */ (event.target))) list.open = false;
  });
  // A click into the map's frame is not an event of this page, but takes the focus from it.
  window.addEventListener("blur", () => (list.open = false));
}
