"""The planner's page, used as a planner uses it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from boundaries.layers.blocks import BlockLayer
from geo.store.geopackage import GeoPackageStore
from tests.browser.conftest import Watched
from tests.browser.planner_page import PlannerPage, faults, post
from tests.browser.test_layout import crowding
from tests.services import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def planning(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a demo city of its own is served."""
    own = shutil.copy(demo_store, tmp_path_factory.mktemp("planning") / "demo.gpkg")
    with serving(own) as address:
        yield address


@pytest.fixture
def plan(watched: Watched, planning: str, request: pytest.FixtureRequest) -> PlannerPage:
    """A new plan of the demo city's wards, opened."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    body = {"plan_id": name, "title": "Wards of 2027", "by": "Ann Lee",
            "blocks_layer": "blocks", "from_layer": "wards"}  # fmt: skip
    post(f"{planning}/planner/plans", body)
    watched.page.set_viewport_size({"width": 1280, "height": 720})
    opened = PlannerPage(watched, planning, name)
    opened.open()
    return opened


HARBOUR, LIGHTHOUSE, SILVERPIT = "D05000006", "D05000008", "D05000014"


def test_a_plan_is_started_on_the_page(watched: Watched, planning: str) -> None:
    page = watched.page
    page.goto(f"{planning}/planner")
    page.get_by_label("Title").fill("River wards, 2027")
    expect(page.get_by_label("Id, used in web addresses")).to_have_value("river-wards-2027")
    page.get_by_label("Your name").fill("Bo Hill")
    page.get_by_role("button", name="Start plan").click()
    page.wait_for_url("**plan=river-wards-2027**")
    page.locator("body[data-ready]").wait_for()
    expect(page.locator("#areas tbody tr")).to_have_count(17)
    expect(page.get_by_label("Your name")).to_have_value("Bo Hill")
    assert crowding(watched, "plan") == {}
    page.goto(f"{planning}/planner")
    expect(page.get_by_role("link", name="River wards, 2027")).to_be_visible()
    page.get_by_label("Title").fill("River wards, 2027")
    page.get_by_role("button", name="Start plan").click()
    expect(page.get_by_role("alert")).to_contain_text("There is already a plan river-wards-2027")
    assert watched.hosts() == {urlsplit(planning).netloc}
    assert faults(watched) == []


def test_a_click_paints_a_block_and_the_table_follows(plan: PlannerPage) -> None:
    page = plan.page
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    before = plan.payload()["rows"]
    page.locator("#into").select_option(label="Harbour")
    page.get_by_label("Reason").fill("the river parts them")
    plan.click(block)
    plan.saved(2)
    after = plan.payload()
    assert plan.area_of(block) == HARBOUR
    electors = after["rows"][HARBOUR]["electors"]
    assert electors > before[HARBOUR]["electors"]
    row = plan.row(HARBOUR)
    expect(row).to_contain_text(f"{electors:,.0f}")
    expect(row).to_contain_text(f"+{electors - before[HARBOUR]['electors']:,.0f}")
    percent = after["rows"][HARBOUR]["variance_percent"]
    expect(row.locator("td.variance").first).to_contain_text(f"{abs(percent):.0f} %")
    history = page.locator('[data-panel="History"]')
    history.locator("summary").click()
    expect(history).to_contain_text("moved 1 block from Lighthouse to Harbour")
    expect(history).to_contain_text("“the river parts them”")
    plan.watched.keep("planner-1920")
    assert plan.watched.hosts() == {urlsplit(plan.root).netloc}
    assert faults(plan.watched) == []


def test_a_stroke_paints_every_block_under_it_as_one_step(plan: PlannerPage) -> None:
    page = plan.page
    blocks = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Harbour")
    (x, y), *rest = [plan.place(block) for block in blocks]
    page.mouse.move(x, y)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place, steps=2)
    page.mouse.up()
    expect(page.locator("#status")).to_have_text(re.compile("Saved, version 2"))
    payload = plan.payload()
    moved = {
        code
        for code, old, new in zip(
            payload["codes"], payload["start"], payload["assigned"], strict=True
        )
        if old != new
    }
    assert moved >= set(blocks)
    assert len(payload["history"]) == 1
    assert faults(plan.watched) == []


def test_a_broken_area_is_refused_forced_shown_and_undone(plan: PlannerPage) -> None:
    page = plan.page
    silverpit = plan.payload()
    inner = next(
        code
        for code, area in zip(silverpit["codes"], silverpit["assigned"], strict=True)
        if area == SILVERPIT and code not in plan.border(SILVERPIT, "D05000007")
    )
    page.locator("#into").select_option(label="Harbour")
    plan.click(inner)
    message = page.locator("#message")
    expect(message).to_contain_text("Harbour (D05000006) would be in 2 pieces instead of 1")
    assert plan.area_of(inner) == SILVERPIT
    message.get_by_role("button", name="Show the pieces").click()
    expect(message).to_be_visible()
    message.get_by_role("button", name="Do it anyway").click()
    plan.saved(2)
    expect(message).to_be_hidden()
    pieces = page.locator('[data-panel="In pieces"]')
    expect(pieces).to_contain_text("Harbour: piece 2 of 2, 1 block")
    expect(plan.row(HARBOUR)).to_contain_text("2 pieces")
    pieces.get_by_role("button", name="zoom to").last.click()
    x, y = plan.place(inner)
    box = page.locator("#map").bounding_box()
    assert abs(x - box["x"] - box["width"] / 2) < 40
    assert abs(y - box["y"] - box["height"] / 2) < 40
    plan.watched.keep("planner-pieces")
    page.get_by_role("button", name="Undo").click()
    plan.saved(3)
    expect(pieces).to_contain_text("none")
    assert plan.area_of(inner) == SILVERPIT
    page.get_by_role("button", name="Redo").click()
    plan.saved(4)
    assert plan.area_of(inner) == HARBOUR
    assert faults(plan.watched) == []


def test_blocks_are_painted_by_keyboard_alone(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#map").focus()
    page.keyboard.press("6")
    expect(page.locator("#into")).to_have_value(HARBOUR)
    announcement = page.locator("#announcement")
    page.keyboard.press("g")
    expect(announcement).to_contain_text("in Harbour")
    for _ in range(12):
        page.keyboard.press("ArrowUp")
        if "Harbour" not in announcement.inner_text():
            break
    block = announcement.inner_text().split()[0]
    assert plan.area_of(block) != HARBOUR
    page.keyboard.press("Enter")
    plan.saved(2)
    assert plan.area_of(block) == HARBOUR
    page.keyboard.press("u")
    plan.saved(3)
    page.keyboard.press("r")
    plan.saved(4)
    page.keyboard.press("l")
    plan.saved(5)
    expect(plan.row(HARBOUR)).to_contain_text("locked")
    page.keyboard.press("]")
    expect(page.locator("#into")).not_to_have_value(HARBOUR)
    page.keyboard.press("x")
    expect(page.locator("#selection")).to_contain_text("1 block")
    assert faults(plan.watched) == []


def test_what_was_done_is_there_when_the_page_is_opened_again(plan: PlannerPage) -> None:
    page = plan.page
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Harbour")
    plan.click(block)
    plan.saved(2)
    table = page.locator("#areas").inner_text()
    address = page.url
    assert parse_qs(urlsplit(address).query)["area"] == [HARBOUR]
    page.goto(address)
    page.locator("body[data-ready]").wait_for()
    assert page.locator("#areas").inner_text() == table
    assert page.locator("#into").input_value() == HARBOUR
    plan.saved(2)


def test_a_locked_area_keeps_its_blocks(plan: PlannerPage) -> None:
    page = plan.page
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Lighthouse")
    page.locator("#chosen").get_by_role("button", name="Lock").click()
    plan.saved(2)
    page.locator("#into").select_option(label="Harbour")
    plan.click(block)
    expect(page.locator("#message")).to_contain_text("Lighthouse (D05000008) is locked")
    assert plan.area_of(block) == LIGHTHOUSE
    page.locator("#into").select_option(label="Lighthouse (locked)")
    page.locator("#chosen").get_by_role("button", name="Unlock").click()
    plan.saved(3)


def test_areas_are_renamed_merged_split_and_bridged(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#into").select_option(label="Harbour")
    chosen = page.locator("#chosen")
    chosen.get_by_label("Name of the area").fill("Harbour and <b>Quay</b>")
    chosen.get_by_label("Name of the area").press("Enter")
    plan.saved(2)
    expect(plan.row(HARBOUR)).to_contain_text("Harbour and <b>Quay</b>")
    chosen.get_by_label("Members").fill("2")
    chosen.get_by_label("Members").press("Enter")
    plan.saved(3)
    expect(page.locator("#council")).to_contain_text("46 members")
    chosen.get_by_label("Merge another area").select_option(label="Lighthouse")
    plan.saved(4)
    expect(page.locator("#areas tbody tr")).to_have_count(16)
    page.get_by_text("Select", exact=True).click()
    own = [
        code
        for code, area in zip(plan.payload()["codes"], plan.payload()["start"], strict=True)
        if area == LIGHTHOUSE
    ]
    near = {code: set(beside) for code, beside in plan.neighbours().items()}
    # A block lies between them: neighbours need no bridge.
    first, second = next(
        (one, other)
        for one, other in combinations(own, 2)
        if other not in near[one] and near[one] & near[other]
    )
    plan.click(first)
    plan.click(second)
    bar = page.locator("#selection")
    expect(bar).to_contain_text("2 blocks")
    bar.get_by_role("button", name="Bridge them").click()
    bar.get_by_label("Name of the bridge").fill("Swing bridge")
    bar.get_by_role("button", name="Bridge", exact=True).click()
    plan.saved(5)
    expect(page.locator('[data-panel="Bridges"]')).to_contain_text("1")
    plan.watched.keep("planner-bridge")
    plan.click(first)
    bar.get_by_role("button", name="Make a new area").click()
    bar.get_by_label("Code").fill("NEW1")
    bar.get_by_label("Name").fill("Mole")
    bar.get_by_role("button", name="Split").click()
    plan.saved(6)
    expect(plan.row("NEW1")).to_contain_text("new")
    assert plan.area_of(first) == "NEW1"
    assert faults(plan.watched) == []


def test_a_plan_can_start_from_nothing(watched: Watched, planning: str) -> None:
    empty = {"plan_id": "empty", "by": "Ann Lee", "blocks_layer": "blocks"}
    post(f"{planning}/planner/plans", empty)
    plan = PlannerPage(watched, planning, "empty")
    plan.open()
    page = plan.page
    expect(page.locator('[data-panel="Unassigned blocks"]')).to_contain_text("780 blocks")
    page.get_by_role("button", name="New area").click()
    page.get_by_label("Code").fill("N1")
    page.get_by_label("Name", exact=True).fill("Quayside")
    page.get_by_role("button", name="Add", exact=True).click()
    plan.saved(2)
    page.keyboard.press("Escape")
    page.locator("#into").select_option(label="Quayside")
    plan.click("D00000400")
    plan.saved(3)
    assert plan.area_of("D00000400") == "N1"
    expect(plan.row("N1").locator("td")).not_to_have_count(0)
    assert faults(watched) == []


def test_the_page_and_the_engine_agree_which_blocks_lie_side_by_side(
    plan: PlannerPage, demo_store: Path
) -> None:
    store = GeoPackageStore(demo_store)
    graph = BlockLayer.read(store, "blocks").graph
    store.close()
    near = dict(zip(graph.codes, graph.near, strict=True))
    expected = {code: {graph.codes[at] for at in beside} for code, beside in near.items()}
    assert {code: set(beside) for code, beside in plan.neighbours().items()} == expected


def test_a_suggested_move_is_shown_and_taken(plan: PlannerPage) -> None:
    panel = plan.page.locator('[data-panel="Suggested moves"]')
    panel.locator("summary").click()
    panel.get_by_role("button", name="Find moves").click()
    expect(panel.locator("li")).to_have_count(10)
    block = panel.locator("li").first.inner_text().partition(":")[0]
    before = plan.area_of(block)
    panel.get_by_role("button", name="apply").first.click()
    plan.saved(2)
    assert plan.area_of(block) != before
    # The list stays, for the plan as it stands now.
    expect(panel.locator("li", has_text=f"{block}:")).to_have_count(0)
    expect(panel.locator("li")).to_have_count(10)
    assert faults(plan.watched) == []


def test_before_and_now_are_compared_with_overlays(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#overlays summary").click()
    for name in ("Ranked places", "Hotspots", "Priority estates (synthetic)"):
        page.get_by_role("checkbox", name=name).check()
    expect(page.locator("#overlay-note")).to_contain_text("ranked places of")
    page.locator("h1").click()
    page.locator("#compare").select_option("swipe")
    expect(page.locator("#before canvas").first).to_be_attached()
    before = page.locator("#before")
    page.locator("#swipe input").fill("25")
    assert before.evaluate("box => box.style.clipPath") == "inset(0px 75% 0px 0px)"
    plan.watched.keep("planner-swipe")
    page.locator("#compare").select_option("beside")
    page.locator("#shade").select_option("variance_percent")
    expect(page.locator("#legend")).to_contain_text("more than 10 % above")
    boxes = [page.locator(each).bounding_box() for each in ("#before", "#map")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    (castle,) = [
        code
        for code, row in plan.payload()["rows"].items()
        if row["area_name"] == "Castle and Quay"
    ]
    # Beside another map a label may be the number of the area alone.
    middle = page.locator(f'#map .area-name span[data-area="{castle}"]').bounding_box()
    assert abs(middle["x"] + middle["width"] / 2 - boxes[1]["x"] - boxes[1]["width"] / 2) < 100
    plan.watched.keep("planner-beside")
    query = parse_qs(urlsplit(page.url).query)
    assert query["compare"] == ["beside"]
    assert query["over"] == ["ranked-hotspots,hotspots,estates"]
    assert plan.watched.hosts() == {urlsplit(plan.root).netloc}
    assert faults(plan.watched) == []


def test_a_plan_is_taken_away_as_files(plan: PlannerPage) -> None:
    with plan.page.expect_download() as waiting:
        plan.page.get_by_role("link", name="Block → area as CSV").click()
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "block_code,area_code"
    assert len(lines) == 781
    plan.page.get_by_role("link", name="Report for consultation").click()
    expect(plan.page.get_by_role("heading", name="Wards of 2027")).to_be_visible()


def test_paper_holds_the_map_and_the_table_but_no_tools(plan: PlannerPage) -> None:
    page = plan.page
    page.emulate_media(media="print")
    for tool in ("#tools", "#chosen", "#downloads", ".view-options"):
        expect(page.locator(tool)).to_be_hidden()
    for part in ("#map", "#areas", "#council"):
        expect(page.locator(part)).to_be_visible()
    page.emulate_media(media="screen")
    pages = page.pdf(prefer_css_page_size=True)
    assert 2 <= len(re.findall(rb"/Type /Page\b", pages)) <= 4
    # The blocks, and the lines between areas: pictures that fill the sheet.
    assert len([width for width in re.findall(rb"/Width (\d+)", pages) if int(width) > 2000]) >= 2


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
def test_nothing_runs_over_the_edge(plan: PlannerPage, width: int, height: int) -> None:
    page = plan.page
    page.set_viewport_size({"width": width, "height": height})
    plan.open()
    plan.watched.keep(f"planner-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#map").bounding_box()["height"] > 0.4 * height
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Harbour")
    page.locator("#map").scroll_into_view_if_needed()
    plan.click(block)
    plan.saved(2)


def test_a_step_that_cannot_be_sent_is_reported(plan: PlannerPage) -> None:
    page = plan.page
    page.route("**/steps", lambda route: route.abort())
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Harbour")
    plan.click(block)
    expect(page.locator("#message")).to_contain_text("Patchmap does not respond")
    assert plan.area_of(block) == LIGHTHOUSE


def test_a_block_or_an_area_is_found_by_its_name_or_code(plan: PlannerPage) -> None:
    page = plan.page
    box = page.get_by_label("Find", exact=True)
    box.fill("silver")
    expect(page.locator("#find-places option").first).to_have_attribute(
        "value", f"Silverpit ({SILVERPIT})"
    )
    box.press("Enter")
    expect(page.locator("#into")).to_have_value(SILVERPIT)
    block = next(iter(plan.neighbours()))
    box.fill(block)
    box.press("Enter")
    expect(page.locator("#block-info")).to_contain_text(block)
    plan.watched.keep("planner-find-1280")
    box.fill("nowhere at all")
    box.press("Enter")
    expect(page.locator("#message")).to_contain_text("No block or area of this plan is called")
    assert faults(plan.watched) == []


def test_the_map_stays_in_its_place_whatever_is_compared(plan: PlannerPage) -> None:
    page = plan.page

    def view() -> list[float]:
        return [float(part) for part in parse_qs(urlsplit(page.url).query)["view"][0].split(",")]

    page.locator("#find-place").fill("Harbour")
    page.locator("#find-place").press("Enter")
    start = view()
    for mode in ("beside", "", "swipe", "beside", "swipe", "", "beside", ""):
        page.locator("#compare").select_option(mode)
        page.wait_for_timeout(100)
        # Half a map has another middle by some metres, as its size is a whole number of pixels.
        assert view() == pytest.approx(start, abs=0.002), mode


def test_a_step_that_a_reload_cut_off_is_not_lost(plan: PlannerPage) -> None:
    page = plan.page
    (block, *_) = plan.border(LIGHTHOUSE, HARBOUR)
    page.locator("#into").select_option(label="Harbour")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/steps", lambda route: None)  # never answered
    plan.click(block)
    expect(page.locator("#status")).to_have_text("Saving …")
    page.reload()
    page.locator("body[data-ready]").wait_for()
    assert asked == ["beforeunload"]
    assert plan.area_of(block) == LIGHTHOUSE
    page.unroute("**/steps")
    message = page.locator("#message")
    expect(message).to_contain_text("1 step had not been saved when this page was closed")
    message.get_by_role("button", name="Take it now").click()
    plan.saved(2)
    assert plan.area_of(block) == HARBOUR
    page.reload()
    page.locator("body[data-ready]").wait_for()
    expect(message).to_be_hidden()
    assert asked == ["beforeunload"]


def test_what_a_review_would_ask_about_is_said(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#into").select_option(label="Harbour")
    members = page.locator("#chosen").get_by_label("Members")
    for impossible in ("0", "10"):
        members.fill(impossible)
        members.press("Enter")
        expect(page.locator("#message")).to_contain_text("an area elects 1 to 9")
    members.fill("4")
    members.press("Enter")
    plan.saved(2)
    warnings = page.locator('[data-panel="Warnings"]')
    expect(warnings).to_contain_text("Harbour (D05000006) has 4 members")
    codes, assigned = (plan.payload()[name] for name in ("codes", "assigned"))
    ends = [codes[assigned.index(area)] for area in (HARBOUR, "D05000001")]
    page.get_by_text("Select", exact=True).click()
    for block in ends:
        plan.click(block)
    bar = page.locator("#selection")
    bar.get_by_role("button", name="Bridge them").click()
    bar.get_by_label("Name of the bridge").fill("Long Bridge")
    bar.get_by_role("button", name="Bridge", exact=True).click()
    message = page.locator("#message")
    expect(message).to_contain_text(re.compile(r"are [\d.]+ km apart, further than bridges reach"))
    message.get_by_role("button", name="Do it anyway").click()
    plan.saved(3)
    expect(warnings).to_contain_text("the bridge Long Bridge joins")
    plan.watched.keep("planner-warnings")


def test_council_sizes_are_compared_and_one_is_used(plan: PlannerPage) -> None:
    page = plan.page
    box = page.locator("#council-size")
    elected = plan.payload()["status"]["council"]["members"]
    expect(box.locator("summary")).to_have_text(f"Council size {elected} members")
    box.locator("summary").click()
    box.get_by_label("Members of the council").fill(str(elected + 3))
    box.get_by_role("button", name="Set").click()
    plan.saved(2)
    expect(page.locator("#council")).to_contain_text(
        f"{elected} members; council size {elected + 3}"
    )
    expect(page.locator('[data-panel="Warnings"]')).to_contain_text("3 not given to any area yet")
    box.get_by_role("button", name="Compare").click()
    sizes = [elected, elected + 3, elected + 6]
    expect(box.get_by_label("Compare sizes")).to_have_value(", ".join(map(str, sizes)))
    expect(box.locator("tbody tr")).to_have_count(17)
    box.get_by_label("Compare sizes").fill(f"{elected + 2}, 999")
    box.get_by_role("button", name="Compare").click()
    expect(box.locator(".refusal")).to_contain_text("A council cannot have 999 members")
    box.get_by_label("Compare sizes").fill(", ".join(map(str, sizes)))
    box.get_by_role("button", name="Compare").click()
    box.get_by_role("button", name=f"Use these {elected + 3}").scroll_into_view_if_needed()
    plan.watched.keep("planner-council-size")
    assert crowding(plan.watched, "council-size") == {}
    box.get_by_role("button", name=f"Use these {elected + 3}").click()
    plan.saved(3)
    assert plan.payload()["status"]["council"]["members"] == elected + 3
    expect(box.locator("p").first).to_contain_text("all given to areas")
    expect(page.locator("#council")).to_contain_text(f"17 areas, {elected + 3} members")
    assert [fault for fault in faults(plan.watched) if "status of 400" not in fault] == []


def test_a_gap_is_filled_and_all_areas_are_locked_by_one_click(plan: PlannerPage) -> None:
    page = plan.page
    near = plan.neighbours()
    payload = plan.payload()
    at = dict(zip(payload["codes"], payload["assigned"], strict=True))
    inside = next(
        block for block in at if at[block] == HARBOUR and {at[o] for o in near[block]} == {HARBOUR}
    )
    gap = [inside, next(iter(near[inside]))]
    body = {"step": "move", "blocks": gap, "to": "", "by": "Ann", "version": 1, "force": True}
    post(f"{plan.root}/planner/plans/{plan.plan_id}/steps", body)
    plan.open()
    page.get_by_text("Fill", exact=True).click()
    page.locator("#into").select_option(label="Harbour")
    plan.click(gap[0])
    plan.saved(3)
    assert [plan.area_of(block) for block in gap] == [HARBOUR, HARBOUR]
    page.get_by_role("button", name="Lock all", exact=True).click()
    plan.saved(4)
    expect(page.locator("#areas .locked")).to_have_count(17)
    expect(page.get_by_role("button", name="Lock all", exact=True)).to_be_disabled()
    plan.watched.keep("planner-locked")
    page.get_by_role("button", name="Unlock all").click()
    plan.saved(5)
    expect(page.locator("#areas .locked")).to_have_count(0)
    assert faults(plan.watched) == []


def test_a_search_is_stopped_shown_taken_and_saved_beside(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#communities summary").click()
    page.get_by_label("Communities are the areas of").select_option("estates")
    kept = page.locator("#communities .n")
    expect(kept).to_have_text(re.compile(r"\d of 4"))
    before = int(kept.inner_text().split()[0])
    page.locator("#improve summary").click()
    box = page.locator("#improve")
    box.get_by_label("Divide no more areas of").select_option("estates")
    box.get_by_label("No area less compact than").fill("0.2")
    box.get_by_role("button", name="Improve from here").click()
    expect(box).to_contain_text(re.compile(r"Best of \d rounds? so far"), timeout=120_000)
    box.get_by_role("button", name="Stop").click()
    expect(box.get_by_role("button", name="Improve from here")).to_be_enabled()
    expect(box.get_by_role("progressbar")).to_be_hidden()
    result = box.locator(".improved").inner_text()
    percents = re.search(r"([\d.]+) % now, ([\d.]+) % then", result)
    assert percents
    assert float(percents[2]) < float(percents[1])
    box.get_by_role("button", name="Show on the map").click()
    assert plan.payload()["status"]["version"] == 1
    box.get_by_role("button", name="Save as a new plan").click()
    compared = box.get_by_role("link", name="compare both").get_attribute("href")
    box.get_by_role("button", name="Take it, as one step").click()
    plan.saved(2)
    # The result was of the plan before the step.
    expect(box.locator(".improved")).to_be_empty()
    assert "found by search (seed" in plan.payload()["history"][0]["reason"]
    expect(kept).to_have_text(re.compile(r"\d of 4"))
    assert int(kept.inner_text().split()[0]) >= before
    page.goto(f"{plan.root}{compared}")
    expect(page.locator(".maps figure")).to_have_count(2)
    moved = page.get_by_role("row", name="Blocks moved since it began").get_by_role("cell")
    both = moved.all_inner_texts()
    assert both[0] == both[1] != "0"
    assert crowding(plan.watched, "compare") == {}
    page.goto(f"{plan.root}/planner")
    assert crowding(plan.watched, "gallery") == {}
    assert faults(plan.watched) == []


def test_why_an_area_is_drawn_so_is_written_below_its_name(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#into").select_option(label="Harbour")
    line = page.locator("#chosen .why-area summary")
    expect(line).to_contain_text("nothing written yet")
    line.click()
    why = page.get_by_label("Why this area is drawn so")
    why.fill("Follows the quay. Ring 07700 900123.")
    why.blur()
    expect(page.locator("#message")).to_contain_text("seems to hold a telephone number")
    page.get_by_role("button", name="It names nobody: keep it").click()
    plan.saved(2)
    why.fill("Follows the quay.")
    why.blur()
    plan.saved(3)
    expect(why).to_have_value("Follows the quay.")
    expect(why).to_be_visible()
    plan.open("&area=D05000006")
    expect(line).to_contain_text("Follows the quay.")
    expect(why).to_have_value("Follows the quay.")
    assert [step["kind"] for step in plan.payload()["history"]] == ["why", "why"]
    assert crowding(plan.watched, "why") == {}
    assert faults(plan.watched) == []
