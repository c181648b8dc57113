"""The basemap in the browser: drawn from the service or the file itself, with readable names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Watched
from tests.services import run_patchmap

# What is written on a canvas cannot be read back: the names are noted as they are written.
NOTE_NAMES = """
window.written = [];
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
  window.written.push([text, parseFloat(/([\\d.]+)px/.exec(this.font)[1])]);
  return write.call(this, text, ...where);
};
"""
SHOW = """zoom => new Promise((done) => {
  const map = Object.values(window).find((value) => value instanceof L.Map);
  window.written = [];
  map.fire("zoomstart");
  map.setView(map.getCenter(), zoom, { animate: false });
  const drawn = () => document.querySelectorAll("canvas.leaflet-tile").length
    && !document.querySelector("canvas.leaflet-tile:not(.leaflet-tile-loaded)");
  const wait = () => drawn() ? setTimeout(() => done(window.written), 300) : setTimeout(wait, 50);
  setTimeout(wait, 100);
})"""


def names_at(watched: Watched, zoom: float) -> dict[str, float]:
    """The names on the map at a zoom, with their height in pixels of the screen."""
    written: list[tuple[str, float]] = watched.page.evaluate(SHOW, zoom)
    scale = 2 ** (zoom - int(zoom + 0.5))
    return {text: size * scale for text, size in written}


@pytest.fixture
def map_page(watched: Watched, address: str) -> Watched:
    watched.page.add_init_script(NOTE_NAMES)
    # Within the board the map is a frame, for which no browser asks for an icon.
    watched.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    watched.page.goto(f"{address}/map?category=anti-social-behaviour&period=latest-3m")
    watched.page.locator("canvas.leaflet-tile-loaded").first.wait_for()
    return watched


def test_names_can_be_read_at_every_zoom(map_page: Watched) -> None:
    shown: dict[float, Any] = {}
    for zoom in (11.0, 12.4, 13.5, 14.3, 15.6, 17.0):
        shown[zoom] = names_at(map_page, zoom)
        map_page.keep(f"basemap-{zoom:g}")
        assert shown[zoom], zoom
        assert min(shown[zoom].values()) >= 11, shown[zoom]
        assert max(shown[zoom].values()) <= 24, shown[zoom]
    assert {"Doggerham", "Central"} <= set(shown[14.3])  # the station's name, in two lines
    assert len(shown[15.6]) > 10  # side streets
    assert map_page.faults == []
    assert len(map_page.hosts()) == 1
    credit = map_page.page.locator(".leaflet-control-attribution")
    assert "Doggerham (synthetic demo city)" in credit.inner_text()


def test_a_map_file_draws_its_own_piece_without_a_network(
    watched: Watched, demo_store: Path, tmp_path: Path
) -> None:
    done = run_patchmap("--store", str(demo_store), "map", "-o", "map.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    watched.page.add_init_script(NOTE_NAMES)
    watched.page.context.set_offline(True)
    watched.page.goto((tmp_path / "map.html").as_uri())
    watched.page.locator("canvas.leaflet-tile-loaded").first.wait_for()
    assert len(names_at(watched, 15.6)) > 10
    watched.keep("basemap-file")
    assert watched.requests == [watched.page.url]
    assert watched.faults == []


def test_the_planner_names_streets_under_its_blocks(
    watched: Watched, demo_store: Path, address: str
) -> None:
    arguments = ["plan", "new", "over-streets", "--blocks", "blocks", "--from", "wards"]
    done = run_patchmap("--store", str(demo_store), *arguments, cwd=demo_store.parent)
    assert done.returncode == 0, done.stderr
    watched.page.add_init_script(NOTE_NAMES)
    watched.page.goto(f"{address}/planner?plan=over-streets")
    watched.page.locator("canvas.leaflet-tile-loaded").first.wait_for()
    box = watched.page.locator("#map").bounding_box()
    assert box
    watched.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(3):
        watched.page.mouse.wheel(0, -120)
        watched.page.wait_for_timeout(300)
    watched.page.wait_for_function("window.written.length > 5")
    watched.keep("basemap-planner")
    assert watched.faults == []
    assert len(watched.hosts()) == 1
