// A choice is shown at once; without this file the Show button does the same.
// @ts-check

const form = /** @type {HTMLFormElement} */ (document.getElementById("question"));
const period = /** @type {HTMLSelectElement} */ (form.elements.namedItem("period"));
const months = ["from", "to"].map(
  (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)),
);

/** Leave out of the address what is empty, and dates where a named period is chosen. */
function tidy() {
  for (const field of form.elements) {
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
      field.disabled = field.disabled || field.value === "";
    }
  }
  if (period.value) months.forEach((month) => (month.disabled = true));
}

form.addEventListener("submit", tidy);
form.addEventListener("change", (event) => {
  const field = /** @type {HTMLElement} */ (event.target);
  const days = form.elements.namedItem("datetime");
  if (days instanceof HTMLInputElement && (field === period || months.includes(/** @type {HTMLInputElement} */ (field)))) {
    days.disabled = true;
  }
  const within = form.elements.namedItem("within");
  if (field.getAttribute("name") === "layer" && within instanceof HTMLInputElement) {
    // The codes are of the layer before.
    within.disabled = true;
  }
  if (months.includes(/** @type {HTMLInputElement} */ (field))) {
    // A year that is being typed passes through 0002 and 0020: months wait for the button.
    period.value = "";
    return;
  }
  if (field === period) {
    if (period.value === "") {
      months[0].focus();
      return;
    }
    months.forEach((month) => (month.value = ""));
  }
  form.requestSubmit();
});

// Coming back with the browser's Back button must not show fields that were switched off.
window.addEventListener("pageshow", () => {
  for (const field of form.elements) {
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.disabled = false;
  }
});
