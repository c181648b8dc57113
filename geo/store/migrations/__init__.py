"""Numbered SQL files for each backend, applied once each, in order.

Stores record their hashes, so not even a comment in them may change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from geo.errors import ConflictError, StoreError


@dataclass(frozen=True)
class Migration:
    """One numbered step from an older store to a newer one."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash that a store records, by which an edited migration is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def missing_migrations(dialect: str, applied: Mapping[int, str], *, store: str) -> list[Migration]:
    """The migrations that a store lacks, by number.

    Parameters
    ----------
    dialect
        `sqlite` or `postgres`.
    applied
        The hashes of those that were applied, by number; empty for a new store.
    store
        The store as messages name it.

    Returns
    -------
    list of Migration
        Those to apply; empty where the store is up to date.

    Raises
    ------
    StoreError
        If a newer version has migrated the store.
    ConflictError
        If a migration was applied that differs from the known one.
    """
    known = {migration.number: migration for migration in migrations(dialect)}
    if set(applied) - set(known):
        raise StoreError(f"{store} was written by a newer Patchmap; update this one")
    for number, sha256 in applied.items():
        if known[number].sha256 != sha256:
            raise ConflictError(
                f"migration {number} of {store} is not the known one; use the version of Patchmap "
                "that wrote it"
            )
    return [migration for number, migration in known.items() if number not in applied]


def migrations(dialect: str) -> Iterator[Migration]:
    """Yield the migrations of `sqlite` or `postgres` by number."""
    folder = files(__name__) / dialect
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            yield Migration(int(number), name, file.read_text(encoding="utf-8"))
