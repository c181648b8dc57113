"""Where long work looks whether anyone still waits for it.

Work is stopped only at such places, between two stages or rounds, so that it never leaves anything
half done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from geo.errors import raised_anew


class StoppedError(Exception):
    """Work that nobody waits for any more.

    No `PatchmapError`: what shows a refusal in the place of an answer must not show this one.
    """


class Demand(Protocol):
    """Who waits for some work."""

    @property
    def ended(self) -> StoppedError | None:
        """Why nobody waits any more; None while somebody does."""


_demand: ContextVar[Demand | None] = ContextVar("demand", default=None)


def current_demand() -> Demand | None:
    """Return who waits for the work of this thread; None where that is not known.

    Returns
    -------
    Whoever `demanded_by` names.
    """
    return _demand.get()


@contextmanager
def demanded_by(demand: Demand) -> Iterator[None]:
    """Do the work inside for somebody.

    Parameters
    ----------
    demand
        Who waits for it.
    """
    token = _demand.set(demand)
    try:
        yield
    finally:
        _demand.reset(token)


def checkpoint() -> None:
    """Stop here if nobody waits for the work of this thread any more.

    Raises
    ------
    StoppedError
        With the reason. Never where it is not known who waits, as in a command or a notebook.
    """
    demand = _demand.get()
    ended = None if demand is None else demand.ended
    if ended is not None:
        raise raised_anew(ended)
