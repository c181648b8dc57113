"""Feature tables of a GeoPackage, with their spatial index and feature count.

Triggers update both when another program, such as QGIS, edits the file. They call functions
(`ST_MinX` …) that such programs have and Python's sqlite3 lacks, so Patchmap drops the triggers
inside its own transactions, updates index and count itself, and creates the triggers again.

Source: OGC 12-128r17, GeoPackage Encoding Standard 1.3, annex F.3; GDAL's `gpkg_ogr_contents`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from geo.store.geopackage.geometry_blobs import read_blobs, read_point_blobs
from geo.store.geopackage.packed_rtree import write_index
from geo.store.geopackage.sqlite_connection import Boxes
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.geopackage.triggers import index_name, quoted, triggers

# Above both, writing the whole index anew is cheaper than changing it row by row.
_MOST_ROWS_ONE_BY_ONE = 5_000
_LARGEST_SHARE_ONE_BY_ONE = 0.1
_EXTENSION = "http://www.geopackage.org/spec120/#extension_rtree"


def add_feature_table(file: SqliteFile, table: str, *, geometry_type: str, title: str) -> None:
    """Register a table that exists, with columns `fid` and `geom`, and give it an index.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    table
        Name of the table.
    geometry_type
        As the standard names it, such as `POINT` or `MULTIPOLYGON`.
    title
        What GIS programs show as its description.
    """
    srs_id = file.projection.code
    file.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)"
        " VALUES (?, 'features', ?, ?, ?)",
        table,
        table,
        title,
        srs_id,
    )
    file.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
        table,
        geometry_type,
        srs_id,
    )
    file.execute(
        "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')",
        table,
        _EXTENSION,
    )
    file.execute("INSERT INTO gpkg_ogr_contents VALUES (?, 0)", table)
    file.execute(
        f"CREATE VIRTUAL TABLE {quoted(index_name(table))} USING rtree(id, minx, maxx, miny, maxy)"
    )
    for statement in triggers(table).values():
        file.execute(statement)


def drop_feature_table(file: SqliteFile, table: str) -> None:
    """Remove a feature table, its index and its registration, if it exists.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    table
        Name of the table.
    """
    for registry in (
        "gpkg_ogr_contents",
        "gpkg_extensions",
        "gpkg_geometry_columns",
        "gpkg_contents",
    ):
        file.execute(f"DELETE FROM {registry} WHERE table_name = ?", table)
    file.execute(f"DROP TABLE IF EXISTS {quoted(index_name(table))}")
    file.execute(f"DROP TABLE IF EXISTS {quoted(table)}")


def begin_change(file: SqliteFile, table: str) -> None:
    """Drop the triggers of a feature table; `finish_change` must follow in this transaction.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    table
        Name of the table.
    """
    for name in triggers(table):
        file.execute(f"DROP TRIGGER IF EXISTS {quoted(name)}")


def finish_change(file: SqliteFile, table: str) -> None:
    """Update a feature table's index, count and extent, and create its triggers again.

    Rows that were deleted must have been removed from the index by `unindex`.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    table
        Name of the table.
    """
    # The index first: the extent is read from it, which is faster than from the geometries.
    _index_new(file, table)
    file.execute(
        f"UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM {quoted(table)})"
        " WHERE table_name = ?",
        table,
    )
    file.execute(
        f"UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = (SELECT min(minx), min(miny),"
        f" max(maxx), max(maxy) FROM {quoted(index_name(table))}),"
        " last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?",
        table,
    )
    for name, statement in triggers(table).items():
        file.execute(f"DROP TRIGGER IF EXISTS {quoted(name)}")
        file.execute(statement)


def unindex(file: SqliteFile, table: str, condition: str, *values: object) -> None:
    """Remove rows from the spatial index, before they are deleted.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    table
        Name of the table.
    condition, values
        Which rows, as after WHERE, and a value for each `?` in it.
    """
    index, data = index_name(table), quoted(table)
    count = file.rows(f"SELECT count(*) FROM {data} WHERE {condition}", *values)[0][0]
    if not count:
        return
    file.forget(table)
    if _better_anew(file, table, count):
        # Emptied: `finish_change` indexes all rows that are left.
        write_index(file, index)
        return
    file.execute(
        f"DELETE FROM {quoted(index)} WHERE id IN (SELECT fid FROM {data} WHERE {condition})",
        *values,
    )


def _index_new(file: SqliteFile, table: str) -> None:
    # Ids only grow (AUTOINCREMENT), so new rows are those after the last id in the index.
    index, data = index_name(table), quoted(table)
    last = file.rows(f"SELECT coalesce(max(rowid), 0) FROM {quoted(index + '_rowid')}")[0][0]
    new = file.rows(f"SELECT count(*) FROM {data} WHERE fid > ?", last)[0][0]
    if _better_anew(file, table, new):
        # Boxes that this transaction wrote are all there are only if the index was empty.
        known = not last and file.remembers(table)
        boxes = file.take_remembered(table) if known else _boxes(file, table, after=0)
        write_index(file, index, boxes)
        return
    for fids, bounds in _boxes(file, table, after=last):
        west, south, east, north = bounds.T.tolist()
        file.fill(
            f"INSERT INTO {quoted(index)} VALUES (?, ?, ?, ?, ?)",
            zip(fids, west, east, south, north, strict=True),
        )


def _better_anew(file: SqliteFile, table: str, changed: int) -> bool:
    if changed <= _MOST_ROWS_ONE_BY_ONE:
        return False
    total = file.rows(f"SELECT count(*) FROM {quoted(table)}")[0][0]
    return bool(changed > _LARGEST_SHARE_ONE_BY_ONE * total)


def _boxes(file: SqliteFile, table: str, *, after: int) -> Iterator[Boxes]:
    """The boxes of the rows with higher ids, some at a time."""
    for page in file.pages(f"SELECT fid, geom FROM {quoted(table)} WHERE fid > ?", after):
        fids, blobs = zip(*page, strict=True)
        if table == "incidents":
            x, y = read_point_blobs(list(blobs))
            yield fids, np.column_stack([x, y, x, y])
        else:
            yield fids, shapely.bounds(read_blobs(blobs))
