"""Areas, lines and points in the forms that programs write them, at the commands that take them."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run
from tests.services import run_patchmap

SQUARE = [[-1.49, 52.92], [-1.48, 52.92], [-1.48, 52.93], [-1.49, 52.93], [-1.49, 52.92]]
WARD = {"WD25CD": "E05000001", "WD25NM": "Abbey"}
MAPPING = """source = "council"
id = "ref"
[when]
from = "when"
format = "iso"
[where]
{place}
[what]
category = "noise"
"""
METRES = 'easting = "easting"\nnorthing = "northing"'
DEGREES = 'longitude = "longitude"\nlatitude = "latitude"'


def feature(ring: list[list[float]], **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties or WARD, "geometry": geometry}


def collection(*features: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


ESRI = {
    "geometryType": "esriGeometryPolygon",
    "spatialReference": {"wkid": 4326},
    "features": [{"attributes": WARD, "geometry": {"rings": [SQUARE[::-1]]}}],
}
FORMS = {
    "one feature": json.dumps(feature(SQUARE)),
    "lines": json.dumps(feature(SQUARE)) + "\n",
    "a sequence": "\x1e" + json.dumps(feature(SQUARE)) + "\n",
    "a line of a collection": json.dumps(collection(feature(SQUARE))) + "\n\n",
    "measures": json.dumps(collection(feature([[*xy, 12.5, 1] for xy in SQUARE]))),
    "heights": json.dumps(collection(feature([[*xy, 12.5] for xy in SQUARE]))),
    "the CRS of 2007": json.dumps(
        collection(feature(SQUARE), crs={"type": "EPSG", "properties": {"code": 4326}})
    ),
    "Esri JSON": json.dumps(ESRI),
}


def areas(folder: Path, layer: str = "wards") -> gpd.GeoDataFrame:
    store = GeoPackageStore(folder / "patchmap.gpkg")
    found = store.layer(layer)[1]
    store.close()
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> gpd.GeoDataFrame:
    """The area that every form stands for."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "w.geojson").write_text(json.dumps(collection(feature(SQUARE))))
    run(folder, "layers", "add", "w.geojson", "--id", "wards")
    return areas(folder)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_geojson_is_the_same_layer(
    tmp_path: Path, form: str, plain: gpd.GeoDataFrame
) -> None:
    (tmp_path / "w.json").write_text(FORMS[form])
    run(tmp_path, "layers", "add", "w.json", "--id", "wards")
    layer = areas(tmp_path)
    assert layer["area_name"].to_dict() == {"E05000001": "Abbey"}
    assert layer.symmetric_difference(plain.geometry).area.max() < 1e-3


@pytest.mark.parametrize("ending", ["fgb", "parquet", "geojson.zip", "gpkg.zip", "fgb.zip"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:27700"])
def test_every_format_is_the_same_layer(
    tmp_path: Path, ending: str, crs: str, plain: gpd.GeoDataFrame
) -> None:
    frame = gpd.GeoDataFrame([WARD], geometry=[shapely.Polygon(SQUARE)], crs=4326)
    if crs == "EPSG:27700":
        frame = gpd.GeoDataFrame([WARD], geometry=plain.geometry.to_list(), crs=crs)
    inner = tmp_path / f"w.{ending.removesuffix('.zip')}"
    if ending == "parquet":
        frame.to_parquet(inner)
    else:
        frame.to_file(inner)
    if ending.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / f"w.{ending}", "w") as archive:
            archive.write(inner, f"folder\\Wards (Dec 2025)/{inner.name}")
    run(tmp_path, "layers", "add", f"w.{ending}", "--id", "wards")
    layer = areas(tmp_path)
    assert layer["area_name"].to_dict() == {"E05000001": "Abbey"}
    assert layer.symmetric_difference(plain.geometry).area.max() < 1e-3


def test_esri_json_tells_holes_from_islands(tmp_path: Path) -> None:
    def square(x: float, side: float, step: int = 1) -> list[list[float]]:
        ring = [[x, x], [x, x + side], [x + side, x + side], [x + side, x], [x, x]]
        return ring[::step]

    rings = [square(400_000, 100), square(400_010, 20, -1), square(400_200, 10)]
    one = {"attributes": WARD, "geometry": {"rings": rings}}
    (tmp_path / "w.json").write_text(
        json.dumps(ESRI | {"spatialReference": {"wkid": 27700}, "features": [one]})
    )
    run(tmp_path, "layers", "add", "w.json", "--id", "wards")
    assert areas(tmp_path).geometry.area.tolist() == pytest.approx([100 * 100 - 20 * 20 + 10 * 10])


def two_layers(path: Path) -> None:
    frame = gpd.GeoDataFrame([WARD], geometry=[shapely.Polygon(SQUARE)], crs=4326)
    frame.to_file(path, layer="wards")
    frame.assign(WD25CD="B1").to_file(path, layer="beats")


def test_a_view_beside_plain_layers_leaves_them_readable(tmp_path: Path) -> None:
    two_layers(tmp_path / "city.gpkg")
    with sqlite3.connect(tmp_path / "city.gpkg") as file:
        file.execute("CREATE VIEW north AS SELECT * FROM wards")
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
            "VALUES ('north', 'features', 'north', 4326)"
        )
    line = refused(tmp_path, "layers", "add", "city.gpkg", "--id", "wards")
    assert "it has 2 layers; name one of them: beats, wards" in line
    line = refused(tmp_path, "layers", "add", "city.gpkg", "--id", "wards", "--layer", "north")
    assert "its layer 'north' is not a plain table" in line
    run(tmp_path, "layers", "add", "city.gpkg", "--id", "wards", "--layer", "wards")
    assert areas(tmp_path).index.tolist() == ["E05000001"]


def test_the_options_that_refusals_advise_exist_where_areas_are_read(tmp_path: Path) -> None:
    two_layers(tmp_path / "city.gpkg")
    (tmp_path / "p.csv").write_text("longitude,latitude\n-1.485,52.925\n")
    locate = ("locate", "p.csv", "--areas", "city.gpkg", "-o", "o.csv")
    assert "name one of them" in refused(tmp_path, *locate)
    run(tmp_path, *locate, "--layer", "beats")
    assert "B1" in (tmp_path / "o.csv").read_text()
    run(tmp_path, *locate, "--layer", "beats", "--code-field", "WD25NM")
    assert "Abbey" in (tmp_path / "o.csv").read_text()
    rows = "Crime ID,Month,Longitude,Latitude,Location,Crime type\n,2024-01,-1.485,52.925,x,Drugs\n"
    (tmp_path / "2024-01-x-street.csv").write_text(rows)
    count = ("count", "2024-01-x-street.csv", "--engine", "dask", "--areas", "city.gpkg")
    more = ("--areas-layer", "wards", "--code-field", "WD25CD", "--workers", "1", "-o", "n.csv")
    assert "name one of them" in refused(tmp_path, *count, "-o", "n.csv")
    run(tmp_path, *count, *more)
    assert "E05000001" in (tmp_path / "n.csv").read_text()


@pytest.mark.parametrize(
    ("kind", "code"), [("AREA_CODE", "CODE"), ("Area_Code", "Census_Code"), ("code", "WD25CD")]
)
def test_the_field_that_differs_for_each_area_is_its_code(
    tmp_path: Path, kind: str, code: str
) -> None:
    east = [[x + 0.01, y] for x, y in SQUARE]
    both = [
        feature(SQUARE, **{"NAME": "North", kind: "DIW", code: "E05900001"}),
        feature(east, **{"NAME": "East", kind: "DIW", code: "E05900002"}),
    ]
    (tmp_path / "w.geojson").write_text(json.dumps(collection(*both)))
    assert f"codes from {code}, names from NAME" in run(
        tmp_path, "layers", "add", "w.geojson", "--id", "wards", "--name-field", "NAME"
    )


@pytest.mark.parametrize(
    ("encoding", "notice"),
    [("UTF-8", ""), ("CP1252", "its texts, which are read as Windows-1252")],
)
def test_a_shapefile_without_its_cpg_file_has_whole_names(
    tmp_path: Path, encoding: str, notice: str
) -> None:
    frame = gpd.GeoDataFrame([WARD], geometry=[shapely.Polygon(SQUARE)], crs=4326)
    frame.assign(WD25NM="Pentre Mâl").to_file(tmp_path / "w.shp", encoding=encoding)
    (tmp_path / "w.cpg").unlink()
    done = run_patchmap("layers", "add", "w.shp", "--id", "wards", cwd=tmp_path)
    assert notice in done.stderr
    assert bool(done.stderr) == bool(notice)
    assert areas(tmp_path)["area_name"].tolist() == ["Pentre Mâl"]


def points_file(path: Path, crs: int, *xy: tuple[float, float], kind: str = "Point") -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"ref": str(number), "when": "2024-03-01 21:15"},
            "geometry": {
                "type": kind,
                "coordinates": list(one) if kind == "Point" else [list(one)],
            },
        }
        for number, one in enumerate(xy)
    ]
    member = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}
    path.write_text(json.dumps(collection(*features, crs=member)))


def located(folder: Path, place: str, file: str = "p.geojson", *options: str) -> list[float]:
    (folder / "m.toml").write_text(MAPPING.format(place=place))
    run(folder, "ingest", file, "--mapping", "m.toml", *options)
    store = GeoPackageStore(folder / "patchmap.gpkg")
    incidents = store.incidents()
    store.close()
    return [round(float(incidents[axis].iloc[0])) for axis in "xy"]


def test_points_lie_where_the_crs_of_their_own_file_puts_them(tmp_path: Path) -> None:
    # Belfast on the Irish grid: by the British one it would be in Merseyside, 244 km away.
    points_file(tmp_path / "p.geojson", 29902, (333_500, 374_200))
    assert located(tmp_path, METRES) == pytest.approx([145_924, 529_700], abs=5)
    (tmp_path / "m.toml").write_text(MAPPING.format(place=f'{METRES}\ncrs = "EPSG:27700"'))
    line = refused(tmp_path, "ingest", "p.geojson", "--mapping", "m.toml")
    assert "is in EPSG:29902, but the mapping says EPSG:27700" in line


@pytest.mark.parametrize("kind", ["Point", "MultiPoint"])
def test_points_in_web_mercator_are_read_as_degrees(tmp_path: Path, kind: str) -> None:
    points_file(tmp_path / "p.geojson", 3857, (-165_360.1, 6_971_500.2), kind=kind)
    x, y = located(tmp_path, DEGREES)
    lonlat = gpd.GeoSeries.from_xy([x], [y], crs=27700).to_crs(4326)
    assert lonlat.x.iloc[0] == pytest.approx(-1.4855, abs=1e-4)


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "parquet"])
def test_points_of_every_format_are_the_same_incidents(tmp_path: Path, ending: str) -> None:
    row = {"ref": "1", "when": "2024-03-01 21:15"}
    frame = gpd.GeoDataFrame([row], geometry=[shapely.Point(434_500, 336_500)], crs=27700)
    path = tmp_path / f"p.{ending}"
    if ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, layer="p")
    options: tuple[str, ...] = ()
    if ending == "gpkg":
        frame.to_file(path, layer="other")
        (tmp_path / "m.toml").write_text(MAPPING.format(place=METRES))
        assert "name one of them" in refused(tmp_path, "ingest", path.name, "--mapping", "m.toml")
        options = ("--layer", "p")
    assert located(tmp_path, METRES, path.name, *options) == [434_500, 336_500]


def test_a_format_that_is_not_read_says_which_are(tmp_path: Path) -> None:
    (tmp_path / "x.gpx").write_text("<?xml version='1.0'?><gpx/>")
    line = refused(tmp_path, "layers", "add", "x.gpx", "--id", "wards")
    assert line.startswith("x.gpx is a GPS track (GPX) that is not read; save it as GeoJSON")
    (tmp_path / "x.gml").write_text("<?xml version='1.0'?><gml/>")
    line = refused(tmp_path, "layers", "add", "x.gml", "--id", "wards")
    assert line == "x.gml is not GML: its first element is gml"


def test_a_parquet_file_without_geometry_is_refused(tmp_path: Path) -> None:
    pd.DataFrame([WARD]).to_parquet(tmp_path / "x.parquet")
    line = refused(tmp_path, "layers", "add", "x.parquet", "--id", "wards")
    assert line == "x.parquet is Parquet, but not GeoParquet: it has no geometry"
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing")
    line = refused(tmp_path, "layers", "add", "x.parquet", "--id", "wards")
    assert line.startswith("x.parquet cannot be read as Parquet: ")


def test_a_mapping_is_proposed_for_a_file_of_points_too(tmp_path: Path) -> None:
    points_file(tmp_path / "p.geojson", 27700, (434_500, 336_500), (434_600, 336_600))
    proposed = run(tmp_path, "mapping", "suggest", "p.geojson")
    for line in ('id = "ref"', 'from = "when"', 'easting = "easting"'):
        assert line in proposed
