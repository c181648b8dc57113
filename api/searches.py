"""Searches for plans, run in a child process that can be stopped.

A solver looks at its limits only now and then, and a page cannot wait indefinitely. So each search
runs in a child process, which ends when it has used up its time of the processor: on a busy machine
a search takes longer, and still has the same answer. The child loads the solvers and compiles the
annealing once, in advance, and then serves one search after another.
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
from api.settings import DEADLINE_S
from geo.checkpoints import StoppedError, checkpoint
from geo.errors import InputError, PatchmapError, SolverError, UnavailableError

SECONDS = 20.0
"""How long a search may work, in seconds of a processor."""

PATIENCE_SECONDS = DEADLINE_S
"""How long a caller waits for a search on a machine that is too busy to work on it."""

MOST_WAITING = 16
"""How many callers may wait for their search: each takes up to 20 s."""

START_SECONDS = 120.0
"""How long a child may take to load and compile before the first search."""

READY = "ready"
_PROFILED: int | None = getattr(signal, "SIGPROF", None)
"""The signal of a timer that counts processor time; None on Windows."""

_LOOK_SECONDS = 0.2
"""How often it is looked whether anyone still waits for the search."""

_NICENESS = 2
"""The priority of the child: pages are drawn before searches run. Beside a few other busy programs
a higher number would leave it hardly any time at all."""


class Searches:
    """Runs one search at a time in a child process; it is a `geo.analyses.analysis.Runner`.

    Parameters
    ----------
    seconds
        How long a search may work, in seconds of a processor.
    patience
        How long a caller waits for it, in seconds.
    room
        Where callers wait for theirs.
    """

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        patience: float = PATIENCE_SECONDS,
        room: WaitingRoom | None = None,
    ) -> None:
        self._seconds, self._patience = seconds, patience
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
            If it takes too much work.
        SolverError
            If the child dies.
        UnavailableError
            If the child does not start, or the machine is too busy.
        BusyError
            If too many wait for their search already.
        StoppedError
            If nobody waits for this one any more.
        """
        work = pickle.dumps((self._seconds, function, args, kwargs))
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
                if not self._answers_within(self._patience, pipe):
                    self._end()
                    raise UnavailableError(
                        "this machine was too busy to find a plan within "
                        f"{self._patience:g} seconds; try again"
                    )
                outcome: tuple[Any, Exception | None]
                outcome = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our own child
            except StoppedError:
                self._end()
                self._started()  # the next search finds a child that is ready, or nearly so
                raise
            except (EOFError, OSError) as lost:
                raise self._lost() from lost
        return outcome

    def _lost(self) -> PatchmapError:
        """Why the child ended during a search."""
        child = self._child
        child.join(_LOOK_SECONDS)
        overworked = _PROFILED is not None and child.exitcode == -_PROFILED
        self._end()
        if not overworked:
            return SolverError("the search for a plan was interrupted; try again")
        return InputError(
            f"no plan was found within {self._seconds:g} seconds of computing; choose fewer "
            "areas, a fixed number of patches, or fewer places"
        )

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
            with without_interrupts():
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
def without_interrupts() -> Iterator[None]:
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
            work = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our parent
            seconds, function, args, kwargs = work
            with _limited(seconds):
                outcome = pickle.dumps(_outcome(function, args, kwargs))
            pipe.send_bytes(outcome)
    except (EOFError, OSError, KeyboardInterrupt):
        return


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End this process when it has worked so long inside; where the system cannot, nothing does."""
    if _PROFILED is None:
        yield
        return
    # The default action of the signal, and no handler: Python runs none while a solver works.
    signal.signal(_PROFILED, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _outcome(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Exception | None]:
    try:
        return function(*args, **kwargs), None
    except PatchmapError as refusal:
        return None, refusal
    except Exception as fault:  # noqa: BLE001 - the parent reports it
        return None, SolverError(f"the search for a plan failed: {fault!r}")
