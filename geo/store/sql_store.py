"""A store on top of any backend: what all of them have in common.

The docstrings of its methods are those of `geo.store.contract`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import orjson
import pandas as pd

from geo.distinct_points import PointCounts
from geo.errors import ConflictError
from geo.incidents import ANSWER_COLUMNS, COLUMNS, Batch, Partition
from geo.locate import AreaLocator
from geo.partitioned import PartitionedIncidents
from geo.store.backend import (
    BulkTables,
    IncidentTable,
    LayerTables,
    StampedDatabase,
    TaskFeatures,
    count_change,
)
from geo.store.basemap_tiles import SETTING as BASEMAPS
from geo.store.basemap_tiles import BasemapTiles, records_of, with_record, without_record
from geo.store.column_copy import ColumnCopy, CopyChange
from geo.store.comment_contract import PlanComment
from geo.store.comment_rows import CommentRows
from geo.store.contract import (
    AdoptedLives,
    BasemapRecord,
    Change,
    DataVersion,
    Erasure,
    ImportRecord,
    LayerChange,
    LayerMetadata,
    PlanRecord,
    PlanSummary,
    Setting,
    Store,
    Window,
)
from geo.store.erasures import read_erasures
from geo.store.import_log import ImportLog
from geo.store.layer_changes import LayerChanges
from geo.store.layer_ids import (
    check_areas,
    find_layer,
    id_to_store,
    metadata_text,
    stored_metadata,
)
from geo.store.lives import Lives, records_with_lives
from geo.store.measure_store import SqlMeasureStore
from geo.store.plan_rows import (
    PLAN_COLUMNS,
    SUMMARY_COLUMNS,
    check_version,
    plan_row,
    plan_summary,
    unknown_plan,
)
from geo.store.removals import Removals
from geo.store.tasking_contract import StepRecord, TaskingRecord, TaskingSubject, TaskRow
from geo.store.tasking_rows import TaskingRows
from geo.store.times import now
from geo.tiles.grid import TileRange
from geo.tiles.tile_file import StoredTile


class SqlStore(SqlMeasureStore, Store):
    """A store made of a database, the tables that all backends share, and those that differ."""

    def __init__(
        self,
        database: StampedDatabase,
        *,
        tables: BulkTables,
        incidents: IncidentTable,
        layers: LayerTables,
        tasks: TaskFeatures,
        columns: ColumnCopy,
    ) -> None:
        super().__init__(database, tables)
        self._stamp = database.stamp
        self._tables = tables
        self._incidents = incidents
        self._layers = layers
        self._lives = Lives(tables)
        self._tasking = TaskingRows(tables, tasks)
        self._comments = CommentRows(tables)
        self._imports = ImportLog(tables, incidents, self._lives)
        self._removals = Removals(tables, incidents, self._lives)
        self._changes = LayerChanges(tables)
        self._tiles = BasemapTiles(tables)
        self._columns = columns
        self._own = threading.local()
        self._before_commit: Callable[[], None] = lambda: None

    @property
    def is_read_only(self) -> bool:
        return self._database.is_read_only

    def stamp(self) -> Hashable | None:
        return self._stamp()

    def reading(self) -> AbstractContextManager[None]:
        return self._database.reading()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._columns.changing() as copies, self._database.transaction():
            before = self._columns.version()
            self._own.copies = copies
            try:
                yield
                self._before_commit()
            finally:
                self._own.copies = None
            if copies.is_held or self._columns.version() != before:
                copies.drop_changed()

    def before_commit(self, action: Callable[[], None]) -> None:
        self._before_commit = action

    def compact(self) -> None:
        self._database.compact()

    def close(self) -> None:
        self._database.close()

    def data_version(self) -> DataVersion:
        # The UUID changes only at a restore, so two statements still describe one state.
        counters: dict[str, int] = dict(
            self._tables.rows("SELECT name, value FROM patchmap_counters")
        )
        uuid = self._tables.rows("SELECT value FROM patchmap_store WHERE key = 'uuid'")
        return DataVersion(uuid[0][0], **counters)

    def layers(self) -> list[LayerMetadata]:
        # The column is called `papers` in stores of every release, so it keeps that name.
        rows = self._tables.rows("SELECT papers FROM patchmap_layers ORDER BY added")
        return stored_metadata(text for (text,) in rows)

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        with self.reading():
            layers = self.layers()
            check_areas(layers, find_layer(layers, layer_id))
            return self.features(layer_id)

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        with self.reading():
            metadata = find_layer(self.layers(), layer_id)
            table = metadata.stored_as or metadata.layer_id
            return metadata, self._layers.read(table, metadata.geometry_type)

    def put_layer(
        self, metadata: LayerMetadata, features: gpd.GeoDataFrame, *, by: str = "", what: str = ""
    ) -> None:
        with self._database.changing():
            # Inside the change, so no other process adds a layer of this id in between.
            layers = self.layers()
            table = id_to_store(layers, metadata.layer_id)
            before = next((one for one in layers if one.layer_id == metadata.layer_id), None)
            former = None if before is None else self._layers.read(table, before.geometry_type)
            change = LayerChange(
                change_id=0,
                layer_id=metadata.layer_id,
                what=what or metadata.file,
                areas=len(features),
                areas_before=0 if former is None else len(former),
                changed_by=by,
                changed_at="",
                state="current",
            )
            text = "" if before is None else metadata_text(before, table)
            self._changes.add(change, text, former)
            self._write_layer(table, metadata, features)

    def layer_changes(self) -> list[LayerChange]:
        return self._changes.history()

    def undo_layer_change(self, change_id: int) -> LayerChange:
        with self._database.changing():
            change = self._changes.undoable(change_id)
            current = find_layer(self.layers(), change.layer_id)
            table = current.stored_as or current.layer_id
            replaced = self._changes.replaced(change_id, crs=self.projection.crs)
            if replaced is None:
                self._remove_layer(change.layer_id, table)
            else:
                text, features = replaced
                former = LayerMetadata(**json.loads(text))
                self._write_layer(table, replace(former, layer_id=change.layer_id), features)
            self._changes.set_undone(change_id)
            return change

    def _write_layer(self, table: str, metadata: LayerMetadata, features: gpd.GeoDataFrame) -> None:
        self._layers.write(
            table,
            features,
            title=metadata.title or metadata.layer_id,
            metadata=metadata_text(metadata, table),
            geometry_type=metadata.geometry_type,
        )
        count_change(self._tables, "layers")

    def _remove_layer(self, layer_id: str, table: str) -> None:
        for plan in self.plans():
            if layer_id in (plan["blocks_layer"], plan["base_layer"]):
                raise ConflictError(
                    f"{layer_id} cannot be removed: the plan {plan['plan_id']} is made of it"
                )
        if reason := self._measured_on(layer_id):
            raise ConflictError(f"{layer_id} cannot be removed: {reason}")
        self._layers.remove(table)
        count_change(self._tables, "layers")
        for key in ("default_layer", "ground"):
            if self.setting(key) == layer_id:
                self.put_setting(key, None)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        if not self._is_changing:
            with self.reading():
                copied = self._columns.read(window, columns)
                return self._incidents.read(window, columns) if copied is None else copied
        return self._incidents.read(window, columns)

    def incident_page(self, start: int, count: int, *, columns: Sequence[str]) -> pd.DataFrame:
        return self._incidents.read_page(start, count, columns)

    def incident(self, incident_id: str, *, columns: Sequence[str]) -> pd.DataFrame:
        return self._incidents.read_one(incident_id, columns)

    def located_incidents(
        self, window: Window, columns: Sequence[str], locator: AreaLocator
    ) -> pd.DataFrame:
        with self.reading():
            if not self._is_changing:
                located = self._columns.located(window, columns, locator)
                if located is not None:
                    return located
            return self._incidents.read(window, columns)

    def point_counts(self, window: Window | None = None) -> PointCounts | None:
        if self._is_changing:
            return None
        with self.reading():
            return self._columns.point_counts(window)

    @property
    def _is_changing(self) -> bool:
        """Whether this thread is inside a transaction, of which no copy may be made."""
        return self._copies is not None

    @property
    def _copies(self) -> CopyChange | None:
        """The copies in this thread's transaction."""
        copies: CopyChange | None = getattr(self._own, "copies", None)
        return copies

    @contextmanager
    def _removing(self) -> Iterator[None]:
        """A change that removes rows for good, also from the copies."""
        if self._copies is not None:
            self._copies.hold()
        with self._database.changing():
            yield

    def partitioned_incidents(
        self, partition_ids: Sequence[str] | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> PartitionedIncidents:
        if partition_ids is None and not self._is_changing:
            with self.reading():
                copied = self._columns.partitioned(columns)
                return self._incidents.read_partitions(None, columns) if copied is None else copied
        return self._incidents.read_partitions(partition_ids, columns)

    def partition_changes(self) -> dict[str, int]:
        return self._imports.partition_changes()

    def incident_count(self) -> int:
        return self._incidents.count()

    def records(self) -> pd.DataFrame:
        with self.reading():
            lives = self._lives.current()
            partitions = sorted(lives["partition_id"].unique())
            names = ("incident_id", *ANSWER_COLUMNS)
            rows = self._incidents.read_partitions(partitions, names).frame
        return records_with_lives(rows, lives)

    def closed_spells(self) -> pd.DataFrame:
        return self._lives.closed_spells()

    def placeless_count(self) -> int:
        return self._lives.placeless_count()

    def life_events(self) -> pd.DataFrame:
        return self._lives.events()

    def import_lives(self, import_id: int) -> AdoptedLives:
        return AdoptedLives(self._lives.of_import(import_id), self._lives.events(import_id))

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        return self._imports.records(history=history)

    def import_rows(self, import_id: int) -> pd.DataFrame:
        return self._incidents.read_import(import_id)

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        on_batch: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        with self._database.changing():
            return self._imports.put(partition, by=by, on_batch=on_batch)

    def undo_import(self, import_id: int) -> ImportRecord:
        with self._database.changing():
            return self._imports.undo(import_id)

    def purgeable_imports(self, before: str) -> list[ImportRecord]:
        with self.reading():
            return self._imports.purgeable(before)

    def purge_imports(self, before: str) -> list[ImportRecord]:
        with self._database.changing():
            return self._imports.purge(before)

    def erasure_of(
        self, source: str, incident_id: str, *, by: str = "", reason: str = ""
    ) -> Erasure:
        with self.reading():
            return self._removals.erasure(source, incident_id, by=by, reason=reason)

    def erasures(self) -> list[Erasure]:
        return read_erasures(self._tables)

    def put_erasures(self, erasures: Sequence[Erasure]) -> int:
        with self._removing():
            return self._removals.apply(erasures)

    def copies_out_of_reach(self) -> list[Path]:
        return self._columns.out_of_reach()

    def expirable_incidents(self, source: str, before: pd.Timestamp) -> int:
        with self.reading():
            return self._removals.expirable(source, before)

    def expire_incidents(self, source: str, before: pd.Timestamp) -> int:
        with self._removing():
            return self._removals.expire(source, before)

    def adopt_import(
        self, record: ImportRecord, rows: pd.DataFrame, lives: AdoptedLives | None = None
    ) -> None:
        with self._database.changing():
            self._imports.adopt(record, rows, lives)

    def setting(self, key: str) -> Setting:
        rows = self._tables.rows("SELECT value FROM patchmap_settings WHERE key = ?", key)
        value: Setting = json.loads(rows[0][0]) if rows else None
        return value

    def settings(self) -> dict[str, Setting]:
        # Sorted here, because PostgreSQL would sort by the language of its database.
        rows = sorted(self._tables.rows("SELECT key, value FROM patchmap_settings"))
        return {key: json.loads(value) for key, value in rows}

    def put_setting(self, key: str, value: Setting) -> None:
        with self._database.changing():
            self._tables.execute(
                "INSERT INTO patchmap_settings (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                key,
                json.dumps(value),
            )
            count_change(self._tables, "settings")

    def plans(self) -> list[PlanSummary]:
        rows = self._tables.rows(
            f"SELECT {', '.join(SUMMARY_COLUMNS)} FROM patchmap_plans ORDER BY plan_id"
        )
        return [plan_summary(row) for row in rows]

    def plan(self, plan_id: str) -> PlanRecord:
        rows = self._tables.rows("SELECT record FROM patchmap_plans WHERE plan_id = ?", plan_id)
        if not rows:
            raise unknown_plan(plan_id, [plan["plan_id"] for plan in self.plans()])
        record: PlanRecord = orjson.loads(rows[0][0])
        return record

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        plan_id = record["plan_id"]
        with self._database.changing():
            rows = self._tables.rows(
                "SELECT version FROM patchmap_plans WHERE plan_id = ?", plan_id
            )
            check_version(plan_id, rows[0][0] if rows else 0, based_on=based_on)
            updates = ", ".join(f"{name} = excluded.{name}" for name in PLAN_COLUMNS[1:])
            self._tables.execute(
                f"INSERT INTO patchmap_plans ({', '.join(PLAN_COLUMNS)})"
                f" VALUES ({', '.join('?' * len(PLAN_COLUMNS))})"
                f" ON CONFLICT (plan_id) DO UPDATE SET {updates}",
                *plan_row(record, updated_at=updated_at or now()),
            )
            count_change(self._tables, "plans")

    def remove_plan(self, plan_id: str) -> None:
        with self._database.changing():
            self.plan(plan_id)  # raises where there is none
            self._comments.remove_of_plan(plan_id)
            self._tables.execute("DELETE FROM patchmap_plans WHERE plan_id = ?", plan_id)
            count_change(self._tables, "plans")

    def plan_comments(self, plan_id: str) -> list[PlanComment]:
        return self._comments.of_plan(plan_id)

    def add_plan_comments(self, comments: Sequence[PlanComment]) -> list[PlanComment]:
        with self._database.changing():
            for plan_id in {comment.plan_id for comment in comments}:
                self.plan(plan_id)  # raises where there is none
            return self._comments.add(comments)

    def put_plan_comment(self, comment: PlanComment) -> None:
        with self._database.changing():
            self._comments.put(comment)

    def remove_plan_comments(self, plan_id: str, numbers: Sequence[int]) -> None:
        with self._database.changing():
            self._comments.remove(plan_id, numbers)

    def tasks(self) -> list[TaskRow]:
        return self._tasking.tasks()

    def tasking(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None = None
    ) -> dict[str, list[StepRecord]]:
        with self.reading():
            return self._tasking.steps(subject, record_ids)

    def tasking_ids(self, subject: TaskingSubject) -> list[str]:
        return self._tasking.ids(subject)

    def tasking_of_meeting(self, meeting_id: str) -> list[tuple[TaskingSubject, str]]:
        return self._tasking.of_meeting(meeting_id)

    def put_tasking(self, records: Sequence[TaskingRecord]) -> None:
        with self._database.changing():
            self._tasking.put(records)

    def basemaps(self) -> list[BasemapRecord]:
        return records_of(self.setting(BASEMAPS))

    def basemap_tile(self, basemap_id: str, zoom: int, column: int, row: int) -> bytes | None:
        return self._tiles.read(basemap_id, (zoom, column, row))

    def basemap_tiles(
        self, basemap_id: str, *, among: TileRange | None = None
    ) -> Iterator[StoredTile]:
        return self._tiles.read_all(basemap_id, among=among)

    def put_basemap(self, record: BasemapRecord, tiles: Iterable[StoredTile]) -> BasemapRecord:
        with self._database.changing():
            counted = self._tiles.write(record["basemap_id"], tiles)
            stored = cast("BasemapRecord", {**record, **counted})
            self.put_setting(BASEMAPS, with_record(self.basemaps(), stored))
            return stored

    def remove_basemap(self, basemap_id: str) -> None:
        with self._database.changing():
            self.put_setting(BASEMAPS, without_record(self.basemaps(), basemap_id))
            self._tiles.delete(basemap_id)
