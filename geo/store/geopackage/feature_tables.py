"""Feature tables of a GeoPackage, with their spatial index and feature count.

Triggers keep both true when another program, such as QGIS, edits the file. They call functions
(`ST_MinX` …) that such programs bring and Python's sqlite3 lacks, so Patchmap takes them off
inside its own transactions and sees to the index itself.

Source: OGC 12-128r19, GeoPackage Encoding Standard 1.4, annex F.3; GDAL's `gpkg_ogr_contents`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.store.geopackage.geometry_blobs import read_blobs, read_point_blobs
from geo.store.geopackage.packed_rtree import write_index
from geo.store.geopackage.sqlite_file import SqliteFile

_MOST_ONE_BY_ONE = 5_000
_SHARE_ONE_BY_ONE = 0.1
"""Beyond both, writing the whole index anew is cheaper than moving each row in it."""
_EXTENSION = "http://www.geopackage.org/spec120/#extension_rtree"


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def index_name(table: str) -> str:
    """The name of a table's spatial index."""
    return f"rtree_{table}_geom"


def add_feature_table(file: SqliteFile, table: str, *, geometry_type: str, title: str) -> None:
    """Register a table that is already there, with columns `fid` and `geom`, and index it."""
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
    """Remove a feature table with all that belongs to it, if it is there."""
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
    """Make a feature table ready for changes; `settle` must follow in the same transaction."""
    for name in triggers(table):
        file.execute(f"DROP TRIGGER IF EXISTS {quoted(name)}")


def settle(file: SqliteFile, table: str) -> None:
    """Bring a feature table's index, count and extent up to date, and its triggers back.

    Rows that were deleted must have left the index by `unindex`.
    """
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
    """Take the rows that a condition selects out of the spatial index, before they go."""
    index, data = index_name(table), quoted(table)
    gone = file.rows(f"SELECT count(*) FROM {data} WHERE {condition}", *values)[0][0]
    if not gone:
        return
    file.forget(table)
    if _better_anew(file, table, gone):
        write_index(file, index)
        return
    file.execute(
        f"DELETE FROM {quoted(index)} WHERE id IN (SELECT fid FROM {data} WHERE {condition})",
        *values,
    )


def _index_new(file: SqliteFile, table: str) -> None:
    # Ids are never used twice (AUTOINCREMENT), so what is new lies beyond the last one known.
    index, data = index_name(table), quoted(table)
    last = file.rows(f"SELECT coalesce(max(rowid), 0) FROM {quoted(index + '_rowid')}")[0][0]
    new = file.rows(f"SELECT count(*) FROM {data} WHERE fid > ?", last)[0][0]
    if _better_anew(file, table, new):
        known = None if last else file.remembered(table)
        write_index(file, index, known or _boxes(file, table, after=0))
        return
    for fids, bounds in _boxes(file, table, after=last):
        west, south, east, north = bounds.T.tolist()
        file.fill(
            f"INSERT INTO {quoted(index)} VALUES (?, ?, ?, ?, ?)",
            zip(fids, west, east, south, north, strict=True),
        )


def _better_anew(file: SqliteFile, table: str, changed: int) -> bool:
    if changed <= _MOST_ONE_BY_ONE:
        return False
    total = file.rows(f"SELECT count(*) FROM {quoted(table)}")[0][0]
    return bool(changed > _SHARE_ONE_BY_ONE * total)


def _boxes(
    file: SqliteFile, table: str, *, after: int
) -> Iterator[tuple[tuple[int, ...], NDArray[np.float64]]]:
    """The rows beyond one, some at a time: ids, and bounds as west, south, east, north."""
    for page in file.pages(f"SELECT fid, geom FROM {quoted(table)} WHERE fid > ?", after):
        fids, blobs = zip(*page, strict=True)
        if table == "incidents":
            x, y = read_point_blobs(list(blobs))
            yield fids, np.column_stack([x, y, x, y])
        else:
            yield fids, shapely.bounds(read_blobs(blobs))


def triggers(table: str) -> dict[str, str]:
    """Each trigger of a feature table by its name."""
    index, data, text = (
        quoted(index_name(table)),
        quoted(table),
        "'" + table.replace("'", "''") + "'",
    )
    there, gone = (
        "(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))",
        "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))",
    )
    was_there = "(OLD.geom NOTNULL AND NOT ST_IsEmpty(OLD.geom))"
    was_gone = "(OLD.geom ISNULL OR ST_IsEmpty(OLD.geom))"
    box = "ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)"
    put = f"INSERT OR REPLACE INTO {index} VALUES (NEW.fid, {box})"
    drop = f"DELETE FROM {index} WHERE id = OLD.fid"
    moved = (
        f"UPDATE {index} SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom),"
        " miny = ST_MinY(NEW.geom), maxy = ST_MaxY(NEW.geom) WHERE id = NEW.fid"
    )
    count = (
        "UPDATE gpkg_ogr_contents SET feature_count = feature_count {} 1"
        f" WHERE lower(table_name) = lower({text})"
    )
    # An update that leaves the geometry alone must not touch the index.
    of_geometry = f"AFTER UPDATE OF geom ON {data} WHEN OLD.geom IS NOT NEW.geom AND"
    rules = {
        "insert": (f"AFTER INSERT ON {data} WHEN {there}", put),
        "update6": (f"{of_geometry} OLD.fid = NEW.fid AND {there} AND {was_there}", moved),
        "update7": (f"{of_geometry} OLD.fid = NEW.fid AND {there} AND {was_gone}", put),
        "update2": (f"{of_geometry} OLD.fid = NEW.fid AND {gone}", drop),
        "update4": (
            f"AFTER UPDATE ON {data} WHEN OLD.fid != NEW.fid AND {gone}",
            f"DELETE FROM {index} WHERE id IN (OLD.fid, NEW.fid)",
        ),
        "update5": (
            f"AFTER UPDATE ON {data} WHEN OLD.fid != NEW.fid AND {there}",
            f"{drop}; {put}",
        ),
        "delete": (f"AFTER DELETE ON {data} WHEN OLD.geom NOT NULL", drop),
    }
    made = {
        f"rtree_{table}_geom_{name}": f"{when} BEGIN {then}; END"
        for name, (when, then) in rules.items()
    }
    made[f"trigger_insert_feature_count_{table}"] = (
        f"AFTER INSERT ON {data} BEGIN {count.format('+')}; END"
    )
    made[f"trigger_delete_feature_count_{table}"] = (
        f"AFTER DELETE ON {data} BEGIN {count.format('-')}; END"
    )
    return {name: f"CREATE TRIGGER {quoted(name)} {body}" for name, body in made.items()}
