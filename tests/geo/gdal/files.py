"""Files of foreign formats as tests write them, and what is asked of reading one."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import InputError
from geo.formats.gdal import ReadLimits, read_foreign

BOXES = [
    shapely.box(435_000, 336_000, 435_100, 336_100),
    shapely.box(435_100, 336_000, 435_200, 336_100),
]
BNG_MEMBER = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
SMALL = ReadLimits(input_bytes=2**20, output_bytes=2**20)


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


def assert_refused(path: Path, message: str, **options: Any) -> None:
    begun = _processor_seconds()
    with pytest.raises(InputError) as refusal:
        read_foreign(path, **options)
    assert _processor_seconds() - begun < 20
    line = str(refusal.value)
    assert message in line
    assert path.name in line
    assert "\n" not in line
    assert len(line) < 400


def _processor_seconds() -> float:
    """What this process and its children that have ended took of a processor."""
    return sum(os.times()[:4])


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


def drop_triggers(file: sqlite3.Connection) -> None:
    """GeoPackage triggers call functions that a plain SQLite lacks."""
    names = file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        file.execute(f'DROP TRIGGER "{name}"')
