"""One connection to an SQLite file: statements, transactions, and what waits for a commit."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain, groupby, islice
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import StoreError
from geo.store.backend import Row
from geo.store.geopackage.sqlite_errors import as_store_error

BUSY_TIMEOUT_S = 30.0
_ROWS_PER_STATEMENT = 200
_ROWS_PER_PAGE = 10_000
"""Few: while a page of rows becomes Python objects no other thread works."""

Boxes = tuple[Sequence[int], NDArray[np.floating]]
"""Some rows of a spatial index: n ids, and n × 4 bounds as west, south, east, north in metres."""


class SqliteConnection:
    """A connection to one file, which threads share: one transaction runs at a time.

    Raises
    ------
    StoreError
        If SQLite refuses a statement, or another file took this one's place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._deferred: dict[str, Callable[[], None]] = {}
        self._remembered: dict[str, list[Boxes]] = {}
        self._incomplete: set[str] = set()
        self._connection = _connect(path)
        self._only_read: StoreError | None = None
        self._as_opened: tuple[int, int] = (0, 0)
        self._watching = threading.Lock()
        self._watcher: sqlite3.Connection | None = None

    @property
    def is_read_only(self) -> bool:
        """Whether the file can be read and not changed."""
        as_user = os.access in os.supports_effective_ids
        return bool(self._only_read) or not os.access(self.path, os.W_OK, effective_ids=as_user)

    def stamp(self) -> int | None:
        """What differs after each change of the file, by whichever program.

        Returns
        -------
        int
            A count of changes; None where it cannot be read at once, or the file is not the
            store's any more.
        """
        if self._only_read or not self._watching.acquire(blocking=False):
            return None
        try:
            if identity(self.path) != self._identity:
                return None
            # A connection of its own: the count is of changes that others make.
            if self._watcher is None:
                self._watcher = _connect(self.path, timeout=0)
            return int(self._watcher.execute("PRAGMA data_version").fetchall()[0][0])
        except (StoreError, sqlite3.Error):
            return None
        finally:
            self._watching.release()

    def open_unchanging(self, reason: StoreError) -> None:
        """Open the file anew for reading alone, without the files that SQLite keeps beside it.

        Parameters
        ----------
        reason
            Raised where the store is to be changed.

        Raises
        ------
        StoreError
            If the file cannot be read either.
        """
        self.close()
        with as_store_error(self.path):
            self._as_opened = _as_written(self.path)
            address = f"file:{quote(os.path.abspath(self.path))}?mode=ro&immutable=1"  # noqa: PTH100 - leaves no '..'
            self._connection = _connect(address, uri=True)
        self._only_read = reason

    def rows(self, sql: str, *values: object) -> list[Row]:
        """The rows of a query.

        Parameters
        ----------
        sql
            A SELECT.
        values
            One for each `?`.

        Returns
        -------
        list
            A tuple for each row.
        """
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def rows_committed(self, statement: str) -> list[Row]:
        """The rows of a query as they are in the file, whatever this thread's block has read.

        Parameters
        ----------
        statement
            A SELECT.

        Returns
        -------
        list
            A tuple for each row.
        """
        if self._only_read:
            return self.rows(statement)  # of a file that nobody changes
        with as_store_error(self.path), closing(_connect(self.path)) as other:
            return other.execute(statement).fetchall()

    def pages(self, sql: str, *values: object) -> Iterator[list[Row]]:
        """Read the rows of a query some at a time, so not all are Python objects at once.

        Parameters
        ----------
        sql
            A SELECT.
        values
            One for each `?`.

        Yields
        ------
        list
            A tuple for each of the next rows, of which there is at least one.
        """
        with self._lock:
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(_ROWS_PER_PAGE):
                yield rows

    def frame(self, sql: str, *values: object) -> pd.DataFrame:
        """The rows of a query as a frame.

        Parameters
        ----------
        sql
            A SELECT.
        values
            One for each `?`.

        Returns
        -------
        pandas.DataFrame
            A column for each of the query's, even if there is no row.
        """
        with self._lock:
            cursor = self._connection.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names)

    def execute(self, sql: str, *values: object) -> None:
        """Run one statement.

        Parameters
        ----------
        sql
            Any statement without rows.
        values
            One for each `?`.
        """
        self._connection.execute(sql, values)

    def fill(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of many rows.

        Parameters
        ----------
        sql
            An INSERT or UPDATE.
        rows
            A value for each `?`.
        """
        self._connection.executemany(sql, rows)

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        same: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Insert many rows.

        Parameters
        ----------
        table, columns
            Their names, quoted where necessary.
        rows
            A value for each column.
        same
            Further columns, each with the value that all rows have in it. It is bound once a
            statement, which saves a fifth of the time where half of the columns are the same.
        """
        shared = [f"?{number}" for number in range(1, len(same) + 1)]
        # A plain mark takes the number after the highest so far.
        row = f"({', '.join([*shared, *'?' * len(columns)])})"
        remaining = iter(rows)
        # Many rows to a statement, because a statement costs about as much as a row.
        pieces = iter(lambda: list(islice(remaining, _ROWS_PER_STATEMENT)), [])
        # All pieces but the last are of one length, so there are at most two statements to parse.
        for length, equal in groupby(pieces, key=len):
            self.fill(
                f"INSERT INTO {table} ({', '.join([*same, *columns])})"
                f" VALUES {', '.join([row] * length)}",
                ((*same.values(), *chain.from_iterable(piece)) for piece in equal),
            )

    def check_writable(self) -> None:
        """Refuse a change of a file that could only be opened for reading, with the reason."""
        if self._only_read:
            raise self._only_read

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All reads made inside see one state of the store."""
        with self._lock, as_store_error(self.path):
            if self._connection.in_transaction:
                yield
                return
            self._check_file()
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.rollback()
            self._check_unchanged()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside happen together or not at all."""
        with self._lock, as_store_error(self.path):
            self.check_writable()
            self._check_file()
            # IMMEDIATE, to wait for another writer now: later SQLite would fail at once.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                for action in self._deferred.values():
                    action()
                self._connection.execute("COMMIT")
            except BaseException:
                # Does nothing if SQLite rolled back by itself, as it does when the disk is full.
                self._connection.rollback()
                raise
            finally:
                self._deferred.clear()
                self._remembered.clear()
                self._incomplete.clear()

    def before_commit(self, name: str, action: Callable[[], None]) -> None:
        """Run an action once just before this transaction commits.

        Parameters
        ----------
        name
            An action of the same name is run once only, however often it is registered.
        action
            What to run, inside the transaction.
        """
        self._deferred[name] = action

    def remember(self, table: str, boxes: Boxes) -> None:
        """Remember what this transaction inserted, so it need not be read again to index it.

        Parameters
        ----------
        table
            The feature table.
        boxes
            The rows that were inserted.
        """
        if table not in self._incomplete:
            self._remembered.setdefault(table, []).append(boxes)

    def forget(self, table: str) -> None:
        """Remember nothing of a table until the transaction ends: rows went in or out unseen."""
        self._remembered.pop(table, None)
        self._incomplete.add(table)

    def remembers(self, table: str) -> bool:
        """Whether it knows all rows that this transaction inserted, of which there are some."""
        return bool(self._remembered.get(table))

    def take_remembered(self, table: str) -> Iterator[Boxes]:
        """All rows that this transaction inserted, in order; each part is forgotten as it goes."""
        parts = self._remembered.pop(table, [])
        parts.reverse()
        while parts:
            yield parts.pop()

    @property
    def has_deferred(self) -> bool:
        """Whether an action waits for this transaction to commit."""
        return bool(self._deferred)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change of a transaction: an error undoes it, even if the caller catches the error.

        Raises
        ------
        StoreError
            Outside a transaction, where each statement would be committed by itself.
        """
        if not self._connection.in_transaction:
            raise StoreError("a store is changed inside its transaction() only")
        self.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            # The rows of this change are undone, and are remembered together with those before.
            for name in list(self._remembered):
                self.forget(name)
            # On a full disk SQLite may have rolled everything back, and the savepoint with it.
            if self._connection.in_transaction:
                self.execute("ROLLBACK TO change")
                self.execute("RELEASE change")
            raise
        self.execute("RELEASE change")

    def compact(self) -> None:
        """Write the file anew, without what was deleted, and empty its log.

        Raises
        ------
        StoreError
            If another program is using the file, or the disk is full.
        """
        with self._lock, as_store_error(self.path):
            self.check_writable()
            self._check_file()
            # Rows that went before lie in free pages, and in pages of the log.
            self.execute("VACUUM")
            busy = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        if busy:
            raise StoreError(
                f"{self.path} could not be written anew, because another program is reading it; "
                "try again when it has finished"
            )

    def close(self) -> None:
        """Close the connection."""
        with self._watching:
            if self._watcher:
                self._watcher.close()
        with self._lock:
            self._connection.close()

    def _check_file(self) -> None:
        """Refuse to go on if another file has taken the store's place.

        SQLite would play the old file's log into the new one, and only a person can say which of
        the two files is the right one.
        """
        if self._identity and identity(self.path) != self._identity:
            raise StoreError(
                f"the store {self.path} was replaced by another file while it was open; stop every "
                f"program that uses it, remove {self.path.name}-wal and {self.path.name}-shm, and "
                "use 'patchmap restore' next time"
            )
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Refuse what was read of a file that others changed, where no lock tells them to wait."""
        if self._only_read and _as_written(self.path) != self._as_opened:
            raise StoreError(f"the store {self.path} has changed since it was opened; start again")


def _connect(
    path: Path | str, *, uri: bool = False, timeout: float = BUSY_TIMEOUT_S
) -> sqlite3.Connection:
    with as_store_error(Path(path)):
        # isolation_level=None, or the module would begin transactions by itself.
        return sqlite3.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False, uri=uri
        )


def _as_written(path: Path) -> tuple[int, int]:
    """Size and time of the last change of a file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def identity(path: Path) -> tuple[int, int]:
    """The device and inode of the file at a path, which tell it from another file there."""
    try:
        status = path.stat()
    except OSError as error:
        raise StoreError(
            f"the store {path} is no longer there; restore it from a backup, or name another"
        ) from error
    return status.st_dev, status.st_ino
