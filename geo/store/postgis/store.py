"""The store for many: a schema of a PostgreSQL database with PostGIS.

QGIS and other tools read `patchmap.incidents` and a table for each layer as they are. What
Patchmap alone needs lies in tables named `patchmap_…`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import geopandas as gpd
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
from geo.store.postgis import imports as importing
from geo.store.postgis import layers
from geo.store.postgis import plans as planning
from geo.store.postgis.records import read_imports
from geo.store.postgis.server import Server
from geo.store.postgis.setup import prepare


class PostgisStore:
    """A store in a database. Safe to share between threads and with other processes.

    Parameters
    ----------
    url
        `postgresql://user@host:5432/database`, or any other connection string of PostgreSQL.
    create
        Make the store where the database holds none.
    pool_size
        How many connections to hold at most.

    Raises
    ------
    InputError
        If the address is not one of PostgreSQL's.
    NotFoundError
        If there is no such database, or it holds no store and none is to be made.
    StoreError
        If the database cannot be reached, lacks PostGIS, or a newer version wrote the store.
    ConflictError
        If a migration that was applied is not the known one.
    """

    def __init__(self, url: str, *, create: bool = False, pool_size: int = 4) -> None:
        self._server = Server(url, pool_size=pool_size)
        try:
            self.projection: Projection = prepare(self._server, create=create)
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The database as messages name it, without a password."""
        return self._server.name

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""
        return self._server.reading()

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all; other writers wait."""
        return self._server.transaction()

    def close(self) -> None:
        """Let go of every connection."""
        self._server.close()

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        # The UUID never changes, so that this is one state although it is read in two steps.
        rows = self._server.rows("SELECT name, value FROM patchmap.patchmap_counters")
        counters: dict[str, int] = dict(rows)
        return DataVersion(self._server.fact("uuid"), **counters)

    def layers(self) -> list[LayerMetadata]:
        """The metadata of every layer, in the order they were added."""
        return layers.read_metadata(self._server)

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and its areas, indexed by `area_code`."""
        with self.reading():
            return layers.read_layer(self._server, layer_id, self.projection)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents, partition by partition in the order of their lines."""
        return importing.read_incidents(self._server, window, columns)

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        return int(self._server.rows("SELECT feature_count FROM patchmap.patchmap_totals")[0][0])

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""
        return read_imports(self._server, history=history)

    def import_rows(self, import_id: int) -> pd.DataFrame:
        """The incidents that an import wrote and that still stand."""
        return importing.read_import_rows(self._server, import_id)

    def setting(self, key: str) -> Setting:
        """A setting's value, None where it was never set."""
        rows = self._server.rows("SELECT value FROM patchmap.patchmap_settings WHERE key = %s", key)
        value: Setting = json.loads(rows[0][0]) if rows else None
        return value

    def settings(self) -> dict[str, Setting]:
        """Every setting that was set."""
        rows = self._server.rows(
            'SELECT key, value FROM patchmap.patchmap_settings ORDER BY key COLLATE "C"'
        )
        return {key: json.loads(value) for key, value in rows}

    def put_layer(self, metadata: LayerMetadata, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the one of the same id whole."""
        with self._server.changing():
            layers.put_layer(self._server, metadata, areas, self.projection)

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        seen: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, where it is keyed, update it by id."""
        with self._server.changing():
            return importing.put_partition(
                self._server, partition, projection=self.projection, by=by, seen=seen
            )

    def undo_import(self, import_id: int) -> ImportRecord:
        """Take an import back and restore what it replaced."""
        with self._server.changing():
            return importing.undo_import(self._server, import_id)

    def adopt_import(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Take over an import from another store as it stands there."""
        with self._server.changing():
            importing.adopt_import(self._server, record, rows, projection=self.projection)

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting."""
        with self._server.changing():
            self._server.execute(
                "INSERT INTO patchmap.patchmap_settings (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                key,
                json.dumps(value),
            )
            self._server.count("settings")

    def plans(self) -> list[dict[str, Any]]:
        """What is told of each plan, without its history, by id."""
        return planning.read_plans(self._server)

    def plan(self, plan_id: str) -> dict[str, Any]:
        """The record of a plan with its history, as it was put."""
        return planning.read_plan(self._server, plan_id)

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        """Save a plan, in place of the version that it was made from."""
        with self._server.changing():
            planning.put_plan(self._server, record, based_on=based_on, updated_at=updated_at)

    def remove_plan(self, plan_id: str) -> None:
        """Remove a plan with its history."""
        with self._server.changing():
            planning.remove_plan(self._server, plan_id)
