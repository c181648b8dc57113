"""Real GIS clients against the running service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
from owslib.ogcapi.features import Features

from tests.api.conftest import make_town
from tests.services import serving

GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
PAGE = 10
"""Features that Debian's GDAL asks for at once."""

NEWER = """
import sys, pyogrio
read = pyogrio.read_dataframe(sys.argv[1], layer=sys.argv[2])
print(len(read), read.crs)
"""
"""Reads a layer with the GDAL of pyogrio, which is years newer than that of Debian."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running service of the town, which no client changes."""
    town = tmp_path_factory.mktemp("town") / "town.gpkg"
    make_town(town).close()
    with serving(town) as running:
        yield f"{running}/ogc"


def gdal(*command: str) -> tuple[str, list[str]]:
    """What a tool prints, and the addresses of items that it requested for."""
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


def test_gdal_reads_a_layer_and_its_count_with_one_request(address: str) -> None:
    printed, requested = gdal("ogrinfo", "-so", f"OAPIF:{address}", "wards")
    assert "Feature Count: 2" in printed
    assert "area_name: String" in printed
    assert "residents: Integer" in printed
    assert len(requested) == 1  # the page that it takes the fields from counts as well


def test_ogr2ogr_copies_every_cell(address: str, tmp_path: Path) -> None:
    copy = tmp_path / "cells.gpkg"
    _, requested = gdal("ogr2ogr", "-f", "GPKG", str(copy), f"OAPIF:{address}", "hotspots")
    cells = pyogrio.read_dataframe(copy)
    assert cells["cell_id"].nunique() == len(cells) > 300
    pages = -(-len(cells) // PAGE)
    assert len(requested) == 1 + pages  # GDAL always takes the fields from a page of its own


@pytest.mark.parametrize("where", ["class = 'none' AND n = 0", "n >= 3", "class LIKE 'un%'"])
def test_gdal_lets_the_service_filter_and_count(address: str, where: str) -> None:
    source = f"OAPIF:{address}"
    printed, requested = gdal("ogrinfo", "-so", "-where", where, source, "hotspots")
    # Before it reads the condition GDAL takes the fields from a page: no service can spare it that.
    assert len(requested) == 2
    assert "resultType=hits&filter=" in requested[1]
    count = int(re.findall(r"Feature Count: (\d+)", printed)[0])
    every, _ = gdal("ogr2ogr", "-f", "CSV", "/vsistdout/", source, "hotspots")
    assert 0 < count < len(every.splitlines()) - 1


def test_gdal_asks_for_a_box(address: str) -> None:
    box = ["-spat", "-1.4795", "52.9205", "-1.4794", "52.9206"]
    printed, requested = gdal("ogrinfo", "-so", *box, f"OAPIF:{address}", "wards")
    assert "Feature Count: 1" in printed
    assert len(requested) == 2
    assert "resultType=hits&bbox=" in requested[1]


def test_gdal_reads_a_page_in_national_grid(address: str) -> None:
    page = f"{address}/collections/wards/items?crs={GRID}"
    printed, _ = gdal("ogrinfo", "-so", "-al", page)
    assert "(435000.000000, 336000.000000) - (439000.000000, 338000.000000)" in printed


def test_a_newer_gdal_reads_thousands_a_page_in_national_grid(address: str) -> None:
    printed, requested = gdal(sys.executable, "-c", NEWER, f"OAPIF:{address}", "incidents")
    assert printed.split() == ["320", "EPSG:27700"]
    first, page = requested
    assert "limit=1000" in page
    assert f"crs={GRID}" in page
    assert "limit=20" in first


def test_gdal_counts_incidents(address: str) -> None:
    printed, requested = gdal("ogrinfo", "-so", f"OAPIF:{address}", "incidents")
    assert "Feature Count: 320" in printed
    assert len(requested) == 1


def test_owslib_finds_its_way(address: str) -> None:
    service = Features(address)
    assert service.api()["openapi"].startswith("3.0")
    assert {"wards", "hotspots", "area-counts"} <= set(service.feature_collections())
    assert "area_name" in service.collection_queryables("wards")["properties"]
    features = service.collection_items("wards", limit=1)
    assert (features["numberMatched"], features["numberReturned"]) == (2, 1)
    assert service.collection_item("wards", "A")["properties"]["residents"] == 1000
    chosen = service.collection_items("wards", filter="residents > 1500")
    assert [feature["id"] for feature in chosen["features"]] == ["B"]


def test_a_spreadsheet_reads_the_latest_months(address: str) -> None:
    page = f"{address}/collections/area-counts/items?f=csv&skipGeometry=true"
    table = pd.read_csv(f"{page}&period=latest-1m")
    both = pd.read_csv(f"{page}&period=latest-2m")
    assert table["area_code"].to_list() == ["A", "B"]
    assert 0 < table["n"].sum() < both["n"].sum()
