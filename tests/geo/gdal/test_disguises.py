"""Files that would have GDAL read others, or run what they bring, are refused."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest

from geo.errors import InputError
from geo.formats import gdal
from geo.formats.features import read_features
from tests.geo.gdal.files import (
    PLACEMARK,
    XML,
    assert_refused,
    drop_triggers,
    frame,
    kml_of,
    properties,
    zipped,
)

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
    assert_refused(path, "is not" if ending != ".geojson" else "its name must end in")


@pytest.mark.parametrize("ending", [".kml", ".gpkg"])
def test_one_that_passed_the_first_look_meets_no_driver(
    ending: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gdal, "_check_content", lambda *_: None)
    path = secret.with_name(f"x{ending}")
    path.write_text(VRT.format(secret))
    assert_refused(path, "GDAL cannot read it" if ending == ".kml" else "it is damaged")


def test_one_inside_a_zip_is_refused(shp: Path, secret: Path) -> None:
    shp.write_text(VRT.format(secret))
    assert_refused(zipped(secret.with_name("x.zip"), shp, "x"), "is not part of a shapefile")


def test_nothing_is_read_where_gdal_is_not_confined(
    kml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gdal, "_all_drivers", lambda: ("OGR_VRT", "CSV"))
    assert_refused(kml, "drivers instead of LIBKML alone")


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
    assert_refused(path, "has a DOCTYPE, which is not allowed in KML")


def test_a_kml_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.kml"
    for content in ("", "<html></html>", "kml", " " * 3_000_000, XML + "<a:b/>"):
        path.write_text(content)
        assert_refused(path, "is not KML")


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
    assert_refused(gpkg, "its layer 'evil' is not a plain table")


def test_computed_columns_are_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("ALTER TABLE wards ADD COLUMN a TEXT AS (hex(zeroblob(900000000))) VIRTUAL")
    assert_refused(gpkg, "its layer 'wards' is not a plain table")


def test_virtual_tables_are_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        drop_triggers(file)
        file.execute("CREATE VIRTUAL TABLE evil USING fts5(geom, a)")
        file.execute("UPDATE gpkg_contents SET table_name = 'evil'")
    assert_refused(gpkg, "its layer 'evil' is not a plain table")


def test_a_fault_that_sqlite_names_in_no_text_is_refused(gpkg: Path) -> None:
    with sqlite3.connect(gpkg) as file:
        file.execute("PRAGMA writable_schema = 1")
        file.execute("UPDATE sqlite_master SET name = CAST(x'ff' AS TEXT), sql = 'CREATE x'")
    assert_refused(gpkg, "it is damaged: 'utf-8' codec can't decode")


@pytest.mark.parametrize("form", ["gpkg", "shp"])
def test_an_archive_without_its_beginning_is_damaged(
    form: str, gpkg: Path, shp: Path, tmp_path: Path
) -> None:
    # Its table of contents then states places before the file begins.
    path = tmp_path / "w.zip"
    if form == "shp":
        zipped(path, shp, "wards")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(gpkg, "wards.gpkg")
    path.write_bytes(b"PK\3\4" + path.read_bytes()[14:])
    with pytest.raises(InputError, match="damaged zip archive"):
        read_features(path)


def test_a_name_in_an_archive_cannot_break_the_line_of_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "w.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a\nb" + 5_000 * "c" + ".gpkg", b"x" * 5_000)
    content = bytearray(path.read_bytes())
    content[6_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a damaged zip archive: a\?bc+: Bad CRC") as refusal:
        read_features(path)
    assert len(str(refusal.value)) < 400
