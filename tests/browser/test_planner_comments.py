"""Comments of a consultation on the planner's page: imported, drawn as points, added, filtered."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from playwright.sync_api import expect

from geo.store.geopackage import GeoPackageStore
from tests.browser.conftest import Watched
from tests.browser.planner_page import PlannerPage, faults, post
from tests.browser.test_layout import crowding
from tests.services import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def planning(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    own = Path(shutil.copy(demo_store, tmp_path_factory.mktemp("comments") / "demo.gpkg"))
    with serving(own) as address:
        yield address


@pytest.fixture
def consultation(demo_store: Path, tmp_path: Path) -> Path:
    """A file of thirty comments on places, one on a ward, and two that cannot be added."""
    store = GeoPackageStore(demo_store)
    places = shapely.get_coordinates(store.layer("blocks")[1].geometry.representative_point())
    ward = store.layer("wards")[1]["area_name"].iloc[0]
    store.close()
    rows = [
        f"Resident {n},2026-05-{1 + n % 28:02d},,{x:.0f},{y:.0f},Keep our street whole: no. {n}"
        for n, (x, y) in enumerate(places[::20][:30], 1)
    ]
    rows += [f",,{ward},,,Two members are enough here", ",,Nowhere,,,Hm"]
    rows += [",,,,,Ring me on 01332 123456"]
    file = tmp_path / "consultation.csv"
    head = "name,date,area,easting,northing,comment"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


def test_comments_are_imported_shown_as_points_filtered_and_added(
    watched: Watched, planning: str, consultation: Path
) -> None:
    body = {"plan_id": "comments", "title": "Wards of 2027", "by": "Ann Lee",
            "blocks_layer": "blocks", "from_layer": "wards"}  # fmt: skip
    post(f"{planning}/planner/plans", body)
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    plan = PlannerPage(watched, planning, "comments")
    plan.open()
    box = page.locator("#comments")
    box.locator("summary").first.click()
    box.get_by_text("Import a file").click()
    box.get_by_label("File").set_input_files(consultation)
    box.get_by_role("button", name="Import").click()
    accounts = box.locator(".brought")
    expect(accounts).to_contain_text("33 rows read = 31 added + 0 added before + 2 rejected")
    expect(accounts).to_contain_text(
        "line or feature 34: the text seems to hold a telephone number"
    )
    expect(box.locator("summary .n").first).to_have_text("31")
    expect(box.locator(".comments li")).to_have_count(31)
    assert yellow(watched) > 15
    watched.keep("planner-comments")
    areas = box.locator('select[name="comment-area"]')
    label = areas.locator("option").nth(1).inner_text()
    areas.select_option(label)
    number = int(re.search(r"\((\d+)\)$", label)[1])
    expect(box.locator(".comments li")).to_have_count(number)
    areas.select_option("")
    block = plan.payload()["codes"][25]
    page.get_by_text("Select", exact=True).click()
    plan.click(block)
    box.get_by_text("Add a comment").click()
    box.locator('textarea[name="comment-text"]').fill("John Smith lives here")
    box.locator('select[name="comment-about"]').select_option(f"block {block}")
    box.get_by_role("button", name="Add").click()
    box.get_by_role("button", name="It names nobody: keep it").click()
    expect(box.locator(".comments li")).to_have_count(32)
    expect(box.locator(".comments li").last).to_contain_text("no name · no date")
    box.get_by_role("button", name="Show the place of comment 32").click()
    watched.keep("planner-comment-place")
    box.get_by_label("show as points").uncheck()
    assert yellow(watched) == 0
    assert crowding(watched, "planner-comments") == {}
    page.reload()
    page.locator("body[data-ready]").wait_for()
    expect(box.locator("summary .n").first).to_have_text("32")
    assert faults(watched) == []


def yellow(watched: Watched) -> int:
    """How many points of comments are drawn, by their pixels on the canvas of lines."""
    return watched.page.evaluate(
        """async () => {
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          await frame().then(frame); // Leaflet draws before the next frame
          const canvas = document.querySelector("#map .leaflet-lines-pane canvas");
          if (!canvas) return 0;
          // Read from a copy: Chromium warns of a canvas that is drawn on and read in turn.
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const pen = copy.getContext("2d", { willReadFrequently: true });
          pen.drawImage(canvas, 0, 0);
          const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
          let pixels = 0;
          for (let at = 0; at < data.length; at += 4) {
            const [red, green, blue] = data.subarray(at, at + 3);
            if (red > 240 && green > 200 && blue < 40) pixels += 1;
          }
          return Math.round(pixels / 80);
        }"""
    )
