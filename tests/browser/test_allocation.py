"""The allocation page, used as a tasking chair uses it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, patient

pytestmark = pytest.mark.browser

SHIFTS = "tab=patrols&shifts=late:2@14:00,night:1@22:00"


def wait_for_maps(watched: Watched) -> None:
    watched.page.locator("main:not([aria-busy]) iframe.map").first.wait_for()
    for frame in watched.page.locator("iframe.map").all():
        inside = frame.content_frame
        inside.locator("canvas.leaflet-zoom-animated").first.wait_for()
        inside.locator(".legend").wait_for()


def title(page: Page):
    return page.locator("article.allocation h2").first


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_each_tab_opens_with_an_answer_and_asks_no_other_machine(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/allocation")
    wait_for_maps(watched)
    expect(title(page)).to_contain_text("officers for 17 areas")
    for tab, text in (("Patches", "patches: the worst is"), ("Patrols", "visits to")):
        page.get_by_role("navigation").get_by_role("link", name=tab, exact=True).click()
        wait_for_maps(watched)
        expect(title(page)).to_contain_text(text)
    assert watched.hosts() == {urlsplit(address).netloc}
    assert watched.faults == []


def test_a_changed_number_is_answered_at_once(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/allocation?tab=posts&posts=34")
    wait_for_maps(watched)
    field = page.get_by_label("Officers", exact=True)
    field.fill("40")
    expect(title(page)).to_contain_text("40 officers")
    wait_for_maps(watched)
    assert query_of(page)["posts"] == ["40"]
    assert field.input_value() == "40"
    page.go_back()
    expect(title(page)).to_contain_text("34 officers")
    expect(field).to_have_value("34")
    assert watched.faults == []


def test_a_refusal_is_told_in_words_and_mended_in_the_same_form(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/allocation?tab=posts&posts=34")
    field = page.get_by_label("Officers", exact=True)
    field.fill("9")
    expect(page.get_by_role("alert")).to_contain_text("takes 17 posts, and there are 9")
    expect(field).to_have_value("9")
    field.fill("20")
    expect(title(page)).to_contain_text("20 officers")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_officers_are_pinned_and_areas_left_out_and_brought_back(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/allocation?tab=posts&posts=34")
    page.get_by_label("Officer", exact=True).fill("Ann Lee")
    page.locator("select[name=pin_area]").select_option(label="Beacon Hill")
    page.get_by_role("button", name="Pin").click()
    expect(page.locator("tr", has_text="Beacon Hill").locator(".who")).to_contain_text("Ann Lee")
    page.get_by_role("link", name="leave out Harbour").click()
    expect(title(page)).to_contain_text("for 16 areas")
    page.get_by_role("link", name="bring back Harbour").click()
    expect(title(page)).to_contain_text("for 17 areas")
    page.get_by_role("link", name="unpin Ann Lee").click()
    page.wait_for_url(re.compile(r"^(?!.*pinned)"))


def test_two_answers_stand_side_by_side(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/allocation?tab=patches&size=2-3")
    page.get_by_role("link", name="Compare with other numbers").click()
    page.get_by_label("Areas in a patch").fill("3-4")
    expect(page.locator("article.allocation")).to_have_count(2)
    expect(title(page)).to_contain_text("5 patches")
    wait_for_maps(watched)
    watched.keep("allocation-beside")
    page.get_by_role("link", name="Plan 2").click()
    expect(page.locator("tr.now").first).to_contain_text("Plan 2")
    page.get_by_role("link", name="remove it").click()
    expect(page.locator("article.allocation")).to_have_count(1)
    assert watched.faults == []


def test_a_card_is_one_sheet_for_each_officer(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/allocation?{SHIFTS}")
    page.get_by_role("link", name="Patrol cards to print").click()
    expect(page.locator("article.card")).to_have_count(3)
    expect(page.locator("article.card").first).to_contain_text("14:00 to 18:00")
    # A page that is printed before its styles are there has other sheets.
    page.wait_for_load_state("networkidle")
    pages = len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True)))
    assert pages == 3
    assert watched.faults == []


def test_print_holds_the_map_and_the_table_but_not_the_form(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/allocation?tab=posts&posts=34")
    wait_for_maps(watched)
    watched.page.emulate_media(media="print")
    expect(watched.page.locator("#question")).to_be_hidden()
    for part in (".map", ".details table", ".notes"):
        expect(watched.page.locator(part).first).to_be_visible()


def test_without_scripts_the_button_does_the_same(watched: Watched, address: str) -> None:
    browser = watched.page.context.browser
    assert browser
    page = patient(browser.new_context(java_script_enabled=False)).new_page()
    page.goto(f"{address}/allocation?tab=posts&posts=34")
    page.get_by_label("Officers", exact=True).fill("50")
    page.get_by_role("button", name="Show").click()
    expect(title(page)).to_contain_text("50 officers")
    page.context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1600, 1000), (1920, 1080), (390, 844)])
@pytest.mark.parametrize("tab", ["tab=posts&posts=34", "tab=patches&size=2-3", SHIFTS])
def test_nothing_runs_over_the_edge(
    watched: Watched, address: str, tab: str, width: int, height: int
) -> None:
    watched.page.set_viewport_size({"width": width, "height": height})
    watched.page.goto(f"{address}/allocation?{tab}")
    wait_for_maps(watched)
    watched.keep(f"allocation-{tab[4:9].strip('&')}-{width}")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
