// The form for a file: it can be dropped, and shows how much of it has been sent. Without this file
// the form sends it all the same.
// @ts-check
import { byId } from "../planner/dom.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("send"));
if (form) setUp(form);
document.getElementById("problem")?.focus();

/** @param {HTMLFormElement} form */
function setUp(form) {
  const input = /** @type {HTMLInputElement} */ (byId("file"));
  const drop = byId("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault(); // else a file that misses the box would replace the page
      drop.classList.toggle("over", kind === "dragover");
    });
  }
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  input.addEventListener("change", () => input.files?.length && form.requestSubmit());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, [...(input.files ?? [])]);
  });
}

/** @param {HTMLFormElement} form @param {File[]} files */
function send(form, files) {
  const most = Number(form.dataset.most);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > most) return fail(`The file has ${megabytes(size)}; this page takes at most ${megabytes(most)}. Use the command line, or raise PATCHMAP_UPLOAD_MB.`);
  fail("");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => show(loaded, total));
  request.addEventListener("load", () => {
    if (request.status === 201) window.location.assign(request.response.address);
    else stop(`${request.response?.detail ?? request.statusText}.`);
  });
  request.addEventListener("error", () => stop("Patchmap does not respond; check that it is running, and choose the file again."));
  show(0, size);
  button(form).disabled = true;
  request.send(new FormData(form));
}

const button = (/** @type {HTMLFormElement} */ form) => /** @type {HTMLButtonElement} */ (form.querySelector("button"));
const megabytes = (/** @type {number} */ bytes) => `${Math.ceil(bytes / 1e6).toLocaleString("en-GB")} MB`;

/** @param {number} sent @param {number} total */
function show(sent, total) {
  byId("sending").hidden = false;
  const bar = /** @type {HTMLProgressElement} */ (byId("sent"));
  if (sent < total) bar.value = (100 * sent) / total;
  else bar.removeAttribute("value");
  byId("sent-words").textContent = sent < total ? `${Math.floor((100 * sent) / total)} %` : "Looking at it …";
}

/** @param {string} words */
function stop(words) {
  byId("sending").hidden = true;
  if (form) button(form).disabled = false;
  fail(words);
}

/** @param {string} words */
function fail(words) {
  byId("file-problem").textContent = words && words[0].toUpperCase() + words.slice(1);
}
