"""Real GIS clients against the running service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from owslib.ogcapi.features import Features

from geo.store.geopackage import GeoPackageStore
from tests.services import serving

GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
PAGE = 10
"""Features that Debian's GDAL asks for at once."""


@pytest.fixture
def address(store: GeoPackageStore) -> Iterator[str]:
    """The running service of the town."""
    with serving(store.path) as running:
        yield f"{running}/ogc"


def gdal(*command: str) -> tuple[str, list[str]]:
    """What a tool prints, and the addresses of items that it asked for."""
    tool = shutil.which(command[0])
    assert tool, f"{command[0]} is missing: install gdal-bin"
    done = subprocess.run(
        [tool, *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CPL_DEBUG": "HTTP"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, re.findall(r"Fetch\((\S+/items\S*)\)", done.stderr)


def test_ogrinfo_reads_a_layer(address: str) -> None:
    told, asked = gdal("ogrinfo", "-so", f"OAPIF:{address}", "wards")
    assert "Feature Count: 2" in told
    assert "area_name: String" in told
    assert "residents: Integer" in told
    assert len(asked) <= 2  # one for the fields, one for the count


def test_ogr2ogr_copies_every_cell(address: str, tmp_path: Path) -> None:
    copy = tmp_path / "cells.geojson"
    _, asked = gdal("ogr2ogr", "-f", "GeoJSON", str(copy), f"OAPIF:{address}", "hotspots")
    features = json.loads(copy.read_text())["features"]
    assert len({feature["properties"]["cell_id"] for feature in features}) == len(features) > 300
    pages = -(-len(features) // PAGE)
    assert pages <= len(asked) <= pages + 2


@pytest.mark.parametrize("where", ["class = 'none' AND n = 0", "n >= 3", "class LIKE 'hot%'"])
def test_gdal_lets_the_service_filter_and_count(address: str, where: str) -> None:
    source = f"OAPIF:{address}"
    told, asked = gdal("ogrinfo", "-so", "-where", where, source, "hotspots")
    assert len(asked) == 2  # one for the fields, one for the count
    assert "resultType=hits&filter=" in asked[1]
    count = int(re.findall(r"Feature Count: (\d+)", told)[0])
    every, _ = gdal("ogr2ogr", "-f", "CSV", "/vsistdout/", source, "hotspots")
    assert 0 < count < len(every.splitlines()) - 1


def test_gdal_asks_for_a_box(address: str) -> None:
    box = ["-spat", "-1.4795", "52.9205", "-1.4794", "52.9206"]
    told, asked = gdal("ogrinfo", "-so", *box, f"OAPIF:{address}", "wards")
    assert "Feature Count: 1" in told
    assert any("bbox=" in one for one in asked)


def test_gdal_reads_a_page_in_national_grid(address: str) -> None:
    page = f"{address}/collections/wards/items?crs={GRID}"
    told, _ = gdal("ogrinfo", "-so", "-al", page)
    assert "(435000.000000, 336000.000000) - (439000.000000, 338000.000000)" in told


def test_gdal_counts_incidents(address: str) -> None:
    told, asked = gdal("ogrinfo", "-so", f"OAPIF:{address}", "incidents")
    assert "Feature Count: 320" in told
    assert len(asked) <= 2


def test_owslib_finds_its_way(address: str) -> None:
    service = Features(address)
    assert service.api()["openapi"].startswith("3.0")
    assert {"wards", "hotspots", "area-counts"} <= set(service.feature_collections())
    assert "area_name" in service.collection_queryables("wards")["properties"]
    found = service.collection_items("wards", limit=1)
    assert (found["numberMatched"], found["numberReturned"]) == (2, 1)
    assert service.collection_item("wards", "A")["properties"]["residents"] == 1000
    chosen = service.collection_items("wards", filter="residents > 1500")
    assert [feature["id"] for feature in chosen["features"]] == ["B"]


def test_a_spreadsheet_reads_the_latest_months(address: str) -> None:
    page = f"{address}/collections/area-counts/items?f=csv&skipGeometry=true"
    table = pd.read_csv(f"{page}&period=latest-1m")
    both = pd.read_csv(f"{page}&period=latest-2m")
    assert table["area_code"].to_list() == ["A", "B"]
    assert 0 < table["n"].sum() < both["n"].sum()
