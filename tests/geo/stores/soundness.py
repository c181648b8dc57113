"""What can be wrong with the file of a GeoPackage store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import shapely

from geo.store.geopackage.geometry_blobs import read_blobs


def faults(path: Path) -> list[str]:
    """Every fault of the file, its indexes, counts, extents and triggers; none of a sound one."""
    with closing(sqlite3.connect(path)) as connection:
        problems = [
            f"{check}: {row}"
            for check in ("integrity_check", "foreign_key_check")
            for row in connection.execute(f"PRAGMA {check}")
            if row != ("ok",)
        ]
        tables = [row[0] for row in connection.execute("SELECT table_name FROM gpkg_contents")]
        for table in tables:
            problems += _of_table(connection, table)
    return problems


def _of_table(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    index = f"rtree_{table}_geom"
    (verdict,) = connection.execute("SELECT rtreecheck(?)", [index]).fetchone()
    if verdict != "ok":
        yield f"{index}: {verdict}"
    rows = connection.execute(f'SELECT fid, geom FROM "{table}" ORDER BY fid').fetchall()
    bounds = shapely.bounds(read_blobs([blob for _, blob in rows])).reshape(-1, 4)
    boxes = connection.execute(
        f'SELECT id, minx, miny, maxx, maxy FROM "{index}" ORDER BY id'
    ).fetchall()
    if [row[0] for row in rows] != [box[0] for box in boxes]:
        yield f"{index} holds {len(boxes)} features and the table {len(rows)}, or others"
    elif len(rows):
        # The index keeps single precision, rounded outwards.
        indexed = [box[1:] for box in boxes]
        if not all(
            west <= w and south <= s and east >= e and north >= n and east - e < 1 and w - west < 1
            for (west, south, east, north), (w, s, e, n) in zip(indexed, bounds, strict=True)
        ):
            yield f"{index} does not hold the boxes of the features"
    counts = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?"
    if (counted := connection.execute(counts, [table]).fetchone()) != (len(rows),):
        yield f"{table} holds {len(rows)} features and its count says {counted}"
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    there = {name for (name,) in connection.execute(triggers, [table])}
    # Those of GeoPackage 1.3, as its annex F.3 names them, and GDAL's for the count.
    of_index = ("insert", "update1", "update2", "update3", "update4", "delete")
    expected = {f"rtree_{table}_geom_{name}" for name in of_index}
    expected |= {f"trigger_{name}_feature_count_{table}" for name in ("insert", "delete")}
    # Ours, by which an edit moves the counter of what was edited.
    expected |= {f"patchmap_edits_{name}_{table}" for name in ("insert", "update", "delete")}
    if there != expected:
        yield f"{table} has the triggers {sorted(there)}"
