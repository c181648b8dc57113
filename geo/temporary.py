"""Folders for files of the moment: gone at the end, and after a kill at the next start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PREFIX = "patchmap-"
"""How the names of these folders begin, in the temporary folder of the system."""

HIDDEN_PREFIX = ".patchmap-"
"""How they begin beside a file that is being written."""

YOUNG_SECONDS = 60.0
"""A younger folder may have an owner that has not locked it yet."""


class TemporaryFolder(tempfile.TemporaryDirectory[str]):
    """A folder that its process removes; where that was killed, the next one does.

    Parameters
    ----------
    beside
        The file that will be written; by default the folder is in the system's temporary folder.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """

    def __init__(self, beside: Path | None = None) -> None:
        prefix = HIDDEN_PREFIX if beside else PREFIX
        parent = str(beside.parent) if beside else tempfile.gettempdir()
        _remove_abandoned_once(parent, prefix)
        super().__init__(prefix=prefix, dir=parent, ignore_cleanup_errors=True)
        self._unlock = weakref.finalize(self, _close, _lock(self.name))
        _OWN.add(self)

    def cleanup(self) -> None:
        """Remove the folder."""
        super().cleanup()
        self._unlock()


_OWN: weakref.WeakSet[TemporaryFolder] = weakref.WeakSet()


def remove_own_folders() -> None:
    """Remove the temporary folders of this process, for an end that does not unwind."""
    for folder in list(_OWN):
        folder.cleanup()


def remove_abandoned(parent: Path, prefix: str = PREFIX) -> None:
    """Remove folders that killed processes of this user left behind.

    Parameters
    ----------
    parent
        The folder in which they are.
    prefix
        How their names begin.
    """
    for entry in _abandoned(parent, prefix):
        lock = _lock(entry)
        if lock is not None:
            shutil.rmtree(entry, ignore_errors=True)
            _close(lock)


@cache
def _remove_abandoned_once(parent: str, prefix: str) -> None:
    remove_abandoned(Path(parent), prefix)


def _abandoned(parent: Path, prefix: str) -> Iterator[str]:
    """Folders of this user that are old enough to be abandoned."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not entry.name.startswith(prefix) or not entry.is_dir(follow_symlinks=False):
                continue
            status = entry.stat(follow_symlinks=False)
            if _is_mine(status) and time.time() - status.st_mtime > YOUNG_SECONDS:
                yield entry.path


def _is_mine(status: os.stat_result) -> bool:
    return sys.platform == "win32" or status.st_uid == os.geteuid()


def _lock(folder: str) -> int | None:
    """Lock a folder until the process ends; None where another has it, or locks are unknown."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        # The system gives it back however the process ends, which no file with its number does.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
