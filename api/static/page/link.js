// Links tables and map: pointing at a place highlights it in both, and a click opens its story,
// which becomes a part of the address.
// @ts-check

export function linkMapAndTables() {
  const main = document.querySelector("main");
  const frames = /** @type {HTMLIFrameElement[]} */ ([...document.querySelectorAll("iframe.map")]);
  const panel = document.getElementById("story");
  const address = main?.dataset.address;
  if (!frames.length || !panel || address === undefined) return;

  /** @param {object} message @param {MessageEventSource | null} [but] */
  const post = (message, but = null) => {
    for (const frame of frames) {
      if (frame.contentWindow !== but) frame.contentWindow?.postMessage(message, window.location.origin);
    }
  };
  /** @param {string} at */
  const light = (at) => post({ patchmap: "light", at });
  const opened = () => new URLSearchParams(window.location.search).get("at") ?? "";

  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const row = rowOf(event.target);
      light(row?.dataset.at ?? opened());
    });
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.story, a.close") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(new URL(link.href).searchParams.get("at") ?? "");
  });

  window.addEventListener("message", (event) => {
    const own = frames.some((frame) => frame.contentWindow === event.source);
    if (!own || event.origin !== window.location.origin) return;
    const { patchmap, at, view } = event.data ?? {};
    if (patchmap === "moved") post({ patchmap: "move", view }, event.source);
    if (patchmap === "pointed") markRow(at);
    if (patchmap === "picked") open(at);
    if (patchmap === "ready") light(opened());
  });
  // The frame may have been ready before this script.
  light(opened());

  /** Open a story, or close it for an empty id. @param {string} at */
  async function open(at) {
    const query = new URLSearchParams(address);
    const month = new URLSearchParams(window.location.search).get("month");
    if (month) query.set("month", month);
    if (at) query.set("at", at);
    window.history.replaceState(null, "", `${window.location.pathname}?${query}`.replace(/\?$/, ""));
    light(at);
    markRow(at);
    if (!at) {
      panel?.replaceChildren();
      return;
    }
    const response = await fetch(`/story?${query}`);
    // A later click may be answered sooner: then this answer is out of date.
    if (at !== opened() || !panel) return;
    const fragment = new DOMParser().parseFromString(await response.text(), "text/html");
    panel.replaceChildren(...(response.ok ? fragment.body.children : ["The story cannot be loaded. Try again."]));
    const title = document.getElementById("story-title");
    title?.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  }
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function rowOf(target) {
  return target instanceof Element ? target.closest("tr[data-at]") : null;
}

/** @param {string} at */
function markRow(at) {
  for (const row of document.querySelectorAll("tr[data-at]")) {
    row.classList.toggle("lit", row instanceof HTMLElement && row.dataset.at === at && at !== "");
  }
}
