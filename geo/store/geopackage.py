"""The default store: one GeoPackage, written with the standard library's sqlite3.

QGIS opens the file as it is: incidents and each layer are feature tables. What Patchmap alone
needs lies in tables named `patchmap_…`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import WGS84, Projection, wkt1
from geo.errors import ConflictError, NotFoundError, StoreError
from geo.incidents import Partition, empty_incidents
from geo.store.contract import (
    DataVersion,
    ImportRecord,
    LayerPapers,
    PartitionChange,
    Setting,
    check_layer_id,
)
from geo.store.geometry_blobs import point_blobs, polygon_blobs, read_blobs, read_point_blobs
from geo.store.migrations import migrations

APPLICATION_ID = 0x47504B47  # "GPKG"
GEOPACKAGE_VERSION = 10300
BUSY_TIMEOUT_S = 30.0

_TEXT_COLUMNS = ("incident_id", "source", "category", "precision", "location", "reference")


class GeoPackageStore:
    """A store in one file. Safe to share between threads; each process opens its own."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        is_new = not path.exists() or path.stat().st_size == 0
        if is_new and not create:
            raise NotFoundError(
                f"there is no store at {path}; 'patchmap layers add' or 'patchmap demo' makes one"
            )
        self._lock = threading.RLock()
        self._connection = _connect(path)
        try:
            if is_new:
                self._create()
            self._migrate()
            self.projection = self._read_projection()
        except BaseException:
            self.close()
            raise

    # ---- reading -------------------------------------------------------------------------

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        counters = dict(self._rows("SELECT name, value FROM patchmap_counters"))
        return DataVersion(self._fact("uuid"), **counters)

    def layers(self) -> list[LayerPapers]:
        """The papers of every layer, in the order they were added."""
        rows = self._rows("SELECT papers FROM patchmap_layers ORDER BY added")
        return [LayerPapers(**json.loads(papers)) for (papers,) in rows]

    def layer(self, layer_id: str) -> tuple[LayerPapers, gpd.GeoDataFrame]:
        """A layer's papers and its areas, indexed by `area_code`."""
        papers = {layer.layer_id: layer for layer in self.layers()}
        if layer_id not in papers:
            there_are = ", ".join(papers) or "none yet"
            raise NotFoundError(f"there is no layer {layer_id!r}; there are: {there_are}")
        with self._lock:
            cursor = self._connection.execute(
                f"SELECT * FROM {_quoted(layer_id)} ORDER BY area_code"
            )
            names = [column[0] for column in cursor.description]
            frame = pd.DataFrame(cursor.fetchall(), columns=names)
        geometry = read_blobs(frame.pop("geom"))
        frame = frame.drop(columns="fid").set_index("area_code")
        return papers[layer_id], gpd.GeoDataFrame(frame, geometry=geometry, crs=self.projection.crs)

    def incidents(self) -> pd.DataFrame:
        """Every accepted incident, partition by partition in the order of its lines."""
        # The names are this module's own, no value of a user's is part of any statement here.
        rows = self._rows(
            f"SELECT geom, occurred_from, occurred_to, {', '.join(_TEXT_COLUMNS)}"
            " FROM incidents ORDER BY partition_id, fid"
        )
        if not rows:
            return empty_incidents()
        blobs, occurred_from, occurred_to, *texts = zip(*rows, strict=True)
        frame = pd.DataFrame(dict(zip(_TEXT_COLUMNS, map(list, texts), strict=True)))
        for name in ("source", "category", "precision", "location"):
            frame[name] = frame[name].astype("category")
        frame["occurred_from"] = _from_iso(occurred_from)
        frame["occurred_to"] = _from_iso(occurred_to)
        frame["x"], frame["y"] = read_point_blobs(list(blobs))
        return frame

    def imports(self) -> list[ImportRecord]:
        """The record of every partition in the store, by id."""
        rows = self._rows(
            "SELECT partition_id, source, force, month, file, sha256, rows_read, rows_accepted,"
            " rejected_by_reason, imported_at FROM patchmap_imports ORDER BY partition_id"
        )
        return [
            ImportRecord(*facts, json.loads(reasons), imported_at)  # type: ignore[call-arg]
            for *facts, reasons, imported_at in rows
        ]

    def setting(self, key: str) -> Setting:
        """A setting's value, None where it was never set."""
        rows = self._rows("SELECT value FROM patchmap_settings WHERE key = ?", key)
        value: Setting = json.loads(rows[0][0]) if rows else None
        return value

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All reads made inside see one state of the store."""
        with self._lock, _as_store_error(self.path):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.rollback()

    # ---- changing ------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside happen together or not at all."""
        with self._lock, _as_store_error(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # Does nothing where a full disk has already rolled back by itself.
                self._connection.rollback()
                raise

    def put_layer(self, papers: LayerPapers, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the one of the same id whole."""
        check_layer_id(papers.layer_id)
        table = _quoted(papers.layer_id)
        attributes = areas.drop(columns=areas.geometry.name)
        columns = {name: _sql_type(attributes[name]) for name in attributes.columns}
        declared = "".join(f", {_quoted(name)} {kind}" for name, kind in columns.items())
        self._execute(f"DROP TABLE IF EXISTS {table}")
        self._execute(
            f"CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
            f" geom MULTIPOLYGON NOT NULL, area_code TEXT NOT NULL UNIQUE{declared})"
        )
        blobs = polygon_blobs(areas.geometry.to_numpy(), srs_id=self.projection.code)
        values = attributes.astype(object).where(attributes.notna(), None).to_numpy().tolist()
        self._fill(
            f"INSERT INTO {table} (geom, area_code{''.join(', ' + _quoted(c) for c in columns)})"
            f" VALUES ({', '.join('?' * (len(columns) + 2))})",
            (
                [blob, code, *row]
                for blob, code, row in zip(blobs, areas.index, values, strict=True)
            ),
        )
        self._register(
            papers.layer_id,
            papers.title,
            geometry_type="MULTIPOLYGON",
            bounds=areas.total_bounds,
        )
        self._execute(
            "INSERT INTO patchmap_layers (layer_id, added, papers)"
            " VALUES (?, (SELECT coalesce(max(added), 0) + 1 FROM patchmap_layers), ?)"
            " ON CONFLICT (layer_id) DO UPDATE SET papers = excluded.papers",
            papers.layer_id,
            json.dumps(asdict(papers)),
        )
        self._count("layers")

    def put_partitions(self, partitions: Iterable[Partition]) -> list[PartitionChange]:
        """Replace each partition whole; one that is already there byte for byte stays."""
        there = {record.partition_id: record.sha256 for record in self.imports()}
        changes: list[PartitionChange] = []
        for partition in partitions:
            known = there.get(partition.partition_id)
            if known == partition.sha256:
                changes.append("unchanged")
                continue
            self._execute(
                "DELETE FROM patchmap_imports WHERE partition_id = ?", partition.partition_id
            )
            self._insert_partition(partition)
            there[partition.partition_id] = partition.sha256
            changes.append("replaced" if known else "added")
        if set(changes) - {"unchanged"}:
            self._register_incidents()
            self._count("incidents")
        return changes

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting."""
        self._execute(
            "INSERT INTO patchmap_settings (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            json.dumps(value),
        )
        self._count("settings")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    # ---- inside --------------------------------------------------------------------------

    def _insert_partition(self, partition: Partition) -> None:
        self._execute(
            "INSERT INTO patchmap_imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            partition.partition_id,
            partition.source,
            partition.force,
            partition.month,
            partition.file,
            partition.sha256,
            partition.rows_read,
            len(partition.accepted),
            json.dumps(partition.rejected_by_reason),
            _now(),
        )
        frame = partition.accepted
        blobs = point_blobs(
            frame["x"].to_numpy(), frame["y"].to_numpy(), srs_id=self.projection.code
        )
        texts = (frame[name].astype(str).to_list() for name in _TEXT_COLUMNS)
        marks = ", ".join("?" * (len(_TEXT_COLUMNS) + 4))
        self._fill(
            "INSERT INTO incidents (geom, partition_id, occurred_from, occurred_to,"
            f" {', '.join(_TEXT_COLUMNS)}) VALUES ({marks})",
            zip(
                blobs,
                [partition.partition_id] * len(frame),
                _to_iso(frame["occurred_from"]),
                _to_iso(frame["occurred_to"]),
                *texts,
                strict=True,
            ),
        )

    def _register_incidents(self) -> None:
        blobs = [blob for (blob,) in self._rows("SELECT geom FROM incidents")]
        bounds = np.full(4, np.nan)
        if blobs:
            x, y = read_point_blobs(blobs)
            bounds = np.array([x.min(), y.min(), x.max(), y.max()])
        self._register("incidents", "Incidents", geometry_type="POINT", bounds=bounds)

    def _register(
        self, table: str, title: str, *, geometry_type: str, bounds: NDArray[np.float64]
    ) -> None:
        box = [None if np.isnan(value) else float(value) for value in bounds]
        self._execute("DELETE FROM gpkg_geometry_columns WHERE table_name = ?", table)
        self._execute("DELETE FROM gpkg_contents WHERE table_name = ?", table)
        self._execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description,"
            " min_x, min_y, max_x, max_y, srs_id) VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?)",
            table,
            table,
            title,
            *box,
            self.projection.code,
        )
        self._execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
            table,
            geometry_type,
            self.projection.code,
        )

    def _create(self) -> None:
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {GEOPACKAGE_VERSION}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS patchmap_migrations (number INTEGER PRIMARY KEY,"
            " name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at DATETIME NOT NULL)"
        )

    def _migrate(self) -> None:
        """Apply the steps that the store lacks, each once, all of them or none."""
        with self.transaction():
            try:
                applied = dict(self._rows("SELECT number, sha256 FROM patchmap_migrations"))
            except sqlite3.OperationalError as error:
                raise StoreError(f"{self.path} holds data, but it is no Patchmap store") from error
            known = {step.number: step for step in migrations("sqlite")}
            if set(applied) - set(known):
                raise StoreError(f"{self.path} was written by a newer Patchmap; update this one")
            for number, step in known.items():
                if number not in applied:
                    for statement in _statements(step.sql):
                        self._execute(statement)
                    self._execute(
                        "INSERT INTO patchmap_migrations VALUES (?, ?, ?, ?)",
                        number,
                        step.name,
                        step.sha256,
                        _now(),
                    )
                elif applied[number] != step.sha256:
                    raise ConflictError(f"migration {number} of {self.path} is not the known one")
            if not applied:
                self._write_first_facts()

    def _write_first_facts(self) -> None:
        projection = Projection.choose()
        systems = [
            ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
            ("Undefined geographic", 0, "NONE", 0, "undefined", None),
        ]
        for name in (WGS84, projection.crs):
            authority, _, code = name.partition(":")
            systems.append((name, int(code), authority, int(code), wkt1(name), None))
        self._fill("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems)
        facts = {"uuid": str(uuid.uuid4()), "projection": json.dumps(asdict(projection))}
        self._fill("INSERT INTO patchmap_store VALUES (?, ?)", facts.items())
        self.projection = projection
        self._register_incidents()

    def _read_projection(self) -> Projection:
        return Projection(**json.loads(self._fact("projection")))

    def _fact(self, key: str) -> str:
        return str(self._rows("SELECT value FROM patchmap_store WHERE key = ?", key)[0][0])

    def _count(self, counter: str) -> None:
        self._execute("UPDATE patchmap_counters SET value = value + 1 WHERE name = ?", counter)

    def _rows(self, sql: str, *values: object) -> list[tuple]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _execute(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)

    def _fill(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)


def _connect(path: Path) -> sqlite3.Connection:
    with _as_store_error(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            # On every connect: QGIS takes write-ahead logging off when it closes a file.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the store {path} cannot be used: {error}") from error


def _statements(sql: str) -> Iterator[str]:
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "BOOLEAN"
    if pd.api.types.is_integer_dtype(column):
        return "INTEGER"
    return "REAL" if pd.api.types.is_numeric_dtype(column) else "TEXT"


def _to_iso(times: pd.Series) -> list[str]:
    naive = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    texts = np.datetime_as_string(naive.astype("datetime64[s]"))
    return [f"{text}Z" for text in texts.tolist()]


def _from_iso(texts: Iterable[str]) -> pd.Series:
    moments = np.array([text[:19] for text in texts], dtype="datetime64[s]")
    return pd.Series(moments).dt.tz_localize("UTC")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
