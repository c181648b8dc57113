"""Runs imports in a child process: pages go on being served, and its memory goes with it."""

from __future__ import annotations

import atexit
import os
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

from api.errors import refusal_of
from api.imports.opening import open_store
from api.imports.outcome import Outcome
from api.imports.tasks import Task, run_task
from api.load.log import log
from api.searches import without_interrupts
from geo.errors import PatchmapError, UnavailableError
from geo.store.contract import DataVersion, Store

_NICENESS: Final = 2
"""The priority of the child: pages are drawn before files are imported."""


class Importer(Protocol):
    """Runs tasks on one store, one after another."""

    def run(self, task: Task, on_rows: Callable[[int], None]) -> Outcome:
        """Do a task; `on_rows` is called with the number of rows of each batch."""

    def warm_up(self) -> None:
        """Get ready, without waiting for it."""

    def end_if_idle(self) -> None:
        """Free what it needs only while it works."""

    def close(self) -> None:
        """End; of a task underway all is done, or nothing."""


class ImportHere(Importer):
    """Runs tasks in the thread that asks for them: for tests, and where there is one user."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, task: Task, on_rows: Callable[[int], None]) -> Outcome:
        """Do a task here."""
        return run_task(task, self._store, on_rows)

    def warm_up(self) -> None:
        """Do nothing."""

    def end_if_idle(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ImportProcess(Importer):
    """Runs tasks in a child process, which opens the store by itself.

    Parameters
    ----------
    address
        The store: a path, or `postgresql://…`.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._one = threading.Lock()
        self._starting = threading.Lock()
        self._child: Any = None
        self._pipe: Connection | None = None
        atexit.register(self.close)

    def run(self, task: Task, on_rows: Callable[[int], None]) -> Outcome:
        """Do a task in the child.

        Raises
        ------
        PatchmapError
            If the task is refused; the store is then as it was before.
        UnavailableError
            If the child ends before it has said that it is done.
        """
        before: DataVersion | None = None
        with self._one:
            pipe = self._started()
            try:
                pipe.send_bytes(pickle.dumps((self._address, task)))
                while True:
                    kind, value = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our own child
                    if kind == "begun":
                        before = value
                    elif kind == "rows":
                        on_rows(value)
                    elif kind == "refused":
                        raise value
                    else:
                        outcome: Outcome = value
                        return outcome
            except (EOFError, OSError) as lost:
                self._end()
                raise UnavailableError(self._interrupted(before)) from lost

    def _interrupted(self, before: DataVersion | None) -> str:
        """What to say of a task whose child has ended: perhaps after its last change."""
        now: DataVersion | None = None
        if before is not None:
            with suppress(PatchmapError), open_store(self._address) as store:
                now = store.data_version()
        if now == before:
            return "the import was interrupted, and nothing was changed; try again"
        return (
            "the import was interrupted, but the data may have changed; look at the list of "
            "imports before you try again"
        )

    def warm_up(self) -> None:
        """Start the child, without waiting until it is ready."""
        self._started()

    def end_if_idle(self) -> None:
        """End the child if it does nothing, so that its memory is free again."""
        if self._one.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._one.release()

    def close(self) -> None:
        """Kill the child."""
        self._end()

    def _started(self) -> Connection:
        with self._starting:
            if self._pipe is None or not self._child.is_alive():
                # Not a fork: it would copy the locks that other threads hold at this moment.
                context = get_context("spawn")
                pipe, far_end = context.Pipe()
                child = context.Process(target=serve_imports, args=(far_end,), daemon=True)
                with without_interrupts():
                    child.start()
                far_end.close()
                self._pipe, self._child = pipe, child
            return self._pipe

    def _end(self) -> None:
        with self._starting:
            child, pipe = self._child, self._pipe
            self._child = self._pipe = None
        if child is not None:
            child.kill()
            child.join()
        if pipe is not None:
            pipe.close()


def serve_imports(pipe: Connection) -> None:
    """Run the child: do one task after another until the parent is gone."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        while True:
            address, task = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our parent
            pipe.send_bytes(pickle.dumps(_outcome(address, task, pipe)))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _outcome(address: str, task: Task, pipe: Connection) -> tuple[str, object]:
    def on_rows(rows: int) -> None:
        pipe.send_bytes(pickle.dumps(("rows", rows)))

    try:
        with open_store(address) as store:
            pipe.send_bytes(pickle.dumps(("begun", store.data_version())))
            return "done", run_task(task, store, on_rows)
    except Exception as fault:  # noqa: BLE001 - the parent reports it
        if not isinstance(fault, PatchmapError):
            log.error("an import failed", exc_info=fault)
        return "refused", refusal_of(fault)
