"""The rows of a GeoPackage's incidents as frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.incidents import empty_incidents
from geo.store.contract import Window
from geo.store.geopackage.feature_tables import unindex
from geo.store.geopackage.geometry_blobs import point_blobs, read_point_blobs
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.times import from_iso, to_iso

_TEXTS = ("incident_id", "source", "category", "precision", "location", "reference")
_REPEATED = ("source", "category", "precision", "location")
_TIMES = ("occurred_from", "occurred_to")
STORED = ("geom", "import_id", "partition_id", *_TIMES, *_TEXTS)
SAME = " AND ".join(f"i.{name} IS n.{name}" for name in ("geom", *_TIMES, *_TEXTS))


def read_incidents(file: SqliteFile, window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
    """Accepted incidents, in no particular order."""
    texts = [name for name in _TEXTS if name in columns]
    if window is None:
        rows = read_rows(file, "", texts=texts)
    else:
        span = to_iso(pd.Series([window.start, window.end]))
        rows = read_rows(file, "WHERE occurred_from >= ? AND occurred_from < ?", *span, texts=texts)
    return rows[list(columns)]


def read_import_rows(file: SqliteFile, import_id: int) -> pd.DataFrame:
    """The incidents that an import wrote and that still stand."""
    rows = read_rows(file, "WHERE import_id = ?", import_id)
    return rows.drop(columns=["import_id", "partition_id"])


def insert_rows(file: SqliteFile, table: str, frame: pd.DataFrame) -> None:
    """Write rows that bear their import and partition into the incidents, or a table like them."""
    blobs = point_blobs(frame["x"].to_numpy(), frame["y"].to_numpy(), srs_id=file.projection.code)
    plain = (frame[name].tolist() for name in ("import_id", "partition_id"))
    times = (to_iso(frame[name]) for name in _TIMES)
    texts = (frame[name].astype(object).tolist() for name in _TEXTS)
    file.insert(table, STORED, zip(blobs, *plain, *times, *texts, strict=True))
    if table == "incidents" and len(frame):
        # Ids follow one another, because nobody else writes now.
        last = int(file.rows("SELECT last_insert_rowid()")[0][0])
        ids = range(last - len(frame) + 1, last + 1)
        file.remember("incidents", (ids, frame[["x", "y", "x", "y"]].to_numpy(float)))


def delete_rows(file: SqliteFile, condition: str, *values: object) -> None:
    """Delete the incidents for which a condition holds, from the index as well."""
    unindex(file, "incidents", condition, *values)
    file.execute(f"DELETE FROM incidents WHERE {condition}", *values)


def read_rows(
    file: SqliteFile, condition: str, *values: object, texts: Sequence[str] = _TEXTS
) -> pd.DataFrame:
    """The incidents for which a condition holds, with their import and partition."""
    columns = ("geom", "import_id", "partition_id", *_TIMES, *texts)
    sql = f"SELECT {', '.join(columns)} FROM incidents {condition}"
    seen: dict[str, dict[str, int]] = {name: {} for name in (*_REPEATED, "partition_id")}
    parts = [
        _part(dict(zip(columns, zip(*rows, strict=True), strict=True)), seen)
        for rows in file.pages(sql, *values)
    ]
    if not parts:
        empty = empty_incidents()[["x", "y", *_TIMES, *texts]]
        return empty.assign(
            import_id=np.array([], dtype=np.int64), partition_id=pd.Series(dtype="str")
        )
    frame = pd.concat(parts, ignore_index=True)
    for name, codes in seen.items():
        if name in frame:
            frame[name] = pd.Categorical.from_codes(frame[name], categories=list(codes))
    return frame


def _part(columns: dict[str, tuple[Any, ...]], seen: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Some rows as a frame; texts that repeat are numbers until all of them have been seen."""
    x, y = read_point_blobs(list(columns.pop("geom")))
    values: dict[str, object] = {"x": x, "y": y}
    for name, column in columns.items():
        if name in _TIMES:
            values[name] = from_iso(column)
        elif name in seen:
            codes = seen[name]
            numbers = [codes.setdefault(text, len(codes)) for text in column]
            values[name] = np.asarray(numbers, dtype=np.int32)
        else:
            values[name] = list(column)
    return pd.DataFrame(values)
