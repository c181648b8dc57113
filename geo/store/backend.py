"""What a backend provides: transactions, the shared tables, and its own SQL where they differ.

`geo.store.sql_store` builds a whole store on these protocols.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.geometry_types import GeometryType
from geo.partitioned import PartitionedIncidents
from geo.store.contract import Subject, Window

# Any, because a driver knows the types of a row's values only when it runs the query.
Row = tuple[Any, ...]


class Database(Protocol):
    """Consistent reads and transactions."""

    @property
    def is_read_only(self) -> bool:
        """Whether it can be read and not changed."""

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state."""

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all."""

    def changing(self) -> AbstractContextManager[None]:
        """One change of a transaction: an error undoes it, even if the caller catches the error."""

    def compact(self) -> None:
        """Write the files anew, without what was deleted; outside of any transaction."""

    def close(self) -> None:
        """Release files and connections."""


class StampedDatabase(Database, Protocol):
    """A database that can tell whether it has changed."""

    def stamp(self) -> Hashable | None:
        """What differs after each change; None where telling it takes a wait."""


class Tables(Protocol):
    """The tables that are alike in every backend: `patchmap_imports`, `patchmap_plans` and so on.

    Statements are plain SQL: `?` stands for a value, and tables are named without a schema.
    """

    def rows(self, statement: str, *values: object) -> list[Row]:
        """The rows of a query.

        Parameters
        ----------
        statement
            A SELECT.
        values
            One for each `?`.

        Returns
        -------
        list
            A tuple for each row; empty if there is none.
        """

    def execute(self, statement: str, *values: object) -> None:
        """Run one statement.

        Parameters
        ----------
        statement
            An INSERT, UPDATE or DELETE.
        values
            One for each `?`.
        """


class BulkTables(Tables, Protocol):
    """The same tables, which many rows at once can be written to."""

    def rows_committed(self, statement: str) -> list[Row]:
        """The rows of a query as others see them, whatever this thread's block has read before.

        Parameters
        ----------
        statement
            A SELECT.

        Returns
        -------
        list
            A tuple for each row.
        """

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert many rows.

        Parameters
        ----------
        table, columns
            Their names, without a schema.
        rows
            A value for each column; None is unknown.
        """


class ImportWriter(Protocol):
    """Writes the rows of one import, and keeps the rows that they replace so it can be undone.

    Rows are incident frames with `import_id` and `partition_id`.
    """

    def take_out_partition(self) -> None:
        """Replace every row that the partition has."""

    def insert(self, rows: pd.DataFrame) -> None:
        """Write rows whose ids are new."""

    def stage(self, rows: pd.DataFrame) -> None:
        """Set rows aside that may have the ids of stored rows. For keyed imports only."""

    def staged_conflict(self) -> tuple[str, str] | None:
        """A staged id that this import or another partition has written, and that partition."""

    def merge_staged(self) -> None:
        """Write the staged rows that are new or differ from the stored row of the same id."""

    def finish(self, replaced_imports: Sequence[int]) -> int:
        """Complete the import and record what it replaced; returns how many rows that were."""

    def wrote_rows(self) -> bool:
        """Whether any stored row belongs to this import, once it is finished."""


class IncidentTable(Protocol):
    """The incidents, which each backend stores in its own way."""

    def read(self, window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
        """Read incidents.

        Parameters
        ----------
        window
            When they occurred; None reads all of them.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        pandas.DataFrame
            One row per incident with these columns; `x` and `y` are metres in the working CRS.
        """

    def read_page(self, start: int, count: int, columns: Sequence[str]) -> pd.DataFrame:
        """Read some incidents in the order of `occurred_from`, then of `fid`.

        Parameters
        ----------
        start, count, columns
            As `geo.store.contract.StoreReader.incident_page` takes them.

        Returns
        -------
        pandas.DataFrame
            These columns.
        """

    def read_one(self, incident_id: str, columns: Sequence[str]) -> pd.DataFrame:
        """Read the incident of an id.

        Parameters
        ----------
        incident_id, columns
            As `geo.store.contract.StoreReader.incident` takes them.

        Returns
        -------
        pandas.DataFrame
            These columns; no row where there is none.
        """

    def read_partitions(
        self, partition_ids: Sequence[str] | None, columns: Sequence[str]
    ) -> PartitionedIncidents:
        """Read incidents in the order of their partitions.

        Parameters
        ----------
        partition_ids
            Read only these partitions; None reads all of them.
        columns
            Some of `geo.incidents.COLUMNS`.

        Returns
        -------
        incidents
            With these columns.
        """

    def numbered_rows(self, partition_id: str) -> pd.DataFrame:
        """The rows whose imports are of a partition; see `geo.columns.ColumnSource`."""

    def locations(self, fids: NDArray[np.int64]) -> dict[int, str]:
        """The location of each of some rows, by their `fid`; see `geo.columns.ColumnSource`."""

    def read_import(self, import_id: int) -> pd.DataFrame:
        """The rows that belong to an import."""

    def count(self) -> int:
        """How many incidents there are."""

    def writer(self, import_id: int, partition_id: str, *, keyed: bool) -> ImportWriter:
        """Begin to write the rows of an import.

        Parameters
        ----------
        import_id
            The import, whose record exists.
        partition_id
            Its partition.
        keyed
            Whether rows will be staged and merged; else they are inserted.

        Returns
        -------
        ImportWriter
            What writes them, inside the present transaction.
        """

    def replaced_imports(self, import_id: int) -> list[int]:
        """The imports that an import replaced, as `ImportWriter.finish` recorded them."""

    def restore(self, import_id: int) -> None:
        """Delete an import's rows and bring back the rows that they replaced."""

    def imports_with_replaced(self) -> list[int]:
        """The imports that still hold rows which they replaced, by id."""

    def purge(self, import_ids: Sequence[int]) -> None:
        """Delete the rows that some imports replaced."""

    def of_source(self, source: str, *, before: pd.Timestamp | None = None) -> pd.DataFrame:
        """The incidents of a source, with their `import_id`.

        Parameters
        ----------
        source
            Its id.
        before
            Only those that occurred earlier.

        Returns
        -------
        pandas.DataFrame
            An incident frame.
        """

    def replaced_of_source(self, source: str) -> list[tuple[int, pd.DataFrame]]:
        """The replaced rows of a source as `of_source` has them, by the import that holds them."""

    def remove(self, incident_ids: Sequence[str]) -> None:
        """Delete incidents."""

    def remove_before(self, source: str, before: pd.Timestamp) -> None:
        """Delete the incidents of a source that occurred before a moment.

        Parameters
        ----------
        source, before
            As `of_source` takes them.
        """

    def remove_replaced(self, import_id: int, incident_ids: Sequence[str]) -> None:
        """Delete some of the rows that an import replaced.

        Parameters
        ----------
        import_id
            The import that holds them.
        incident_ids
            Of the rows.
        """

    def drop_empty_months(self, before: pd.Timestamp) -> None:
        """Drop what holds the months before a moment, where nothing is in it any more."""


class LayerTables(Protocol):
    """The layers: a table of features each."""

    def read(self, table: str, geometry_type: GeometryType) -> gpd.GeoDataFrame:
        """The features of a layer that exists.

        Parameters
        ----------
        table
            The name of its table.
        geometry_type
            The type of its geometries.

        Returns
        -------
        In metres, indexed by their codes.
        """

    def write(
        self,
        table: str,
        features: gpd.GeoDataFrame,
        *,
        title: str,
        metadata: str,
        geometry_type: GeometryType,
    ) -> None:
        """Add or replace a layer.

        Parameters
        ----------
        table
            The name of its table, which is the id that it is stored under.
        features
            See `Store.put_layer`.
        title
            How other programs show the table.
        metadata
            What `SqlStore.layers` reads, as JSON.
        geometry_type
            The type that all geometries are stored as.
        """

    def remove(self, table: str) -> None:
        """Remove the table of a layer and its registration."""


class TaskFeatures(Protocol):
    """How a backend stores the places of tasks, and lets other programs see them as features."""

    def changing(self) -> AbstractContextManager[None]:
        """Rows of the table are added or changed inside; the index is right afterwards."""

    def to_stored(self, wkbs: Sequence[bytes]) -> list[object]:
        """Geometries in the store's CRS as values of the column `geom`."""

    def from_stored(self, values: Sequence[object]) -> list[bytes]:
        """Values of the column `geom` as well-known binary."""


def count_change(tables: Tables, subject: Subject) -> None:
    """Raise the counter of a subject, so the data version names a new state.

    Parameters
    ----------
    tables
        The store's tables, inside a transaction.
    subject
        What has changed.
    """
    tables.execute("UPDATE patchmap_counters SET value = value + 1 WHERE name = ?", subject)


def count_edits(tables: Tables, partition_ids: Iterable[str]) -> None:
    """Count a change of the incidents of some partitions that no import made.

    Parameters
    ----------
    tables
        The store's tables, inside a transaction.
    partition_ids
        The partitions.
    """
    for partition_id in sorted(set(partition_ids)):
        tables.execute(
            "INSERT INTO patchmap_edits (partition_id, changes) VALUES (?, 1) ON CONFLICT"
            " (partition_id) DO UPDATE SET changes = patchmap_edits.changes + 1",
            partition_id,
        )
        count_change(tables, "incidents")
