"""Points and lines as collections: items, tables, tiles and styles of their own types."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.feature_layers import put_any_layer
from api.imports.layers import ReadingOptions, read_content
from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.tiles.commands import draw_lines, draw_multipoints
from geo.tiles.encode import encode_tile
from geo.tiles.values import TileValues
from tests.api.conftest import SOUTH, WEST, make_town
from tests.api.ogc.test_tiles import TILES, read, tile_at
from tests.services import serving

LAYERS: dict[str, tuple[str, list[shapely.Geometry]]] = {
    "premises": (
        "Point",
        [shapely.Point(WEST + 10 * n, SOUTH + 100) for n in range(12)],
    ),
    "stops": (
        "MultiPoint",
        [shapely.MultiPoint([(WEST + 10, SOUTH + 10), (WEST + 900, SOUTH + 20)])],
    ),
    "streets": (
        "MultiLineString",
        [
            shapely.LineString([(WEST, SOUTH + 500), (WEST + 3000, SOUTH + 500)]),
            shapely.MultiLineString(
                [[(WEST + 5, SOUTH), (WEST + 5, SOUTH + 900)], [(WEST, SOUTH), (WEST + 9, SOUTH)]]
            ),
        ],
    ),
}


def add_layers(store: GeoPackageStore) -> None:
    for layer_id, (geometry_type, shapes) in LAYERS.items():
        codes = pd.Index([f"{number:02d}" for number in range(1, len(shapes) + 1)], name="code")
        names = [f"Ŵyn {code}" for code in codes]
        frame = gpd.GeoDataFrame(
            {"name": names, "width": 2.5}, geometry=shapes, index=codes, crs=BRITISH_NATIONAL_GRID
        )
        store.put_layer(LayerMetadata(layer_id, geometry_type=geometry_type), frame)


@pytest.fixture(autouse=True)
def layers(store: GeoPackageStore) -> None:
    with store.transaction():
        add_layers(store)


@pytest.mark.parametrize(
    ("query", "ending"),
    [
        ("f=csv&geometry=xy", "csv"),
        ("f=csv&geometry=xy&crs=http://www.opengis.net/def/crs/EPSG/0/27700", "csv"),
        ("f=csv&geometry=wkt", "csv"),
        ("f=geojson", "geojson"),
        ("f=gpkg", "gpkg"),
        ("f=fgb", "fgb"),
        ("f=parquet", "parquet"),
        ("f=shp", "zip"),
    ],
)
def test_points_that_are_downloaded_come_back_as_a_layer(
    client: TestClient, store: GeoPackageStore, tmp_path: Path, query: str, ending: str
) -> None:
    file = tmp_path / f"premises.{ending}"
    file.write_bytes(client.get(f"/ogc/collections/premises/items?limit=100&{query}").content)
    how = ReadingOptions()
    content = read_content(file, how, notify=lambda _: None)
    stored = put_any_layer(store, content, LayerMetadata("again", file=file.name), how)
    assert stored.facts["rejected"] == {}
    metadata, again = store.features("again")
    assert metadata.geometry_type == "Point"
    assert again.index.tolist() == [f"{number:02d}" for number in range(1, 13)]
    assert again["name"].tolist() == [f"Ŵyn {number:02d}" for number in range(1, 13)]
    assert set(again.columns) == {"name", "width", "geometry"}
    assert again["width"].tolist() == [2.5] * 12
    for mine, theirs in zip(again.geometry, LAYERS["premises"][1], strict=True):
        assert shapely.distance(mine, theirs) < 0.2


@pytest.mark.parametrize("layer", LAYERS)
def test_the_schema_says_which_geometry_is_served(client: TestClient, layer: str) -> None:
    geometry_type, shapes = LAYERS[layer]
    schema = client.get(f"/ogc/collections/{layer}/schema").json()["properties"]
    assert schema["geometry"]["format"] == f"geometry-{geometry_type.lower()}"
    assert list(schema) == ["geometry", "code", "name", "width"]
    page = client.get(f"/ogc/collections/{layer}/items?limit=100").json()
    assert page["numberMatched"] == len(shapes)
    assert {one["geometry"]["type"] for one in page["features"]} == {geometry_type}
    assert page["features"][0]["id"] == "01"
    assert page["features"][0]["properties"] == {"code": "01", "name": "Ŵyn 01", "width": 2.5}
    listed = {one["id"]: one for one in client.get("/ogc/collections").json()["collections"]}
    west, south, east, north = listed[layer]["extent"]["spatial"]["bbox"][0]
    found = shapely.from_geojson(client.get(f"/ogc/collections/{layer}/items").text)
    assert found.bounds == pytest.approx((west, south, east, north), abs=1e-6)


def test_features_are_chosen_by_box_property_and_filter(client: TestClient) -> None:
    def codes(layer: str, question: str) -> list[str]:
        page = client.get(f"/ogc/collections/{layer}/items?{question}").json()
        return [one["properties"]["code"] for one in page["features"]]

    crs = "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/27700"
    box = f"bbox={WEST + 15},{SOUTH},{WEST + 35},{SOUTH + 200}&{crs}"
    assert codes("premises", box) == ["03", "04"]
    assert codes("streets", f"bbox={WEST + 2000},{SOUTH},{WEST + 2500},{SOUTH + 900}&{crs}") == [
        "01"
    ]
    assert codes("premises", "code=05") == ["05"]
    assert codes("streets", "filter=code='02'") == ["02"]
    grid = "crs=http://www.opengis.net/def/crs/EPSG/0/27700"
    page = client.get(f"/ogc/collections/premises/items?limit=1&{grid}").json()
    assert page["features"][0]["geometry"]["coordinates"] == [WEST, SOUTH + 100]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", ["geojson", "gpkg", "fgb", "parquet", "shp", "csv"])
def test_every_format_has_the_type(
    client: TestClient, tmp_path: Path, layer: str, form: str
) -> None:
    response = client.get(f"/ogc/collections/{layer}/items?f={form}")
    path = tmp_path / f"{layer}.{'zip' if form == 'shp' else form}"
    path.write_bytes(response.content)
    geometry_type, shapes = LAYERS[layer]
    if form == "csv":
        columns = pd.read_csv(path).columns.tolist()
        places = ["longitude", "latitude"] if geometry_type == "Point" else ["wkt"]
        assert columns == ["code", "name", "width", *places]
        return
    read = gpd.read_parquet(path) if form == "parquet" else gpd.read_file(path, layer=layer)
    assert len(read) == len(shapes)
    if form in ("gpkg", "fgb"):
        assert pyogrio.read_info(path, layer=layer)["geometry_type"] == geometry_type


@pytest.mark.parametrize(
    ("layer", "symbol"), [("premises", "marker"), ("stops", "marker"), ("streets", "line")]
)
def test_qgis_draws_them_as_what_they_are(
    client: TestClient, tmp_path: Path, layer: str, symbol: str
) -> None:
    path = tmp_path / "layer.gpkg"
    path.write_bytes(client.get(f"/ogc/collections/{layer}/items?f=gpkg").content)
    styles = pyogrio.read_dataframe(path, layer="layer_styles", read_geometry=False)
    assert f'<symbol type="{symbol}"' in styles["styleQML"][0]


def test_tiles_show_points_and_lines(client: TestClient, tmp_path: Path) -> None:
    place = tile_at(-1.4795, 52.9215, 15)
    drawn = {}
    for layer, (_, shapes) in LAYERS.items():
        response = client.get(f"{TILES.format(layer)}/{place}")
        assert response.status_code == 200
        frame = read(response.content, tmp_path)
        drawn[layer] = frame
        assert len(frame) <= len(shapes)
    assert set(drawn["premises"]["code"]) == {f"{number:02d}" for number in range(1, 13)}
    assert set(drawn["premises"].geom_type) == {"Point"}
    wide = client.get(f"{TILES.format('streets')}/{tile_at(-1.4795, 52.9215, 12)}")
    drawn["streets"] = read(wide.content, tmp_path)
    assert drawn["streets"].geom_type.isin(["LineString", "MultiLineString"]).all()
    assert drawn["streets"]["name"].tolist() == ["Ŵyn 01", "Ŵyn 02"]
    far = read(
        client.get(f"{TILES.format('premises')}/{tile_at(-1.4795, 52.9215, 10)}").content, tmp_path
    )
    assert far["points"].sum() == 12
    described = client.get(f"{TILES.format('premises')}?f=tilejson").json()
    assert "points" in described["vector_layers"][0]["fields"]


COORDINATES = st.tuples(st.integers(-60, 4100), st.integers(-60, 4100))


@given(st.lists(st.lists(COORDINATES, min_size=1, max_size=4, unique=True), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_gdal_reads_every_point_that_is_drawn(tmp_path_factory, features) -> None:
    shapes = np.array([shapely.MultiPoint(points) for points in features], dtype=object)
    values = TileValues.read(pd.DataFrame({"n": range(len(shapes))}))
    content = encode_tile("x", draw_multipoints(shapes), np.arange(len(shapes)), values)
    frame = read(content, tmp_path_factory.mktemp("tile")).sort_values("n")
    assert frame["n"].tolist() == list(range(len(shapes)))
    for found, drawn in zip(frame.geometry, shapes, strict=True):
        assert found.equals(drawn) or found.equals(drawn.geoms[0])


@given(
    st.lists(
        st.lists(
            st.lists(COORDINATES, min_size=2, max_size=4, unique=True), min_size=1, max_size=3
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None)
def test_gdal_reads_every_line_that_is_drawn(tmp_path_factory, features) -> None:
    shapes = np.array([shapely.MultiLineString(lines) for lines in features], dtype=object)
    values = TileValues.read(pd.DataFrame({"n": range(len(shapes))}))
    drawing = draw_lines(shapes)
    content = encode_tile("x", drawing, np.arange(len(shapes)), values)
    frame = read(content, tmp_path_factory.mktemp("tile")).sort_values("n")
    assert frame["n"].tolist() == drawing.rows.tolist()
    for n, found in zip(frame["n"], frame.geometry, strict=True):
        # Corners nearer than two units to a straight line are left out.
        assert shapely.hausdorff_distance(found, shapes[n]) <= 3


@pytest.mark.skipif(not which("ogr2ogr"), reason="ogr2ogr is not installed (gdal-bin)")
def test_ogr2ogr_copies_them_with_their_types(tmp_path: Path) -> None:
    store = make_town(tmp_path / "town.gpkg")
    with store.transaction():
        add_layers(store)
    store.close()
    with serving(tmp_path / "town.gpkg") as running:
        done = subprocess.run(
            ["ogr2ogr", "-f", "GPKG", str(tmp_path / "all.gpkg"), f"OAPIF:{running}/ogc", *LAYERS],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    assert (done.returncode, done.stderr) == (0, "")
    for layer, (geometry_type, shapes) in LAYERS.items():
        info = pyogrio.read_info(tmp_path / "all.gpkg", layer=layer)
        assert (info["geometry_type"], info["features"]) == (geometry_type, len(shapes))
