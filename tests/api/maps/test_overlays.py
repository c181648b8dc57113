"""Layers drawn over maps: their words, their limits, and what people see."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.maps.overlays import MOST_POINTS, MOST_VERTICES, read_overlays
from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import QuestionError
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SOUTH, WEST

BOX = (WEST, SOUTH, WEST + 4000, SOUTH + 2000)
QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def frame(shapes, names=None) -> gpd.GeoDataFrame:
    codes = pd.Index([f"{number:05d}" for number in range(len(shapes))], name="code")
    values = {"name": [None] * len(shapes) if names is None else names}
    return gpd.GeoDataFrame(values, geometry=shapes, index=codes, crs=BRITISH_NATIONAL_GRID)


class OneLayer:
    """A store with one layer, whatever its id."""

    def __init__(self, features: gpd.GeoDataFrame, **metadata: str) -> None:
        self.found = LayerMetadata("streets", "Streets", **metadata), features

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        return self.found

    layer = features


def test_the_legend_says_how_much_of_when_from_whom() -> None:
    inside = shapely.LineString([(WEST + 100, SOUTH + 100), (WEST + 1600, SOUTH + 100)])
    cut = shapely.LineString([(WEST - 500, SOUTH + 200), (WEST + 500, SOUTH + 200)])
    away = shapely.LineString([(0, 0), (9, 9)])
    store = OneLayer(
        frame([inside, cut, away], ["Mill Lane", None, None]),
        geometry_type="MultiLineString",
        valid_from="2025-05-01",
        authority="The council",
    )
    (overlay,) = read_overlays(store, "streets", box=BOX)
    assert overlay.words == (
        "Streets: 2 lines, 2.0 km; from 2025-05-01; The council; 1 more outside this map"
    )
    assert overlay.features["name"].tolist() == ["Mill Lane", "00001"]


def test_many_points_are_thinned_and_that_is_said() -> None:
    x, y = np.meshgrid(np.arange(WEST, WEST + 4000, 25), np.arange(SOUTH, SOUTH + 2000, 25))
    points = shapely.points(x.ravel(), y.ravel())
    (overlay,) = read_overlays(OneLayer(frame(points), geometry_type="Point"), "p", box=BOX)
    assert 100 < len(overlay.features) <= MOST_POINTS
    assert overlay.words == (
        f"Streets: 12,800 points; one dot for each 80 m; {len(overlay.features):,} drawn"
    )


def test_long_lines_are_simplified_and_that_is_said() -> None:
    east = np.arange(WEST, WEST + 4000, 0.25)
    waves = [np.column_stack([east, SOUTH + y + 3 * np.sin(east)]) for y in range(100, 1900, 200)]
    lines = np.array([shapely.LineString(wave) for wave in waves], dtype=object)
    store = OneLayer(frame(lines), geometry_type="MultiLineString")
    (overlay,) = read_overlays(store, "s", box=BOX)
    assert shapely.get_num_coordinates(overlay.features.geometry.to_numpy()).sum() <= MOST_VERTICES
    assert "simplified to " in overlay.words
    assert len(overlay.features) == len(lines)


def test_more_layers_than_have_colours_are_refused() -> None:
    store = OneLayer(frame([shapely.Point(WEST, SOUTH)]), geometry_type="Point")
    with pytest.raises(QuestionError, match="over: names 5 layers; choose at most 4"):
        read_overlays(store, "a,b,c,d,e", box=BOX)
    assert read_overlays(store, "", box=BOX) == []


@pytest.fixture
def layers(store: GeoPackageStore) -> GeoPackageStore:
    streets = [shapely.LineString([(WEST, SOUTH + 500), (WEST + 3000, SOUTH + 500)])]
    premises = [shapely.Point(WEST + 300, SOUTH + 300), shapely.Point(WEST + 900, SOUTH + 900)]
    hostile = '</script><script>alert(1)</script>{{ 7 * 7 }}`${1}"'
    with store.transaction():
        for layer_id, kind, shapes in (
            ("streets", "MultiLineString", streets),
            ("premises", "Point", premises),
        ):
            metadata = LayerMetadata(layer_id, title=f"{layer_id} {hostile}", geometry_type=kind)
            store.put_layer(metadata, frame(shapes, [hostile] * len(shapes)))
    return store


def test_the_map_shows_chosen_layers_and_runs_none_of_their_names(
    client: TestClient, layers: GeoPackageStore
) -> None:
    page = client.get(f"/map{QUESTION}&over=streets,premises")
    assert page.status_code == 200
    assert "L.control.layers(" in page.text
    assert page.text.count("<script>alert(1)") == 0
    assert "49" not in page.text.partition("streets &lt;")[2][:60]
    assert ": 1 line, 3.0 km</span>" in page.text
    assert ": 2 points</span>" in page.text
    plain = client.get(f"/map{QUESTION}").text
    assert "L.control.layers(" not in plain
    refused = client.get(f"/map{QUESTION}&over=nowhere")
    assert "there is no layer &#39;nowhere&#39;" in refused.text


def test_the_board_offers_and_keeps_them(client: TestClient, layers: GeoPackageStore) -> None:
    moved = client.get(f"/{QUESTION}&over=streets&over=premises")
    assert (moved.status_code, moved.headers["location"].partition("over=")[2]) == (
        303,
        "streets,premises",
    )
    page = client.get(moved.headers["location"]).text
    for layer_id in ("streets", "premises"):
        assert f'name="over" value="{layer_id}" checked>' in page
    # Areas alone can be counted by: lines are offered where incidents are counted along them.
    assert '<option value="streets"' not in page.partition("<main")[0]
    brief = client.get(f"/brief.html{QUESTION}&over=streets,premises").text
    assert 'stroke="#7b3294"' in brief
    assert ": 1 line, 3.0 km</span>" in brief
