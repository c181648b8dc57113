"""Whether an allocation rests on enough incidents to be planned on."""

from __future__ import annotations

from typing import Final

FEWEST_INCIDENTS: Final = 30
"""With fewer in all, no order of places or areas is better than chance."""

FEWEST_EACH: Final = 5
"""With fewer on average at each place or area, most shares are chance: 5 vary by almost half."""


def too_little(n: int, of: int, noun: str) -> str:
    """Warn that an allocation rests on too few incidents.

    Parameters
    ----------
    n
        Incidents that it rests on.
    of
        How many areas or places they are shared among.
    noun
        What those are, in the plural: "areas".

    Returns
    -------
    A sentence with the numbers; '' where there are enough.

    Source: the standard error of a Poisson count of 5 is 45 % of it.
    """
    needed = max(FEWEST_INCIDENTS, FEWEST_EACH * of)
    if n >= needed:
        return ""
    incidents = f"{n:,} incident{'' if n == 1 else 's'}"
    return (
        f"Too little to plan on: this rests on {incidents} in {of:,} {noun}, and {needed:,} or "
        f"more are needed ({FEWEST_INCIDENTS}, and {FEWEST_EACH} for each of them). Choose a "
        "longer period or more categories."
    )
