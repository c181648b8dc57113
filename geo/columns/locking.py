"""The lock on the folder of a copy, which a process holds until it ends however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the right to change what is in a folder.

    Parameters
    ----------
    folder
        The folder; a link is none.
    wait
        Whether to wait for a process that has it.

    Yields
    ------
    Whether it is held: not where another process has it, there is no such folder, or this user may
    not read it.
    """
    if sys.platform == "win32":
        yield False
        return
    descriptor: int | None = None
    with suppress(OSError):
        descriptor = _locked_descriptor(folder, wait=wait)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked_descriptor(folder: Path, *, wait: bool) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        # Whoever held it may have removed the folder, and another be there now.
        if _is_at(folder, descriptor):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return _locked_descriptor(folder, wait=wait)


def _is_at(folder: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), folder.lstat())
    return False
