"""Foreign formats: what comes back, and how the faults that files have are named."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from boundaries.layers.read import read_layer
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.formats import gdal
from geo.formats.gdal import read_foreign
from geo.store.contract import LayerMetadata
from tests.geo.gdal.files import (
    BNG_MEMBER,
    BOXES,
    SHAPEFILE,
    assert_refused,
    collection,
    drop_triggers,
    frame,
    properties,
    zipped,
)


def test_a_shapefile_comes_back_in_its_own_crs(shp: Path) -> None:
    read = collection(shp)
    assert read["crs"] == BNG_MEMBER
    assert shapely.from_geojson(json.dumps(read["features"][1]["geometry"])).equals(BOXES[1])
    assert [feature["properties"] for feature in read["features"]] == [
        {
            "WD25CD": "E05000001",
            "WD25NM": "Tŷ-nant",
            "electors": 4123,
            "share": 0.25,
        },
        {"WD25CD": "E05000002", "WD25NM": None, "electors": None, "share": None},
    ]


def test_a_geopackage_comes_back_with_its_types(gpkg: Path) -> None:
    assert collection(gpkg)["crs"] == BNG_MEMBER
    first, second = properties(gpkg)
    assert (first["electors"], second["electors"]) == (4123, None)
    assert isinstance(first["electors"], int)
    assert first["since"].startswith("2023-05-04T00:00:00")
    assert second["WD25NM"] is second["since"] is None


def test_a_kml_comes_back_in_crs84_without_the_viewers_fields(kml: Path) -> None:
    read = collection(kml)
    assert "crs" not in read
    first = read["features"][0]
    assert first["properties"]["WD25CD"] == "E05000001"
    assert first["properties"]["electors"] == "4123"  # KML knows no 64-bit whole numbers
    assert not {"tessellate", "visibility", "icon"} & set(first["properties"])
    assert first["geometry"]["coordinates"][0][0] == pytest.approx([-1.4794, 52.9203], abs=1e-3)


def test_a_zip_of_a_shapefile_equals_the_shapefile(shp: Path, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "w.zip", shp, "folder/Wards (December 2025)")
    assert read_foreign(archive) == read_foreign(shp)


def test_topojson_is_read_without_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdal, "_worker", None)
    point = {"type": "Point", "coordinates": [1, 2]}
    path = tmp_path / "t.topojson"
    path.write_text(json.dumps({"type": "Topology", "objects": {"p": point}, "arcs": []}))
    assert collection(path, layer="p")["features"][0]["geometry"]["coordinates"] == [1, 2]


@pytest.mark.parametrize("ending", ["shp", "gpkg", "kml"])
def test_every_format_makes_the_same_layer(
    ending: str, request: pytest.FixtureRequest, projection: Projection
) -> None:
    content = read_foreign(request.getfixturevalue(ending))
    layer = read_layer(content, LayerMetadata("wards"), projection=projection)
    assert list(layer.areas.index) == ["E05000001", "E05000002"]
    assert layer.areas.area.to_numpy() == pytest.approx([10_000, 10_000], rel=1e-3)


def test_heights_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "high.gpkg"
    high = frame().set_geometry(shapely.force_3d(frame().geometry.to_numpy(), 7.0))
    high.to_file(path, engine="pyogrio")
    assert collection(path)["features"][0]["geometry"]["coordinates"][0][0] == [435_100, 336_000]


def test_binary_attributes_are_left_out_and_truth_values_stay(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("ALTER TABLE wards ADD COLUMN photo BLOB")
        file.execute("ALTER TABLE wards ADD COLUMN open BOOLEAN")
        drop_triggers(file)
        file.execute("UPDATE wards SET photo = x'ff00', open = 1")
    assert properties(gpkg)[0]["open"] is True
    assert "photo" not in properties(gpkg)[0]


def test_dates_are_iso_text(tmp_path: Path) -> None:
    path = tmp_path / "days.shp"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(BOXES),
        [np.array(["2023-05-04", "NaT"], dtype="datetime64[D]")],
        fields=["since"],
        crs=BRITISH_NATIONAL_GRID,
        geometry_type="Polygon",
        driver="ESRI Shapefile",
    )
    assert properties(path) == [{"since": "2023-05-04"}, {"since": None}]


def test_capital_endings_and_siblings_are_found(shp: Path) -> None:
    for ending in SHAPEFILE:
        shp.with_suffix(ending).rename(shp.with_suffix(ending.upper()))
    assert len(properties(shp.with_suffix(".SHP"))) == 2


# Which layer


def test_one_of_several_layers_must_be_named(gpkg: Path, shp: Path, tmp_path: Path) -> None:
    frame().head(1).to_file(gpkg, layer="one", engine="pyogrio")
    assert_refused(gpkg, "has 2 layers; name one of them: one, wards")
    assert_refused(gpkg, "no layer 'x'; it has: one, wards", layer="x")
    assert len(properties(gpkg, layer="one")) == 1
    archive = zipped(tmp_path / "w.zip", shp, "a", "__MACOSX/._a", "b")
    assert_refused(archive, "has 2 layers; name one of them: a, b")
    assert len(properties(archive, layer="b")) == 2
    assert_refused(shp, "no layer 'x'; it has: wards", layer="x")


def test_a_layer_name_is_never_a_path(gpkg: Path) -> None:
    for name in ("/etc/passwd", "/vsizip//etc", "x' OR 1=1 --", "\n\udc80"):
        assert_refused(gpkg, "it has no layer", layer=name)


# Faults that files have


def test_a_missing_file_and_an_unknown_ending_are_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "no.shp", "there is no file no.shp")
    (tmp_path / "a.dxf").write_bytes(b"0")
    assert_refused(tmp_path / "a.dxf", "its name must end in .shp, .zip, .kml")


def test_a_file_without_a_crs_is_refused(shp: Path, tmp_path: Path) -> None:
    shp.with_suffix(".prj").unlink()
    assert_refused(shp, "put its .prj file beside it")
    shp.with_suffix(".prj").write_text(
        'LOCAL_CS["Site grid",LOCAL_DATUM["Site",0],UNIT["metre",1.0],'
        'AXIS["E",EAST],AXIS["N",NORTH]]'
    )
    assert_refused(shp, "'Site grid' has no EPSG code")


@pytest.mark.parametrize("ending", [".shx", ".dbf"])
def test_a_shapefile_without_its_siblings_is_refused(shp: Path, ending: str) -> None:
    shp.with_suffix(ending).unlink()
    assert_refused(shp, f"the {ending} file that belongs to the .shp is missing")


@pytest.mark.parametrize("ending", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_shapefile_cut_short_is_refused(shp: Path, ending: str, share: float) -> None:
    part = shp.with_suffix(ending)
    part.write_bytes(part.read_bytes()[: int(part.stat().st_size * share)])
    assert_refused(shp, "")


@pytest.mark.parametrize("ending", ["gpkg", "kml"])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_other_files_cut_short_are_refused(
    ending: str, share: float, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(ending)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert_refused(path, "")


def test_a_geopackage_that_another_program_writes_is_refused(gpkg: Path) -> None:
    gpkg.with_name("wards.gpkg-wal").write_bytes(b"pages")
    assert_refused(gpkg, "is open in another program")


def test_a_geopackage_left_in_wal_mode_is_read(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("PRAGMA journal_mode=WAL")
    file.close()
    assert len(properties(gpkg)) == 2
