"""Wrong files of every kind: one clear line each, and the store as it was."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.services import run_patchmap

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context\n"
)
ROW = ",2024-01,T,T,{x},{y},On or near Mill Lane,E01,T,Anti-social behaviour,,\n"
STREET = "2024-01-testshire-street.csv"
SQUARE = [[-1.5, 52.9], [-1.4, 52.9], [-1.4, 53.0], [-1.5, 53.0], [-1.5, 52.9]]
BOW_TIE = [[-1.5, 52.9], [-1.4, 53.0], [-1.4, 52.9], [-1.5, 53.0], [-1.5, 52.9]]


def row(x: object, y: object) -> bytes:
    return ROW.format(x=x, y=y).encode()


def layer(*rings: list[list[float]], code: str = "E0500000{}", **members: object) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"WD24CD": code.format(number), "WD24NM": "Abbey"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features} | members).encode()


def swapped(ring: list[list[float]]) -> list[list[float]]:
    return [[y, x] for x, y in ring]


# GDAL would read the file that this one names, whatever its own ending says.
VIRTUAL = b"<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>"
BNG = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}}

INCIDENT_FILES = {
    "empty": (b"", "is empty"),
    "header only": (HEADER.encode(), "no rows"),
    "binary": (b"\x00\x01\x02" * 50, "binary"),
    "of old DOS": (
        HEADER.encode() + row(-1.5, 52.9).replace(b"Mill", b"Caf\x82"),
        "is not UTF-8 text",
    ),
    "missing column": (b"Month,Crime type\n2024-01,Drugs\n", "lacks the column"),
    "not a number": (HEADER.encode() + row("NaN", "NaN"), "not numbers"),
    "decimal comma": (HEADER.encode() + row('"-1,5"', '"52,9"'), "not numbers"),
    "infinite": (HEADER.encode() + row("inf", "52.9"), "not numbers"),
    "swapped": (HEADER.encode() + row(52.9, -1.5), "look swapped"),
    "metres called degrees": (HEADER.encode() + row(435000, 336000), "look like metres"),
    "nowhere": (HEADER.encode() + row("", ""), "no location"),
    "null island": (HEADER.encode() + row(0, 0), "0, 0"),
    "broken month": (HEADER.encode() + row(-1.5, 52.9).replace(b"2024-01", b"2024-13"), "month"),
    "a long line": (HEADER.encode() + b"x" * 10_000_000, "longer than"),
    "html": (b"<!DOCTYPE html><html>not found</html>\n<p>\n", "lacks the column"),
    "a broken zip": (b"PK\x03\x04 and then nothing", "damaged zip"),
}

LAYER_FILES = {
    "empty": (b"", "is not GeoJSON"),
    "binary": (b"\x00\x01\x02" * 50, "is not GeoJSON"),
    "latin-1": (layer(SQUARE).replace(b"Abbey", b"Abb\xe9"), "is not GeoJSON"),
    "no point": (layer([-1.5, 52.9]).replace(b'"Polygon"', b'"Point"'), "not those of a Point"),
    "no features": (b'{"type":"FeatureCollection","features":[]}', "no features"),
    "no code": (layer(SQUARE).replace(b"WD24CD", b"colour"), "--code-field"),
    "code twice": (layer(SQUARE, SQUARE, code="E05000001"), "E05000001"),
    "bow-tie": (layer(BOW_TIE), "Self-intersection at -1.45, 52.95"),
    "NaN": (layer(SQUARE).replace(b"-1.5", b"NaN"), "is not GeoJSON"),
    "swapped": (layer(swapped(SQUARE)), "look swapped"),
    "degrees called metres": (layer(SQUARE, **BNG), "look like degrees"),
    "a virtual dataset": (VIRTUAL, "is not GeoJSON"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store of one layer and one month."""
    (tmp_path / "wards.geojson").write_bytes(layer(SQUARE))
    (tmp_path / STREET).write_bytes(HEADER.encode() + row(-1.45, 52.95))
    assert (
        run_patchmap("layers", "add", "wards.geojson", "--id", "wards", cwd=tmp_path).returncode
        == 0
    )
    assert run_patchmap("ingest", STREET, cwd=tmp_path).returncode == 0
    return tmp_path


def assert_refused(folder: Path, *arguments: str, message: str) -> None:
    before = (folder / "patchmap.gpkg").read_bytes()
    done = run_patchmap(*arguments, cwd=folder)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("patchmap: ")
    assert any(part in lines[0] for part in message.split("|")), lines[0]
    assert (folder / "patchmap.gpkg").read_bytes() == before


@pytest.mark.parametrize("fault", INCIDENT_FILES)
def test_a_wrong_incident_file_changes_nothing(folder: Path, fault: str) -> None:
    content, message = INCIDENT_FILES[fault]
    (folder / STREET).write_bytes(content)
    assert_refused(folder, "ingest", STREET, message=message)


@pytest.mark.parametrize("fault", LAYER_FILES)
def test_a_wrong_layer_file_changes_nothing(folder: Path, fault: str) -> None:
    content, message = LAYER_FILES[fault]
    (folder / "wrong.geojson").write_bytes(content)
    assert_refused(folder, "layers", "add", "wrong.geojson", "--id", "wards", message=message)


def test_one_bad_file_in_an_archive_stops_all_of_it(folder: Path) -> None:
    with zipfile.ZipFile(folder / "months.zip", "w") as archive:
        archive.writestr("2024-02/2024-02-testshire-street.csv", HEADER + "caf")
        archive.writestr("2024-03/2024-03-testshire-street.csv", b"\x00")
    assert_refused(folder, "ingest", "months.zip", message="2024-02|2024-03")


def test_a_missing_file_is_one_line(folder: Path) -> None:
    assert_refused(folder, "ingest", "nowhere.zip", message="no file nowhere.zip")
    assert_refused(folder, "layers", "add", "no.geojson", "--id", "x", message="no file no.geojson")


def test_a_store_that_is_no_store_is_one_line(folder: Path) -> None:
    (folder / "notes.txt").write_text("not a database, but long enough to be read as one" * 40)
    done = run_patchmap("--store", "notes.txt", "layers", "list", cwd=folder)
    assert done.returncode == 1
    assert "notes.txt cannot be used" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_first_command_that_fails_leaves_no_store_behind(tmp_path: Path) -> None:
    (tmp_path / STREET).write_bytes(b"")
    assert run_patchmap("ingest", STREET, cwd=tmp_path).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == [STREET]
