"""One layer as a shapefile, a GeoPackage and a KML."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from geo.crs import LONLAT
from tests.geo.gdal.files import (
    SHAPEFILE,
    frame,
)


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
