"""A whole meeting by keyboard: from the presentation to a saved task and the minutes on paper."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.pages.assets import STATIC
from api.pages.printing import sheets_of
from tests.browser.conftest import SCREENSHOTS, Watched
from tests.services import serving

pytestmark = pytest.mark.browser

OPENED = "/?period=latest-28d&category=anti-social-behaviour"
_AXE = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_FOUND = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 140)}`);
}"""


@pytest.fixture(scope="module")
def own_address(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo city in a store of its own, since meetings write."""
    store = tmp_path_factory.mktemp("meeting") / "demo.gpkg"
    shutil.copy(demo_store, store)
    with serving(store) as running:
        yield running


def tab_to(page: Page, selector: str, *, most: int = 120) -> None:
    """Walk to an element with the Tab key, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_meeting_is_held_by_keyboard(watched: Watched, own_address: str) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{own_address}/meetings")
    tab_to(page, "#day")
    page.keyboard.press("Enter")  # on the form: today's meeting of the whole city
    expect(page.locator("#meeting-title")).to_contain_text("City meeting")
    meeting = page.url.rpartition("/")[2]

    tab_to(page, "a.primary")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**meeting={meeting}**")
    step = page.locator("#present article.now")
    expect(step.locator("h2")).to_contain_text("Since the last meeting")
    watched.keep("meeting-present")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        if step.locator(".count").inner_text().startswith("Place 1 "):
            break
    expect(step.locator(".count")).to_have_text(re.compile("Place 1 of"))
    page.keyboard.press("Escape")
    expect(page.locator("#story-title")).to_contain_text("Place 1")
    assert f"meeting={meeting}" in page.url

    tab_to(page, "a.decide")
    page.keyboard.press("Enter")
    expect(page.locator("#decide-title")).to_be_visible()
    expect(page.locator(".in-meeting")).to_be_visible()
    watched.keep("meeting-decide")
    tab_to(page, "#title")
    page.keyboard.type("Patrol after the last bus")
    tab_to(page, "#owner")
    page.keyboard.type("public protection officer")
    tab_to(page, "button[value=accept]")
    page.keyboard.press("Enter")

    # Back on the board, where the story says what was decided.
    expect(page.locator(".story-card .decided")).to_contain_text("Patrol after the last bus")
    assert f"meeting={meeting}" in page.url
    watched.keep("meeting-story")
    page.goto(f"{own_address}/meetings/{meeting}")
    minutes = page.locator("section[aria-labelledby=minutes-title]")
    expect(minutes).to_contain_text("Patrol after the last bus: raised")
    expect(minutes).to_contain_text("Patrol after the last bus: taken on")
    watched.keep("meeting-minutes")
    paper = page.pdf(path=SCREENSHOTS / "meeting.pdf", prefer_css_page_size=True)
    assert sheets_of(paper) <= 2
    tab_to(page, "ol.history a")
    page.keyboard.press("Enter")
    expect(page.locator("#task-title")).to_contain_text("Patrol after the last bus")
    tab_to(page, "details.step > summary")
    page.keyboard.press("Enter")
    expect(page.locator("details.step[open] textarea").first).to_be_visible()
    assert watched.faults == []


def test_tasks_lie_on_the_map_with_their_numbers_and_can_be_switched_off(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}{OPENED}&over=tasks")
    watched.wait_for_map()
    frame = page.frame_locator("iframe.map")
    expect(frame.locator(".legend")).to_contain_text("Tasks that are not finished")
    numbers = frame.locator(".place-number.task")
    expect(numbers.first).to_be_visible()
    watched.keep("board-tasks")
    frame.get_by_label("Tasks").uncheck()
    expect(numbers).to_have_count(0)
    frame.get_by_label("Tasks").check()
    expect(numbers.first).to_be_visible()
    assert watched.faults == []


@pytest.mark.parametrize(
    "path",
    ["/tasks", "/tasks/T-0001", "/tasks/T-0029", "/tasks/new?area=D05000010@wards",
     "/meetings", "/meetings/M-0007", "/areas/wards/D05000002/charter"],
)  # fmt: skip
def test_axe_finds_nothing(browser: Browser, address: str, path: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    page = context.new_page()
    page.goto(address + path)
    for fold in page.locator("details").all():
        fold.evaluate("one => (one.open = true)")
    page.evaluate(_AXE)
    found = page.evaluate(_FOUND)
    context.close()
    assert found == []


def test_lists_and_charters_print_on_few_sheets(watched: Watched, address: str) -> None:
    page = watched.page
    for path, most in (
        ("/tasks?area=D05000002@wards", 2),
        ("/areas/wards/D05000002/charter", 2),
        ("/tasks/T-0001", 2),
    ):
        page.goto(address + path)
        assert sheets_of(page.pdf(prefer_css_page_size=True)) <= most, path
