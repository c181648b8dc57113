"""The copy of a store's incidents as columns: made where it pays, checked before each reading."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
from geo.distinct_points import PointCounts
from geo.errors import StoreError
from geo.locate import AreaLocator
from geo.output import naming
from geo.partitioned import PartitionedIncidents
from geo.store.backend import BulkTables, IncidentTable
from geo.store.contract import LOCATED, Window
from geo.store.import_records import ImportRecords

FEWEST: Final = 10_000
"""Incidents that are read from the store in as little time as anything else takes."""

PAUSE_S: Final = 60.0
"""After a copy could not be made, the store is read for so long before that is tried again."""

_TRIES: Final = 2
"""A damaged file is made again once; what is damaged then too is read from the store."""

_VERSION: Final = (
    "SELECT s.value, c.value FROM patchmap_store AS s, patchmap_counters AS c"
    " WHERE s.key = 'uuid' AND c.name = 'incidents'"
)
"""The store's UUID, and the counter of its incidents."""

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
        tables: BulkTables,
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
            As `geo.store.contract.KeepsPlaces` takes them.

        Returns
        -------
        The columns and `LOCATED`; None where they are to be read from the store.
        """
        start, end = window.start, window.end

        def read(copied: IncidentColumns) -> pd.DataFrame:
            frame, areas = copied.located(columns, locator, start=start, end=end)
            return frame.assign(**{LOCATED: pd.Series(areas, copy=False)})

        return self._read(columns, read)

    def point_counts(self, window: Window | None) -> PointCounts | None:
        """Count incidents by source, month and point, inside `reading()`.

        Parameters
        ----------
        window
            As `IncidentTable.read` takes it.

        Returns
        -------
        The counts; None where they are to be read from the store.
        """
        start, end = (None, None) if window is None else (window.start, window.end)
        return self._read((), lambda copied: copied.point_counts(start=start, end=end))

    def version(self) -> tuple[str, int]:
        """The store's UUID and the counter of its incidents, by which changes are noticed."""
        [(uuid, counter)] = self._tables.rows(_VERSION)
        return str(uuid), int(counter)

    @contextmanager
    def changing(self) -> Iterator[CopyChange]:
        """What a transaction does to the copies; begun before it, and ended after it."""
        with ExitStack() as locks:
            yield CopyChange(self._folders, self.version, self._records, locks)

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Delete the copies, and let none be made while the store becomes another one.

        Raises
        ------
        StoreError
            If the system does not let them be deleted.
        """
        with self.changing() as change:
            change.hold()
            change.drop_all()
            yield

    def out_of_reach(self) -> list[Path]:
        """The copies that this user can neither read nor change."""
        return [folder.path for folder in self._folders() if folder.is_out_of_reach]

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
                with self._lock:
                    self._latest = None
        return None

    def _current(self) -> tuple[ColumnFolder, IncidentColumns] | None:
        """The copy of the store's present state, made now if need be."""
        uuid, counter = self.version()
        partitions = self._records.states()
        if self._latest is not None:
            state, folder, copied = self._latest
            # After a restore by other means than ours counters may repeat.
            if (state.uuid, state.counter, state.partitions) == (uuid, counter, partitions):
                return folder, copied
        count = self._incidents.count()
        if count < FEWEST:
            # Made while there were more, and not read again: what is erased may be in it.
            for folder in self._folders():
                folder.clear()
            return None
        state = StoreState(uuid, counter, partitions, count)
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
            copied = first.refreshed(
                state, self._incidents, is_latest=lambda: self._is_latest(state)
            )
            yield first, copied

    def _is_latest(self, state: StoreState) -> bool:
        """Whether all see the store in this state; this thread may have begun to read it before."""
        try:
            [latest] = self._tables.rows_committed(_VERSION)
        except StoreError:
            return False  # the server has no connection left, say
        return latest == (state.uuid, state.counter)

    def _folders(self) -> Iterator[ColumnFolder]:
        """Where the copy may lie: beside the store, or else in the cache."""
        name, _ = self.version()
        if self._beside is not None:
            yield ColumnFolder(self._beside)
            # A file that was copied has the UUID of the other one.
            name += f"-{hashlib.sha256(str(self._beside).encode()).hexdigest()[:12]}"
        if self._cache is not None:
            yield ColumnFolder(self._cache / f"{name}{ENDING}")


class CopyChange:
    """The copies of a store in one transaction.

    Parameters
    ----------
    folders, version, records
        Where copies may lie, and what tells the state of the store, inside the transaction.
    locks
        Holds the copies until the transaction has ended, whether it commits or not.
    """

    def __init__(
        self,
        folders: Callable[[], Iterator[ColumnFolder]],
        version: Callable[[], tuple[str, int]],
        records: ImportRecords,
        locks: ExitStack,
    ) -> None:
        self._folders = folders
        self._version = version
        self._records = records
        self._locks = locks
        self._locked_folders: list[ColumnFolder] | None = None

    @property
    def is_held(self) -> bool:
        """Whether nobody can write a copy now."""
        return self._locked_folders is not None

    def hold(self, *, wait: bool = True) -> None:
        """Let nobody write a copy until the transaction has ended.

        Before rows are removed for good, and not after: who is writing a copy may have to read
        tables that the removal locks.

        Parameters
        ----------
        wait
            Whether to wait for who is writing one; else a copy that is being written stays.

        Raises
        ------
        StoreError
            If another process goes on writing one for longer than anybody waits.
        """
        if self._locked_folders is None:
            self._locked_folders = [
                folder
                for folder in self._folders()
                if self._locks.enter_context(folder.lock(wait=wait))
            ]

    def drop_changed(self) -> None:
        """Delete the copies of partitions that this transaction has changed, before it commits.

        So what is erased is in no copy from the moment in which it is not in the store.

        Raises
        ------
        StoreError
            If the system does not let them be deleted.
        """
        # Of what was only replaced, a copy that is being written now is made anew when next read.
        self.hold(wait=False)
        self._drop(self._records.states())

    def drop_all(self) -> None:
        """Delete the copies that are held.

        Raises
        ------
        StoreError
            If the system does not let them be deleted.
        """
        self._drop({})

    def _drop(self, but: Mapping[str, str]) -> None:
        uuid, _ = self._version()
        for folder in self._locked_folders or ():
            with naming(folder.path):
                folder.drop(uuid, but)
