"""Memory that was freed goes back to the system.

glibc keeps what is freed for later, in an arena for nearly every thread: after a busy hour that can
be several times what is in use.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from functools import lru_cache
from typing import Final

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Names of settings in glibc's malloc.h."""

_ARENAS: Final = 4
"""How many arenas there are: threads take turns anyway, and each arena keeps its own gaps."""

_OF_ITS_OWN: Final = 1 << 20
"""Bytes: a larger block is one of its own, which goes back as soon as it is freed."""

QUIET_S: Final = 1.0
"""How long nothing must have been worked on before memory is returned."""

BUSY_S: Final = 60.0
"""How often it is returned where it is never quiet; it takes about a tenth of a second."""

WORK_S: Final = 0.05
"""What took less leaves no memory worth returning."""


def bound_arenas() -> None:
    """Let the allocator keep little of what is freed: for a service, before its threads start."""
    library = _glibc()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _OF_ITS_OWN)


def return_memory() -> None:
    """Give freed memory back to the system, where its allocator can do so."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


class MemoryReturn:
    """Returns memory once a service is quiet, and now and then where it never is.

    Parameters
    ----------
    quiet, busy
        Seconds without work, and seconds between two returns under steady work.
    """

    def __init__(self, *, quiet: float = QUIET_S, busy: float = BUSY_S) -> None:
        self._quiet, self._busy = quiet, busy
        self._underway = 0
        self._returned = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Count work that begins."""
        self._underway += 1

    def end(self, seconds: float) -> None:
        """Count work that ended.

        Parameters
        ----------
        seconds
            How long it took.
        """
        self._underway -= 1
        if seconds >= WORK_S and self._timer is None:
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._quiet, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._underway and time.monotonic() - self._returned < self._busy:
            self._wait()
            return
        self._returned = time.monotonic()
        # In a thread: other requests go on meanwhile.
        asyncio.get_running_loop().run_in_executor(None, return_memory)


@lru_cache(maxsize=1)
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
