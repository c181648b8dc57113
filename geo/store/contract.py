"""What every store promises, whichever file or server keeps it.

Changes happen inside `transaction()`: all of them or none, and a reader sees the store as it
was before or as it is after. Every change moves the counter of what it touched, so that a
data version names a state of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import geopandas as gpd
import pandas as pd

from geo.crs import Projection
from geo.incidents import COLUMNS, Batch, Partition, Summary

Setting = str | int | float | bool | None | list["Setting"] | dict[str, "Setting"]
ImportState = Literal["current", "replaced", "undone"]
Change = Literal["added", "replaced", "updated", "unchanged"]


@dataclass(frozen=True)
class LayerMetadata:
    """What is known of a layer besides its areas.

    Dates are ISO (`2025-05-01`) or empty; `code_field` and `name_field` are the names that the
    file used (`name_field` is empty where areas bear their code); `file` and `sha256` name
    what was read, and `note` what was changed on the way in. `stored_as` is the id that an
    earlier release stored the layer under, where that id is reserved now; else empty.
    """

    layer_id: str
    title: str = ""
    authority: str = ""
    licence: str = ""
    source: str = ""
    valid_from: str = ""
    valid_to: str = ""
    code_field: str = ""
    name_field: str = ""
    file: str = ""
    sha256: str = ""
    note: str = ""
    stored_as: str = ""


@dataclass(frozen=True)
class ImportRecord:
    """What one import of one partition read, took, turned away and replaced.

    `state` is `current`, `replaced` (by a later import of the partition) or `undone`. Keyed
    partitions can have several current imports: each holds the rows that it wrote last.
    """

    import_id: int
    partition_id: str
    source: str
    name: str
    month: str
    file: str
    sha256: str
    rows_read: int
    rows_accepted: int
    rejected_by_reason: dict[str, int]
    rows_replaced: int
    summary: Summary
    imported_by: str
    imported_at: str
    state: ImportState

    @property
    def rows_rejected(self) -> int:
        """Rows that were turned away, for whatever reason."""
        return self.rows_read - self.rows_accepted


@dataclass(frozen=True)
class Window:
    """Which incidents to read: from `start` up to and without `end`, both UTC."""

    start: pd.Timestamp
    end: pd.Timestamp


@dataclass(frozen=True)
class DataVersion:
    """A state of a store: its UUID and the counters of what it holds."""

    uuid: str
    incidents: int
    layers: int
    plans: int
    settings: int

    def __str__(self) -> str:
        """The version as one word, fit for an ETag."""
        return f"{self.uuid}.{self.incidents}.{self.layers}.{self.plans}.{self.settings}"


class StoreReader(Protocol):
    """What can be read. Frames are in the store's working CRS, in metres."""

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""
        ...

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        ...

    def layers(self) -> list[LayerMetadata]:
        """The metadata of every layer, in the order they were added."""
        ...

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and areas: indexed by `area_code`, with `area_name` and attributes.

        Raises
        ------
        NotFoundError
            If there is no such layer; the message names those there are.
        """
        ...

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents, in no particular order, with these columns."""
        ...

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        ...

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""
        ...

    def setting(self, key: str) -> Setting:
        """A setting's value, None where it was never set."""
        ...

    def plans(self) -> list[dict[str, Any]]:
        """What is told of each plan, without its history, by id.

        `plan_id`, `title`, `blocks_layer`, `base_layer`, `version`, `updated_by` (who took the
        last step in force, else who began it), `updated_at` (UTC).
        """
        ...

    def plan(self, plan_id: str) -> dict[str, Any]:
        """The record of a plan with its history, as it was put.

        Raises
        ------
        NotFoundError
            If there is no such plan; the message names those there are.
        """
        ...


class Store(StoreReader, Protocol):
    """What can be read and changed."""

    def import_rows(self, import_id: int) -> pd.DataFrame:
        """The incidents that an import wrote and that still stand."""
        ...

    def settings(self) -> dict[str, Setting]:
        """Every setting that was set."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all; blocks are not nested."""
        ...

    def put_layer(self, metadata: LayerMetadata, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the one of the same id whole."""
        ...

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        seen: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, where it is keyed, update it by id.

        What is there already byte for byte stays, without a new record.

        Parameters
        ----------
        by
            Who imports it.
        seen
            Called with each batch that was read.

        Raises
        ------
        ConflictError
            If the same file is already there as another partition of that source.
        """
        ...

    def undo_import(self, import_id: int) -> ImportRecord:
        """Take an import back and restore what it replaced.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is undone already, or is not the last one of its partition.
        """
        ...

    def adopt_import(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Take over an import from another store as it stands there, without reading its file.

        The record gets an id of this store; what it replaced there is not taken over.
        """
        ...

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting."""
        ...

    def put_plan(self, record: Mapping[str, Any], *, based_on: int, updated_at: str = "") -> None:
        """Save a plan, in place of the version that it was made from.

        Parameters
        ----------
        record
            Plain JSON: its metadata with `begun_by`, its `steps` with `by`, how many are `done`,
            and whatever else belongs to it.
        based_on
            The version that was read; 0 where there was none.
        updated_at
            When it was saved, where that was not now.

        Raises
        ------
        ConflictError
            If another version is stored by now, whichever process put it there.
        """
        ...

    def remove_plan(self, plan_id: str) -> None:
        """Remove a plan with its history.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
