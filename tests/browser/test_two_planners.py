"""Two planners on one plan, each with a browser of their own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from api.pages.assets import STATIC
from tests.browser.conftest import Watched, patient
from tests.browser.planner_page import PlannerPage, faults, post
from tests.services import serving

pytestmark = pytest.mark.browser

HARBOUR, LIGHTHOUSE = "D05000006", "D05000008"
_AXE = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`);
}"""
LIVE = re.compile(r"/planner/live/")
STREAM = re.compile(r"/planner/live/[^/]+\?")
WHEN_SHOWN = """() => new MutationObserver((_, watching) => {
  window.shownAt = Date.now();
  watching.disconnect();
}).observe(
  document.getElementById("status"), { childList: true, characterData: true, subtree: true })"""
"""Note when the page shows another version."""


@pytest.fixture(scope="module")
def planning(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a demo city of its own is served."""
    own = shutil.copy(demo_store, tmp_path_factory.mktemp("together") / "demo.gpkg")
    with serving(own) as address:
        yield address


@pytest.fixture
def plan_id(planning: str, request: pytest.FixtureRequest) -> str:
    """A new plan of the demo city's wards."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    begun = {"plan_id": name, "title": "Wards of 2027", "by": "Cay Orr"}
    post(f"{planning}/planner/plans", {**begun, "blocks_layer": "blocks", "from_layer": "wards"})
    return name


class Planner(PlannerPage):
    """The page of one planner."""

    def sign(self, name: str) -> None:
        self.page.locator("#by").fill(name)
        self.page.locator("#by").blur()

    def choose(self, area: str) -> None:
        self.page.locator("#into").select_option(area)


@pytest.fixture
def planners(browser: Browser, planning: str, plan_id: str) -> Iterator[tuple[Planner, Planner]]:
    """Ann's page and Bo's, each in a browser context of its own."""
    pages = []
    contexts = []
    for name in ("Ann Lee", "Bo Hill"):
        context = patient(browser.new_context(viewport={"width": 1280, "height": 720}))
        contexts.append(context)
        page = Planner(Watched(context.new_page()), planning, plan_id)
        page.open()
        page.sign(name)
        pages.append(page)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()


def reopen(planner: Planner) -> None:
    planner.page.reload()
    planner.page.locator("body[data-ready]").wait_for()


def check_accessible(planner: Planner) -> None:
    """Let axe look at the page as it is, and as it is on a phone."""
    page = planner.page
    page.evaluate(_AXE)
    assert page.evaluate(_VIOLATIONS) == []
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(_VIOLATIONS) == []
    page.set_viewport_size(size)


def take_step(planner: Planner, version: int) -> str:
    """Move a block into Harbour; returns the block."""
    block = planner.border(LIGHTHOUSE, HARBOUR)[0]
    planner.choose(HARBOUR)
    planner.click(block)
    planner.saved(version)
    return block


def test_a_step_of_another_appears_at_once_and_who_is_here_is_seen(
    planners: tuple[Planner, Planner],
) -> None:
    ann, bo = planners
    others = bo.page.locator("#others")
    expect(others).to_have_text("Also here: someone.")
    bo.page.evaluate(WHEN_SHOWN)
    take_step(ann, 2)
    bo.saved(2)
    expect(others).to_have_text(
        "Also here: someone. Ann Lee: moved 1 block from Lighthouse to Harbour (step 1)."
    )
    signed = datetime.fromisoformat(bo.payload()["history"][0]["at"]).timestamp()
    seconds = bo.page.evaluate("window.shownAt") / 1000 - signed
    print(f"shown {seconds:.2f} s after the step was signed")  # noqa: T201
    assert seconds < 30
    bo.watched.keep("planner-two-planners")
    check_accessible(bo)
    bo.page.set_viewport_size({"width": 390, "height": 844})
    bo.watched.keep("planner-two-planners-phone")
    ann.page.context.close()
    expect(others).not_to_contain_text("Also here")
    assert not faults(bo.watched)


def test_where_streams_are_held_back_the_page_asks_and_says_so(
    planners: tuple[Planner, Planner],
) -> None:
    ann, bo = planners
    bo.page.route(STREAM, lambda route: route.abort())
    reopen(bo)
    others = bo.page.locator("#others")
    expect(others).to_contain_text("Others’ steps appear within 5 seconds, not at once")
    expect(ann.page.locator("#others")).to_have_text("Also here: someone.")
    take_step(ann, 2)
    bo.saved(2)
    expect(others).to_contain_text("Ann Lee: moved 1 block from Lighthouse to Harbour")
    bo.watched.keep("planner-asking")


def test_a_lost_connection_is_said_and_what_was_missed_appears_when_it_is_back(
    planners: tuple[Planner, Planner],
) -> None:
    ann, bo = planners
    others = bo.page.locator("#others")
    expect(others).to_have_text("Also here: someone.")
    bo.page.context.set_offline(True)
    bo.page.route(LIVE, lambda route: route.abort())
    bo.page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    bo.page.evaluate("window.dispatchEvent(new Event('pageshow'))")
    expect(others).to_contain_text("No connection: others’ steps do not appear")
    take_step(ann, 2)
    bo.page.unroute(LIVE)
    bo.page.context.set_offline(False)
    bo.saved(2)
    expect(others).to_contain_text("Ann Lee: moved 1 block")
    expect(others).not_to_contain_text("No connection")


def meet(ann: Planner, bo: Planner) -> str:
    """Let Bo take a step beside one of Ann's that he has not seen; returns the block."""
    block, other, *_ = ann.border(LIGHTHOUSE, HARBOUR)
    bo.page.route(LIVE, lambda route: route.abort())
    reopen(bo)
    bo.choose(HARBOUR)
    ann.choose(HARBOUR)
    ann.click(other)
    ann.saved(2)
    bo.click(block)
    message = bo.page.locator("#message")
    expect(message).to_contain_text("While you took your step, Ann Lee changed the same part")
    expect(message).to_contain_text("Ann Lee moved 1 block from Lighthouse to Harbour (step 1)")
    expect(message).to_contain_text(
        "Yours, not saved yet: moved 1 block from Lighthouse to Harbour"
    )
    assert bo.area_of(block) == LIGHTHOUSE
    # Hers is on his map by now.
    expect(bo.page.locator("#status")).to_have_text("Saved, version 2")
    return block


def test_a_planner_who_keeps_theirs_has_it_saved_after_the_other(
    planners: tuple[Planner, Planner],
) -> None:
    ann, bo = planners
    block = meet(ann, bo)
    bo.watched.keep("planner-same-part")
    check_accessible(bo)
    bo.page.get_by_role("button", name="Show both on the map").press("Enter")
    bo.watched.keep("planner-same-part-both")
    bo.page.set_viewport_size({"width": 390, "height": 844})
    bo.watched.keep("planner-same-part-phone")
    bo.page.set_viewport_size({"width": 1280, "height": 720})
    bo.page.get_by_role("button", name="Keep mine").focus()
    bo.watched.keep("planner-same-part-mine")
    bo.page.get_by_role("button", name="Keep mine").press("Enter")
    bo.saved(3)
    assert bo.area_of(block) == HARBOUR
    assert [past["by"] for past in bo.payload()["history"]] == ["Ann Lee", "Bo Hill"]
    assert not faults(ann.watched)


def test_a_planner_who_takes_the_others_saves_nothing(
    planners: tuple[Planner, Planner],
) -> None:
    ann, bo = planners
    block = meet(ann, bo)
    bo.page.get_by_role("button", name="Take theirs").click()
    expect(bo.page.locator("#message")).to_be_hidden()
    assert bo.area_of(block) == LIGHTHOUSE
    assert bo.payload()["status"]["version"] == 2


def test_each_undoes_their_own_step(planners: tuple[Planner, Planner]) -> None:
    ann, bo = planners
    block, *_ = ann.border(LIGHTHOUSE, HARBOUR)
    ann.choose(HARBOUR)
    ann.click(block)
    ann.saved(2)
    reopen(bo)
    undo = bo.page.locator("#undo")
    expect(undo).to_be_disabled()
    assert undo.get_attribute("title") == "Nothing to undo: all steps are by Ann Lee"
    ann.page.locator("#undo").click()
    ann.saved(3)
    assert ann.area_of(block) == LIGHTHOUSE


def test_a_step_shows_the_figures_of_the_question_of_its_page(
    planners: tuple[Planner, Planner],
) -> None:
    ann, _ = planners
    ann.open("&period=latest-1m")
    ann.choose(HARBOUR)
    ann.click(ann.border(LIGHTHOUSE, HARBOUR)[0])
    ann.saved(2)
    shown = ann.row(HARBOUR).inner_text()
    reopen(ann)
    expect(ann.row(HARBOUR)).to_have_text(shown, use_inner_text=True)
