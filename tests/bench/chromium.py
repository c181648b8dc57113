"""A Chromium that takes the time of pages, as the person before it would."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Frame, Page, Route, sync_playwright

from api.pages.assets import LEAFLET
from tests.bench.runner import Run
from tests.browser.conftest import CHROMIUM, QUIET

SIZE = {"width": 1920, "height": 1080}
PATIENCE_MS = 300_000
DRAG_STEPS, DRAG_PX = 90, 6
POINTED_MS = 2_000
"""How long somebody points at a month before they press it: they compare the bars."""

_DRAWN = "canvas.leaflet-zoom-animated, svg.leaflet-zoom-animated path"
_PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
_WATCH = """() => {
    // From now until something of the changed question shows, its finding, and its map.
    const began = performance.now(), seen = (window.seen = {});
    const headline = () => document.getElementById("headline").textContent;
    const frame = document.querySelector("iframe.map"), before = headline();
    const look = () => {
        const now = performance.now() - began;
        const said = headline() !== before;
        if (said) seen.finding ??= now;
        if (said || document.getElementById("status").textContent) seen.sign ??= now;
        const map = document.querySelector("iframe.map"), page = map?.contentDocument;
        const drawn = map !== frame && page?.readyState === "complete" &&
            page.querySelector("canvas.leaflet-zoom-animated, svg.leaflet-zoom-animated path");
        requestAnimationFrame(
            drawn ? () => setTimeout(() => (seen.map = performance.now() - began)) : look
        );
    };
    look();
}"""
_COUNT = """() => {
    window.frames_seen = [];
    const seen = (at) => { window.frames_seen.push(at); requestAnimationFrame(seen); };
    requestAnimationFrame(seen);
}"""
_RATE = """() => {
    const seen = window.frames_seen;
    return (seen.length - 1) / (seen[seen.length - 1] - seen[0]) * 1000;
}"""


class Pages:
    """One page of a fresh browser."""

    def __init__(self, context: BrowserContext) -> None:
        self._page: Page = context.new_page()
        self._bytes = 0
        network = context.new_cdp_session(self._page)
        network.send("Network.enable")
        network.on("Network.dataReceived", self._received)

    def board(self, address: str) -> Run:
        """Open the board, until its map has been painted."""
        start = time.perf_counter()
        self._page.goto(address, wait_until="commit")
        self._wait_for_map()
        took = time.perf_counter() - start
        self._page.wait_for_load_state("load")
        return Run(took, 0, 0, {"mb": self._bytes / 1e6})

    def choose_period(self, period: str) -> Run:
        """Choose another period in the bar, until its map has been painted."""
        self._page.locator("#ask").evaluate("one => (one.open = true)")
        self._page.evaluate(_WATCH)
        self._page.locator("select[name=period]").select_option(period, no_wait_after=True)
        return self._seen()

    def choose_month(self) -> Run:
        """Point at a month for a while and press it, until its map has been painted."""
        month = self._page.locator("#bars nav a").nth(-3)
        month.hover()
        self._page.wait_for_timeout(POINTED_MS)
        self._page.evaluate(_WATCH)
        month.click(no_wait_after=True)
        return self._seen()

    def _seen(self) -> Run:
        """What `_WATCH` has seen, in seconds."""
        self._page.wait_for_function("() => window.seen.map")
        seen = {name: ms / 1_000 for name, ms in self._page.evaluate("() => window.seen").items()}
        self._page.wait_for_load_state("networkidle")
        return Run(seen["map"], 0, 0, seen)

    def plain(self, file: Path) -> Run:
        """Open a page of folium's own, until its map has been painted."""
        start = time.perf_counter()
        self._page.goto(file.as_uri(), wait_until="commit")
        _wait_until_painted(self._page.main_frame)
        return Run(time.perf_counter() - start, 0, 0, {"mb": file.stat().st_size / 1e6})

    def drag_map(self) -> Run:
        """Drag the map of the board: frames a second."""
        frame = self._page.locator("iframe.map")
        return self._dragged(frame.bounding_box() or {}, self._page.frames[1])

    def drag_plain(self) -> Run:
        """Drag the map of a plain page."""
        return self._dragged({"x": 0, "y": 0, **SIZE}, self._page.main_frame)

    def _dragged(self, box: dict[str, float], frame: Frame) -> Run:
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6
        mouse = self._page.mouse
        mouse.move(*middle)
        mouse.down()
        frame.evaluate(_COUNT)
        start = time.perf_counter()
        for step in range(DRAG_STEPS):
            # There and back again, at the pace of a hand.
            along = min(step, DRAG_STEPS - step) * DRAG_PX
            mouse.move(middle[0] + along, middle[1] + along / 3)
        rate = float(frame.evaluate(_RATE))
        took = time.perf_counter() - start
        mouse.up()
        return Run(took, 0, 0, {"frames": rate})

    def _wait_for_map(self) -> None:
        self._page.locator("iframe.map").wait_for()
        frame = self._page.locator("iframe.map").element_handle().content_frame()
        if frame is None:
            raise SystemExit("the board has no map")
        _wait_until_painted(frame)

    def _received(self, event: dict[str, float]) -> None:
        self._bytes += event["dataLength"]


def _wait_until_painted(frame: Frame) -> None:
    """Until the shapes are there and the browser has painted them."""
    frame.wait_for_url(lambda address: address != "about:blank", wait_until="load")
    frame.locator(_DRAWN).first.wait_for(state="attached")
    frame.evaluate(_PAINTED)


@contextmanager
def opened() -> Iterator[Pages]:
    """A browser that knows nothing yet; hosts other than this machine are answered from here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        context = browser.new_context(viewport=SIZE)
        context.set_default_timeout(PATIENCE_MS)
        context.route(re.compile("^https:"), _from_here)
        yield Pages(context)
        browser.close()


def _from_here(route: Route) -> None:
    """Leaflet is local; of the other libraries that folium links, a map of cells needs none."""
    name = route.request.url.rpartition("/")[2]
    if name in ("leaflet.js", "leaflet.css"):
        route.fulfill(path=LEAFLET / name)
    else:
        route.fulfill(body="")
