"""`patchmap look` at what should not be read: one clear line, and no time lost."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.api.commands.running import refused, run_json

VRT = "<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>"
MIB = bytes(2**20)


def write_zip(path: Path, name: str, parts: list[bytes]) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as entry,
    ):
        for part in parts:
            entry.write(part)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("x.gpkg", VRT.encode(), "x.gpkg is XML (OGRVRTDataSource), which Patchmap does not read"),
        ("x.geojson", VRT.encode(), "is XML (OGRVRTDataSource), which Patchmap does not read"),
        ("x.csv", b"<!doctype html><html></html>", "is a web page, not data"),
        ("x.csv", b"", "x.csv is empty"),
        ("x.csv", b"\x00\x01\x02" * 99, "binary data"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + MIB, "an old .xls workbook"),
        ("x.csv", b"\x1f\x8b\x08", "x.csv is compressed by gzip; unpack it first"),
        ("x.pdf", b"%PDF-1.7", "x.pdf is a PDF"),
        ("x.dbf", b"\x03rows", "name the .shp file beside it"),
        ("x.txt", b'{"type": "Topology"}', "rename it to end in .topojson"),
        ("x.json", b"[1, 2]", "is a list in JSON, not a GeoJSON FeatureCollection"),
        ("x.zip", b"PK\x03\x04cut off", "x.zip is a damaged zip archive"),
        ("x.db", b"SQLite format 3\0" + MIB, "neither GeoPackage nor MBTiles"),
        ("x.parquet", b"PAR1" + MIB, "x.parquet is not a Parquet file"),
        ("x.toml", b"a = [", "x.toml is not TOML"),
        ("x.toml", b"[weights]\ndrugs = -1", "x.toml"),
        ("x.kml", b"<!DOCTYPE x><kml/>", "has a DOCTYPE"),
        ("s.csv", b"Type,Object of search\nPerson,Drugs\n", "holds stop and searches"),
    ],
)
def test_what_patchmap_does_not_read_is_named_in_one_line(
    tmp_path: Path, file: str, content: bytes, says: str
) -> None:
    (tmp_path / file).write_bytes(content)
    assert says in refused(tmp_path, "look", file)


def test_pipes_devices_and_folders_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is a pipe" in refused(tmp_path, "look", "pipe.csv")
    assert "is a device" in refused(tmp_path, "look", "/dev/zero")
    assert "is a folder without street-level files" in refused(tmp_path, "look", ".")
    assert "there is no file none.csv" in refused(tmp_path, "look", "none.csv")


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    write_zip(tmp_path / "x.zip", "2024-01-x-street.csv", [MIB] * 64)
    assert "2024-01-x-street.csv" in refused(tmp_path, "look", "x.zip")
    write_zip(tmp_path / "x.xlsx", "xl/worksheets/sheet1.xml", [MIB] * 64)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "a") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    assert "too large when unpacked" in refused(tmp_path, "look", "x.xlsx")


def test_of_an_endless_month_only_the_beginning_is_read(tmp_path: Path) -> None:
    row = b",2024-01,-1.5,52.9,Lane,Drugs\n" * 20_000
    header = b"Crime ID,Month,Longitude,Latitude,Location,Crime type\n"
    write_zip(tmp_path / "x.zip", "2024-01-x-street.csv", [header, *[row] * 40])
    facts = run_json(tmp_path, "look", "x.zip")
    assert facts["rows"] is None
    assert 20_000 <= facts["check"]["read"] <= 50_000


def test_a_store_whose_table_is_an_endless_view_is_not_waited_for(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.gpkg") as file:
        file.execute("CREATE TABLE patchmap_store (key, value)")
        file.execute("CREATE TABLE gpkg_ogr_contents (table_name, feature_count)")
        file.execute(
            "CREATE VIEW gpkg_contents AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
            "SELECT i + 1 FROM n) SELECT i AS table_name, 'features' AS data_type FROM n"
        )
    file.close()
    assert "but damaged: interrupted" in refused(tmp_path, "look", "x.gpkg")
