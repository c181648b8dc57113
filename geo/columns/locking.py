"""The lock on the folder of a copy, which a process holds until it ends however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from geo.errors import StoreError

if sys.platform != "win32":
    import fcntl

PATIENCE_S: Final = 120.0
"""How long somebody waits for a process that writes; after that they get an error."""

_PAUSE_S: Final = 0.05
"""Between two tries: the system knows no lock that is waited for so long and no longer."""


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

    Raises
    ------
    StoreError
        If another process has held it for `PATIENCE_S` of waiting.
    """
    if sys.platform == "win32":
        yield False
        return
    descriptor: int | None = None
    with suppress(OSError):
        descriptor = _locked_descriptor(
            folder, until=time.monotonic() + PATIENCE_S if wait else 0.0
        )
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked_descriptor(folder: Path, *, until: float) -> int:
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _lock(descriptor, folder, until=until)
            # Whoever held it may have removed the folder, and another be there now.
            if _is_at(folder, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, *, until: float) -> None:
    """Lock a folder that was opened, as soon as no other process has it; 0 is not to wait."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not until:
                raise
            if time.monotonic() > until:
                raise StoreError(
                    f"another process has been writing {folder} for {PATIENCE_S:.0f} seconds; "
                    "nothing was changed: end it, or try again"
                ) from None
            time.sleep(_PAUSE_S)
        else:
            return


def _is_at(folder: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), folder.lstat())
    return False
