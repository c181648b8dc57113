"""Click on blocks of the planner's page, and tell how long the table took to show it."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
CLICKS = 16
HARBOUR, LIGHTHOUSE = "D05000006", "D05000008"

# From the button let go until the browser has drawn the frame after the table changed.
WATCH = """() => {
  window.took = [];
  let start = 0;
  document.addEventListener("pointerup", () => (start = performance.now()), true);
  new MutationObserver(() => {
    if (!start) return;
    const began = start;
    start = 0;
    requestAnimationFrame(() => setTimeout(() => window.took.push(performance.now() - began)));
  }).observe(document.querySelector("#areas tbody"), { childList: true });
}"""

BORDER = """async ([from, to]) => {
  const { Geometry } = await import("/static/page/planner/topology.js");
  const read = async (address) => (await fetch(address)).json();
  const plan = await read("/planner/plans/bench");
  const { codes, middles, near } = new Geometry(await read("/planner/blocks/blocks"));
  const box = document.getElementById("map").getBoundingClientRect();
  const view = new URLSearchParams(location.search).get("view").split(",").map(Number);
  const centre = L.CRS.EPSG3857.latLngToPoint(L.latLng(view[0], view[1]), view[2]);
  return codes
    .map((code, at) => ({ code, at }))
    .filter(({ at }) => plan.start[at] === from &&
      [...near[at]].some((other) => plan.start[other] === to))
    .map(({ code, at }) => {
      const [lon, lat] = middles[at];
      const place = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), view[2]);
      return [code, box.x + box.width / 2 + place.x - centre.x,
        box.y + box.height / 2 + place.y - centre.y];
    });
}"""


def click_all(page: Page, place: tuple[float, float]) -> list[float]:
    """Paint a block into the other area and back, in turn; milliseconds of each click."""
    page.evaluate(WATCH)
    for number in range(CLICKS):
        page.locator("#into").select_option(LIGHTHOUSE if number % 2 else HARBOUR)
        page.mouse.click(*place)
        page.wait_for_function("n => window.took.length === n", arg=number + 1)
    return page.evaluate("window.took")


def may_move(address: str, block: str) -> bool:
    """Whether a block may go to the other area; it is put back."""
    with urllib.request.urlopen(f"{address}/planner/plans/bench", timeout=60) as answer:
        version = json.load(answer)["status"]["version"]
    signed = {"version": version, "by": "bench"}
    try:
        step(address, {**signed, "step": "move", "blocks": [block], "to": HARBOUR})
    except urllib.error.HTTPError:
        return False
    step(address, {**signed, "version": version + 1, "step": "undo"})
    return True


def step(address: str, body: dict[str, object]) -> None:
    request = urllib.request.Request(
        f"{address}/planner/plans/bench/steps",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60):
        pass


def opened(page: Page, address: str) -> None:
    page.goto(f"{address}/planner?plan=bench")
    page.locator("body[data-ready]").wait_for()


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # The driver's own waiting needs what the page's content policy forbids.
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, bypass_csp=True)
        opened(page, address)
        border = page.evaluate(BORDER, [LIGHTHOUSE, HARBOUR])
        place = next((x, y) for block, x, y in border if may_move(address, block))
        opened(page, address)
        took = click_all(page, place)
        browser.close()
    sys.stdout.write(json.dumps({"ms": median(took), "worst_ms": max(took)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
