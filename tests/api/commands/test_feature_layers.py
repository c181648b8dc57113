"""Layers of points and lines on the command line: added, listed, written, refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pyogrio
import pyproj
import pytest
import shapely
from openpyxl import Workbook

from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run, run_json
from tests.api.conftest import SOUTH, WEST, make_town
from tests.services import run_patchmap

EXPORTS = ("geojson", "csv", "gpkg", "fgb", "parquet", "zip")
SHAPES: dict[str, list[shapely.Geometry]] = {
    "Point": [shapely.Point(WEST + 10, SOUTH + 10), shapely.Point(WEST + 900, SOUTH + 20)],
    "MultiPoint": [
        shapely.MultiPoint([(WEST + 10, SOUTH + 10), (WEST + 20, SOUTH + 10)]),
        shapely.MultiPoint([(WEST + 30, SOUTH + 10)]),
    ],
    "MultiLineString": [
        shapely.MultiLineString([[(WEST, SOUTH), (WEST + 300, SOUTH + 400)]]),
        shapely.MultiLineString(
            [[(WEST, SOUTH), (WEST, SOUTH + 10)], [(WEST + 5, SOUTH), (WEST + 5, SOUTH + 9)]]
        ),
    ],
}


def frame(geometry_type: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": ["007", "b"], "name": ["Stryd Ŵyr", None], "width": [1.5, 2.0]},
        geometry=SHAPES[geometry_type],
        crs=BRITISH_NATIONAL_GRID,
    ).set_index("code")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a town's store, `patchmap.gpkg`, that has a layer of each type."""
    folder = tmp_path_factory.mktemp("layers")
    store = make_town(folder / "patchmap.gpkg")
    with store.transaction():
        for geometry_type in SHAPES:
            name = geometry_type
            metadata = LayerMetadata(f"of-{name.lower()}", geometry_type=name)
            store.put_layer(metadata, frame(name))
    store.close()
    return folder


@pytest.fixture
def premises(tmp_path: Path) -> Path:
    """A file of four points in metres, one without a place and one far away."""
    points = [
        shapely.Point(WEST + 10, SOUTH + 10),
        None,
        shapely.Point(WEST + 900, SOUTH + 20),
        shapely.Point(-9e6, 9e6),
    ]
    made = gpd.GeoDataFrame(
        {"UPRN": [11, 12, 13, 14], "use": ["pub", "pub", "shop", "pub"]},
        geometry=points,
        crs=BRITISH_NATIONAL_GRID,
    )
    made.to_file(tmp_path / "premises.gpkg", layer="premises")
    return tmp_path


def test_a_file_of_points_becomes_a_layer_with_its_accounts(premises: Path) -> None:
    lines = run(premises, "layers", "add", "premises.gpkg", "--id", "premises").splitlines()
    assert lines == [
        "premises: 2 points, codes from UPRN, no field of names",
        "4 read = 2 stored + 2 rejected",
        "rejected: 1 because it has no geometry (feature 2)",
        "rejected: 1 because it lies outside the area where EPSG:27700 is used (feature 4)",
    ]
    assert run(premises, "layers", "list") == "premises: 2 points\n"
    (facts,) = run_json(premises, "layers", "list")
    assert (facts["kind"], facts["features"], facts["geometry_type"]) == ("points", 2, "Point")
    info = pyogrio.read_info(premises / "patchmap.gpkg", layer="premises")
    assert (info["geometry_type"], info["features"]) == ("Point", 2)


KML_OF_A_MAST = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>
<Point><coordinates>-1.47,52.92,7</coordinates></Point>
</Placemark></Document></kml>
"""


def test_heights_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    high = gpd.GeoDataFrame(geometry=[shapely.Point(WEST, SOUTH, 7)], crs=BRITISH_NATIONAL_GRID)
    for file in ("high.gpkg", "high.shp", "high.fgb"):
        high.to_file(tmp_path / file)
    high.to_parquet(tmp_path / "high.parquet")
    (tmp_path / "high.kml").write_text(KML_OF_A_MAST)
    for file in ("high.gpkg", "high.shp", "high.fgb", "high.parquet", "high.kml"):
        done = run_patchmap("layers", "add", file, "--id", "high", cwd=tmp_path)
        assert done.stderr == f"{file}: its heights (Z) and measures (M) are left out\n"
        assert done.stdout.startswith("high: 1 point, codes made from their order in the file")


TABLE = """Ref,Name,Easting,Northing,beds
007,Tafarn,{x},{y},4
012,Ŵyr,{x},{y},
013,Nowhere,unknown,,2
014,Far,9,-900000,2
"""


def test_quality_counts_points_and_what_repeats(tmp_path: Path) -> None:
    places = [shapely.Point(WEST + x, SOUTH) for x in (0, 0, 0, 9)]
    names = ["a", "a", "b", None]
    made = gpd.GeoDataFrame({"name": names}, geometry=places, crs=BRITISH_NATIONAL_GRID)
    made.to_file(tmp_path / "shops.gpkg")
    run(tmp_path, "layers", "add", "shops.gpkg", "--id", "shops")
    assert run(tmp_path, "quality") == (
        "layer of points: shops: 4 points, 1 the same as another in place and attributes, "
        "1 at the place of another, 1 without a name\n"
    )


def test_a_table_of_points_becomes_a_layer_with_its_accounts(tmp_path: Path) -> None:
    table = TABLE.format(x=WEST + 10, y=SOUTH + 20)
    (tmp_path / "pubs.csv").write_text(table, encoding="utf-16")
    done = run_patchmap(
        "layers", "add", "pubs.csv", "--id", "pubs", "--code-field", "Ref", cwd=tmp_path
    )
    assert done.stdout.splitlines() == [
        "pubs: 2 points, codes from Ref, names from Name",
        "4 read = 2 stored + 2 rejected",
        "rejected: 1 because it has no geometry (feature 3)",
        "rejected: 1 because it lies outside the area where EPSG:27700 is used (feature 4)",
    ]
    assert done.stderr.splitlines() == [
        "pubs.csv: UTF-16 text",
        "pubs.csv: points are read from Easting and Northing, in EPSG:27700",
    ]
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    features = store.features("pubs")[1]
    store.close()
    assert features.index.tolist() == ["007", "012"]
    assert features["name"].tolist() == ["Tafarn", "Ŵyr"]
    assert features["beds"].iloc[0] == 4
    assert features["beds"].isna().tolist() == [False, True]
    assert features.geometry.tolist() == [shapely.Point(WEST + 10, SOUTH + 20)] * 2


def test_a_workbook_of_points_is_read_in_the_named_system(tmp_path: Path) -> None:
    book = Workbook()
    west, south = pyproj.Transformer.from_crs(27700, 3857).transform(WEST, SOUTH)
    for row in (("id", "x", "y"), (1, west, south), (2, west + 10, south)):
        book.active.append(row)
    book.save(tmp_path / "lamps.xlsx")
    add = ("layers", "add", "lamps.xlsx", "--id", "lamps", "--crs")
    assert run_json(tmp_path, *add, "EPSG:3857")["features"] == 2
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    first = store.features("lamps")[1].geometry.iloc[0]
    store.close()
    assert shapely.distance(first, shapely.Point(WEST, SOUTH)) < 0.1
    assert refused(tmp_path, *add, "EPSG:0").startswith("unknown coordinate reference system")
    (tmp_path / "a.geojson").write_text("{}")
    assert refused(tmp_path, "layers", "add", "a.geojson", "--id", "a", "--crs", "EPSG:27700") == (
        "--crs is for tables of coordinates; a.geojson says its own system"
    )


def test_features_are_chosen_by_value_and_place(premises: Path) -> None:
    add = ("layers", "add", "premises.gpkg", "--id", "premises", "--where")
    facts = run_json(premises, *add, "use=shop")
    assert (facts["features"], facts["read"], facts["rejected"]) == (1, 1, {})
    assert refused(premises, *add, "use=school") == "premises.gpkg: no feature has use school"
    store = GeoPackageStore(premises / "patchmap.gpkg")
    box = gpd.GeoDataFrame(
        {"area_name": ["West"]},
        geometry=[shapely.box(WEST, SOUTH, WEST + 100, SOUTH + 100)],
        index=["W"],
        crs=BRITISH_NATIONAL_GRID,
    )
    with store.transaction():
        store.put_layer(LayerMetadata("west"), box)
    store.close()
    facts = run_json(
        premises, "layers", "add", "premises.gpkg", "--id", "premises", "--within", "west"
    )
    assert (facts["read"], facts["features"], facts["left_out"]) == (4, 1, 2)
    assert facts["rejected"] == {"it has no geometry": 1}
    assert facts["replaced"] == ["it replaces premises.gpkg: 1 point"]


def test_what_is_no_layer_of_one_kind_is_refused(premises: Path) -> None:
    mixed = [shapely.Point(-1.47, 52.92), shapely.LineString([(-1.47, 52.92), (-1.4, 52.9)])]
    gpd.GeoDataFrame(geometry=mixed, crs=4326).to_file(premises / "mixed.geojson")
    add = ("layers", "add", "mixed.geojson", "--id", "x")
    assert refused(premises, *add).startswith("mixed.geojson holds 1 point and 1 line; a layer is")
    assert refused(premises, "layers", "add", "premises.gpkg", "--id", "x", "--repair") == (
        "--repair is for layers of areas; premises.gpkg holds points or lines"
    )
    assert not (premises / "patchmap.gpkg").exists()


@pytest.mark.parametrize("geometry_type", SHAPES)
@pytest.mark.parametrize("ending", EXPORTS)
def test_a_layer_is_written_and_read_again(
    folder: Path, tmp_path: Path, geometry_type: str, ending: str
) -> None:
    layer_id = f"of-{geometry_type.lower()}"
    file = tmp_path / f"{layer_id}.{ending}"
    facts = run_json(folder, "layers", "export", layer_id, "-o", str(file))
    assert facts["features"] == 2
    again = run_json(tmp_path, "layers", "add", file.name, "--id", "again")
    assert (again["geometry_type"], again["code_field"], again["name_field"]) == (
        geometry_type,
        "code",
        "name",
    )
    assert (again["read"], again["rejected"]) == (2, {})
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    stored, expected = store.features("again")[1], frame(geometry_type)
    store.close()
    assert stored.index.tolist() == expected.index.tolist()
    assert stored["name"].isna().tolist() == [False, True]
    assert stored["name"]["007"] == "Stryd Ŵyr"
    assert stored["width"].tolist() == expected["width"].tolist()
    assert set(stored.geom_type) == {geometry_type}
    for mine, theirs in zip(stored.geometry, expected.geometry, strict=True):
        assert shapely.hausdorff_distance(mine, theirs) < 0.1


@pytest.mark.parametrize("geometry_type", SHAPES)
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "parquet", "zip"])
def test_other_programs_read_what_is_written(
    folder: Path, tmp_path: Path, geometry_type: str, ending: str
) -> None:
    layer_id = f"of-{geometry_type.lower()}"
    file = tmp_path / f"{layer_id}.{ending}"
    run(folder, "layers", "export", layer_id, "-o", str(file))
    read = gpd.read_parquet(file) if ending == "parquet" else gpd.read_file(file, layer=layer_id)
    read = read.to_crs(BRITISH_NATIONAL_GRID) if ending == "geojson" else read
    assert read.crs.to_epsg() == 27700
    read = read.sort_values("code")  # FlatGeobuf orders by place
    assert read["code"].tolist() == ["007", "b"]
    assert read["name"].tolist()[0] == "Stryd Ŵyr"
    bounds = shapely.total_bounds(SHAPES[geometry_type])
    assert read.total_bounds == pytest.approx(bounds, abs=2.5 if ending == "geojson" else 0.01)


DOORS = [
    ("count", "--layer", "LAYER", "-o", "out.csv"),
    ("hotspots", "--layer", "LAYER", "-o", "out.geojson"),
    ("hotspots", "--layer", "wards", "--study", "LAYER", "-o", "out.geojson"),
    ("map", "--layer", "LAYER", "-o", "map.html"),
    ("posts", "--layer", "LAYER", "--posts", "3", "-o", "out.csv"),
    ("layers", "check", "LAYER"),
    ("plan", "new", "p", "--blocks", "LAYER", "--empty"),
    ("plan", "new", "p", "--blocks", "wards", "--from", "LAYER"),
]


@pytest.mark.parametrize("arguments", DOORS, ids=" ".join)
def test_every_door_that_needs_areas_refuses_it_by_name(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    words = ["of-multilinestring" if word == "LAYER" else word for word in arguments]
    assert refused(folder, *words).endswith(
        "of-multilinestring is a layer of lines: a layer of areas is needed here; there are: wards"
    )


def test_figures_are_for_areas(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "figures.csv").write_text("code,residents\n007,5\n")
    add = ("attributes", "add", str(tmp_path / "figures.csv"), "--key", "code", "--layer")
    assert "of-point is a layer of points" in refused(folder, *add, "of-point")


def test_a_copy_keeps_them(folder: Path, tmp_path: Path) -> None:
    run(folder, "copy", "--to", str(tmp_path / "copy.gpkg"))
    listed = run(folder, "layers", "list")
    assert run(tmp_path, "--store", "copy.gpkg", "layers", "list") == listed
    assert "of-multilinestring: 2 lines" in listed
    assert json.loads(run(folder, "--json", "quality")) is not None
