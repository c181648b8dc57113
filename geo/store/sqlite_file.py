"""One SQLite file: its connection, its transactions and its migrations."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from geo.crs import WGS84, Projection, wkt1
from geo.errors import ConflictError, NotFoundError, StoreError
from geo.store.migrations import migrations

APPLICATION_ID = 0x47504B47  # "GPKG"
GEOPACKAGE_VERSION = 10300
BUSY_TIMEOUT_S = 30.0
_ROWS_A_STATEMENT = 200


class SqliteFile:
    """A GeoPackage file with the tables of Patchmap, brought up to this version's migrations.

    Safe to share between threads: one statement or transaction runs at a time.

    Raises
    ------
    NotFoundError
        If there is no file and none is to be made.
    StoreError
        If the file is none of Patchmap's, or a newer version wrote it.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and (not path.exists() or path.stat().st_size == 0):
            raise NotFoundError(
                f"there is no store at {path}; 'patchmap layers add' or 'patchmap demo' makes one"
            )
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._unsettled: dict[str, Callable[[], None]] = {}
        self._remembered: dict[str, list[Any]] = {}
        self._forgotten: set[str] = set()
        self._connection = _connect(path)
        try:
            with _as_store_error(path):
                # Before anything is set: a file of another program must stay as it is.
                self._applied()
                _prepare(self._connection)
                self._migrate()
                self._identity = _identity(path)
            self.projection = Projection(**json.loads(self.fact("projection")))
        except BaseException:
            self.close()
            raise

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
        with self._lock, _as_store_error(self.path):
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
        with self._lock, _as_store_error(self.path):
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

    def fact(self, key: str) -> str:
        """One of the facts that were written when the store was made."""
        return str(self.rows("SELECT value FROM patchmap_store WHERE key = ?", key)[0][0])

    def count(self, counter: str) -> None:
        """Move a counter of the data version."""
        self.execute("UPDATE patchmap_counters SET value = value + 1 WHERE name = ?", counter)

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is now, also while others write to it."""
        with self._lock, _as_store_error(path):
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
            finally:
                target.close()

    def restore_from(self, path: Path) -> None:
        """Replace the whole content by that of another file, which is checked first."""
        backup = SqliteFile(path)
        try:
            with self._lock, _as_store_error(self.path):
                backup._connection.backup(self._connection)
        finally:
            backup.close()
        with self.transaction():
            # Another UUID: what was known of the store's answers before is no longer true.
            self.execute(
                "UPDATE patchmap_store SET value = ? WHERE key = 'uuid'", str(uuid.uuid4())
            )
        self.projection = Projection(**json.loads(self.fact("projection")))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _check_file(self) -> None:
        """Refuse to go on where another file has taken the store's place.

        The log of the old file would be played into the new one: only a person can tell which
        of them is meant.
        """
        if self._identity and _identity(self.path) != self._identity:
            raise StoreError(
                f"the store {self.path} was replaced by another file while it was open; stop what "
                f"uses it, remove {self.path.name}-wal and {self.path.name}-shm, and take "
                "'patchmap restore' the next time"
            )

    def _create(self) -> None:
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {GEOPACKAGE_VERSION}")
        self._connection.execute(
            "CREATE TABLE patchmap_migrations (number INTEGER PRIMARY KEY,"
            " name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at DATETIME NOT NULL)"
        )

    def _migrate(self) -> None:
        """Apply the steps that the store lacks, each once, all of them or none."""
        known = {step.number: step for step in migrations("sqlite")}
        if self._applied() == {number: step.sha256 for number, step in known.items()}:
            return
        with self.transaction():
            # Read again: another process may have been quicker.
            applied = self._applied()
            if not applied:
                self._create()
            if set(applied) - set(known):
                raise StoreError(f"{self.path} was written by a newer Patchmap; update this one")
            for number, step in known.items():
                if number not in applied:
                    for statement in _statements(step.sql):
                        self.execute(statement)
                    self.execute(
                        "INSERT INTO patchmap_migrations VALUES (?, ?, ?, ?)",
                        number,
                        step.name,
                        step.sha256,
                        now(),
                    )
                elif applied[number] != step.sha256:
                    raise ConflictError(f"migration {number} of {self.path} is not the known one")
            if not applied:
                self._write_first_facts()

    def _applied(self) -> dict[int, str]:
        """The steps that were applied, by number; none in a file without any table."""
        if not self.rows("SELECT 1 FROM sqlite_master LIMIT 1"):
            return {}
        try:
            return dict(self.rows("SELECT number, sha256 FROM patchmap_migrations"))
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path} holds data, but it is no Patchmap store") from error

    def _write_first_facts(self) -> None:
        projection = Projection.choose()
        systems = [
            ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
            ("Undefined geographic", 0, "NONE", 0, "undefined", None),
        ]
        for name in (WGS84, projection.crs):
            authority, _, code = name.partition(":")
            systems.append((name, int(code), authority, int(code), wkt1(name), None))
        self.fill("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems)
        facts = {"uuid": str(uuid.uuid4()), "projection": json.dumps(asdict(projection))}
        self.fill("INSERT INTO patchmap_store VALUES (?, ?)", list(facts.items()))


def is_store(path: Path) -> bool:
    """Whether a file is a store of Patchmap; it is looked at and left as it is."""
    if not path.is_file():
        return False
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        with closing(connection):
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'patchmap_store'")
            return found.fetchone() is not None
    except sqlite3.Error:
        return False


def to_iso(times: pd.Series) -> list[str]:
    """UTC times as GeoPackage writes them: `2024-01-31T23:59:59Z`."""
    codes, moments = pd.factorize(times.dt.tz_convert("UTC").dt.tz_localize(None))
    # Each moment is written once: the incidents of a month share theirs.
    texts = np.datetime_as_string(np.asarray(moments, dtype="datetime64[s]")) + "Z"
    written: list[str] = texts.astype(object)[codes].tolist()
    return written


def from_iso(texts: Iterable[str]) -> pd.Series:
    """The UTC times that `to_iso` wrote."""
    moments = np.array([text[:19] for text in texts], dtype="datetime64[s]")
    return pd.Series(moments).dt.tz_localize("UTC")


def now() -> str:
    """The present moment as GeoPackage writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _connect(path: Path) -> sqlite3.Connection:
    with _as_store_error(path):
        return sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )


def _identity(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError as error:
        raise StoreError(f"the store {path} is gone") from error
    return told.st_dev, told.st_ino


def _prepare(connection: sqlite3.Connection) -> None:
    # On every connect: QGIS takes write-ahead logging off when it closes a file.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # In KiB: an index is written all over, and by itself SQLite keeps 2 MB of it.
    connection.execute("PRAGMA cache_size = -32768")


@contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be used: {error}") from error


def _statements(sql: str) -> Iterator[str]:
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
