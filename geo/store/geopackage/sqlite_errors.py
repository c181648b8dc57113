"""What SQLite reports, as one line that names the store and says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from geo.errors import DiskFullError, StoreError
from geo.output import output_error
from geo.output.destination import is_read_only
from geo.output.reasons import write_fault

_ROOM: Final = 2**20
"""A disk with less room than this counts as full."""

_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "another program is using it; try again when that has finished",
    sqlite3.SQLITE_LOCKED: "another program is using it; try again when that has finished",
    sqlite3.SQLITE_READONLY: "it can only be read here; copy it to a folder of yours, and use that",
    sqlite3.SQLITE_NOTADB: "it is no Patchmap store; name another file",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup",
}
_FULL: Final = "the disk is full; free some space"


def kind_of(error: sqlite3.Error) -> int:
    """The primary result code of SQLite behind an error; 0 if the error is not SQLite's own.

    Parameters
    ----------
    error
        Any error of the module.

    Returns
    -------
    code
        Such as `sqlite3.SQLITE_FULL`.
    """
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The error that a user sees.

    Parameters
    ----------
    path
        The store's file.
    error
        What SQLite reported.

    Returns
    -------
    error
        A `DiskFullError` where there is no room left.
    """
    kind = kind_of(error)
    if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return DiskFullError(f"the store {path} cannot be used: {_FULL}")
    if kind == sqlite3.SQLITE_IOERR and (fault := write_fault(path)):
        return output_error(path, OSError(fault, ""))
    reason = _obstacle(path) if kind == sqlite3.SQLITE_CANTOPEN else _ADVICE.get(kind)
    return StoreError(f"the store {path} cannot be used: {reason or error}")


@contextmanager
def as_store_error(path: Path) -> Iterator[None]:
    """Raise errors of SQLite as a `StoreError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False


def _obstacle(path: Path) -> str:
    """Why a file cannot be opened; '' if that is not plain to see."""
    as_user = os.access in os.supports_effective_ids
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}; make it first"
    if path.exists() and not os.access(path, os.R_OK, effective_ids=as_user):
        return "you have no permission to read it; ask its owner"
    if not os.access(path.parent, os.W_OK, effective_ids=as_user):
        if is_read_only(path.parent):
            return "its disk can only be read; name a store on another one"
        return "you have no permission to write in its folder; name a store in another one"
    return ""
