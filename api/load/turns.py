"""Turns at what is scarce: so many work at once, a bounded number waits, callers in rotation.

Threads wait, not coroutines: only in the middle of an answer does it show whether it must be worked
out or is cached. The service has a thread for each who may wait, and the others besides.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TypeVar

from api.calls import BusyError, changed, current_call
from geo.checkpoints import StoppedError, checkpoint, current_demand
from geo.errors import raised_anew

Part = TypeVar("Part")

_MOST_RETRY_SECONDS = 60


class WaitingRoom:
    """Room for those who wait, whatever for: each of them occupies a thread.

    Parameters
    ----------
    places
        How many may wait at once.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0


class _Waiter:
    """A thread that waits for its turn."""

    def __init__(self, caller: str, *, first: bool) -> None:
        self.caller = caller
        self.first = first
        self.has_turn = False
        self.refused = False


_taken_turns: ContextVar[frozenset[Turns]] = ContextVar("turns held", default=frozenset())


class Turns:
    """Turns at one thing.

    Parameters
    ----------
    at_once
        How many turns there are at once.
    room
        Where the others wait; shared with other turns.
    most_waiting
        How many may wait for these turns; as many as the room has places when omitted.
    """

    def __init__(
        self, at_once: int, room: WaitingRoom | None = None, *, most_waiting: int | None = None
    ) -> None:
        self._free = at_once
        self._at_once = at_once
        self.room = room or WaitingRoom(1_000)
        self._most = self.room.places if most_waiting is None else most_waiting
        # Answers that have begun to be sent come first, then one of each caller after another.
        self._first: deque[_Waiter] = deque()
        self._queues: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._mean_seconds = 1.0

    @property
    def taken_here(self) -> bool:
        """Whether this thread has a turn."""
        return self in _taken_turns.get()

    @property
    def working(self) -> int:
        """How many have a turn."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._first) + sum(len(queue) for queue in self._queues.values())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have a turn inside; a thread that has one already goes on at once.

        Raises
        ------
        BusyError
            If too many wait already.
        StoppedError
            If nobody waits for this thread's work any more.
        """
        if self.taken_here:
            yield
            return
        while not self.take():
            pass  # the work had lost all who wait for it, and has found another
        with self.holding():
            yield

    def take(self, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a turn, which `holding` then gives back.

        Parameters
        ----------
        unless
            Makes the turn needless; it is looked at again whenever `changed` is notified.

        Returns
        -------
        Whether there is a turn; False if it became needless.
        """
        checkpoint()
        with changed:
            if self._free > 0:
                self._free -= 1
                return True
            waiter = self._queued()
            try:
                changed.wait_for(
                    lambda: waiter.has_turn or waiter.refused or unless() or bool(_why_stopped())
                )
            finally:
                self.room.taken -= 1
                self._unqueue(waiter)
            if waiter.refused:
                raise BusyError(self._retry_seconds())
            # Looked at once, and before others can change it: a turn is either given back or had.
            reason = _why_stopped()
            if reason is not None:
                if waiter.has_turn:
                    self._give_back()
                raise raised_anew(reason)
        return waiter.has_turn

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Work inside with the turn that was taken, and give it back."""
        token = _taken_turns.set(_taken_turns.get() | {self})
        began = time.monotonic()
        try:
            yield
        finally:
            _taken_turns.reset(token)
            with changed:
                self._mean_seconds += (time.monotonic() - began - self._mean_seconds) / 8
                self._give_back()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the turn to others while this thread only waits for something inside.

        Afterwards it goes on at once, beside those who work by then: were it to wait for a turn,
        it could wait for one that waits for it.
        """
        if not self.taken_here:
            yield
            return
        token = _taken_turns.set(_taken_turns.get() - {self})
        with changed:
            self._give_back()
        try:
            yield
        finally:
            _taken_turns.reset(token)
            with changed:
                self._free -= 1

    def paced(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Make each part of an answer in a turn of its own, and send it without one.

        Parameters
        ----------
        parts
            Makes the parts.
        """
        while True:
            with self.turn():
                made = list(islice(parts, 1))
            if not made:
                return
            yield made[0]

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for something else than a turn, in a place of the room.

        Parameters
        ----------
        until
            What is waited for; it is looked at again whenever `changed` is notified.

        Raises
        ------
        BusyError
            If too many wait already.
        StoppedError
            If nobody waits for this thread's work any more.
        """
        with changed:
            if until():
                return
            if self.room.taken >= self.room.places and not _is_streaming():
                raise BusyError(self._retry_seconds())
            self.room.taken += 1
            try:
                changed.wait_for(lambda: until() or bool(_why_stopped()))
            finally:
                self.room.taken -= 1
        checkpoint()

    def _queued(self) -> _Waiter:
        call = current_call()
        waiter = _Waiter(call.caller if call else "", first=_is_streaming() or call is None)
        if not waiter.first and not self._has_place(waiter):
            raise BusyError(self._retry_seconds())
        self.room.taken += 1
        queue = self._first if waiter.first else self._queues.setdefault(waiter.caller, deque())
        queue.append(waiter)
        return waiter

    def _has_place(self, waiter: _Waiter) -> bool:
        """Whether a waiter may wait, if need be in the place of the last of a longer queue."""
        if self.room.taken < self.room.places and self.waiting < self._most:
            return True
        longest = max(self._queues.values(), key=len, default=deque())
        if len(longest) <= len(self._queues.get(waiter.caller, ())) + 1:
            return False
        last = longest[-1]
        last.refused = True
        self._unqueue(last)
        changed.notify_all()
        return True

    def _unqueue(self, waiter: _Waiter) -> None:
        queue = self._first if waiter.first else self._queues.get(waiter.caller, deque())
        if waiter in queue:
            queue.remove(waiter)
        if not waiter.first and not queue:
            self._queues.pop(waiter.caller, None)

    def _give_back(self) -> None:
        self._free += 1
        while self._free > 0 and self.waiting:
            if self._first:
                waiter = self._first.popleft()
            else:
                caller, queue = self._queues.popitem(last=False)
                waiter = queue.popleft()
                if queue:
                    self._queues[caller] = queue
            waiter.has_turn = True
            self._free -= 1
        changed.notify_all()

    def _retry_seconds(self) -> int:
        """When the queue will have gone by, as far as the last turns tell."""
        seconds = self._mean_seconds * (self.waiting + 1) / self._at_once
        return min(max(math.ceil(seconds), 1), _MOST_RETRY_SECONDS)


def _is_streaming() -> bool:
    call = current_call()
    return call is not None and call.streaming


def _why_stopped() -> StoppedError | None:
    demand = current_demand()
    return None if demand is None else demand.ended
