"""Whole units shared out by need: posts over areas, pence over wards.

The divisor methods never take a post away from an area when there is one more to share. Largest
remainder can (the Alabama paradox), so it is meant for pence, where it does no harm.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Method = Literal["sainte-lague", "dhondt", "largest-remainder"]
METHODS: tuple[Method, ...] = get_args(Method)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AHEAD = {"sainte-lague": 0.5, "dhondt": 1.0}  # added to the units an area has: its divisor
_SAME = 1e-12  # claims that differ by less, relatively, differ by rounding only
_BISECTIONS = 50  # halvings, after which a need is known to the precision of a float


def apportion(
    needs: ArrayLike,
    total: int,
    *,
    floors: ArrayLike = 0,
    ceilings: ArrayLike | None = None,
    method: Method = "sainte-lague",
) -> Ints:
    """Share a whole number out by need.

    Every area has its floor; each further unit goes where the claim need / (has + ½) is highest
    (Sainte-Laguë), or need / (has + 1) (D'Hondt). Largest remainder gives the floor to the areas
    whose quota is below it, and shares the rest over the others by their quotas.

    Parameters
    ----------
    needs
        n numbers of at least 0, one of them above it, in the order that breaks ties.
    total
        The units to share.
    floors
        The least that each area has: n whole numbers, or one for all.
    ceilings
        The most that each area may have, likewise; None for no limit. An area that has reached
        it claims no more. Not with largest remainder.
    method
        Sainte-Laguë, D'Hondt or largest remainder.

    Returns
    -------
    n whole numbers that add up to `total`.

    Raises
    ------
    InputError
        If a need is negative or not finite, all are 0, the floors come to more than `total`, or
        the ceilings to less.

    Source: Balinski & Young 2001, Fair Representation.
    """
    need = np.asarray(needs, float)
    least = np.broadcast_to(np.asarray(floors, np.int64), need.shape).copy()
    most = np.broadcast_to(np.asarray(total if ceilings is None else ceilings, int), need.shape)
    _check(need, least, total=total, method=method)
    if ceilings is not None:
        _check_ceilings(least, most, total=total, method=method)
    if method == "largest-remainder":
        return _largest_remainder(need, least, total=total)
    return _highest_claims(need, least, most, total=total, ahead=_AHEAD[method])


def claims(needs: ArrayLike, has: ArrayLike, *, method: Method) -> Floats:
    """How strongly each area claims one more unit; the highest claim is next in line.

    Parameters
    ----------
    needs
        n numbers of at least 0.
    has
        The units that each area has now.
    method
        As in `apportion`.

    Returns
    -------
    need / (has + ½ or 1); for largest remainder the unmet part of the quota of one unit more.

    Source: Balinski & Young 2001.
    """
    need, allocated = np.asarray(needs, float), np.asarray(has, float)
    if method == "largest-remainder":
        return np.asarray((allocated.sum() + 1) * need / need.sum() - allocated)
    return np.asarray(need / (allocated + _AHEAD[method]))


def tipping_needs(
    needs: ArrayLike, has: ArrayLike, *, floors: ArrayLike = 0, method: Method = "sainte-lague"
) -> tuple[Floats, Floats]:
    """The needs at which areas would lose a unit, and gain one, while all others' needs stay.

    Parameters
    ----------
    needs, floors, method
        As in `apportion`.
    has
        The result of `apportion`.

    Returns
    -------
    n needs at or below the present ones, NaN where the floor protects the unit, and n needs at or
    above them, NaN where all others have only their floor.

    Source: the claims of Balinski & Young 2001, solved for one need.
    """
    need, allocated = np.asarray(needs, float), np.asarray(has, np.int64)
    least = np.broadcast_to(np.asarray(floors, np.int64), need.shape)
    if method == "largest-remainder":
        return _tipping_by_trial(need, allocated, least)
    ahead = _AHEAD[method]
    spare = allocated > least
    # The claim that would be served next, and the claim that was served last.
    waiting = need / (allocated + ahead)
    served = np.where(spare, need / np.where(spare, allocated - 1 + ahead, 1.0), np.inf)
    lose = np.where(spare, _best_of_others(waiting) * (allocated - 1 + ahead), np.nan)
    gain = -_best_of_others(-served) * (allocated + ahead)
    return _finite(lose), _finite(gain)


def _check(need: Floats, least: Ints, *, total: int, method: str) -> None:
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}; choose {', '.join(METHODS)}")
    if not (np.isfinite(need).all() and (need >= 0).all()):
        raise InputError("every need must be a number of at least 0")
    if not need.sum() > 0:
        raise InputError("no area has any need, so there is nothing to share by")
    if (least < 0).any():
        raise InputError("a floor must be at least 0")
    if least.sum() > total:
        raise InputError(
            f"the floors of {len(need)} areas come to {least.sum():,}, "
            f"more than the {total:,} there are; lower the floors or share more"
        )


def _check_ceilings(least: Ints, most: Ints, *, total: int, method: str) -> None:
    if method == "largest-remainder":
        raise InputError("largest remainder takes no ceilings; choose sainte-lague or dhondt")
    if (most < least).any():
        raise InputError("a ceiling is below its floor; raise it")
    if most.sum() < total:
        raise InputError(
            f"the ceilings of {len(most)} areas come to {most.sum():,}, "
            f"fewer than the {total:,} to share; raise the ceilings or share less"
        )


def _highest_claims(need: Floats, least: Ints, most: Ints, *, total: int, ahead: float) -> Ints:
    allocated = _certain_units(need, least, most, total=total, ahead=ahead)
    for _ in range(total - int(allocated.sum())):
        claim = np.where(allocated < most, need / (allocated + ahead), -1.0)
        allocated[_first_highest(claim)] += 1
    return allocated


def _certain_units(need: Floats, least: Ints, most: Ints, *, total: int, ahead: float) -> Ints:
    """The units that every area has before the last few, so that pence need no loop over millions.

    At a given claim each area has the units whose claims are no lower. Bisection finds about the
    lowest claim at which these come to no more than the total; ties near it are left open.
    """
    high, low = 2 * need.max() / ahead, need.sum() / (total + len(need) + 1)
    allocated = least
    while high > low * (1 + 1e-9):
        claim = (high + low) / 2
        served = np.floor(need / claim * (1 - _SAME) - ahead + 1).astype(np.int64)
        tried = np.clip(served, least, most)
        if tried.sum() <= total:
            high, allocated = claim, tried
        else:
            low = claim
    return allocated.copy()


def _largest_remainder(need: Floats, least: Ints, *, total: int) -> Ints:
    quota = _quotas_above_floors(need, least, total=total)
    allocated = np.floor(quota * (1 + _SAME)).astype(np.int64)
    remainder = quota - allocated
    for _ in range(total - int(allocated.sum())):
        at = _first_highest(remainder)
        allocated[at] += 1
        remainder[at] -= 1
    return allocated


def _quotas_above_floors(need: Floats, least: Ints, *, total: int) -> Floats:
    """Areas whose quota is below their floor have the floor; the others share the rest."""
    sharing = np.ones(len(need), bool)
    while True:
        left = total - least[~sharing].sum()
        quota = np.where(sharing, left * need / need[sharing].sum(), least)
        below = quota < least * (1 - _SAME)
        if not below.any():
            return quota
        sharing &= ~below


def _first_highest(values: Floats) -> int:
    """The position of the highest value; of those that differ only by rounding the first."""
    highest = values.max()
    return int(np.argmax(values >= highest - _SAME * abs(highest)))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _best_of_others(values: Floats) -> Floats:
    """For each position the highest value among all other positions."""
    if len(values) == 1:
        return np.array([-np.inf])
    second, first = np.partition(values, -2)[-2:]
    highest = np.arange(len(values)) == int(np.argmax(values))
    best: Floats = np.where(highest, second, first)
    return best


def _tipping_by_trial(need: Floats, allocated: Ints, least: Ints) -> tuple[Floats, Floats]:
    """By bisection: largest remainder has no closed form, as each need moves every quota."""
    lose, gain = np.full(len(need), np.nan), np.full(len(need), np.nan)
    total, others = int(allocated.sum()), need.sum() - need

    def bisected(at: int, end: float) -> float:
        """The need of one area, between its present one and `end`, at which its units change."""
        trial, near = need.copy(), float(need[at])
        for _ in range(_BISECTIONS):
            trial[at] = (near + end) / 2
            same = _largest_remainder(trial, least, total=total)[at] == allocated[at]
            near, end = (trial[at], end) if same else (near, trial[at])
        return end

    for at in np.flatnonzero(others > 0).tolist():
        if allocated[at] > least[at]:
            lose[at] = bisected(at, 0.0)
        if allocated[at] < total - (least.sum() - least[at]):
            # At this end all other quotas together come to less than half a unit.
            gain[at] = bisected(at, others[at] * (2.0 * total + 2.0) + need[at])
    return lose, gain
