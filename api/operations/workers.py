"""Several processes that serve one store on one socket, and are replaced without losing a request.

The supervisor takes the socket, starts the workers and hands it to each of them: whichever is free
accepts the next connection, and those that wait to be accepted wait for all of them.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from api.load.log import log
from geo.errors import InputError
from geo.temporary import TemporaryFolder

START_SECONDS: Final = 300.0
"""How long a worker may take until it serves: a large store is read first."""

END_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.1
_AGAIN_SECONDS: Final = 1.0
"""How long a worker must have lived to be replaced at once."""


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker is given.

    Attributes
    ----------
    number, of
        Which of how many it is; the first one, 0, keeps the uploads.
    listener, ready
        File descriptors: of the socket, and of a pipe to say that it serves.
    folder
        Where the workers of its generation have their own sockets.
    """

    number: int
    of: int
    listener: int
    ready: int
    folder: Path

    def __str__(self) -> str:
        return f"{self.number}/{self.of}/{self.listener}/{self.ready}/{self.folder}"

    @classmethod
    def parse(cls, text: str) -> WorkerSpec:
        """Read what `str` wrote."""
        number, of, listener, ready, folder = text.split("/", 4)
        return cls(int(number), int(of), int(listener), int(ready), Path(folder))

    def socket_of(self, number: int) -> Path:
        """Return where another worker of the generation listens for the others."""
        return self.folder / str(number)

    def share(self, total: int) -> int:
        """Return this worker's share of a limit that counts for all of them; at least 1."""
        return max(1, total // self.of + (self.number < total % self.of))

    def say_ready(self) -> None:
        """Tell the supervisor that requests are taken."""
        with suppress(OSError):
            os.write(self.ready, b"1")
            os.close(self.ready)


@dataclass
class _Worker:
    """A worker that was started."""

    number: int
    process: subprocess.Popen[bytes]
    pipe: int
    folder: TemporaryFolder
    began: float = field(default_factory=time.monotonic)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    """Starts workers, starts anew what has ended, and replaces all of them on SIGHUP.

    Parameters
    ----------
    command
        Serves, when `--worker` and its specification are added.
    count
        How many workers there are.
    listener
        The socket that they share.
    """

    def __init__(self, command: Sequence[str], count: int, listener: socket.socket) -> None:
        self._command, self._count, self._listener = command, count, listener
        self._current: list[_Worker] = []
        self._retiring: list[_Worker] = []
        self._stopped = self._asked_to_replace = False

    def run(self, announce: Callable[[], object]) -> None:
        """Serve until stopped.

        Parameters
        ----------
        announce
            Called once all workers serve.

        Raises
        ------
        InputError
            If they cannot be started.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._replace_soon)
        try:
            self._current = self._generation()
            if self._current:
                announce()
            elif not self._stopped:
                raise InputError("the workers do not start; their log says why")
            while not self._stopped:
                time.sleep(_LOOK_SECONDS)
                self._look()
        finally:
            self._end([*self._current, *self._retiring])

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopped = True

    def _replace_soon(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked_to_replace = True

    def _look(self) -> None:
        self._current = [
            worker if worker.is_alive else self._again(worker) for worker in self._current
        ]
        if self._asked_to_replace:
            self._asked_to_replace = False
            self._replace()
        self._retiring = [worker for worker in self._retiring if worker.is_alive]
        for worker in self._retiring:
            # The first one answers for the others until the last of them is gone.
            others = [one for one in self._retiring if one.folder is worker.folder]
            if worker.number == 0 and len(others) == 1:
                worker.process.send_signal(signal.SIGUSR1)

    def _again(self, worker: _Worker) -> _Worker:
        log.error(
            "worker %d ended with %s; another one starts", worker.number, worker.process.poll()
        )
        # One that ends at its start would keep the machine busy with nothing else.
        time.sleep(max(0.0, worker.began + _AGAIN_SECONDS - time.monotonic()))
        return self._start(worker.number, worker.folder)

    def _replace(self) -> None:
        """Start new workers and let the old ones finish, once all of the new ones serve."""
        made = self._generation()
        if made:
            for worker in self._current:
                worker.process.send_signal(signal.SIGUSR1)
            self._retiring += self._current
            self._current = made
        else:
            log.error("the new workers do not start; the ones before go on")

    def _generation(self) -> list[_Worker]:
        """Start workers; none where they do not serve."""
        folder = TemporaryFolder()
        # First the one to which the others hand on.
        made = [self._start(0, folder)]
        if self._all_ready(made):
            made += [self._start(number, folder) for number in range(1, self._count)]
            if self._all_ready(made[1:]):
                return made
        self._end(made)
        return []

    def _start(self, number: int, folder: TemporaryFolder) -> _Worker:
        pipe, far_end = os.pipe()
        own = self._listener.fileno()
        spec = WorkerSpec(number, self._count, own, far_end, Path(folder.name))
        # The command is this program's own, with its own options.
        process = subprocess.Popen(  # noqa: S603 - see above
            [*self._command, "--worker", str(spec)], pass_fds=(own, far_end)
        )
        os.close(far_end)
        return _Worker(number, process, pipe, folder)

    def _all_ready(self, workers: Sequence[_Worker]) -> bool:
        """Wait until all serve; False where one ends before that, or it takes too long."""
        end = time.monotonic() + START_SECONDS
        waiting = {worker.pipe: worker for worker in workers}
        while waiting and not self._stopped and time.monotonic() < end:
            readable, _, _ = select.select([*waiting], [], [], _LOOK_SECONDS)
            for pipe in readable:
                if not os.read(pipe, 1):
                    return False
                del waiting[pipe]
                os.close(pipe)
        return not waiting

    def _end(self, workers: Sequence[_Worker]) -> None:
        for worker in workers:
            worker.process.terminate()
        end = time.monotonic() + END_SECONDS
        for worker in workers:
            try:
                worker.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.folder.cleanup()


def own_command() -> list[str]:
    """Return the command that started this process, for a process like it."""
    # Without the working folder among the places that modules come from.
    return [sys.executable, "-P", "-m", "api", *sys.argv[1:]]
