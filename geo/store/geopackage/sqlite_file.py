"""A GeoPackage file with Patchmap's tables: created, migrated, copied and restored."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from geo.columns import beside
from geo.crs import WGS84, Projection, wkt1
from geo.errors import NotFoundError, StoreError
from geo.incidents import LONDON
from geo.output import unlike_file
from geo.store.geopackage.sqlite_connection import SqliteConnection, identity
from geo.store.geopackage.sqlite_errors import as_store_error, kind_of, store_error
from geo.store.geopackage.triggers import former_triggers, quoted, triggers
from geo.store.migrations import Migration, missing_migrations
from geo.store.times import now

APPLICATION_ID = 0x47504B47  # "GPKG"
GEOPACKAGE_VERSION = 10300

_CLOCK = ZoneInfo(LONDON)

_NOTHING_BESIDE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)

_NEW_TRIGGERS = (4, 20)
"""The migrations with which feature tables got other triggers: those of GeoPackage 1.3, and those
that count edits."""

_IMPORT_DAYS = 7
"""The migration from which the summary of each import has counts by day."""

_FIRST_PRIVATE = 3
"""The migration of the first release whose stores only their owner can read."""

_NEW_UUID: Final = "UPDATE patchmap_store SET value = ? WHERE key = 'uuid'"


class SqliteFile(SqliteConnection):
    """A GeoPackage file with Patchmap's tables; it is migrated to this version when opened.

    Parameters and errors are those of `GeoPackageStore`.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        size = _size(path)
        if not create and not size:
            raise NotFoundError(
                f"there is no store at {path}; 'patchmap start' or 'patchmap demo' makes one, and "
                "'patchmap serve --create' an empty one"
            )
        if create:
            make_private(path)
        super().__init__(path)
        try:
            with as_store_error(path):
                self._begin_to_read()
                if not self.is_read_only:
                    _prepare(self._connection)
                self._migrate()
                self._identity = identity(path)
            self.projection = self._read_projection()
        except BaseException:
            self.close()
            raise

    def _begin_to_read(self) -> None:
        """Read for the first time, before any PRAGMA: a file of another program stays as it is.

        Where SQLite cannot keep its log and its index beside the file, because the folder or the
        disk can only be read, or is full, the file by itself is the whole store if it has no log.
        """
        try:
            self._applied()
        except sqlite3.OperationalError as error:
            if kind_of(error) not in _NOTHING_BESIDE or _size(self.path) == 0 or has_log(self.path):
                raise
            self.open_unchanging(store_error(self.path, error))
            self._applied()

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is now, also while others write to it; the copy has its own UUID."""
        make_private(path)
        with self._lock, as_store_error(path):
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
                # The copy's counters may repeat those that this store had. By a UUID of its own a
                # restore that is broken off before it gives another one is no earlier state of it.
                with target:
                    target.execute(_NEW_UUID, (str(uuid.uuid4()),))
            finally:
                target.close()

    def restore_from(self, path: Path) -> None:
        """Replace all content with that of another store, which is opened first to check it."""
        self.check_writable()
        backup = SqliteFile(path)
        try:
            with self._lock, as_store_error(self.path):
                backup._connection.backup(self._connection)
        finally:
            backup.close()
        with self.transaction():
            # A new UUID, because the counters may repeat and cached answers would seem current.
            self.execute(_NEW_UUID, str(uuid.uuid4()))
        self.projection = self._read_projection()

    def _read_projection(self) -> Projection:
        rows = self.rows("SELECT value FROM patchmap_store WHERE key = 'projection'")
        return Projection(**json.loads(rows[0][0]))

    def _create(self) -> None:
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {GEOPACKAGE_VERSION}")
        self._connection.execute(
            "CREATE TABLE patchmap_migrations (number INTEGER PRIMARY KEY,"
            " name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at DATETIME NOT NULL)"
        )

    def _migrate(self) -> None:
        """Apply the migrations that the store lacks: all of them or none."""
        if not self._missing_migrations():
            return
        if self.is_read_only:
            raise StoreError(
                f"the store {self.path} is of an earlier Patchmap and can only be read here; copy "
                "it to a folder of yours and open the copy, which is then updated"
            )
        with self.transaction():
            # Read again: another process may have migrated it since.
            is_new = not self._applied()
            missing = self._missing_migrations()
            if is_new:
                self._create()
            for migration in missing:
                # Not `executescript`, which would commit first.
                for statement in statements_of(migration.sql):
                    self.execute(statement)
                self.execute(
                    "INSERT INTO patchmap_migrations VALUES (?, ?, ?, ?)",
                    migration.number,
                    migration.name,
                    migration.sha256,
                    now(),
                )
                if migration.number == _IMPORT_DAYS and not is_new:
                    self._count_days()
            if is_new:
                self._write_first_facts()
            elif any(migration.number in _NEW_TRIGGERS for migration in missing):
                # After all of them, because triggers name tables that the last ones make.
                self._renew_triggers()
        if any(migration.number == _FIRST_PRIVATE for migration in missing):
            # Once: whoever lets others read it afterwards has a reason.
            close_to_others(self.path)

    def _renew_triggers(self) -> None:
        """Give every feature table the triggers of this release."""
        for (table,) in self.rows("SELECT table_name FROM gpkg_ogr_contents"):
            statements = triggers(table)
            for name in (*former_triggers(table), *statements):
                self.execute(f"DROP TRIGGER IF EXISTS {quoted(name)}")
            for statement in statements.values():
                self.execute(statement)

    def _count_days(self) -> None:
        """Add counts by London day to the summaries of imports, from the rows that they wrote."""
        hours = self.rows(
            "SELECT import_id, substr(occurred_from, 1, 13), count(*) FROM incidents GROUP BY 1, 2"
        )
        days: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for import_id, hour, n in hours:
            # London's clock moves at whole hours of UTC: an hour is of one day.
            days[import_id][f"{datetime.fromisoformat(f'{hour}:00Z').astimezone(_CLOCK):%F}"] += n
        for import_id, counts in days.items():
            self.execute(
                "UPDATE patchmap_imports SET summary = json_insert(summary, '$[#]', json(?))"
                " WHERE import_id = ? AND json_array_length(summary) = 5",
                json.dumps(dict(sorted(counts.items()))),
                import_id,
            )

    def _missing_migrations(self) -> list[Migration]:
        return missing_migrations("sqlite", self._applied(), store=str(self.path))

    def _applied(self) -> dict[int, str]:
        """The hashes of the migrations that were applied, by number; empty without any table."""
        if not self.rows("SELECT 1 FROM sqlite_master LIMIT 1"):
            return {}
        try:
            return dict(self.rows("SELECT number, sha256 FROM patchmap_migrations"))
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self.path} holds data, but it is no Patchmap store; name another file"
            ) from error

    def _write_first_facts(self) -> None:
        projection = Projection.choose()
        systems = [
            # The standard demands these two.
            ("Undefined Cartesian", -1, "NONE", -1, "undefined", None),
            ("Undefined geographic", 0, "NONE", 0, "undefined", None),
        ]
        for name in (WGS84, projection.crs):
            authority, _, code = name.partition(":")
            systems.append((name, int(code), authority, int(code), wkt1(name), None))
        self.fill("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems)
        facts = {"uuid": str(uuid.uuid4()), "projection": json.dumps(asdict(projection))}
        self.fill("INSERT INTO patchmap_store VALUES (?, ?)", list(facts.items()))


def has_log(path: Path) -> bool:
    """Whether a store has changes that are not in its file yet, but in the log beside it."""
    real = Path(os.path.realpath(path))
    log = real.with_name(f"{real.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _size(path: Path) -> int:
    """The size of a store's file; 0 where there is none.

    Raises
    ------
    StoreError
        If the path names something else, or may not be looked at.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError(f"the store {path} cannot be used: {error.strerror}") from error
    if kind := unlike_file(status.st_mode):
        raise StoreError(f"the store {path} cannot be used: it is {kind}; name a file")
    return status.st_size


def make_private(path: Path) -> bool:
    """Make an empty file that only its owner can read, where there is none.

    SQLite gives the files beside it, `-wal` and `-shm`, the same permissions.

    Returns
    -------
    made
        Whether there was none. Of a link that leads nowhere, its target is made.
    """
    # A folder that cannot be written is SQLite's to report.
    with suppress(OSError):
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        os.close(os.open(os.path.realpath(path), flags, 0o600))
        return True
    return False


def close_to_others(path: Path) -> None:
    """Take from others what permissions they have on a store's file and the files beside it."""
    real = Path(os.path.realpath(path))
    for ending in ("", "-wal", "-shm"):
        file = real.with_name(real.name + ending)
        # Not ours: then its owner alone can do that.
        with suppress(OSError):
            file.chmod(file.stat().st_mode & 0o700)


def remove_store(path: Path) -> None:
    """Remove a store with the files beside it: SQLite's, and its copy; of a link, its target."""
    file = Path(os.path.realpath(path))
    shutil.rmtree(beside(path), ignore_errors=True)
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def is_store(path: Path) -> bool:
    """Whether a file is a Patchmap store; it is only read."""
    if not path.is_file():
        return False
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        with closing(connection):
            sql = "SELECT 1 FROM sqlite_master WHERE name = 'patchmap_store'"
            return connection.execute(sql).fetchone() is not None
    except sqlite3.Error:
        return False


def _prepare(connection: sqlite3.Connection) -> None:
    # Each time a file is opened: QGIS turns write-ahead logging off when it closes one.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # 32 MiB, where SQLite's default is 2: writes to an index are scattered all over it.
    connection.execute("PRAGMA cache_size = -32768")


def statements_of(sql: str) -> Iterator[str]:
    """Yield the statements of a script one by one."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
