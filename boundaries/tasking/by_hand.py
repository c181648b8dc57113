"""Results that a person states where nothing was fixed to count, or nobody waits for the counts."""

from __future__ import annotations

from typing import Final

from boundaries.tasking.assessing import Finding
from boundaries.tasking.assessment import OUTCOMES
from boundaries.tasking.history import one_of
from geo.errors import InputError

_BY_HAND: Final = ", judged by hand"


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
    return Finding(known, f"{known.capitalize()}{_BY_HAND}: {words}.")


def is_by_hand(finding: str) -> bool:
    """Whether the sentence of a finding is a person's."""
    return any(finding.startswith(f"{one.capitalize()}{_BY_HAND}: ") for one in OUTCOMES)
