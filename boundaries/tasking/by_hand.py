"""Results that a person states where nothing was fixed to count, or nobody waits for the counts."""

from __future__ import annotations

from boundaries.tasking.assessing import Finding
from boundaries.tasking.assessment import BY_HAND, OUTCOMES
from boundaries.tasking.history import one_of
from geo.errors import InputError


def finding_by_hand(outcome: str, reason: str) -> Finding:
    """What a person finds, without figures.

    Parameters
    ----------
    outcome
        One of `OUTCOMES`.
    reason
        What it rests on.

    Returns
    -------
    The finding, whose sentence says that it was judged by hand.

    Raises
    ------
    InputError
        If there is no such outcome, or no reason is given.
    """
    known = one_of("outcome", outcome, OUTCOMES)
    words = " ".join(reason.split()).rstrip(".")
    if not words:
        raise InputError("to assess a task by hand, say what the result rests on")
    return Finding(known, f"{known.capitalize()}{BY_HAND}: {words}.")
