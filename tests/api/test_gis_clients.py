"""Real GIS clients against the running service."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.store.geopackage import GeoPackageStore
from tests.services import serving


@pytest.fixture
def address(store: GeoPackageStore) -> Iterator[str]:
    """The running service of the town."""
    with serving(store.path) as running:
        yield f"{running}/ogc"


def gdal(*command: str) -> str:
    tool = shutil.which(command[0])
    assert tool, f"{command[0]} is missing: install gdal-bin"
    done = subprocess.run([tool, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ogrinfo_reads_a_layer(address: str) -> None:
    told = gdal("ogrinfo", "-so", f"OAPIF:{address}", "wards")
    assert "Feature Count: 2" in told
    assert "area_name: String" in told


def test_ogr2ogr_copies_every_cell(address: str, tmp_path: Path) -> None:
    copy = tmp_path / "cells.geojson"
    gdal("ogr2ogr", "-f", "GeoJSON", str(copy), f"OAPIF:{address}", "hotspots")
    features = json.loads(copy.read_text())["features"]
    assert len({feature["properties"]["cell_id"] for feature in features}) == len(features) > 300
