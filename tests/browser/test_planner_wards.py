"""The planner's page with as many wards as Birmingham has: each is labelled, listed and reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import expect

from boundaries.plans.draft import new_plan, save_plan
from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.browser.conftest import Watched
from tests.browser.planner_page import PlannerPage, faults
from tests.services import serving

pytestmark = pytest.mark.browser

WARDS, ACROSS, BLOCKS_ACROSS, SIDE_M = 69, 9, 4, 400
ENDINGS = ("Heath", "Mere Green", "and Selly Park", "Oaks", "Balsall Heath West", "Wood")


def squares(codes: list[str], across: int, side: float, **values: object) -> gpd.GeoDataFrame:
    at = [(n % across, n // across) for n in range(len(codes))]
    shapes = [shapely.box(*(np.array([x, y, x + 1, y + 1]) * side + [4e5, 3e5] * 2)) for x, y in at]
    index = pd.Index(codes, name="area_code", dtype="str")
    return gpd.GeoDataFrame(values, index=index, geometry=shapes, crs=BRITISH_NATIONAL_GRID)


def fill(store: GeoPackageStore) -> None:
    names = [f"Ward {n + 1} {ENDINGS[n % len(ENDINGS)]}" for n in range(WARDS)]
    codes = [f"E{n:03d}" for n in range(WARDS)]
    members = [1 + n % 2 for n in range(WARDS)]
    wards = squares(codes, ACROSS, SIDE_M * BLOCKS_ACROSS, area_name=names, members=members)
    across = ACROSS * BLOCKS_ACROSS
    size = across * BLOCKS_ACROSS * -(-WARDS // ACROSS)
    blocks = squares([f"B{n:05d}" for n in range(size)], across, SIDE_M)
    electors = np.random.default_rng(5).integers(150, 420, size)
    blocks = blocks.assign(area_name=blocks.index, electors=electors, electors_forecast=electors)
    blocks = blocks[blocks.within(wards.union_all())]
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
        store.put_layer(LayerMetadata("blocks"), blocks)
    draft, _ = new_plan(store, "wards", blocks_layer="blocks", from_layer="wards", by="Ann Lee")
    save_plan(store, draft.plan)


@pytest.fixture(scope="module")
def serving_wards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("wards") / "wards.gpkg"
    store = GeoPackageStore(path, create=True)
    fill(store)
    store.close()
    with serving(path) as address:
        yield address


@pytest.fixture
def plan(watched: Watched, serving_wards: str) -> PlannerPage:
    watched.page.set_viewport_size({"width": 1280, "height": 720})
    opened = PlannerPage(watched, serving_wards, "wards")
    opened.open()
    return opened


LABELS = """() => [...document.querySelectorAll("#map .area-name span")]
  .filter((label) => getComputedStyle(label).visibility === "visible" && label.textContent)
  .map((label) => label.getBoundingClientRect())
  .map(({ left, top, right, bottom }) => [left, top, right, bottom])"""


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
def test_every_ward_has_a_label_and_no_two_overlap(
    plan: PlannerPage, width: int, height: int
) -> None:
    plan.page.set_viewport_size({"width": width, "height": height})
    plan.open()
    plan.page.wait_for_timeout(100)
    plan.watched.keep(f"planner-wards-{width}")
    boxes = shapely.box(*np.array(plan.page.evaluate(LABELS)).T)
    assert len(boxes) == WARDS
    tree = shapely.STRtree(shapely.buffer(boxes, -0.5, join_style="mitre"))
    one, other = tree.query(boxes, predicate="intersects")
    assert np.count_nonzero(one != other) == 0
    assert faults(plan.watched) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_both_variances_are_on_the_screen_and_the_head_stays(plan: PlannerPage, width: int) -> None:
    page = plan.page
    page.set_viewport_size({"width": width, "height": 720})
    page.locator("#figures").scroll_into_view_if_needed()
    for column in ("variance_percent", "variance_percent_forecast"):
        box = page.locator(f'#areas button[data-sort="{column}"]').bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    plan.watched.keep(f"planner-wards-table-{width}")
    page.locator(".areas-box").evaluate("box => (box.scrollTop = 900)")
    head = page.locator("#areas thead th").first.bounding_box()["y"]
    assert head == pytest.approx(page.locator(".areas-box").bounding_box()["y"], abs=2)


def test_the_table_is_sorted_and_filtered(plan: PlannerPage) -> None:
    page = plan.page
    rows = plan.payload()["rows"]
    ranked = sorted(rows, key=lambda code: rows[code]["electors"])
    order = page.locator("#areas tbody")
    codes = "body => [...body.rows].map((row) => row.dataset.area)"
    head = page.get_by_role("button", name="Electors", exact=True)
    head.click()
    electors = [rows[code]["electors"] for code in order.evaluate(codes)]
    assert electors == sorted(electors, reverse=True)
    expect(head.locator("..")).to_have_attribute("aria-sort", "descending")
    head.click()
    assert order.evaluate(codes)[0] == ranked[0]
    head.click()
    assert order.evaluate(codes) == sorted(rows)
    page.get_by_label("Filter areas").fill("mere gr")
    matching = [code for code, row in rows.items() if "Mere Green" in row["area_name"]]
    expect(page.locator("#areas tbody tr:visible")).to_have_count(len(matching))
    expect(page.locator("#area-filter-note")).to_have_text(f"{len(matching)} of 69 areas shown")


def test_keys_reach_every_ward(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#map").focus()
    for number in (7, 10, 42, 69):
        page.wait_for_timeout(1100)
        page.keyboard.type(str(number))
        expect(page.locator("#into")).to_have_value(f"E{number - 1:03d}")
    page.keyboard.press("/")
    page.keyboard.type("ward 33 ")
    page.keyboard.press("Enter")
    expect(page.locator("#into")).to_have_value("E032")
    expect(page.locator("#map")).to_be_focused()
    page.keyboard.press("g")
    expect(page.locator("#announcement")).to_contain_text("in Ward 33 and Selly Park")
