"""Searches for plans, run in a child process that can be stopped.

A solver checks its time limit only now and then, and a page cannot wait indefinitely. So each
search runs in a child process, which is killed when its time is over. The child loads the solvers
and compiles the annealing once, in advance, and then serves one search after another.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from api.load.turns import Turns, WaitingRoom
from geo.checkpoints import StoppedError, checkpoint
from geo.errors import InputError, PatchmapError, SolverError, UnavailableError

SECONDS = 20.0
"""How long a search may take."""

MOST_WAITING = 16
"""How many callers may wait for their search: each takes up to 20 s."""

START_SECONDS = 120.0
"""How long a child may take to load and compile before the first search."""

READY = "ready"
_LOOK_SECONDS = 0.2
"""How often it is looked whether anyone still waits for the search."""

_NICENESS = 10
"""The priority of the child: pages are drawn before searches run."""


class Searches:
    """Runs one search at a time in a child process; it is a `geo.analyses.analysis.Runner`.

    Parameters
    ----------
    seconds
        How long a search may take.
    room
        Where callers wait for theirs.
    """

    def __init__(self, *, seconds: float = SECONDS, room: WaitingRoom | None = None) -> None:
        self._seconds = seconds
        self._turns = Turns(1, room, most_waiting=MOST_WAITING)
        self._one = threading.Lock()
        self._child: Any = None
        self._is_ready = False
        self._pipe: Connection | None = None
        atexit.register(self.close)

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function in the child; return its value or raise its error.

        Raises
        ------
        InputError
            If it takes too long.
        SolverError
            If the child dies.
        UnavailableError
            If the child does not start.
        BusyError
            If too many wait for their search already.
        StoppedError
            If nobody waits for this one any more.
        """
        work = pickle.dumps((function, args, kwargs))
        with self._turns.turn():
            value, error = self._search(work)
        if error is not None:
            raise error
        return value

    def _search(self, work: bytes) -> tuple[Any, Exception | None]:
        """Let the child do some work; return its value and its error."""
        with self._one:
            pipe = self._running()
            try:
                pipe.send_bytes(work)
                if not self._answers_within(self._seconds, pipe):
                    self._end()
                    raise InputError(
                        f"no plan was found within {self._seconds:g} s; choose fewer areas, "
                        "a fixed number of patches, or fewer places"
                    )
                outcome: tuple[Any, Exception | None]
                outcome = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our own child
            except StoppedError:
                self._end()
                self._started()  # the next search finds a child that is ready, or nearly so
                raise
            except (EOFError, OSError) as lost:
                self._end()
                raise SolverError("the search for a plan was interrupted; try again") from lost
        return outcome

    def warm_up(self) -> None:
        """Start the child, without waiting until it is ready."""
        with self._one:
            self._started()

    def close(self) -> None:
        """Kill the child; a search underway fails."""
        # Before the lock, which a search holds until it ends.
        if self._child is not None:
            self._child.kill()
        with self._one:
            self._end()

    def _running(self) -> Connection:
        """The pipe to a child that is ready."""
        try:
            pipe = self._started()
            if not self._is_ready:
                if not self._answers_within(START_SECONDS, pipe):
                    raise TimeoutError
                pipe.recv_bytes()
        except (EOFError, OSError) as lost:
            self._end()
            raise UnavailableError(
                "the process that searches for plans does not start; try again, and see the log "
                "of Patchmap if this message comes back"
            ) from lost
        self._is_ready = True
        return pipe

    def _answers_within(self, seconds: float, pipe: Connection) -> bool:
        """Wait until the child answers, as long as anyone waits for it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            checkpoint()
            if pipe.poll(min(left, _LOOK_SECONDS)):
                return True
        return False

    def _started(self) -> Connection:
        if self._pipe is None or not self._child.is_alive():
            self._end()
            # Not a fork: it would copy the locks that other threads hold at this moment.
            context = get_context("spawn")
            pipe, far_end = context.Pipe()
            child = context.Process(target=serve_searches, args=(far_end,), daemon=True)
            with _without_interrupts():
                child.start()
            far_end.close()
            self._pipe, self._child, self._is_ready = pipe, child, False
        return self._pipe

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.join()
        if self._pipe is not None:
            self._pipe.close()
        self._child = self._pipe = None


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: a terminal sends it to all of a group."""
    if sys.platform == "win32":
        yield
        return
    # Python's tracker of shared memory starts with the first child, and would undo the mask.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def serve_searches(pipe: Connection) -> None:
    """Run the child: load the solvers, then run searches until the parent is gone."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    from geo.allocation.patches.annealing import warm_up  # noqa: PLC0415 - loaded in the child
    from geo.allocation.patrols.scheduling import plan_patrols  # noqa: F401, PLC0415 - likewise

    warm_up()
    try:
        pipe.send_bytes(pickle.dumps(READY))
        while True:
            function, args, kwargs = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our parent
            pipe.send_bytes(pickle.dumps(_outcome(function, args, kwargs)))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _outcome(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Exception | None]:
    try:
        return function(*args, **kwargs), None
    except PatchmapError as refusal:
        return None, refusal
    except Exception as fault:  # noqa: BLE001 - the parent reports it
        return None, SolverError(f"the search for a plan failed: {fault!r}")
