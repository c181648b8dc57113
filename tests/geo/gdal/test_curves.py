"""Circular arcs, as CAD and Ordnance Survey data have them: read as lines close to the arc."""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from pathlib import Path

import pyarrow.parquet
import pytest
import shapely

from geo.errors import InputError
from geo.formats.features import read_features
from tests.geo.gdal.files import drop_triggers, frame

X, Y, RADIUS = 435_000.0, 336_000.0, 100.0
ARC = [(X + RADIUS, Y), (X, Y + RADIUS), (X - RADIUS, Y), (X, Y - RADIUS), (X + RADIUS, Y)]
CIRCULAR_STRING, COMPOUND_CURVE, CURVE_POLYGON, MULTI_SURFACE = 8, 9, 10, 12


def wkb(kind: int, *parts: bytes) -> bytes:
    """A geometry of others."""
    return struct.pack("<BII", 1, kind, len(parts)) + b"".join(parts)


def circle() -> bytes:
    points = b"".join(struct.pack("<dd", *point) for point in ARC)
    return struct.pack("<BII", 1, CIRCULAR_STRING, len(ARC)) + points


SHAPES = {
    "CURVEPOLYGON": wkb(CURVE_POLYGON, circle()),
    "COMPOUNDCURVE": wkb(CURVE_POLYGON, wkb(COMPOUND_CURVE, circle())),
    "MULTISURFACE": wkb(MULTI_SURFACE, wkb(CURVE_POLYGON, circle())),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_circle_of_arcs_has_the_area_of_a_circle(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.gpkg"
    frame().head(1).to_file(path, layer="wards", engine="pyogrio")
    with sqlite3.connect(path) as file:
        drop_triggers(file)
        blob = b"GP\0\x01" + struct.pack("<i", 27700) + SHAPES[kind]
        file.execute("UPDATE wards SET geom = ?", [blob])
        name = "MULTISURFACE" if kind == "MULTISURFACE" else "CURVEPOLYGON"
        file.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", [name])
    (feature,) = json.loads(read_features(path))["features"]
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert shape.area == pytest.approx(math.pi * RADIUS**2, rel=2e-3)
    distance = shapely.hausdorff_distance(shape, shapely.Point(X, Y).buffer(RADIUS, 256))
    assert distance < 0.3


def test_arcs_in_a_table_of_wkt_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('code,wkt\nA,"CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))"\n')
    with pytest.raises(InputError, match=r"c\.csv, line 2: "):
        read_features(path)


def test_arcs_in_geoparquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    frame().head(1).drop(columns="since").to_parquet(path)
    table = pyarrow.parquet.read_table(path)
    at = table.column_names.index("geometry")
    arcs = table.set_column(at, "geometry", pyarrow.array([SHAPES["CURVEPOLYGON"]]))
    pyarrow.parquet.write_table(arcs.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(InputError, match=r"c\.parquet has circular arcs; save it as GeoPackage"):
        read_features(path)
