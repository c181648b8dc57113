"""Incidents of a store, and the imports that brought them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import pandas as pd

from geo.incidents import COLUMNS, Batch, IncidentSummary, Partition

ImportState = Literal["current", "replaced", "undone"]
Change = Literal["added", "replaced", "updated", "unchanged"]


@dataclass(frozen=True)
class Window:
    """The incidents that occurred from `start` up to but not at `end`, both UTC."""

    start: pd.Timestamp
    end: pd.Timestamp


@dataclass(frozen=True)
class ImportRecord:
    """What one import of one partition read, accepted, rejected and replaced.

    `state` is `current`, `replaced` (by a later import of the partition) or `undone`. A keyed
    partition can have several current imports: each owns the rows that it wrote last. `purged_at`
    is when the rows that it replaced were purged, so it cannot be undone; else ''.
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
    summary: IncidentSummary
    imported_by: str
    imported_at: str
    state: ImportState
    purged_at: str = ""

    @property
    def rows_rejected(self) -> int:
        """How many rows were rejected, for whatever reason."""
        return self.rows_read - self.rows_accepted


class ImportReader(Protocol):
    """Reads incidents and the records of their imports."""

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents, in no particular order.

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
        ...

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        ...

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""
        ...


class ImportStore(ImportReader, Protocol):
    """Imports incidents and undoes imports."""

    def import_rows(self, import_id: int) -> pd.DataFrame:
        """The incidents that an import wrote and that no later one replaced."""
        ...

    def put_partition(
        self,
        partition: Partition,
        *,
        by: str = "",
        on_batch: Callable[[Batch], None] = lambda _batch: None,
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, if it is keyed, update its rows by id.

        Parameters
        ----------
        partition
            The file to read. If the partition's last import read the same bytes, nothing is read
            or recorded.
        by
            Who imports it.
        on_batch
            Called with each batch once it has been written.

        Returns
        -------
        change
            What happened; `unchanged` also where every row of a keyed file is stored already.
        record
            The new record; the last import's record where nothing changed.

        Raises
        ------
        ConflictError
            If the same file is stored as another partition of its source, or a keyed file names
            an id twice or an id of another partition.
        """
        ...

    def undo_import(self, import_id: int) -> ImportRecord:
        """Undo an import and restore what it replaced; returns its record from before.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is undone or replaced already, if a later import of its partition is current,
            if what it replaced was purged, or if a file would come back that is now stored as
            another partition.
        """
        ...

    def purgeable_imports(self, before: str) -> list[ImportRecord]:
        """The imports that were made before a moment and still hold rows that they replaced.

        Parameters
        ----------
        before
            UTC, as `2024-01-31T00:00:00Z`.

        Returns
        -------
        list of ImportRecord
            By id; with `rows_replaced` rows each.
        """
        ...

    def purge_imports(self, before: str) -> list[ImportRecord]:
        """Remove the rows that the purgeable imports replaced; these can then not be undone.

        No answer is made of these rows, so the data version stays. Until `compact` they can be
        read from the store's files.

        Parameters
        ----------
        before
            As `purgeable_imports` takes it.

        Returns
        -------
        list of ImportRecord
            The imports whose replaced rows were removed, as they were before.
        """
        ...

    def adopt_import(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Copy an import from another store without reading its file.

        What it replaced there is not copied, so an undo here restores nothing.

        Parameters
        ----------
        record
            The record in the other store; the copy gets a new id.
        rows
            Its incidents there, with `geo.incidents.COLUMNS`.
        """
        ...
