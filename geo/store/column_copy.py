"""The copy of a store's incidents as columns: made where it pays, checked before each reading."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import pandas as pd

from geo.columns import (
    COPIED,
    ENDING,
    ColumnFolder,
    DamagedError,
    IncidentColumns,
    StoreState,
)
from geo.locate import AreaLocator
from geo.output import naming
from geo.partitioned import PartitionedIncidents
from geo.store.backend import IncidentTable, Tables
from geo.store.contract import LOCATED, Window
from geo.store.import_records import ImportRecords

FEWEST: Final = 10_000
"""Incidents that are read from the store in as little time as anything else takes."""

PAUSE_S: Final = 60.0
"""After a copy could not be made, the store is read for so long before that is tried again."""

_TRIES: Final = 2
"""A damaged file is made again once; what is damaged then too is read from the store."""

Read = TypeVar("Read")


class ColumnCopy:
    """The copy of one store, which is read instead of the store wherever it is of its state.

    Parameters
    ----------
    tables, incidents
        The store's.
    beside
        The folder beside the store; None where the store is no file.
    cache
        Where folders of stores may lie that can have none beside themselves; None for nowhere.
    """

    def __init__(
        self,
        tables: Tables,
        incidents: IncidentTable,
        *,
        beside: Path | None = None,
        cache: Path | None = None,
    ) -> None:
        self._tables = tables
        self._incidents = incidents
        self._records = ImportRecords(tables)
        self._beside, self._cache = beside, cache
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._latest: tuple[StoreState, ColumnFolder, IncidentColumns] | None = None

    def read(self, window: Window | None, columns: Sequence[str]) -> pd.DataFrame | None:
        """Read incidents, inside `reading()`.

        Parameters
        ----------
        window, columns
            As `IncidentTable.read` takes them.

        Returns
        -------
        The incidents; None where they are to be read from the store.
        """
        start, end = (None, None) if window is None else (window.start, window.end)
        return self._read(columns, lambda copied: copied.read(columns, start=start, end=end))

    def partitioned(self, columns: Sequence[str]) -> PartitionedIncidents | None:
        """Read all incidents by partition, inside `reading()`.

        Parameters
        ----------
        columns
            As `IncidentTable.read` takes them.

        Returns
        -------
        The incidents; None where they are to be read from the store.
        """
        return self._read(columns, lambda copied: copied.partitioned(columns))

    def located(
        self, window: Window, columns: Sequence[str], locator: AreaLocator
    ) -> pd.DataFrame | None:
        """Read incidents with their areas, inside `reading()`.

        Parameters
        ----------
        window, columns, locator
            As `geo.store.contract.LocatesIncidents` takes them.

        Returns
        -------
        The columns and `LOCATED`; None where they are to be read from the store.
        """
        start, end = window.start, window.end

        def read(copied: IncidentColumns) -> pd.DataFrame:
            frame = copied.read(columns, start=start, end=end)
            return frame.assign(**{LOCATED: copied.areas(locator, start=start, end=end)})

        return self._read(columns, read)

    def counter(self) -> int:
        """The counter of incidents, by which `forget_changed` is known to be needed."""
        sql = "SELECT value FROM patchmap_counters WHERE name = 'incidents'"
        return int(self._tables.rows(sql)[0][0])

    def forget_changed(self) -> None:
        """Delete the copies of partitions that this transaction has changed, before it commits.

        So what is erased is in no copy from the moment in which it is not in the store.

        Raises
        ------
        StoreError
            If the system does not let them be deleted.
        """
        self._forget(self._records.states())

    def forget(self) -> None:
        """Delete the copy, before the store becomes another one.

        Raises
        ------
        StoreError
            If the system does not let it be deleted.
        """
        self._forget({})

    def _forget(self, but: Mapping[str, str]) -> None:
        for folder in self._folders():
            with naming(folder.path):
                folder.forget(but)

    def _read(self, columns: Sequence[str], read: Callable[[IncidentColumns], Read]) -> Read | None:
        if not set(columns) <= COPIED:
            return None
        for _ in range(_TRIES):
            with self._lock:
                current = self._current()
            if current is None:
                return None
            folder, copied = current
            try:
                return read(copied)
            except DamagedError as damage:
                folder.discard(damage.file)
                self._latest = None
        return None

    def _current(self) -> tuple[ColumnFolder, IncidentColumns] | None:
        """The copy of the store's present state, made now if need be."""
        uuid, counter = self._uuid(), self.counter()
        if self._latest is not None:
            state, folder, copied = self._latest
            if (state.uuid, state.counter) == (uuid, counter):
                return folder, copied
        count = self._incidents.count()
        if count < FEWEST:
            return None
        state = StoreState(uuid, counter, self._records.states(), count)
        for folder, candidate in self._candidates(state):
            if candidate is not None:
                self._not_before = 0.0
                self._latest = state, folder, candidate
                return folder, candidate
        return None

    def _candidates(
        self, state: StoreState
    ) -> Iterator[tuple[ColumnFolder, IncidentColumns | None]]:
        folders = list(self._folders())
        for folder in folders:
            yield folder, folder.current(state, self._incidents.locations)
        # Never in the next one because another process is writing the first.
        first = next((one for one in folders if one.can_be_written), None)
        if first is not None and time.monotonic() >= self._not_before:
            # Else each Question would read the whole store only to find that the disk is full.
            self._not_before = time.monotonic() + PAUSE_S
            yield first, first.refreshed(state, self._incidents)

    def _uuid(self) -> str:
        return str(self._tables.rows("SELECT value FROM patchmap_store WHERE key = 'uuid'")[0][0])

    def _folders(self) -> Iterator[ColumnFolder]:
        """Where the copy may lie: beside the store, or else in the cache."""
        name = self._uuid()
        if self._beside is not None:
            yield ColumnFolder(self._beside)
            # A file that was copied has the UUID of the other one.
            name += f"-{hashlib.sha256(str(self._beside).encode()).hexdigest()[:12]}"
        if self._cache is not None:
            yield ColumnFolder(self._cache / f"{name}{ENDING}")
