// A button beside each address and command of the guide that copies it. Without scripts, one click
// on the text selects all of it.
// @ts-check

for (const block of document.querySelectorAll("main pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", () => copy(block.textContent?.trim() ?? "", button));
  const frame = document.createElement("div");
  frame.className = "copied";
  block.replaceWith(frame);
  frame.append(block, button);
}

const announcement = document.createElement("p");
announcement.setAttribute("role", "status");
announcement.className = "status";
document.querySelector("main")?.append(announcement);

/** @param {string} text @param {HTMLButtonElement} button */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announcement.textContent = `Copied: ${text}`;
  } catch {
    announcement.textContent = "The browser does not allow it: select the text and copy it.";
    button.textContent = "Not allowed";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
