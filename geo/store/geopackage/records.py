"""The records of a store in a file: an SQLite file beside it, which only its owner can read."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from geo.store.geopackage.sqlite_connection import SqliteConnection, identity
from geo.store.geopackage.sqlite_errors import as_store_error
from geo.store.geopackage.sqlite_file import make_private, statements_of
from geo.store.migrations import Migration, missing_migrations
from geo.store.times import now

ENDING: Final = ".records"
_DIALECT: Final = "records"


class RecordsFile(SqliteConnection):
    """The records beside a store, made where there are none.

    Parameters
    ----------
    store
        The store's file. Of a link it is the target: a store has one set of records.

    Raises
    ------
    StoreError
        If the file cannot be made or read, or a newer version wrote it.
    ConflictError
        If a migration was applied that differs from the known one.
    """

    def __init__(self, store: Path) -> None:
        path = records_path(store)
        make_private(path)
        super().__init__(path)
        try:
            with as_store_error(path):
                for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                    self.execute(f"PRAGMA {setting}")
                self._migrate()
                self._identity = identity(path)
        except BaseException:
            self.close()
            raise

    def delete_audit_until(self, sequence: int) -> None:
        """Delete the entries of the audit up to one, past the trigger that refuses it."""
        [(guard,)] = self.rows("SELECT sql FROM sqlite_master WHERE name = 'patchmap_audit_kept'")
        self.execute("DROP TRIGGER patchmap_audit_kept")
        self.execute("DELETE FROM patchmap_audit WHERE sequence <= ?", sequence)
        self.execute(guard)

    def _migrate(self) -> None:
        if not self._missing():
            return
        with self.transaction():
            # Read again: another process may have migrated it since.
            self.execute(
                "CREATE TABLE IF NOT EXISTS patchmap_records_migrations"
                " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
                " applied_at TEXT NOT NULL)"
            )
            for migration in self._missing():
                for statement in statements_of(migration.sql):
                    self.execute(statement)
                self.execute(
                    "INSERT INTO patchmap_records_migrations VALUES (?, ?, ?, ?)",
                    migration.number,
                    migration.name,
                    migration.sha256,
                    now(),
                )

    def _missing(self) -> list[Migration]:
        applied: dict[int, str] = {}
        try:
            applied = dict(self.rows("SELECT number, sha256 FROM patchmap_records_migrations"))
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
        return missing_migrations(_DIALECT, applied, store=str(self.path))


def records_path(store: Path) -> Path:
    """Return where the records of a store are."""
    real = Path(os.path.realpath(store))
    return real.with_name(f"{real.name}{ENDING}")
