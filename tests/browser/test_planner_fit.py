"""Neighbourhoods of the demo city are fitted to its wards, block by block."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import expect

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run
from tests.browser.conftest import Watched
from tests.browser.planner_page import PlannerPage, faults, post
from tests.browser.test_layout import crowding
from tests.services import serving

pytestmark = pytest.mark.browser

NEIGHBOURHOODS = 12


def add_neighbourhoods(path: Path) -> None:
    """Add neighbourhoods of whole blocks that know no wards, and halves that cut through blocks."""
    store = GeoPackageStore(path)
    blocks = store.layer("blocks")[1]
    middles = shapely.get_coordinates(blocks.geometry.centroid)
    seeds = middles[np.random.default_rng(11).choice(len(middles), NEIGHBOURHOODS, replace=False)]
    nearest = np.linalg.norm(middles[:, None] - seeds[None], axis=2).argmin(axis=1)
    areas = blocks[["geometry"]].dissolve([f"N{n + 1:02d}" for n in nearest])
    areas = areas.rename_axis("area_code")
    areas["area_name"] = [f"Neighbourhood {int(code[1:])}" for code in areas.index]
    west, south, east, north = blocks.total_bounds
    middle = (west + east) / 2  # across many blocks
    halves = gpd.GeoDataFrame(
        {"area_name": ["West half", "East half"]},
        index=pd.Index(["W", "E"], name="area_code", dtype="str"),
        geometry=[shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)],
        crs=blocks.crs,
    )
    with store.transaction():
        store.put_layer(LayerMetadata("neighbourhoods", title="Neighbourhoods"), areas)
        store.put_layer(LayerMetadata("halves", title="Halves"), halves)
    store.close()


def write_sites(store: Path) -> str:
    """Write a table of housing sites in the middle of three blocks of the demo city."""
    opened = GeoPackageStore(store)
    middles = shapely.get_coordinates(opened.layer("blocks")[1].geometry.representative_point())
    opened.close()
    rows = [
        f"Site {n},{x:.0f},{y:.0f},{100 * n},1.5" for n, (x, y) in enumerate(middles[::200][:3], 1)
    ]
    head = "name,easting,northing,dwellings 2028,electors per dwelling"
    (store.parent / "sites.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return "sites.csv"


@pytest.fixture(scope="module")
def planning(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = Path(shutil.copy(demo_store, tmp_path_factory.mktemp("fitting") / "demo.gpkg"))
    add_neighbourhoods(own)
    run(own.parent, "--store", own.name, "electorates", "sites", "import", write_sites(own),
        "--layer", "blocks", "--forecast-year", "2030")  # fmt: skip
    with serving(own) as address:
        yield address


@pytest.fixture
def plan(watched: Watched, planning: str, request: pytest.FixtureRequest) -> PlannerPage:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    body = {"plan_id": name, "title": "Neighbourhoods of 2027", "by": "Ann Lee",
            "blocks_layer": "blocks", "from_layer": "neighbourhoods"}  # fmt: skip
    post(f"{planning}/planner/plans", body)
    watched.page.set_viewport_size({"width": 1280, "height": 720})
    opened = PlannerPage(watched, planning, name)
    opened.open()
    return opened


def test_neighbourhoods_are_fitted_to_wards_with_one_key_a_block(plan: PlannerPage) -> None:
    page = plan.page
    box = page.locator("#fit-target")
    box.locator("summary").click()
    box.get_by_label("Areas that should hold these whole").select_option("wards")
    expect(box.locator("summary .n")).to_have_text(re.compile(r"\d+ of 12 areas whole"))
    expect(box.get_by_role("status")).to_contain_text("as the plan began")
    expect(page.locator('#overlays input[value="wards"]')).to_be_checked()
    expect(box.locator("table.fit tbody tr")).to_have_count(NEIGHBOURHOODS)
    expect(box).to_contain_text("No block has moved since the plan began.")
    map_ = page.locator("#map")
    map_.focus()
    page.keyboard.press("n")
    first = box.locator(".in-between")
    expect(first).to_contain_text("1 of ")
    plan.watched.keep("planner-fit-walk")
    block = re.search(r"block (\S+?),", first.inner_text())[1]
    page.keyboard.press("m")
    plan.saved(2)
    assert plan.area_of(block) != plan.payload()["start"][plan.payload()["codes"].index(block)]
    expect(first).not_to_contain_text(block)
    kept = re.search(r"block (\S+?),", first.inner_text())[1]
    page.get_by_label("Reason").fill("the school is here")
    map_.focus()
    page.keyboard.press("k")
    plan.saved(3)
    expect(first).not_to_contain_text(kept)
    assert plan.payload()["history"][-1]["what"].startswith("kept 1 block in Neighbourhood")
    assert plan.payload()["history"][-1]["reason"] == "the school is here"
    box.get_by_label("show decided blocks too").check()
    expect(box.locator("table.fit")).to_have_count(2)
    expect(box).to_contain_text("What changed for whom")
    with page.expect_download() as download:
        box.get_by_role("link", name="Every block as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["block_code", block]
    box.locator("summary").scroll_into_view_if_needed()
    plan.watched.keep("planner-fit")
    assert crowding(plan.watched, "planner-fit") == {}
    page.reload()
    page.locator("body[data-ready]").wait_for()
    expect(box.locator("summary .n")).to_have_text(re.compile(r"\d+ of 12 areas whole"))
    for width in (1920, 390):
        page.set_viewport_size({"width": width, "height": 900})
        box.scroll_into_view_if_needed()
        plan.watched.keep(f"planner-fit-{width}")
    assert faults(plan.watched) == []


def test_a_group_of_blocks_is_given_at_once(plan: PlannerPage) -> None:
    page = plan.page
    plan.open("&fit=wards")
    box = page.locator("#fit-target")
    every = box.get_by_role("button", name=re.compile("Move all"))
    for _ in range(20):
        box.get_by_role("button", name=re.compile(r"\(N\)")).click()
        if every.is_visible():
            break
    number = int(re.search(r"all (\d+)", every.inner_text())[1])
    version = plan.payload()["status"]["version"]
    every.click()
    message = page.locator("#message").get_by_role("button", name="Do it anyway")
    expect(
        message.or_(page.locator("#status", has_text=f"Saved, version {version + 1}"))
    ).to_be_visible()
    if message.is_visible():
        message.click()
    plan.saved(version + 1)
    last = plan.payload()["history"][-1]["what"]
    assert last.startswith(f"moved {number} blocks from Neighbourhood")


def test_a_click_takes_all_blocks_of_a_ward_and_straddling_ones_are_marked(
    plan: PlannerPage,
) -> None:
    page = plan.page
    page.get_by_label("Take").select_option("wards")
    box = page.locator("#units")
    expect(box.locator("summary .n")).to_have_text(
        re.compile(r"\d+ of 17 divided, \d+ blocks? stra")
    )
    with urllib.request.urlopen(
        f"{plan.root}/planner/plans/{plan.plan_id}/units?of=wards"
    ) as answer:
        unit_of = dict(
            zip((payload := plan.payload())["codes"], json.load(answer)["area"], strict=True)
        )
    at = dict(zip(payload["codes"], payload["assigned"], strict=True))
    plan.page.locator("#into").select_option(label="Neighbourhood 1")
    block = next(code for code, area in at.items() if area != "N01")
    page.get_by_label("Find").fill(block)
    page.get_by_label("Find").press("Enter")
    plan.click(block)
    message = page.locator("#message").get_by_role("button", name="Do it anyway")
    expect(message.or_(page.locator("#status", has_text="Saved, version 2"))).to_be_visible()
    if message.is_visible():
        message.click()
    plan.saved(2)
    after = dict(zip(payload["codes"], plan.payload()["assigned"], strict=True))
    moved = {code for code in at if after[code] != at[code]}
    assert moved == {code for code in at if unit_of[code] == unit_of[block] and at[code] != "N01"}
    assert len(moved) > 1
    box.locator("summary").click()
    expect(box).to_contain_text("Divided by the plan")
    page.get_by_role("button", name="Whole plan").click()
    box.scroll_into_view_if_needed()
    plan.watched.keep("planner-units")
    assert crowding(plan.watched, "planner-units") == {}
    page.reload()
    page.locator("body[data-ready]").wait_for()
    expect(page.get_by_label("Take")).to_have_value("wards")
    page.get_by_text("Select", exact=True).click()
    plan.click(block)
    expect(page.locator("#selection")).to_contain_text(re.compile(r"\d\d+ blocks"))
    page.get_by_label("Take").select_option("halves")
    box.locator("summary").click()
    refine = box.locator("form")
    refine.get_by_label("Areas of").select_option("neighbourhoods")
    refine.get_by_role("button", name="Replace them in a new plan").click()
    expect(refine.get_by_role("status")).to_contain_text("No block has two smaller areas in it")
    box.scroll_into_view_if_needed()
    plan.watched.keep("planner-refine")
    # What Chromium writes into its console for the refused refinement.
    assert [fault for fault in faults(plan.watched) if "status of 400" not in fault] == []


def test_housing_sites_stand_on_the_map_and_in_the_notes(plan: PlannerPage) -> None:
    page = plan.page
    page.locator("#overlays summary").click()
    overlay = page.get_by_role("checkbox", name=re.compile("Housing sites of"))
    overlay.check()
    with page.expect_response(re.compile("blocks-sites/items")):
        page.reload()
    page.locator("body[data-ready]").wait_for()
    page.locator('[data-panel="Notes"] summary').click()
    # 100, 200 and 300 dwellings with 1.5 electors each.
    expect(page.locator('[data-panel="Notes"]')).to_contain_text(
        "forecast: includes 900 electors of housing sites"
    )
    options = page.locator("#unit option").all_inner_texts()
    assert not [title for title in options if "Housing" in title]  # points hold no blocks
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    plan.watched.keep("planner-sites")
    box = page.locator("#forecast")
    box.locator("summary").click()
    rows = box.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_have_text("Site 22001.50300")
    assert rows.nth(1).locator("td").all_inner_texts() == ["200", "1.50", "300"]
    box.get_by_label("How the forecast was made").fill("Cohorts of the census, and sites.")
    box.get_by_label("Made by").fill("Research service")
    box.get_by_label("on", exact=True).fill("2026-05-31")
    box.get_by_role("button", name="Save").click()
    plan.saved(2)
    expect(box.locator("summary .n")).to_have_text("described")
    assert plan.payload()["status"]["forecast"]["made_on"] == "2026-05-31"
    page.get_by_label("Parishes in the reports").select_option("wards")
    report = page.get_by_role("link", name="Report for consultation")
    expect(report).to_have_attribute("href", re.compile(r"\.html\?parishes=wards$"))
    communities = page.locator("#communities")
    communities.locator("summary").click()
    communities.get_by_label("Communities are the areas of").select_option("wards")
    expect(communities.locator("tbody tr")).to_have_count(17)
    expect(page.locator('#overlays input[value="wards"]')).to_be_checked()
    box.scroll_into_view_if_needed()
    plan.watched.keep("planner-forecast")
    assert crowding(plan.watched, "planner-forecast") == {}
    assert faults(plan.watched) == []
