"""The reports in a real browser: chosen by keyboard, on paper, with colours of the reader's own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from api.pages.assets import STATIC
from api.pages.printing import sheets_of
from tests.browser.conftest import SCREENSHOTS, Watched, patient

pytestmark = pytest.mark.browser

PROFILE = "/reports/profile?layer=wards&within=D05000006&measures=satisfaction"
SIX_MONTHLY = "/reports/six-monthly?layer=estates&study=wards"
ANSWERS = ("profile", "track", "spend", "officer-hours")
_AXE = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_VIOLATIONS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 140)}`);
}"""


@pytest.mark.parametrize(
    "path", ["/reports", PROFILE, "/reports/spend", *(f"/answers/{name}" for name in ANSWERS)]
)
def test_axe_finds_nothing(watched: Watched, address: str, path: str) -> None:
    within = "" if "?" in path or path == "/reports" else "?within=D05000006"
    page = watched.page
    page.goto(address + path + within)
    page.evaluate(_AXE)
    assert page.evaluate(_VIOLATIONS) == []
    assert watched.faults == []
    assert watched.hosts() == {address.removeprefix("http://")}


def test_an_officer_chooses_areas_by_keyboard(watched: Watched, address: str) -> None:
    """From the list of reports to a paper on the priority estates, without an address to type."""
    page = watched.page
    page.goto(f"{address}/reports")
    page.get_by_role("link", name="Money").focus()
    page.keyboard.press("Enter")
    page.locator("select[name=layer]").focus()
    page.keyboard.type("Prio")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**layer=estates**")
    expect(page.locator("h1.title")).to_contain_text("Priority estates")
    expect(page.locator("select[name=layer]")).to_have_value("estates")
    assert watched.faults == []


def test_an_area_leads_to_its_profile_and_money_to_its_report(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/money")
    page.get_by_role("link", name="Report to print or send").click()
    expect(page.locator("h1.title")).to_contain_text("money")
    page.goto(f"{address}/areas/wards/D05000006?measures=satisfaction")
    page.get_by_role("link", name="Profile to print or send").click()
    expect(page.locator("h1.title")).to_contain_text("Harbour: profile")
    expect(page.locator("select[name=within]")).to_have_value("D05000006")


def test_the_first_sheet_of_the_six_monthly_report_is_full(watched: Watched, address: str) -> None:
    """Two of the four estates stand on it, two on the second, and sources on the third."""
    page = watched.page
    page.goto(address + SIX_MONTHLY)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    pdf = page.pdf(path=SCREENSHOTS / "six-monthly.pdf", prefer_css_page_size=True)
    assert sheets_of(pdf) <= 3


def test_colours_of_the_reader_s_own_leave_verdicts_and_bars(
    browser: Browser, address: str
) -> None:
    context = patient(
        browser.new_context(viewport={"width": 1280, "height": 900}, forced_colors="active")
    )
    page = context.new_page()
    page.goto(f"{address}/money")
    colours = page.evaluate(
        """() => ["paid", "committed", "gone"].map((name) =>
            getComputedStyle(document.querySelector(`.key .${name}`)).backgroundColor)"""
    )
    assert len(set(colours)) == 3
    boxes = [page.locator(f".key .{name}").first.bounding_box() for name in ("paid", "committed")]
    assert all(box and box["width"] > 8 and box["height"] > 8 for box in boxes)
    page.goto(address + PROFILE)
    worse = page.locator(".verdict.worse").first
    assert worse.evaluate("one => getComputedStyle(one).borderTopStyle") == "double"
    context.close()
