"""Vector tiles, as GDAL reads them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.tiles.commands import draw_points, draw_polygons
from geo.tiles.encode import BUFFER, EXTENT, encode_tile
from geo.tiles.grid import Tile, to_unit
from geo.tiles.values import TileValues

ASB = "datetime=2024-01/2024-02&category=anti-social-behaviour&layer=wards"
TILES = "/ogc/collections/{}/tiles/WebMercatorQuad"


def read(content: bytes, folder: Path) -> gpd.GeoDataFrame:
    """A tile as GDAL reads it, in units with y downwards."""
    path = folder / "tile.mvt"
    path.write_bytes(content)
    frame = pyogrio.read_dataframe(f"MVT:{path}", CLIP="NO")
    flipped = shapely.transform(frame.geometry.array, lambda xy: xy * [1, -1] + [0, EXTENT])
    return frame.set_geometry(np.asarray(flipped))


def tile_at(longitude: float, latitude: float, zoom: int) -> str:
    x, y = to_unit(np.array([longitude]), np.array([latitude]))
    return f"{zoom}/{int(y[0] * 2**zoom)}/{int(x[0] * 2**zoom)}"


def test_a_tile_shows_the_cells_that_lie_in_it(client: TestClient, tmp_path: Path) -> None:
    place = tile_at(-1.4735, 52.9235, 15)
    response = client.get(f"{TILES.format('hotspots')}/{place}?{ASB}")
    assert response.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    frame = read(response.content, tmp_path)
    cells = client.get(f"/ogc/collections/hotspots/items?{ASB}&limit=10000").json()["features"]
    tile = Tile(
        *(int(part) for part in (place.split("/")[0], place.split("/")[2], place.split("/")[1]))
    )
    visible = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    expected = {}
    for cell in cells:
        shape = shapely.transform(
            shapely.geometry.shape(cell["geometry"]),
            lambda xy: tile.to_units(np.column_stack(to_unit(xy[:, 0], xy[:, 1]))),
        )
        if shape.intersection(visible).area > 100:
            expected[cell["id"]] = (shape.intersection(visible), cell["properties"]["n"])
    assert 10 < len(expected) < len(cells)
    served = frame.set_index("cell_id")
    assert set(expected) <= set(served.index)
    for cell_id, (shape, n) in expected.items():
        assert served.loc[cell_id, "n"] == n
        assert (
            served.loc[cell_id].geometry.symmetric_difference(shape).area < 0.02 * shape.area + 50
        )


def test_a_filter_chooses_what_tiles_show(client: TestClient, tmp_path: Path) -> None:
    place = tile_at(-1.4735, 52.9235, 12)
    address = f"{TILES.format('hotspots')}/{place}?{ASB}"
    some = read(client.get(f"{address}&filter=n > 0").content, tmp_path)
    every = read(client.get(address).content, tmp_path)
    assert (some["n"] > 0).all()
    assert 0 < len(some) == (every["n"] > 0).sum() < len(every)


def test_a_collection_too_large_to_keep_its_words_has_the_same_tiles(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{TILES.format('incidents')}/{tile_at(-1.4734, 52.9232, 16)}"
    cached = read(client.get(address).content, tmp_path)
    monkeypatch.setattr("api.ogc.mvt.tiling.MAX_CACHED", 0)
    made = read(client.get(address).content, tmp_path)
    pd.testing.assert_frame_equal(cached.drop(columns="geometry"), made.drop(columns="geometry"))
    assert len(cached) > 10


def test_incidents_are_pixels_first_and_points_later(client: TestClient, tmp_path: Path) -> None:
    far = read(client.get(f"{TILES.format('incidents')}/5/10/15").content, tmp_path)
    assert far["points"].sum() == 320
    place = tile_at(-1.4734, 52.9232, 16)
    near = read(client.get(f"{TILES.format('incidents')}/{place}").content, tmp_path)
    assert set(near["category"]) == {"burglary", "anti-social-behaviour"}
    assert near["incident_id"].is_unique


def test_a_tile_of_nothing_has_no_content(client: TestClient) -> None:
    response = client.get(f"{TILES.format('wards')}/10/0/0")
    assert (response.status_code, response.content) == (204, b"")
    known = response.headers["etag"]
    again = client.get(f"{TILES.format('wards')}/10/0/0", headers={"if-none-match": known})
    assert again.status_code == 304


def test_what_is_too_small_to_be_visible_is_left_out(client: TestClient) -> None:
    assert client.get(f"{TILES.format('wards')}/2/1/1").status_code == 204


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("wards/tiles/WebMercatorQuad/3/8/0", 404, "there is no tile 3/8/0"),
        ("wards/tiles/WebMercatorQuad/99/0/0", 400, "zoom: '99' is too large; the most is 20"),
        ("wards/tiles/WebMercatorQuad/a/0/0", 400, "zoom: 'a' is not a whole number"),
        ("wards/tiles/WebMercatorQuad/3/-1/0", 400, "row: '-1' is not a whole number"),
        ("wards/tiles/WebMercatorQuad/0/0/0?limit=5", 400, "limit: unknown parameter"),
        ("nowhere/tiles", 404, "there is no collection 'nowhere'"),
        ("wards/tiles/WorldCRS84Quad", 404, "There is nothing at /ogc/collections/wards"),
    ],
)
def test_a_tile_that_is_not_there_is_refused(
    client: TestClient, path: str, status: int, message: str
) -> None:
    response = client.get(f"/ogc/collections/{path}")
    assert response.status_code == status
    assert message in response.json()["detail"]


def test_the_metadata_of_tiles_links_to_them(client: TestClient) -> None:
    tilesets = client.get("/ogc/collections/wards/tiles").json()["tilesets"]
    links = {link["rel"]: link["href"] for link in tilesets[0]["links"]}
    tilejson = client.get(links["describedby"]).json()
    assert tilejson["vector_layers"][0]["fields"]["area_name"] == "Name of the area"
    west, south, east, north = tilejson["bounds"]
    zoom, row, column = tile_at((west + east) / 2, (south + north) / 2, 10).split("/")
    address = tilejson["tiles"][0].format(z=zoom, x=column, y=row)
    assert client.get(address).status_code == 200
    scheme = client.get(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]).json()
    assert scheme["tileMatrices"][1]["matrixWidth"] == 2


def test_tilejson_carries_its_question(client: TestClient) -> None:
    document = client.get(f"{TILES.format('hotspots')}?f=tilejson&{ASB}&n=3").json()
    assert "category=anti-social-behaviour" in document["tiles"][0]
    assert "n=3" in document["tiles"][0]


COORDINATE = st.integers(-BUFFER, EXTENT + BUFFER)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(COORDINATE, COORDINATE, st.integers(8, 900)), min_size=1, max_size=12))
def test_any_polygon_comes_back_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, circles: list[tuple[int, int, int]]
) -> None:
    shapes = [
        shapely.Point(x, y).buffer(radius, 6).difference(shapely.Point(x, y).buffer(radius / 2, 4))
        for x, y, radius in circles
    ]
    table = pd.DataFrame({"n": range(len(shapes)), "name": [f"é{i}" for i in range(len(shapes))]})
    geometries = np.array([*shapes[:-1], shapely.MultiPolygon([shapes[-1]])], dtype=object)
    content = encode_tile(
        "rings", draw_polygons(geometries), np.arange(len(shapes)), TileValues.read(table)
    )
    frame = read(content, tmp_path_factory.mktemp("tiles")).set_index("n")
    assert list(frame.index) == list(range(len(shapes)))
    assert list(frame["name"]) == list(table["name"])
    for served, shape in zip(frame.geometry, shapes, strict=True):
        assert served.symmetric_difference(shape).area < 4 * shape.length


def test_values_of_every_kind_survive(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "text": ["a", None, "ü"],
            "whole": [1, -2, 2**40],
            "broken": [0.25, np.nan, -1e300],
            "flag": [True, False, True],
        }
    )
    points = np.array([[0.0, 0.0], [4096.0, 4096.0], [17.0, 9.0]])
    frame = read(
        encode_tile("points", draw_points(points), np.arange(3), TileValues.read(table)), tmp_path
    )
    assert frame["text"].fillna("").to_list() == ["a", "", "ü"]
    assert frame["whole"].to_list() == [1, -2, 2**40]
    assert frame["broken"].fillna(0).to_list() == [0.25, 0, -1e300]
    assert frame["flag"].astype(bool).to_list() == [True, False, True]
    assert [point.coords[0] for point in frame.geometry] == [(0, 0), (4096, 4096), (17, 9)]
