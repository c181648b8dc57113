"""The default store: one GeoPackage, written with the standard library's sqlite3.

QGIS opens the file as it is: incidents and each layer are feature tables. What Patchmap alone
needs lies in tables named `patchmap_…`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import Projection
from geo.incidents import COLUMNS, Batch, Partition
from geo.store.contract import (
    Change,
    DataVersion,
    ImportRecord,
    LayerMetadata,
    Setting,
    Window,
)
from geo.store.geopackage import imports as importing
from geo.store.geopackage import plans as planning
from geo.store.geopackage.feature_tables import (
    add_feature_table,
    begin_change,
    drop_feature_table,
    quoted,
    settle,
)
from geo.store.geopackage.geometry_blobs import polygon_blobs, read_blobs
from geo.store.geopackage.incident_rows import read_import_rows, read_incidents
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.layer_ids import find_layer, id_to_store, metadata_text, stored_metadata


class GeoPackageStore:
    """A store in one file. Safe to share between threads; each process opens its own.

    See `SqliteFile` for what opening can raise.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._file = SqliteFile(path, create=create)
        self.projection: Projection = self._file.projection
        if not self._has_incidents():
            with self.transaction():
                # Looked at again: another process may have been quicker.
                if not self._has_incidents():
                    add_feature_table(
                        self._file, "incidents", geometry_type="POINT", title="Incidents"
                    )

    def _has_incidents(self) -> bool:
        found = "SELECT 1 FROM gpkg_contents WHERE table_name = 'incidents'"
        return bool(self._file.rows(found))

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""
        return self._file.reading()

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all."""
        return self._file.transaction()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        counters = dict(self._file.rows("SELECT name, value FROM patchmap_counters"))
        return DataVersion(self._file.fact("uuid"), **counters)

    def layers(self) -> list[LayerMetadata]:
        """The metadata of every layer, in the order they were added."""
        rows = self._file.rows("SELECT papers FROM patchmap_layers ORDER BY added")
        return stored_metadata(text for (text,) in rows)

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and its areas, indexed by `area_code`."""
        metadata = find_layer(self.layers(), layer_id)
        table = metadata.stored_as or metadata.layer_id
        frame = self._file.frame(f"SELECT * FROM {quoted(table)} ORDER BY area_code")
        geometry = read_blobs(frame.pop("geom"))
        for name in self._booleans(table):
            # SQLite gives them as 0 and 1.
            frame[name] = frame[name].map({0: False, 1: True}).astype("boolean")
        frame = frame.drop(columns="fid").set_index("area_code")
        return metadata, gpd.GeoDataFrame(frame, geometry=geometry, crs=self.projection.crs)

    def _booleans(self, table: str) -> list[str]:
        columns = self._file.rows("SELECT name, type FROM pragma_table_info(?)", table)
        return [name for name, kind in columns if kind == "BOOLEAN"]

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents, in no particular order."""
        return read_incidents(self._file, window, columns)

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        if self._file.unsettled:
            return int(self._file.rows("SELECT count(*) FROM incidents")[0][0])
        sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'incidents'"
        return int(self._file.rows(sql)[0][0])

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""
        return importing.read_imports(self._file, history=history)

    def import_rows(self, import_id: int) -> pd.DataFrame:
        """The incidents that an import wrote and that still stand."""
        return read_import_rows(self._file, import_id)

    def setting(self, key: str) -> Setting:
        """A setting's value, None where it was never set."""
        rows = self._file.rows("SELECT value FROM patchmap_settings WHERE key = ?", key)
        value: Setting = json.loads(rows[0][0]) if rows else None
        return value

    def settings(self) -> dict[str, Setting]:
        """Every setting that was set."""
        rows = self._file.rows("SELECT key, value FROM patchmap_settings ORDER BY key")
        return {key: json.loads(value) for key, value in rows}

    def put_layer(self, metadata: LayerMetadata, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the one of the same id whole."""
        table = id_to_store(self.layers(), metadata.layer_id)
        attributes = areas.drop(columns=areas.geometry.name)
        columns = {name: _sql_type(attributes[name]) for name in attributes.columns}
        declared = "".join(f", {quoted(name)} {kind}" for name, kind in columns.items())
        drop_feature_table(self._file, table)
        self._file.execute(
            f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
            f" geom MULTIPOLYGON NOT NULL, area_code TEXT NOT NULL UNIQUE{declared})"
        )
        add_feature_table(
            self._file, table, geometry_type="MULTIPOLYGON", title=metadata.title or table
        )
        blobs = polygon_blobs(areas.geometry.to_numpy(), srs_id=self.projection.code)
        values = attributes.astype(object).where(attributes.notna(), None).to_numpy().tolist()
        begin_change(self._file, table)
        self._file.fill(
            f"INSERT INTO {quoted(table)}"
            f" (geom, area_code{''.join(', ' + quoted(name) for name in columns)})"
            f" VALUES ({', '.join('?' * (len(columns) + 2))})",
            (
                [blob, code, *row]
                for blob, code, row in zip(blobs, areas.index, values, strict=True)
            ),
        )
        settle(self._file, table)
        self._file.execute(
            "INSERT INTO patchmap_layers (layer_id, added, papers)"
            " VALUES (?, (SELECT coalesce(max(added), 0) + 1 FROM patchmap_layers), ?)"
            " ON CONFLICT (layer_id) DO UPDATE SET papers = excluded.papers",
            table,
            metadata_text(metadata, table),
        )
        self._file.count("layers")

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        seen: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, where it is keyed, update it by id."""
        with self._file.savepoint():
            return importing.put_partition(self._file, partition, by=by, seen=seen)

    def undo_import(self, import_id: int) -> ImportRecord:
        """Take an import back and restore what it replaced."""
        with self._file.savepoint():
            return importing.undo_import(self._file, import_id)

    def adopt_import(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Take over an import from another store as it stands there."""
        with self._file.savepoint():
            importing.adopt_import(self._file, record, rows)

    def back_up(self, path: Path) -> None:
        """Copy the store as it is now into a new file, also while others write to it."""
        self._file.copy_to(path)

    def restore(self, path: Path) -> None:
        """Replace everything in this store with a backup; it gets a UUID of its own.

        Raises
        ------
        StoreError, NotFoundError
            If the file is no store that this version can read; this store then stays as it is.
        """
        self._file.restore_from(path)

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting."""
        self._file.execute(
            "INSERT INTO patchmap_settings (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            json.dumps(value),
        )
        self._file.count("settings")

    def plans(self) -> list[dict[str, Any]]:
        """What is told of each plan, without its history, by id."""
        return planning.read_plans(self._file)

    def plan(self, plan_id: str) -> dict[str, Any]:
        """The record of a plan with its history, as it was put."""
        return planning.read_plan(self._file, plan_id)

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        """Save a plan, in place of the version that it was made from."""
        with self._file.savepoint():
            planning.put_plan(self._file, record, based_on=based_on, updated_at=updated_at)

    def remove_plan(self, plan_id: str) -> None:
        """Remove a plan with its history."""
        with self._file.savepoint():
            planning.remove_plan(self._file, plan_id)


def _sql_type(column: pd.Series) -> str:
    known = column.dropna()
    if len(known) and known.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return "BOOLEAN"
    if pd.api.types.is_integer_dtype(column):
        return "INTEGER"
    return "REAL" if pd.api.types.is_numeric_dtype(column) else "TEXT"
