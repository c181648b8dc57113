"""One connection to an SQLite file: its statements and its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import StoreError

BUSY_TIMEOUT_S = 30.0
_ROWS_A_STATEMENT = 200


class SqliteConnection:
    """A connection to one file.

    Safe to share between threads: one statement or transaction runs at a time.

    Raises
    ------
    StoreError
        Whenever SQLite cannot do what it is asked, or another file took this one's place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._unsettled: dict[str, Callable[[], None]] = {}
        self._remembered: dict[str, list[Any]] = {}
        self._forgotten: set[str] = set()
        self._connection = _connect(path)

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def pages(self, sql: str, *values: object, size: int = 50_000) -> Iterator[list[tuple]]:
        """The rows of a query, some at a time, so that not all of them are objects at once."""
        with self._lock:
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(size):
                yield rows

    def frame(self, sql: str, *values: object) -> pd.DataFrame:
        """The rows of a query as a frame."""
        with self._lock:
            cursor = self._connection.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names)

    def execute(self, sql: str, *values: object) -> int:
        """Run one statement; returns the id of the row that it inserted."""
        return self._connection.execute(sql, values).lastrowid or 0

    def fill(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        self._connection.executemany(sql, rows)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows, some at a time: each statement costs about as much as a row."""
        row = f"({', '.join('?' * len(columns))})"
        left = iter(rows)
        pieces = iter(lambda: list(islice(left, _ROWS_A_STATEMENT)), [])
        # All pieces are of one length but for the last.
        for length, equal in groupby(pieces, key=len):
            self.fill(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * length)}",
                (tuple(chain.from_iterable(piece)) for piece in equal),
            )

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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside happen together or not at all."""
        with self._lock, as_store_error(self.path):
            self._check_file()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                for action in self._unsettled.values():
                    action()
                self._connection.execute("COMMIT")
            except BaseException:
                # Does nothing where a full disk has already rolled back by itself.
                self._connection.rollback()
                raise
            finally:
                self._unsettled.clear()
                self._remembered.clear()
                self._forgotten.clear()

    def before_commit(self, name: str, action: Callable[[], None]) -> None:
        """Do something once at the end of this transaction, however often it is asked for."""
        self._unsettled[name] = action

    def remember(self, name: str, some: object) -> None:
        """Keep something about what this transaction wrote, so as not to read it back."""
        if name not in self._forgotten:
            self._remembered.setdefault(name, []).append(some)

    def forget(self, name: str) -> None:
        """For the rest of this transaction nothing that is remembered would be the whole truth."""
        self._remembered.pop(name, None)
        self._forgotten.add(name)

    def remembered(self, name: str) -> list[Any]:
        """All that was remembered, in order; nothing where it would not be the whole truth."""
        return self._remembered.get(name, [])

    @property
    def unsettled(self) -> bool:
        """Whether something is still to be done before this transaction can be committed."""
        return bool(self._unsettled)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """One change of a transaction: undone by itself where its error is caught outside.

        Raises
        ------
        StoreError
            Outside a transaction, where statements would be kept one by one.
        """
        if not self._connection.in_transaction:
            raise StoreError("a store is changed inside its transaction() only")
        self.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            for name in list(self._remembered):
                self.forget(name)
            # A full disk may have rolled everything back, and the savepoint with it.
            if self._connection.in_transaction:
                self.execute("ROLLBACK TO change")
                self.execute("RELEASE change")
            raise
        self.execute("RELEASE change")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _check_file(self) -> None:
        """Refuse to go on where another file has taken the store's place.

        The log of the old file would be played into the new one: only a person can tell which
        of them is meant.
        """
        if self._identity and identity(self.path) != self._identity:
            raise StoreError(
                f"the store {self.path} was replaced by another file while it was open; stop what "
                f"uses it, remove {self.path.name}-wal and {self.path.name}-shm, and take "
                "'patchmap restore' the next time"
            )


def _connect(path: Path) -> sqlite3.Connection:
    with as_store_error(path):
        return sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )


def identity(path: Path) -> tuple[int, int]:
    """Tell which file stands at a path, whatever it is called: its device and its number there."""
    try:
        told = path.stat()
    except OSError as error:
        raise StoreError(f"the store {path} is gone") from error
    return told.st_dev, told.st_ino


@contextmanager
def as_store_error(path: Path) -> Iterator[None]:
    """Raise what SQLite refuses as a `StoreError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be used: {error}") from error
