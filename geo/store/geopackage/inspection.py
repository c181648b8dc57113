"""What a store's file is, read without changing or migrating it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from geo.errors import StoreError
from geo.store.migrations import missing_migrations


def file_migrations(path: Path) -> int:
    """Return how many migrations a store lacks, which opening it will apply.

    Parameters
    ----------
    path
        A file that exists.

    Raises
    ------
    StoreError
        If it is no store, cannot be read, or a newer version wrote it.
    ConflictError
        If a migration was applied that differs from the known one.
    """
    # SQLite would make files beside it, which are then this user's and not the service's.
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True)) as file:
            applied = dict(file.execute("SELECT number, sha256 FROM patchmap_migrations"))
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be read: {error}") from error
    return len(missing_migrations("sqlite", applied, store=str(path)))
