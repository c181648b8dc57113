"""The pages of areas in a real browser: legible at any size, by keyboard, on paper, in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from api.pages.assets import STATIC
from api.pages.printing import sheets_of
from tests.browser.conftest import SCREENSHOTS, Watched

pytestmark = pytest.mark.browser

AREA = "/areas/wards/D05000010"
PAGES = ("/areas", "/areas/wards", "/areas/estates", AREA, "/money")
SIZES = ((390, 844), (1280, 720), (1920, 1080))
_AXE = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_VIOLATIONS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 140)}`);
}"""
_CUT = """() => [...document.querySelectorAll("main *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth
        && getComputedStyle(one).overflowX === "visible" && !one.closest("svg"))
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(watched: Watched, address: str, path: str) -> None:
    page = watched.page
    page.goto(address + path)
    page.evaluate(_AXE)
    assert page.evaluate(_VIOLATIONS) == []
    assert watched.faults == []
    assert watched.hosts() == {address.removeprefix("http://")}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_an_area_fits_the_window(watched: Watched, address: str, width: int, height: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address + AREA)
    watched.keep(f"area-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CUT) == []
    if width > 1000:  # where it lies, what is known and what changed are seen without scrolling
        for selector in ("h1", ".area-map svg", ".figures, table.fares"):
            box = page.locator(selector).first.bounding_box()
            assert box is not None
            assert box["y"] < height, selector


def test_a_board_leads_to_an_area_and_on_to_its_neighbour(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-3m&compare=year")
    page.locator("#areas details.dense summary").click()
    page.locator("#areas tbody th a", has_text="Priory Park").first.click()
    expect(page.locator("h1")).to_contain_text("Priory Park")
    expect(page.locator(".incidents h2")).to_contain_text("January 2026 to March 2026")
    neighbour = page.locator(".card", has_text="Neighbours").get_by_role("link").first
    name = neighbour.inner_text()
    neighbour.click()
    expect(page.locator("h1")).to_contain_text(name)
    expect(page.locator(".incidents h2")).to_contain_text("January 2026 to March 2026")
    assert watched.faults == []


def test_the_form_asks_by_keyboard(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + AREA)
    page.locator("select[name=category]").focus()
    page.keyboard.type("Burg")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**category=burglary**")
    expect(page.locator("select[name=category]")).to_have_value("burglary")


def test_an_area_is_chosen_on_the_map_of_its_layer(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/areas/wards")
    # The middle of its box may lie in another area: at its name it is itself.
    page.locator(".area-map .name", has_text="Priory Park").click(force=True)
    expect(page.locator("h1")).to_contain_text("Priory Park")


@pytest.mark.parametrize("path", [AREA, "/areas/wards/D05000001", "/areas/wards", "/money"])
def test_an_area_prints_on_two_sheets(watched: Watched, address: str, path: str) -> None:
    page = watched.page
    page.goto(address + path)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = path.strip("/").replace("/", "-")
    pdf = page.pdf(path=SCREENSHOTS / f"{name}.pdf", prefer_css_page_size=True)
    assert sheets_of(pdf) <= 2


def test_nothing_needs_a_script(watched: Watched, address: str) -> None:
    page: Page = watched.page
    page.goto(address + AREA)
    assert page.locator("script").count() == 0
