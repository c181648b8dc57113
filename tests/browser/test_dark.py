"""Every page on a screen that is set to dark: dark itself, legible, its maps with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from api.pages.assets import STATIC
from tests.browser.conftest import SCREENSHOTS, patient

pytestmark = pytest.mark.browser

PAGES = (
    "/allocation",
    "/allocation?tab=patches",
    "/planner",
    "/tasks",
    "/tasks/T-0001",
    "/tasks/T-0029",
    "/tasks/new?area=D05000010@wards",
    "/meetings",
    "/meetings/M-0007",
    "/tasks/T-0013",
    "/priorities",
    "/priorities/P-0003",
    "/roster",
    "/roster/R-0007",
    "/areas/wards/D05000002/charter",
    "/areas/wards",
    "/areas/wards/D05000010",
    "/money",
    "/data",
    "/help/board",
    "/reports",
    "/reports/spend",
    "/reports/six-monthly?layer=estates&study=wards&measures=satisfaction",
    "/answers/profile?within=D05000010",
    "/answers/spend",
    "/answers/officer-hours?within=D05000010",
    "/search?q=causeway",
    "/ogc/collections/wards/items?f=html",
    "/nothing-here",
)
_AXE = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_SERIOUS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 140)}`);
}"""
_LIGHT = """() => {
    const page = getComputedStyle(document.documentElement).backgroundColor;
    return Math.max(...page.match(/\\d+/g).slice(0, 3).map(Number));
}"""
_LINES = """() => {
    const map = Object.values(window).find((value) => value instanceof L.Map);
    const colours = new Set();
    map.eachLayer(({ feature, options }) => feature && colours.add(options.color));
    return [...colours];
}"""
OUTLINE, ON_DARK = "#1a1a1a", "#dfe5ea"


def outlines(page: Page) -> set[str]:
    """The colours of outlines of areas on the map in its frame."""
    page.frame_locator("iframe.map").locator(".legend").wait_for()
    frame = page.frames[1]
    return {OUTLINE, ON_DARK} & set(frame.evaluate(_LINES))


def test_every_page_is_dark_and_legible_where_the_screen_is_dark(
    browser: Browser, address: str
) -> None:
    context = patient(
        browser.new_context(
            viewport={"width": 1280, "height": 720}, color_scheme="dark", bypass_csp=True
        )
    )
    page = context.new_page()
    faults: dict[str, object] = {}
    for path in PAGES:
        page.goto(address + path, wait_until="networkidle")
        page.screenshot(path=SCREENSHOTS / f"dark-{PAGES.index(path)}.png")
        page.evaluate(_AXE)
        if serious := page.evaluate(_SERIOUS):
            faults[path] = serious
        if (light := page.evaluate(_LIGHT)) > 60:
            faults[f"{path} is light"] = light
    assert faults == {}
    context.close()


def test_a_map_is_drawn_for_the_screen_that_it_is_on(browser: Browser, address: str) -> None:
    for scheme, line in (("light", OUTLINE), ("dark", ON_DARK)):
        context = patient(browser.new_context(color_scheme=scheme))  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/?period=latest-28d&compare=previous")
        assert outlines(page) == {line}
        context.close()


def test_paper_is_light_and_its_numbers_white_on_black(browser: Browser, address: str) -> None:
    context = patient(
        browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    )
    page = context.new_page()
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    assert outlines(page) == {ON_DARK}
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert outlines(page) == {OUTLINE}
    adjust, tiles = page.frames[1].evaluate(
        """() => {
            const style = (selector) => getComputedStyle(document.querySelector(selector));
            const tiles = style(".dark-ground .leaflet-tile-pane");
            return [style(".place-number").printColorAdjust, tiles.filter];
        }"""
    )
    assert adjust == "exact"
    assert tiles.startswith("invert(1)")
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert outlines(page) == {ON_DARK}
    context.close()
