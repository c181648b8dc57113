"""The board of a file of counts: a synthetic country of 8,064 wards, without a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from boundaries.demo.country import write_country
from geo.crs import Projection
from tests.browser.conftest import Watched
from tests.browser.test_layout import crowding
from tests.services import run_patchmap, serving
from tests.tile_files import CREDIT, write_mbtiles, zoomstack

pytestmark = pytest.mark.browser

SHADES = "#map .leaflet-overlay-pane canvas"
"""The tiles of a basemap are canvases as well, in another pane."""

MIDDLE = 310_000.0, 290_000.0
"""Of the synthetic country, in metres of the British National Grid."""


@pytest.fixture(scope="module")
def counts_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the counts of a country of 20,000 incidents are served."""
    folder = tmp_path_factory.mktemp("country")
    projection = Projection.choose()
    list(write_country(folder, 20_000, projection))
    ground = write_mbtiles(folder / "ground.mbtiles", zoomstack(projection, MIDDLE))
    done = run_patchmap(
        "count", "--engine", "dask", "--workers", "1", "2014-01.zip", "--areas", "wards.geojson",
        "-o", "counts.parquet", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts = str(folder / "counts.parquet")
    with serving(Path("none.gpkg"), "--counts", counts, "--ground", str(ground)) as running:
        yield running


def test_a_national_map_opens_and_an_area_tells_its_story(
    watched: Watched, counts_address: str
) -> None:
    page = watched.page
    page.goto(counts_address)
    page.locator(SHADES).wait_for()
    watched.keep("counts-1920")
    first = page.locator("#results tbody tr").first
    name, n = first.locator("a").inner_text(), first.locator("td").nth(1).inner_text()
    first.locator("a").click()
    expect(page.locator("#story-title")).to_contain_text(name)
    expect(page.locator("#story .big")).to_contain_text(f"{n} incidents")
    expect(page.locator("#story .big")).to_contain_text("rank 1 of 8,064")
    page.locator("#map").click(position={"x": 450, "y": 400})
    expect(page.locator("#story-title")).not_to_contain_text(name)
    assert "at=W0" in page.url
    assert crowding(watched, "counts") == {}
    assert watched.hosts() == {urlsplit(counts_address).netloc}
    assert watched.faults == []


def test_the_basemap_is_seen_through_the_shades(watched: Watched, counts_address: str) -> None:
    page = watched.page
    tiles: list[int] = []
    page.on("response", lambda one: "/basemap/file/" in one.url and tiles.append(one.status))
    page.goto(counts_address)
    expect(page.locator("#map.based")).to_have_count(1)
    expect(page.locator("#map .leaflet-control-attribution")).to_have_text(CREDIT)
    page.locator("#map").focus()
    for _ in range(30):  # a key that is pressed while the map moves is lost
        if 200 in tiles:
            break
        page.keyboard.press("+")
        page.wait_for_timeout(400)
    page.locator("#map canvas.leaflet-tile-loaded").first.wait_for()
    page.wait_for_load_state("networkidle")
    watched.keep("counts-basemap")
    assert 200 in tiles
    shades, key = (
        page.locator(one).evaluate("(one) => getComputedStyle(one).opacity")
        for one in ("#map .leaflet-overlay-pane", "#map")
    )
    assert 0.5 < float(shades) < float(key) == 1
    assert watched.hosts() == {urlsplit(counts_address).netloc}
    assert watched.faults == []


def test_a_category_is_chosen_and_an_area_found(watched: Watched, counts_address: str) -> None:
    page = watched.page
    page.goto(counts_address)
    page.locator("summary", has_text="All incidents").click()
    page.get_by_label("Drugs", exact=True).check()
    page.keyboard.press("Escape")
    page.wait_for_url("**category=drugs**")
    expect(page.locator("#headline")).to_contain_text("Drugs")
    page.get_by_label("Find an area").fill("Ward 42")
    page.keyboard.press("Enter")
    expect(page.locator("#areas-title")).to_contain_text("matching “Ward 42”")
    assert watched.faults == []


def test_the_map_is_drawn_for_the_room_that_it_has_on_paper(
    watched: Watched, counts_address: str
) -> None:
    page = watched.page
    page.goto(counts_address)
    page.locator(SHADES).wait_for()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    box = page.locator("#map").bounding_box()
    assert box
    assert box["width"] == pytest.approx(186 / 25.4 * 96, abs=3)
    # Leaflet draws a tenth more than it shows on each side.
    drawn = page.locator(SHADES).bounding_box()
    assert drawn
    assert drawn["width"] == pytest.approx(1.2 * box["width"], abs=6)
    assert drawn["x"] < box["x"]
    expect(page.locator("#question")).to_be_hidden()
    expect(page.locator("#map .leaflet-control-zoom")).to_be_hidden()
