"""Numbered SQL files for each backend, applied once each, in order.

Stores record their hashes, so not even a comment in them may change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files


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


def migrations(dialect: str) -> Iterator[Migration]:
    """Yield the migrations of `sqlite` or `postgres` by number."""
    folder = files(__name__) / dialect
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            yield Migration(int(number), name, file.read_text(encoding="utf-8"))
