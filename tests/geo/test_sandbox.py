"""Foreign formats: what comes back, and what a hostile file cannot do."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio.raw
import pytest
import shapely

from boundaries.layer import read_layer
from geo import sandbox
from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Projection
from geo.errors import InputError
from geo.sandbox import Limits, read_foreign
from geo.store.contract import LayerPapers

BOXES = [
    shapely.box(435_000, 336_000, 435_100, 336_100),
    shapely.box(435_100, 336_000, 435_200, 336_100),
]
BNG_MEMBER = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
SMALL = Limits(input_bytes=2**20, output_bytes=2**20)


def frame() -> gpd.GeoDataFrame:
    """Two wards with text, a number, a date, and a gap in each."""
    columns = {
        "WD25CD": ["E05000001", "E05000002"],
        "WD25NM": ["Tŷ-nant", None],
        "electors": pd.array([4123, None], dtype="Int64"),
        "share": [0.25, None],
        "since": pd.to_datetime(["2023-05-04", None]),
    }
    return gpd.GeoDataFrame(columns, geometry=BOXES, crs=BRITISH_NATIONAL_GRID)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frame in each format, for each test to take a copy of."""
    folder = tmp_path_factory.mktemp("written")
    frame().to_file(folder / "wards.gpkg", layer="wards", engine="pyogrio")
    # A DBF and a KML would hold the times as text.
    dateless = frame().drop(columns="since")
    dateless.to_file(folder / "wards.shp", engine="pyogrio", encoding="utf-8")
    dateless.to_crs(LONLAT).to_file(folder / "wards.kml", driver="LIBKML", engine="pyogrio")
    return folder


@pytest.fixture
def shp(written: Path, tmp_path: Path) -> Path:
    for ending in SHAPEFILE:
        shutil.copy(written / f"wards{ending}", tmp_path)
    return tmp_path / "wards.shp"


@pytest.fixture
def gpkg(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(written / "wards.gpkg", tmp_path))


@pytest.fixture
def kml(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(written / "wards.kml", tmp_path))


def zipped(target: Path, shp: Path, *names: str) -> Path:
    """The parts of a shapefile under each of `names` in an archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            for ending in SHAPEFILE:
                archive.write(shp.with_suffix(ending), name + ending)
    return target


def collection(path: Path, **options: Any) -> dict[str, Any]:
    return json.loads(read_foreign(path, **options))


def properties(path: Path, **options: Any) -> list[dict[str, Any]]:
    return [feature["properties"] for feature in collection(path, **options)["features"]]


def assert_refused(path: Path, told: str, **options: Any) -> None:
    begun = time.monotonic()
    with pytest.raises(InputError) as refusal:
        read_foreign(path, **options)
    line = str(refusal.value)
    assert told in line
    assert path.name in line
    assert "\n" not in line
    assert len(line) < 400
    assert time.monotonic() - begun < 20


# What comes back


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
    monkeypatch.setattr(sandbox, "_child", None)
    point = {"type": "Point", "coordinates": [1, 2]}
    path = tmp_path / "t.topojson"
    path.write_text(json.dumps({"type": "Topology", "objects": {"p": point}, "arcs": []}))
    assert collection(path, layer="p")["features"][0]["geometry"]["coordinates"] == [1, 2]


@pytest.mark.parametrize("ending", ["shp", "gpkg", "kml"])
def test_every_format_makes_the_same_layer(
    ending: str, request: pytest.FixtureRequest, projection: Projection
) -> None:
    content = read_foreign(request.getfixturevalue(ending))
    layer = read_layer(content, LayerPapers("wards"), projection=projection)
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
    assert_refused(gpkg, "has 2 layers, name one of them: one, wards")
    assert_refused(gpkg, "no layer 'x'; it has: one, wards", layer="x")
    assert len(properties(gpkg, layer="one")) == 1
    archive = zipped(tmp_path / "w.zip", shp, "a", "__MACOSX/._a", "b")
    assert_refused(archive, "has 2 layers, name one of them: a, b")
    assert len(properties(archive, layer="b")) == 2
    assert_refused(shp, "no layer 'x'; it has: wards", layer="x")


def test_a_layer_name_is_never_a_path(gpkg: Path) -> None:
    for name in ("/etc/passwd", "/vsizip//etc", "x' OR 1=1 --", "\n\udc80"):
        assert_refused(gpkg, "it has no layer", layer=name)


# Faults that files have


def test_a_missing_file_and_an_unknown_ending_are_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "no.shp", "no file no.shp")
    (tmp_path / "a.dxf").write_bytes(b"0")
    assert_refused(tmp_path / "a.dxf", "none of the endings .shp, .zip, .kml")


def test_a_file_without_a_crs_is_refused(shp: Path, tmp_path: Path) -> None:
    shp.with_suffix(".prj").unlink()
    assert_refused(shp, "put its .prj file beside it")
    shp.with_suffix(".prj").write_text(
        'LOCAL_CS["Site grid",LOCAL_DATUM["Site",0],UNIT["metre",1.0],'
        'AXIS["E",EAST],AXIS["N",NORTH]]'
    )
    assert_refused(shp, "'Site grid' has no known code")


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


# Files that would have GDAL read others


VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource>'
    "</OGRVRTLayer></OGRVRTDataSource>"
)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    frame().assign(WD25NM="secret").to_file(tmp_path / "kept/secret.gpkg", engine="pyogrio")
    return tmp_path / "kept/secret.gpkg"


def test_the_disguise_works_on_an_unguarded_gdal(secret: Path, tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_text(VRT.format(secret))
    assert gpd.read_file(tmp_path / "x.gpkg", engine="pyogrio")["WD25NM"][0] == "secret"


@pytest.mark.parametrize("ending", [".shp", ".zip", ".kml", ".gpkg", ".topojson", ".geojson"])
def test_a_virtual_dataset_in_disguise_is_refused(ending: str, secret: Path) -> None:
    path = secret.with_name(f"x{ending}")
    path.write_text(VRT.format(secret))
    assert_refused(path, "is no" if ending != ".geojson" else "none of the endings")


@pytest.mark.parametrize("ending", [".kml", ".gpkg"])
def test_one_that_passed_the_first_look_meets_no_driver(
    ending: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_check_content", lambda *_: None)
    path = secret.with_name(f"x{ending}")
    path.write_text(VRT.format(secret))
    assert_refused(path, "GDAL cannot read it" if ending == ".kml" else "it is damaged")


def test_one_inside_a_zip_is_refused(shp: Path, secret: Path) -> None:
    shp.write_text(VRT.format(secret))
    assert_refused(zipped(secret.with_name("x.zip"), shp, "x"), "is no part of a shapefile")


def test_nothing_is_read_where_gdal_is_not_confined(
    kml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_all_drivers", lambda: ("OGR_VRT", "CSV"))
    assert_refused(kml, "GDAL is not confined to LIBKML")


XML = '<?xml version="1.0" encoding="UTF-8"?>'
PLACEMARK = (
    "<Placemark><name>{}</name>{}<Polygon><outerBoundaryIs><LinearRing><coordinates>"
    "-1,52 -1.1,52 -1,52.1 -1,52</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
)


def kml_of(body: str, head: str = XML) -> str:
    return (
        f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>W</name>'
        f"{body}</Folder></Document></kml>"
    )


DOCTYPES = {
    "external": '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "internal": '<!DOCTYPE kml [<!ENTITY x "aaaa">]>',
    "parameter": '<!DOCTYPE kml [<!ENTITY % x SYSTEM "http://127.0.0.1/x">%x;]>',
    "public": '<!DOCTYPE kml PUBLIC "-//x" "http://127.0.0.1/x.dtd">',
}


@pytest.mark.parametrize("kind", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_kml_with_a_doctype_is_refused(kind: str, encoding: str, tmp_path: Path) -> None:
    head = XML.replace("UTF-8", encoding) + DOCTYPES[kind]
    path = tmp_path / "x.kml"
    path.write_text(kml_of(PLACEMARK.format("&x;", ""), head), encoding=encoding)
    assert_refused(path, "has a DOCTYPE, which a KML may not")


def test_a_kml_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.kml"
    for content in ("", "<html></html>", "kml", " " * 3_000_000, XML + "<a:b/>"):
        path.write_text(content)
        assert_refused(path, "is no KML")


def test_a_doctype_inside_a_description_is_only_text(tmp_path: Path) -> None:
    path = tmp_path / "x.kml"
    html = "<description><![CDATA[<!DOCTYPE html><b>x</b>]]></description>"
    path.write_text(kml_of(PLACEMARK.format("A", html)))
    assert properties(path)[0]["description"].startswith("<!DOCTYPE")


def test_links_in_a_kml_are_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.kml"
    other.write_text(kml_of(PLACEMARK.format("secret", "")))
    link = f"<NetworkLink><Link><href>{other}</href></Link></NetworkLink>"
    style = f"<styleUrl>{other}#s</styleUrl>"
    path = tmp_path / "x.kml"
    path.write_text(kml_of(PLACEMARK.format("A", style) + link))
    assert [each["Name"] for each in properties(path)] == ["A"]


def drop_triggers(file: sqlite3.Connection) -> None:
    """GeoPackage triggers call functions that a plain SQLite lacks."""
    names = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        file.execute(f'DROP TRIGGER "{name}"')


SQL_BROUGHT_ALONG = {
    "endless": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
    "SELECT n AS fid, (SELECT geom FROM wards) AS geom FROM c",
    "huge": "SELECT fid, geom, hex(zeroblob(900000000)) AS a FROM wards",
    "pixel": "SELECT fid, geom, gdal_get_pixel_value('/etc/passwd', 1, 'pixel', 0, 0) FROM wards",
    "library": "SELECT fid, geom, load_extension('/tmp/x.so') AS a FROM wards",
    "web": "SELECT fid, geom, ogr_geocode('Derby') AS a FROM wards",
}


@pytest.mark.parametrize("attack", SQL_BROUGHT_ALONG)
def test_sql_that_a_geopackage_brings_is_not_run(attack: str, gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        drop_triggers(file)
        file.execute(f"CREATE VIEW evil AS {SQL_BROUGHT_ALONG[attack]}")
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            file.execute(f"UPDATE {table} SET table_name = 'evil'")
    assert_refused(gpkg, "its layer 'evil' is no plain table")


def test_computed_columns_are_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("ALTER TABLE wards ADD COLUMN a TEXT AS (hex(zeroblob(900000000))) VIRTUAL")
    assert_refused(gpkg, "its layer 'wards' is no plain table")


def test_virtual_tables_are_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        drop_triggers(file)
        file.execute("CREATE VIRTUAL TABLE evil USING fts5(geom, a)")
        file.execute("UPDATE gpkg_contents SET table_name = 'evil'")
    assert_refused(gpkg, "its layer 'evil' is no plain table")


def test_a_fault_that_sqlite_names_in_no_text_is_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("PRAGMA writable_schema = 1")
        file.execute("UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT), sql = 'CREATE x'")
    assert_refused(gpkg, "it is damaged: 'utf-8' codec can't decode")


# Archives that would write elsewhere, or grow


def test_names_in_a_zip_are_never_paths(shp: Path, tmp_path: Path) -> None:
    outside = [tmp_path.parent / "escaped.shp", Path("/tmp/escaped-patchmap.shp")]
    for name in ("../../escaped", "/tmp/escaped-patchmap"):
        assert len(properties(zipped(tmp_path / "w.zip", shp, name))) == 2
    assert not any(path.exists() for path in outside)


def test_a_zip_bomb_is_stopped_while_it_inflates(shp: Path, tmp_path: Path) -> None:
    shp.write_bytes(shp.read_bytes() + b"\0" * 50_000_000)
    archive = zipped(tmp_path / "bomb.zip", shp, "a")
    assert archive.stat().st_size < 100_000
    assert_refused(archive, "inflates to more than a layer may hold", limits=SMALL)


ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"PK\x05\x06" + b"\0" * 18, "is no zip archive"),
    "cut short": (lambda content: content[: len(content) // 2], "damaged zip"),
    "flipped": (lambda content: content[:60] + b"\xff" * 40 + content[100:], "damaged zip"),
    "encrypted": (
        lambda content: content.replace(
            b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\1"
        ),
        "encrypted",
    ),
}


@pytest.mark.parametrize("fault", ARCHIVES)
def test_a_faulty_zip_is_refused(fault: str, shp: Path, tmp_path: Path) -> None:
    spoil, told = ARCHIVES[fault]
    archive = zipped(tmp_path / "w.zip", shp, "a")
    archive.write_bytes(spoil(archive.read_bytes()))
    assert_refused(archive, told)


def test_a_zip_without_a_shapefile_or_with_two_of_one_name_is_refused(
    shp: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    assert_refused(tmp_path / "w.zip", "it holds no layer of areas")
    twice = zipped(tmp_path / "w.zip", shp, "a/wards", "b/wards")
    assert_refused(twice, "it holds two files named wards.shp")


# Files that cost too much


@pytest.fixture(scope="module")
def long_kml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 MB of placemarks, which GDAL holds as many times that in objects."""
    path = tmp_path_factory.mktemp("long") / "long.kml"
    path.write_text(kml_of(PLACEMARK.format("A", "") * 100_000))
    return path


@pytest.mark.parametrize(("megabytes", "told"), [(120, "more memory"), (250, "long.kml")])
def test_a_child_that_takes_too_much_memory_is_stopped(
    megabytes: int, told: str, long_kml: Path
) -> None:
    assert_refused(long_kml, told, limits=Limits(memory_bytes=megabytes * 2**20))


def test_a_child_that_computes_too_long_is_stopped(long_kml: Path) -> None:
    assert_refused(long_kml, "too much time", limits=Limits(cpu_seconds=1))


def test_a_child_that_only_waits_is_stopped(long_kml: Path) -> None:
    assert_refused(long_kml, "takes longer than a layer may", limits=Limits(wall_seconds=0.2))


def test_a_file_that_is_too_large_is_not_even_copied(long_kml: Path, tmp_path: Path) -> None:
    assert_refused(long_kml, "more bytes than a layer may", limits=SMALL)
    long = tmp_path / "long.topojson"
    long.write_bytes(b" " * 2000)
    assert_refused(long, "more than 1,000 bytes", limits=Limits(topojson_bytes=1000))


def test_an_attribute_that_swells_in_the_answer_is_stopped(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        drop_triggers(file)
        file.execute("UPDATE wards SET WD25NM = ?", ["\x01" * 300_000])  # \u0001 in JSON
    assert_refused(gpkg, "gives more than a layer may hold", limits=SMALL)


def test_nothing_is_left_in_the_temporary_folder(
    gpkg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    properties(gpkg)
    assert_refused(gpkg, "no layer", layer="x")
    assert list((tmp_path / "temporary").iterdir()) == []
