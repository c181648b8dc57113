// The keys that do something by themselves, and the button that switches them off: who speaks to the
// machine, or has a tremor, presses them unawares.
// @ts-check

const KEY = "patchmap-shortcuts";
const OFF = "off";

/** Whether a single letter or sign does something. */
export function shortcutsOn() {
  try {
    return localStorage.getItem(KEY) !== OFF;
  } catch {
    return true; // where nothing may be stored, nothing was switched off
  }
}

export function setUpShortcuts() {
  const button = document.getElementById("shortcuts");
  if (!(button instanceof HTMLButtonElement)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    try {
      localStorage.setItem(KEY, shortcutsOn() ? OFF : "on");
    } catch {
      button.disabled = true;
    }
    nameShortcuts();
  });
  nameShortcuts();
}

/** Say of the button, and of what has a key, whether the keys are on. */
export function nameShortcuts() {
  const on = shortcutsOn();
  document.getElementById("shortcuts")?.setAttribute("aria-pressed", String(on));
  for (const [selector, key] of [["a.present", "P"], ["#find-text", "/"]]) {
    const part = document.querySelector(selector);
    if (on) part?.setAttribute("aria-keyshortcuts", key);
    else part?.removeAttribute("aria-keyshortcuts");
  }
}
