"""The planner's page as tests work on it: a plan of the demo city, its blocks on the screen."""

from __future__ import annotations

import json
import urllib.request

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Watched

REFUSED = "status of 409"
"""What Chromium writes into its console for a refused step; no fault of a script."""


def post(address: str, body: dict[str, object]) -> dict[str, object]:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


class PlannerPage:
    """The page of one plan, and what the service knows of it."""

    def __init__(self, watched: Watched, root: str, plan_id: str) -> None:
        self.watched, self.page = watched, watched.page
        self.root, self.plan_id = root, plan_id

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.root}/planner?plan={self.plan_id}{query}")
        self.page.locator("body[data-ready]").wait_for()

    def payload(self) -> dict[str, object]:
        address = f"{self.root}/planner/plans/{self.plan_id}"
        with urllib.request.urlopen(address, timeout=120) as answer:
            return json.load(answer)

    def area_of(self, block: str) -> str:
        payload = self.payload()
        return payload["assigned"][payload["codes"].index(block)]

    def row(self, area: str) -> Locator:
        return self.page.locator(f'#areas tr[data-area="{area}"]')

    def saved(self, version: int) -> None:
        expect(self.page.locator("#status")).to_have_text(f"Saved, version {version}")

    def place(self, block: str) -> tuple[float, float]:
        """Where a block's middle is on the screen, in pixels of the page."""
        return tuple(self.page.evaluate(PLACE, [f"{self.root}/planner/blocks/blocks", block]))

    def click(self, block: str, **how: object) -> None:
        self.page.mouse.click(*self.place(block), **how)

    def neighbours(self) -> dict[str, list[str]]:
        """The blocks beside each block, as the page finds them."""
        return self.page.evaluate(NEIGHBOURS, f"{self.root}/planner/blocks/blocks")

    def border(self, one: str, other: str) -> list[str]:
        """Blocks of one area that lie beside the other."""
        payload = self.payload()
        at = dict(zip(payload["codes"], payload["assigned"], strict=True))
        near = self.neighbours()
        return [
            block
            for block, beside in near.items()
            if at[block] == one and other in {at[each] for each in beside}
        ]


PLACE = """async ([address, block]) => {
  const { Geometry } = await import("/static/page/planner/topology.js");
  const blocks = new Geometry(await (await fetch(address)).json());
  const [lon, lat] = blocks.middles[blocks.codes.indexOf(block)];
  const box = document.getElementById("map").getBoundingClientRect();
  const view = new URLSearchParams(location.search).get("view").split(",").map(Number);
  const place = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), view[2]);
  const centre = L.CRS.EPSG3857.latLngToPoint(L.latLng(view[0], view[1]), view[2]);
  return [box.x + box.width / 2 + place.x - centre.x, box.y + box.height / 2 + place.y - centre.y];
}"""

NEIGHBOURS = """async (address) => {
  const { Geometry } = await import("/static/page/planner/topology.js");
  const { codes, near } = new Geometry(await (await fetch(address)).json());
  return Object.fromEntries(
    codes.map((code, at) => [code, [...near[at]].map((other) => codes[other])]));
}"""


def faults(watched: Watched) -> list[str]:
    """What the scripts of the page did wrong."""
    return [fault for fault in watched.faults if REFUSED not in fault]
