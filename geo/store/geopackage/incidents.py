"""The incidents of a GeoPackage: one feature table, which QGIS opens as it is."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from geo.incidents import empty_incidents
from geo.lookup import are_among
from geo.partitioned import PartitionedIncidents
from geo.store.backend import ImportWriter, IncidentTable, Row
from geo.store.contract import Window
from geo.store.geopackage.feature_tables import begin_change, finish_change, unindex
from geo.store.geopackage.geometry_blobs import point_blobs, read_point_blobs
from geo.store.geopackage.packed_rtree import outward
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.times import from_iso, to_iso

_MOST_VALUES = 500
_TABLE = "incidents"
_STAGING = "temp.incoming"
_TEXTS = ("incident_id", "source", "category", "precision", "location", "reference")
_REPEATED = ("source", "category", "precision", "location")
_TIMES = ("occurred_from", "occurred_to")
_STORED = ("geom", "import_id", "partition_id", *_TIMES, *_TEXTS)
_COLUMNS = ", ".join(_STORED)
_SAME = " AND ".join(f"i.{name} IS n.{name}" for name in ("geom", *_TIMES, *_TEXTS))


class GeoPackageIncidents(IncidentTable):
    """The table `incidents` and what imports replaced in it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def read(self, window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
        texts = [name for name in _TEXTS if name in columns]
        if window is None:
            rows = _read_rows(self._file, "", texts=texts)
        else:
            ends = to_iso(pd.Series([window.start, window.end]))
            condition = "WHERE occurred_from >= ? AND occurred_from < ?"
            rows = _read_rows(self._file, condition, *ends, texts=texts)
        return rows[list(columns)]

    def read_page(self, start: int, count: int, columns: Sequence[str]) -> pd.DataFrame:
        # Their ids come from the index alone. The plus keeps SQLite from going through all rows in
        # the order of that index once more.
        condition = (
            f"WHERE fid IN (SELECT fid FROM {_TABLE} ORDER BY occurred_from, fid LIMIT ? OFFSET ?)"
            " ORDER BY +occurred_from, +fid"
        )
        texts = [name for name in _TEXTS if name in columns]
        return _read_rows(self._file, condition, count, start, texts=texts)[list(columns)]

    def read_one(self, incident_id: str, columns: Sequence[str]) -> pd.DataFrame:
        texts = [name for name in _TEXTS if name in columns]
        rows = _read_rows(self._file, "WHERE incident_id = ?", incident_id, texts=texts)
        return rows[list(columns)]

    def read_partitions(
        self, partition_ids: Sequence[str] | None, columns: Sequence[str]
    ) -> PartitionedIncidents:
        texts = [name for name in _TEXTS if name in columns]
        if partition_ids is None:
            rows = _read_rows(self._file, "ORDER BY fid", texts=texts)
        else:
            marks = ", ".join("?" * len(partition_ids))
            # By the index on import_id: there is none on partition_id. The plus keeps SQLite from
            # going through all rows in the order of their ids.
            condition = (
                "WHERE import_id IN (SELECT import_id FROM patchmap_imports"
                f" WHERE partition_id IN ({marks})) ORDER BY +fid"
            )
            rows = _read_rows(self._file, condition, *partition_ids, texts=texts)
        return PartitionedIncidents.grouped(rows[list(columns)], rows["partition_id"])

    def numbered_rows(self, partition_id: str) -> pd.DataFrame:
        condition = (
            "WHERE import_id IN (SELECT import_id FROM patchmap_imports WHERE partition_id = ?)"
            " ORDER BY +fid"
        )
        return _read_rows(self._file, condition, partition_id, texts=("fid", *_REPEATED))

    def locations(self, fids: NDArray[np.int64]) -> dict[int, str]:
        texts: dict[int, str] = {}
        for start in range(0, len(fids), _MOST_VALUES):
            some = fids[start : start + _MOST_VALUES].tolist()
            marks = ", ".join("?" * len(some))
            texts.update(
                self._file.rows(f"SELECT fid, location FROM {_TABLE} WHERE fid IN ({marks})", *some)
            )
        return texts

    def read_import(self, import_id: int) -> pd.DataFrame:
        rows = _read_rows(self._file, "WHERE import_id = ?", import_id)
        return rows.drop(columns=["import_id", "partition_id"])

    def count(self) -> int:
        if self._file.has_deferred:
            # The stored count is brought up to date just before the commit.
            return int(self._file.rows(f"SELECT count(*) FROM {_TABLE}")[0][0])
        sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?"
        return int(self._file.rows(sql, _TABLE)[0][0])

    def writer(self, import_id: int, partition_id: str, *, keyed: bool) -> ImportWriter:
        _begin_change(self._file)
        return _ImportWriter(self._file, import_id, partition_id, keyed=keyed)

    def replaced_imports(self, import_id: int) -> list[int]:
        rows = self._file.rows(
            "SELECT replaced_imports FROM patchmap_imports WHERE import_id = ?", import_id
        )
        replaced: list[int] = json.loads(rows[0][0])
        return replaced

    def restore(self, import_id: int) -> None:
        _begin_change(self._file)
        _delete_rows(self._file, "import_id = ?", import_id)
        packed = self._file.rows(
            "SELECT replaced_rows FROM patchmap_imports WHERE import_id = ?", import_id
        )[0][0]
        if packed:
            _insert_rows(self._file, _TABLE, _unpack(packed))
            # They are incidents again: a copy here would outlive them.
            self.purge([import_id])

    def imports_with_replaced(self) -> list[int]:
        sql = "SELECT import_id FROM patchmap_imports WHERE replaced_rows IS NOT NULL ORDER BY 1"
        return [import_id for (import_id,) in self._file.rows(sql)]

    def purge(self, import_ids: Sequence[int]) -> None:
        for import_id in import_ids:
            self._file.execute(
                "UPDATE patchmap_imports SET replaced_rows = NULL WHERE import_id = ?", import_id
            )

    def of_source(self, source: str, *, before: pd.Timestamp | None = None) -> pd.DataFrame:
        if before is None:
            rows = _read_rows(self._file, "WHERE source = ?", source)
        else:
            moment = to_iso(pd.Series([before]))[0]
            condition = "WHERE source = ? AND occurred_from < ?"
            rows = _read_rows(self._file, condition, source, moment)
        return rows.drop(columns="partition_id")

    def replaced_of_source(self, source: str) -> list[tuple[int, pd.DataFrame]]:
        by_import = []
        for import_id in self.imports_with_replaced():
            rows = self._replaced(import_id)
            own = rows[rows["source"].astype(str) == source]
            if len(own):
                by_import.append((import_id, own.drop(columns="partition_id")))
        return by_import

    def remove(self, incident_ids: Sequence[str]) -> None:
        if incident_ids:
            _begin_change(self._file)
        for start in range(0, len(incident_ids), _MOST_VALUES):
            some = incident_ids[start : start + _MOST_VALUES]
            marks = ", ".join("?" * len(some))
            _delete_rows(self._file, f"incident_id IN ({marks})", *some)

    def remove_before(self, source: str, before: pd.Timestamp) -> None:
        _begin_change(self._file)
        moment = to_iso(pd.Series([before]))[0]
        _delete_rows(self._file, "source = ? AND occurred_from < ?", source, moment)

    def remove_replaced(self, import_id: int, incident_ids: Sequence[str]) -> None:
        rows = self._replaced(import_id)
        left = rows[~are_among(rows["incident_id"], incident_ids)].copy()
        for name in left.columns[left.dtypes == "category"]:
            # Or the texts of the rows that went would still be among its categories.
            left[name] = left[name].cat.remove_unused_categories()
        self._file.execute(
            "UPDATE patchmap_imports SET replaced_rows = ? WHERE import_id = ?",
            _pack(left) if len(left) else None,
            import_id,
        )

    def drop_empty_months(self, before: pd.Timestamp) -> None:
        del before  # all months are in one table

    def _replaced(self, import_id: int) -> pd.DataFrame:
        sql = "SELECT replaced_rows FROM patchmap_imports WHERE import_id = ?"
        return _unpack(self._file.rows(sql, import_id)[0][0])


class _ImportWriter(ImportWriter):
    """Writes the rows of one import."""

    def __init__(self, file: SqliteFile, import_id: int, partition_id: str, *, keyed: bool) -> None:
        self._file = file
        self._import_id = import_id
        self._partition_id = partition_id
        self._keyed = keyed
        self._replaced: list[pd.DataFrame] = []
        if keyed:
            file.execute(f"DROP TABLE IF EXISTS {_STAGING}")
            file.execute(f"CREATE TEMP TABLE incoming AS SELECT {_COLUMNS} FROM {_TABLE} WHERE 0")

    def take_out_partition(self) -> None:
        # By the index on import_id: there is none on partition_id.
        self._take_out(
            "import_id IN (SELECT import_id FROM patchmap_imports WHERE partition_id = ?)",
            self._partition_id,
        )

    def insert(self, rows: pd.DataFrame) -> None:
        _insert_rows(self._file, _TABLE, rows)

    def stage(self, rows: pd.DataFrame) -> None:
        _insert_rows(self._file, _STAGING, rows)

    def staged_conflict(self) -> tuple[str, str] | None:
        conflicts = self._file.rows(
            f"SELECT i.incident_id, i.partition_id FROM {_TABLE} AS i JOIN {_STAGING} AS n"
            " USING (incident_id) WHERE i.partition_id <> ? OR i.import_id = ? LIMIT 1",
            self._partition_id,
            self._import_id,
        )
        return (str(conflicts[0][0]), str(conflicts[0][1])) if conflicts else None

    def merge_staged(self) -> None:
        self._file.execute(
            f"DELETE FROM {_STAGING} AS n WHERE EXISTS (SELECT 1 FROM {_TABLE} AS i"
            f" WHERE i.incident_id = n.incident_id AND {_SAME})"
        )
        self._take_out(f"incident_id IN (SELECT incident_id FROM {_STAGING})")
        self._file.execute(f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM {_STAGING}")
        # These rows went past `_insert_rows`, so what it remembered is no longer all of them.
        self._file.forget(_TABLE)
        self._file.execute(f"DELETE FROM {_STAGING}")

    def finish(self, replaced_imports: Sequence[int]) -> int:
        if self._keyed:
            self._file.execute(f"DROP TABLE {_STAGING}")
        count = sum(map(len, self._replaced))
        self._file.execute(
            "UPDATE patchmap_imports SET replaced_imports = ?, replaced_rows = ?"
            " WHERE import_id = ?",
            json.dumps(list(replaced_imports)),
            _pack(pd.concat(self._replaced, ignore_index=True)) if count else None,
            self._import_id,
        )
        return count

    def wrote_rows(self) -> bool:
        sql = f"SELECT 1 FROM {_TABLE} WHERE import_id = ? LIMIT 1"
        return bool(self._file.rows(sql, self._import_id))

    def _take_out(self, condition: str, *values: object) -> None:
        self._replaced.append(_read_rows(self._file, f"WHERE {condition}", *values))
        _delete_rows(self._file, condition, *values)


def _begin_change(file: SqliteFile) -> None:
    begin_change(file, _TABLE)
    # Once for all imports of a transaction, because it counts all rows and may write all the index.
    file.before_commit(_TABLE, lambda: finish_change(file, _TABLE))


def _insert_rows(file: SqliteFile, table: str, frame: pd.DataFrame) -> None:
    """Write rows with their import and partition into the incidents, or a table like them."""
    if frame.empty:
        return
    blobs = point_blobs(frame["x"].to_numpy(), frame["y"].to_numpy(), srs_id=file.projection.code)
    values = {name: frame[name] for name in ("import_id", "partition_id", *_TIMES, *_TEXTS)}
    # A file of one publisher and month differs in few columns.
    same = {name: _written(one.iloc[:1])[0] for name, one in values.items() if _is_same(one)}
    others = {name: _written(one) for name, one in values.items() if name not in same}
    rows = zip(blobs, *others.values(), strict=True)
    file.insert(table, ("geom", *others), rows, same=same)
    if table == _TABLE:
        # Ids follow one another, because nobody else writes now.
        last = int(file.rows("SELECT last_insert_rowid()")[0][0])
        ids = range(last - len(frame) + 1, last + 1)
        # As the index has them: until the commit this is all that grows with the rows.
        file.remember(_TABLE, (ids, outward(frame[["x", "y", "x", "y"]].to_numpy(float))))


def _written(values: pd.Series) -> list[object]:
    """The values of a column as they are stored."""
    if values.name in _TIMES:
        return list(to_iso(values))
    return values.tolist() if values.name == "import_id" else values.astype(object).tolist()


def _is_same(values: pd.Series) -> bool:
    first = values.iloc[0]
    # Most columns that differ do so in their first rows.
    return bool((values.iloc[:20] == first).all() and (values == first).all())


def _delete_rows(file: SqliteFile, condition: str, *values: object) -> None:
    # The index first: it finds its entries by the rows.
    unindex(file, _TABLE, condition, *values)
    file.execute(f"DELETE FROM {_TABLE} WHERE {condition}", *values)


def _read_rows(
    file: SqliteFile, condition: str, *values: object, texts: Sequence[str] = _TEXTS
) -> pd.DataFrame:
    """The incidents for which a condition holds, with their import and partition.

    `texts` are those of the other columns that are read, `fid` among them.
    """
    columns = ("geom", "import_id", "partition_id", *_TIMES, *texts)
    sql = f"SELECT {', '.join(columns)} FROM {_TABLE} {condition}"
    codes_by_column: dict[str, dict[str, int]] = {name: {} for name in (*_REPEATED, "partition_id")}
    pages = [
        _page(dict(zip(columns, zip(*rows, strict=True), strict=True)), codes_by_column)
        for rows in file.pages(sql, *values)
    ]
    if not pages:
        empty = empty_incidents().assign(fid=np.array([], dtype=np.int64))
        empty = empty[["x", "y", *_TIMES, *texts]]
        return empty.assign(
            import_id=np.array([], dtype=np.int64), partition_id=pd.Series(dtype="str")
        )
    frame = pd.concat(pages, ignore_index=True)
    for name, codes in codes_by_column.items():
        if name in frame:
            numbers: NDArray[np.int32] = frame[name].to_numpy()
            frame[name] = pd.Categorical.from_codes(numbers, dtype=pd.CategoricalDtype(list(codes)))
    return frame


def _page(columns: dict[str, Row], codes_by_column: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Some rows as a frame; texts that repeat are codes until all pages have been read."""
    x, y = read_point_blobs(list(columns.pop("geom")))
    values: dict[str, object] = {"x": x, "y": y}
    for name, column in columns.items():
        if name in _TIMES:
            values[name] = from_iso(column)
        elif name in codes_by_column:
            codes = codes_by_column[name]
            numbers = [codes.setdefault(text, len(codes)) for text in column]
            values[name] = np.array(numbers, dtype=np.int32)
        else:
            values[name] = list(column)
    return pd.DataFrame(values)


def _pack(frame: pd.DataFrame) -> bytes:
    """A frame as a compressed Arrow stream."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _unpack(packed: bytes) -> pd.DataFrame:
    with pa.ipc.open_stream(packed) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    return frame
