"""A call of the service: one request, from its first byte to the last of its answer."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from geo.checkpoints import Demand, StoppedError, checkpoint, current_demand, demanded_by

changed: Final = threading.Condition()
"""Held to change, and notified of, whatever threads wait for: turns, entries, calls that end.

One for all: whoever waits for an answer also waits for the end of each call that wants it.
"""


class CallerLeftError(StoppedError):
    """The caller closed the connection."""


class OverdueError(StoppedError):
    """The answer takes longer than a caller may wait."""


class BusyError(Exception):
    """The service works on as much as it can. No `PatchmapError`, as `StoppedError` is none.

    Attributes
    ----------
    seconds
        After how many seconds to try again.
    """

    def __init__(self, seconds: int) -> None:
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(
            f"Patchmap is working on as many questions as it can; try again in {seconds} {unit}"
        )
        self.seconds = seconds


class Call:
    """One request.

    Attributes
    ----------
    id
        Names it in the log, in its headers and in problem documents.
    caller
        Who makes it, as far as that is known: callers take turns.
    streaming
        Whether its answer has begun: such a one is finished first, and refused no more.
    extended
        How often its work has said that the answer grows.
    """

    def __init__(self, caller: str = "") -> None:
        self.id = secrets.token_hex(8)
        self.caller = caller
        self.streaming = False
        self.extended = 0
        self._ended: StoppedError | None = None

    @property
    def ended(self) -> StoppedError | None:
        """Why the caller waits no more."""
        return self._ended

    def end(self, reason: StoppedError) -> None:
        """Note that the caller waits no more; what is done for nobody else stops."""
        with changed:
            self._ended = self._ended or reason
            changed.notify_all()


class SharedDemand:
    """All who wait for the same piece of work."""

    def __init__(self) -> None:
        self._all: list[Demand] = []

    @property
    def ended(self) -> StoppedError | None:
        """Why nobody waits any more: why the last one does not."""
        last = None
        for demand in [*self._all]:
            last = demand.ended
            if last is None:
                return None
        return last

    @property
    def is_empty(self) -> bool:
        """Whether nobody ever waited, or all have gone."""
        return not self._all

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Count this thread's callers among those who wait."""
        demand = current_demand() or _ALWAYS
        self._all.append(demand)
        try:
            yield
        finally:
            self._all.remove(demand)


class _Always:
    """The demand of work that was not asked for by a request, such as a command's."""

    ended = None


_ALWAYS: Final = _Always()
_call: ContextVar[Call | None] = ContextVar("call", default=None)


def current_call() -> Call | None:
    """The call that this thread or task works for; None outside of requests."""
    return _call.get()


@contextmanager
def serving_call(call: Call) -> Iterator[None]:
    """Work for a call inside."""
    token = _call.set(call)
    try:
        with demanded_by(call):
            yield
    finally:
        _call.reset(token)


def extend() -> None:
    """Say that the answer grows: its time begins anew. For files that take long to write.

    Raises
    ------
    StoppedError
        If nobody waits for it any more.
    """
    checkpoint()
    call = _call.get()
    if call is not None:
        call.extended += 1
