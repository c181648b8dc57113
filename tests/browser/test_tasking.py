"""A whole meeting by keyboard: from the presentation to a saved task and the minutes on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from api.pages.assets import STATIC
from api.pages.printing import sheets_of
from tests.browser.conftest import SCREENSHOTS, Watched, patient
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


def enter(page: Page, selector: str, *, most: int = 160) -> None:
    """Walk to an element and press Enter on it."""
    tab_to(page, selector, most=most)
    page.keyboard.press("Enter")


def fits(page: Page) -> bool:
    """Whether a step of the presentation ends within the screen, with its links."""
    return bool(
        page.evaluate(
            """() => {
                const links = document.querySelector("#present article.now nav");
                return links.getBoundingClientRect().bottom <= window.innerHeight;
            }"""
        )
    )


def turn_to(page: Page, count: str) -> None:
    """Go on with the arrow key to a step of the presentation."""
    step = page.locator("#present article.now .count")
    for _ in range(20):
        if step.inner_text().startswith(count):
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"the presentation has no step {count}")


def call_meeting_of_castle(page: Page, address: str) -> str:
    """Call today's meeting of a ward on the form; its id."""
    page.goto(f"{address}/meetings")
    tab_to(page, "#area")
    page.keyboard.type("Castle")
    tab_to(page, "#title")
    page.keyboard.type("December board")
    page.keyboard.press("Enter")
    expect(page.locator("#meeting-title")).to_contain_text("December board")
    return page.url.rpartition("/")[2]


def decide(watched: Watched, title: str) -> None:
    """Fill in the form of a decision, and take it on."""
    page = watched.page
    expect(page.locator("#decide-title")).to_be_visible()
    watched.keep("meeting-decide")
    expect(page.locator(".in-meeting")).to_contain_text("December board")
    tab_to(page, "#title")
    page.keyboard.type(title)
    tab_to(page, "#owner")
    page.keyboard.type("public protection officer")
    enter(page, "button[value=accept]")


def take(page: Page, step: str, *, choose: int = 0, **texts: str) -> None:
    """Open the form of a step on the page of a task, fill it in, and send it."""
    form = f"form[action$='/{step}']"
    enter(page, f"details.step:has({form}) > summary")
    if choose:
        tab_to(page, f"{form} input[type=radio]")
        for _ in range(choose):
            page.keyboard.press("ArrowDown")
    for name, text in texts.items():
        tab_to(page, f"{form} [name={name}]")
        page.keyboard.type(text)
    enter(page, f"{form} button.primary")
    expect(page.locator(".success")).to_be_visible()


def test_a_meeting_is_held_by_keyboard_from_the_news_to_the_printed_pack(
    watched: Watched, own_address: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    meeting = call_meeting_of_castle(page, own_address)
    present_and_decide(watched, meeting)
    assessed, referred = assess_and_refer(watched)
    minutes = page.locator("section[aria-labelledby=minutes-title]")
    for text in (
        "Patrol after the last bus: raised",
        "Patrol after the last bus: taken on",
        "Talk to the shops: taken on",
        f"{assessed} ",
        "assessed",
        f"{referred} ",
        "It needs money",
    ):
        expect(minutes).to_contain_text(text)
    watched.keep("meeting-minutes")
    assert sheets_of(page.pdf(prefer_css_page_size=True)) <= 2

    enter(page, "a[href*='/reports/board-pack']")
    expect(page.locator("h1.title")).to_contain_text("board pack")
    paper = page.pdf(path=SCREENSHOTS / "board-pack.pdf", prefer_css_page_size=True)
    assert sheets_of(paper) <= 2
    printed = printed_text(SCREENSHOTS / "board-pack.pdf")
    for text in (
        f"{referred}: ",
        "city board: It needs money",
        "Patrol after the last bus",
        "No clear effect, judged by hand: The bins are still set on fire",
    ):
        assert text in printed
    assert watched.faults == []


def present_and_decide(watched: Watched, meeting: str) -> None:
    """From the news through two places, of which each gets a decision, to the agenda."""
    page = watched.page
    enter(page, "a.primary")
    page.wait_for_url(f"**meeting={meeting}**")
    step = page.locator("#present article.now")
    expect(step.locator("h2")).to_contain_text("Since the last meeting")
    expect(page.locator("#meeting")).to_contain_text("December board")
    expect(page.locator("#meeting")).to_contain_text("the board of Castle and Quay")
    banner = page.locator("#meeting span")
    assert banner.evaluate("(one) => one.scrollWidth <= one.clientWidth")  # not cut
    assert "within=D05000002" in page.url  # a ward's meeting looks at its own places
    watched.keep("meeting-present")
    assert fits(page)

    turn_to(page, "Place 1 of")
    page.keyboard.press("d")
    decide(watched, "Patrol after the last bus")
    # Back at the same step, which says what was decided; then the next place.
    expect(step.locator(".count")).to_have_text(re.compile("Place 1 of"))
    expect(step.locator(".decided")).to_contain_text("Patrol after the last bus: taken on")
    watched.keep("meeting-decided")
    assert fits(page)
    page.keyboard.press("ArrowRight")
    expect(step.locator(".count")).to_have_text(re.compile("Place 2 of"))
    enter(page, "#present article.now a.decide")
    decide(watched, "Talk to the shops")
    expect(step.locator(".decided")).to_contain_text("Talk to the shops: taken on")

    # The board of the same place, still in the meeting; then its agenda.
    page.keyboard.press("Escape")
    expect(page.locator(".story-card .decided")).to_contain_text("Talk to the shops")
    expect(page.locator("#meeting")).to_contain_text("December board")
    watched.keep("meeting-story")
    enter(page, "#meeting a")
    expect(page.locator("#minutes-title")).to_be_visible()


def assess_and_refer(watched: Watched) -> tuple[str, str]:
    """From the agenda to a task that is done, and to a new one that goes up; back to the minutes.

    Returns the ids of both.
    """
    page = watched.page
    assessed = task_of_agenda(page, "last")
    take(page, "assess", choose=1, note="The bins are still set on fire")
    expect(page.locator("main")).to_contain_text("No clear effect, judged by hand")
    watched.keep("meeting-assessed")
    enter(page, ".in-meeting a")
    referred = task_of_agenda(page, "first")
    take(page, "refer", to="city board", note="It needs money")
    expect(page.locator(".big-tag").first).to_have_text("Waiting for an answer")
    enter(page, ".in-meeting a")
    expect(page.locator("#minutes-title")).to_be_visible()
    return assessed, referred


def task_of_agenda(page: Page, part: str) -> str:
    """Open the first task of the first or last part of an agenda; its id."""
    expect(page.locator("#agenda-title")).to_be_visible()
    enter(page, f".parts section:{part}-child a")
    expect(page.locator("#task-title")).to_be_visible()
    return urlsplit(page.url).path.rpartition("/")[2]


def printed_text(path: Path) -> str:
    """The text of a PDF in one line."""
    reader = shutil.which("pdftotext")
    if not reader:
        pytest.skip("needs pdftotext to read what was printed")
    command = [reader, str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return " ".join(text.split())


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
     "/meetings", "/meetings/M-0007", "/areas/wards/D05000002/charter", "/tasks/T-0013",
     "/priorities", "/priorities?area=D05000002@wards&all=1", "/priorities/P-0003",
     "/roster", "/roster/R-0007", "/tasks?state=declined&area=D05000003@wards"],
)  # fmt: skip
def test_axe_finds_nothing(browser: Browser, address: str, path: str) -> None:
    context = patient(browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True))
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
