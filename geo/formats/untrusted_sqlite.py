"""SQLite databases from outside, opened so that they can only be read, and only for so long."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from geo.errors import InputError
from geo.formats.bounded import open_input

LARGEST_VALUE: Final = 2_000_000
"""The largest value that is read, in bytes."""

# SQLite calls back after so many steps; after so many calls a query is stopped, so that a view in
# place of a table cannot hang the program.
STEPS: Final = 10_000
MOST_CALLS: Final = 500

_MAGIC: Final = b"SQLite format 3\x00"


def open_untrusted(
    path: Path, *, what: str, stop: Callable[[], bool | int] | None = None
) -> sqlite3.Connection:
    """Open a database that can only read its own tables.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for messages: `an MBTiles file`.
    stop
        Called after each `STEPS` steps; a query is stopped where it returns true. By default the
        connection as a whole may take `MOST_CALLS` times as many.

    Returns
    -------
    database
        Any thread may use it, one at a time.

    Raises
    ------
    InputError
        If the file is no SQLite database.
    """
    with open_input(path) as file:
        magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise InputError(f"{path} is not {what}: it is not an SQLite database")
    database = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
    )
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    calls = count()
    database.set_progress_handler(stop or (lambda: next(calls) > MOST_CALLS), STEPS)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA query_only = ON")
    return database
