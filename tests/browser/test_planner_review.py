"""A whole review of Derby on one page: from the proforma to what a council submits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from geo.crs import BRITISH_NATIONAL_GRID
from tests.api.commands.running import run
from tests.browser.conftest import Watched
from tests.browser.planner_page import PlannerPage, faults
from tests.services import serving

pytestmark = pytest.mark.browser


def write_proforma(path: Path, derby: Path) -> None:
    """Write a proforma of Derby's LSOAs with electors that are invented, the same each time."""
    blocks, wards = (
        gpd.read_file(derby / f"{name}.geojson").to_crs(BRITISH_NATIONAL_GRID)
        for name in ("lsoa-2021", "wards-2022")
    )
    middles = blocks.set_geometry(blocks.geometry.representative_point())
    ward = middles.sjoin(wards[["WD22NM", "geometry"]]).set_index("LSOA21CD")["WD22NM"]
    random = np.random.default_rng(48)
    now = random.integers(900, 1_300, len(ward))
    forecast = np.rint(now * random.uniform(0.97, 1.15, len(ward))).astype(int)
    rows = [
        f"{code},{name},{electors},{later}"
        for (code, name), electors, later in zip(ward.items(), now, forecast, strict=True)
    ]
    head = "Polling district,Existing ward,Electorate 2024,Electorate 2030"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def reviewing(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Derby's wards of 2022 and its LSOAs with the electors of a proforma are served."""
    folder, derby = tmp_path_factory.mktemp("review"), real_data / "derby"
    write_proforma(folder / "proforma.csv", derby)
    run(folder, "layers", "add", str(derby / "wards-2022.geojson"), "--id", "wards-2022")
    run(folder, "layers", "add", str(derby / "lsoa-2021.geojson"), "--id", "blocks")
    imported = ("electorates", "import", "proforma.csv", "--layer", "blocks")
    assert "152 polling districts" in run(folder, *imported, "--forecast", "2030")
    with serving(folder / "patchmap.gpkg") as address:
        yield address


def share_seats(page: Page, size: int, pattern: str) -> None:
    """Use the seats that a council size gives each ward."""
    council = page.locator("#council-size")
    council.get_by_label("Compare sizes").fill("48, 51, 54")
    council.get_by_label("Areas of").select_option(label=pattern)
    council.get_by_role("button", name="Compare").click()
    council.get_by_role("button", name=f"Use these {size}").click()


def downloaded(page: Page, title: str) -> bytes:
    with page.expect_download() as download:
        page.locator("#downloads").get_by_role("link", name=title, exact=True).click()
    return Path(download.value.path()).read_bytes()


def test_derby_goes_from_51_members_to_48_and_is_submitted(
    watched: Watched, reviewing: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{reviewing}/planner")
    page.get_by_label("Title").fill("Derby 2027")
    page.get_by_label("Your name").fill("Ann Lee")
    page.locator('select[name="from"]').select_option("layer:wards-2022")
    page.get_by_role("button", name="Start plan").click()
    # LSOAs straddle wards: the page names them before it opens the plan.
    page.get_by_role("link", name="Open the plan").click()
    page.wait_for_url("**plan=derby-2027**")
    page.locator("body[data-ready]").wait_for()
    plan = PlannerPage(watched, reviewing, "derby-2027")
    expect(page.locator("#areas tbody tr")).to_have_count(17)
    reduce_the_council(plan)
    move_a_block(plan)
    write_texts(plan)
    compared = save_an_alternative(page)
    check_files(page)
    report = page.locator("#downloads").get_by_role("link", name="Report for consultation")
    page.goto(f"{reviewing}{report.get_attribute('href')}")
    expect(page.locator("section.ward")).to_have_count(17)
    expect(page.locator("body")).to_contain_text("Both sides of the road use one school.")
    expect(page.locator("#electorates ~ h3")).to_have_text("How the forecast was made")
    watched.keep("review-report")
    page.goto(f"{reviewing}{compared}")
    expect(page.locator("#scores thead th")).to_have_count(3)
    expect(page.locator("figure")).to_have_count(2)
    watched.keep("review-compared")
    assert faults(watched) == []


def reduce_the_council(plan: PlannerPage) -> None:
    """Go from the 51 members of today to 48."""
    summary = plan.page.locator("#council-size summary")
    summary.click()
    share_seats(plan.page, 51, "3 members")
    plan.saved(2)
    expect(summary.locator(".n")).to_have_text("51 members")
    share_seats(plan.page, 48, "1 to 3 members")
    plan.saved(3)
    plan.watched.keep("review-council")
    council = plan.payload()["status"]["council"]
    assert (council["size"], council["members"]) == (48, 48)
    # Three sizes stand beside each other, without scrolling sideways.
    sizes = plan.page.locator("#council-size .wide")
    assert sizes.evaluate("(box) => box.scrollWidth <= box.clientWidth")


def move_a_block(plan: PlannerPage) -> None:
    """Move a block across the line between two wards, with a reason."""
    page = plan.page
    page.get_by_label("Reason", exact=True).fill("Both sides of the road use one school.")
    one, other = two_neighbours(plan)
    block = plan.border(one, other)[0]
    page.locator("#into").select_option(other)
    page.get_by_role("button", name="Whole plan").click()
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    plan.click(block)
    anyway = page.locator("#message").get_by_role("button", name="Do it anyway")
    expect(anyway.or_(page.locator("#status", has_text="version 4"))).to_be_visible()
    if anyway.is_visible():
        anyway.click()
    plan.saved(4)
    assert plan.area_of(block) == other


def write_texts(plan: PlannerPage) -> None:
    """Write why a ward is drawn so, how the forecast was made, and a comment."""
    page = plan.page
    page.locator("#chosen .why-area summary").click()
    page.get_by_label("Why this area is drawn so").fill("It follows the brook.")
    page.get_by_label("Why this area is drawn so").blur()
    plan.saved(5)
    forecast = page.locator("#forecast")
    forecast.locator("summary").click()
    forecast.get_by_label("How the forecast was made").fill("Invented, with a seed.")
    forecast.get_by_role("button", name="Save").click()
    plan.saved(6)
    comments = page.locator("#comments")
    comments.locator("summary").first.click()
    comments.get_by_text("Add a comment").click()
    comments.locator('textarea[name="comment-text"]').fill("Keep the estate together.")
    comments.get_by_role("button", name="Add").click()
    expect(comments.locator(".comments li")).to_have_count(1)


def save_an_alternative(page: Page) -> str:
    """Save the first result of a search as a plan; where both plans are compared."""
    improve = page.locator("#improve")
    improve.locator("summary").click()
    improve.get_by_role("button", name="Improve from here").click()
    save = improve.get_by_role("button", name="Save as a new plan")
    save.wait_for(timeout=60_000)
    improve.get_by_role("button", name="Stop").click()
    save.click()
    return improve.get_by_role("link", name="compare both").get_attribute("href")


def check_files(page: Page) -> None:
    """Open the files of the submission, and find in them what was decided on the page."""
    book = openpyxl.load_workbook(io.BytesIO(downloaded(page, "Electorates as XLSX")))
    wards = [[cell.value for cell in row] for row in book["Wards"].iter_rows()]
    assert sum(row[1] for row in wards if isinstance(row[1], int)) == 48
    assert "Invented, with a seed." in [row[0] for row in wards]
    package = io.BytesIO(downloaded(page, "Areas and blocks as GeoPackage"))
    areas = gpd.read_file(package, layer="areas")
    assert len(areas) == 17
    assert "It follows the brook." in set(areas["why"])
    shapes = io.BytesIO(downloaded(page, "Areas and blocks as Shapefile"))
    names = {Path(name).name for name in zipfile.ZipFile(shapes).namelist()}
    assert {"fields.csv", "areas.shp", "blocks.shp"} <= names


def two_neighbours(plan: PlannerPage) -> tuple[str, str]:
    """Two wards that lie beside each other: the first by code that has a neighbour."""
    payload, near = plan.payload(), plan.neighbours()
    at = dict(zip(payload["codes"], payload["assigned"], strict=True))
    pairs = {(at[a], at[b]) for a, beside in near.items() for b in beside if at[a] != at[b]}
    return min(pairs)
