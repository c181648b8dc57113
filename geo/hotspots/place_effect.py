"""What became of one place after something was done there, from monthly counts alone.

A place is chosen at its worst, and one place has few incidents: both make success look easy. So its
change is set against that of places like it before the choice, its interval allows for how much
such places change of themselves, and a fall counts only beyond what the choice alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.hotspots.controls import expected_share, like_level, match_controls
from geo.hotspots.treatment import (
    NO_CLEAR_EFFECT,
    RateRatio,
    Spread,
    Verdict,
    effective_number,
    rate_ratio,
    spread_of_changes,
    verdict_of,
)

Integers = NDArray[np.int64]
Pair = tuple[float, float]
"""Incidents before and after."""

FEWEST: Final = 10
"""With fewer at the place both before and after, or in the control before, nothing is said."""

FEWEST_OTHERS: Final = 8
"""Of fewer untreated places nobody can tell how much a place changes of itself."""

EACH: Final = 4
"""Matched controls of the place. Of many places two each are enough; of one, four narrow the
interval by a tenth more."""

MOST_MATCHED_MONTHS: Final = 24
"""How many months before the choice are matched: earlier ones say little of the place."""


@dataclass(frozen=True)
class Windows:
    """Columns of the months: those before the choice, and those after the work.

    Attributes
    ----------
    matched
        The months on which controls are matched, up to the choice.
    before, after
        The months that are compared; they need not be as many.
    """

    matched: Integers
    before: Integers
    after: Integers


@dataclass(frozen=True)
class PlaceEffect:
    """How a place changed against its control.

    Attributes
    ----------
    verdict
        Whether that is a clear fall or a clear rise.
    ratio
        The change of the place as a multiple of the control's, with its interval.
    expected
        The ratio to expect without any effect, because the place was chosen at its worst.
    place, control
        Incidents before and after.
    matched
        Positions of the matched controls among the other places; none where it was not matched.
    beside
        The change of the ring around the place against the control; None unless the effect is
        clear.
    """

    verdict: Verdict
    ratio: RateRatio
    expected: float
    place: Pair
    control: Pair
    matched: tuple[int, ...] = ()
    beside: RateRatio | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the place changed clearly."""
        return self.verdict != NO_CLEAR_EFFECT


def place_effect(
    place: ArrayLike,
    others: ArrayLike,
    windows: Windows,
    *,
    control: ArrayLike | None = None,
    beside: ArrayLike | None = None,
    each: int = EACH,
) -> PlaceEffect:
    """Set the change of a place against that of its control.

    Parameters
    ----------
    place
        Incidents of the place in each of k months.
    others
        Those of m untreated places of its kind: m × k.
    windows
        Which of the months count.
    control
        Those of the control, such as the rest of the city; without it the `each` places most like
        this one before the choice are the control.
    beside
        Those of the ring around the place, where displacement is looked for.
    each
        Matched controls, at most.

    Returns
    -------
    The effect.

    Raises
    ------
    InputError
        If there are too few incidents, too few other places, or none of like level: nobody can
        tell whether it worked.

    Source: the ratio of rates of Wilson 2022; empirical Bayes of Hauer 1997; the spread of
    DerSimonian & Laird 1986; half an incident added to each count where one is 0 (Haldane 1956).
    """
    own, every = np.asarray(place, np.int64), np.asarray(others, np.int64)
    mine = _pair(own, windows)
    refuse_few(own, windows)
    if len(every) < FEWEST_OTHERS:
        raise InputError(
            f"only {len(every)} other places can be compared; how much a place changes by itself "
            f"takes {FEWEST_OTHERS} to tell"
        )
    before, after = (every[:, columns].sum(axis=1) for columns in (windows.before, windows.after))
    like = like_level(mine[:1], before)
    spread = spread_of_changes([(before[like], after[like])])
    matched: tuple[int, ...] = ()
    if control is None:
        columns = windows.matched
        matched = match_controls(own[None, columns], every[:, columns], each=each).controls[0]
        other = float(before[list(matched)].sum()), float(after[list(matched)].sum())
        number = effective_number(before[list(matched)])
    else:
        other = _pair(np.asarray(control, np.int64), windows)
        # As many places of the kind as it has incidents for.
        number = effective_number(np.ones(max(int(other[0] / max(mine[0], 1.0)), 1)))
    if other[0] < FEWEST:
        raise InputError(f"the control had {_incidents(other[0])} before; {FEWEST} are needed")
    ratio = _ratio(mine, other, spread, number)
    expected = _expected(mine[0], before, list(matched), spread)
    verdict = verdict_of(ratio, expected=expected)
    effect = PlaceEffect(verdict, ratio, expected, mine, other, matched)
    if beside is None or not effect.is_clear:
        return effect
    around = _pair(np.asarray(beside, np.int64), windows)
    if max(around) < FEWEST:
        return effect
    ring = _ratio(around, other, spread, number)
    return PlaceEffect(verdict, ratio, expected, mine, other, matched, ring)


def refuse_few(place: ArrayLike, windows: Windows) -> None:
    """Refuse to say anything of a place with hardly an incident.

    Parameters
    ----------
    place
        Incidents of the place in each of k months.
    windows
        Which of the months count.

    Raises
    ------
    InputError
        If there were fewer than `FEWEST` before, and fewer after.
    """
    before, after = _pair(np.asarray(place, np.int64), windows)
    if max(before, after) < FEWEST:
        raise InputError(
            f"there were {_incidents(before)} at the place before and {after:,.0f} after; with "
            f"fewer than {FEWEST} chance decides"
        )


def _pair(counts: Integers, windows: Windows) -> Pair:
    return float(counts[windows.before].sum()), float(counts[windows.after].sum())


def _ratio(own: Pair, other: Pair, spread: Spread, number: float) -> RateRatio:
    if not all((*own, *other)):
        # A place that was cleared has no incident left, and that is the best there is.
        own, other = (own[0] + 0.5, own[1] + 0.5), (other[0] + 0.5, other[1] + 0.5)
    return rate_ratio(own, other, spread=spread, places=(1.0, number))


def _expected(own: float, others: Integers, matched: list[int], spread: Spread) -> float:
    """The ratio to expect of a place that was chosen at its worst, without any effect."""
    every = np.append(others, own)
    share = expected_share([own], every, dispersion=spread.dispersion)
    if matched:
        share /= expected_share(others[matched], every, dispersion=spread.dispersion)
    return min(share, 1.0)


def _incidents(n: float) -> str:
    return f"{n:,.0f} incident{'' if n == 1 else 's'}"
