"""Signals that reach the process they are meant for, or none.

Ids of processes are used again: one that was read from a file or a server, or that belongs to a
child of another process, may be somebody else's by the time a signal is sent to it.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class ProcessHandle:
    """A process, whoever its parent is.

    Parameters
    ----------
    pid
        Its id.
    is_it
        Looks whether the process of that id is the one that is meant; looked at once it can no
        longer be taken for another.

    Raises
    ------
    ProcessLookupError
        If it has come to its end.
    """

    def __init__(self, pid: int, is_it: Callable[[], bool] = lambda: True) -> None:
        self._descriptor = os.pidfd_open(pid)
        if not is_it():
            self.close()
            raise ProcessLookupError(pid)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has come to its end."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def wait(self) -> None:
        """Wait until it has come to its end."""
        select.select([self._descriptor], [], [])

    def close(self) -> None:
        """Forget it."""
        os.close(self._descriptor)


def out_of_memory_kills() -> int:
    """How many processes this system has killed for want of memory, since it was started."""
    lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
