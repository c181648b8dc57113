"""How much demand no plan of patrols can go beyond: the covering model without the routes.

Each visit takes its minutes and at least the shortest way into its hotspot; the officers of a
shift share one purse of minutes. What a hotspot must cost at least if it is to be in any plan
better than the one at hand rules most hotspots out, and without them the shortest ways are
longer, so the bound is tightened until nothing changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.allocation.patrols.problem import PatrolProblem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PASSES = 30


def covering_bound(problem: PatrolProblem, *, reached: float) -> float:
    """A demand that no plan covers more than.

    Parameters
    ----------
    reached
        What the plan at hand covers.
    """
    open_ = np.ones(problem.demand.shape, bool)
    best = float((problem.demand * (1 - (1 - problem.rule.covers) ** 1000)).sum())
    for _ in range(_PASSES):
        bounds, prices = _purses(problem, open_)
        best = min(best, max(float(bounds.sum()), reached))
        # What stays behind by more than the bound is above the plan at hand is in no better plan.
        still = open_ & (prices <= bounds.sum() - reached + 1e-9)
        if (still == open_).all():
            break
        open_ = still
    return best


def _purses(problem: PatrolProblem, open_: Bools) -> tuple[Floats, Floats]:
    """The bound of each shift, and by how much it falls when a hotspot is forced in."""
    bounds = np.zeros(len(problem.shifts))
    prices = np.zeros(problem.demand.shape)
    for shift in range(len(problem.shifts)):
        bounds[shift], prices[:, shift] = _purse(problem, open_[:, shift], shift)
    return bounds, prices


def _purse(problem: PatrolProblem, open_: Bools, shift: int) -> tuple[float, Floats]:
    """What one shift covers at most, by its minutes or by its number of visits, and the falls."""
    spots = np.flatnonzero(open_)
    falls = np.full(len(open_), np.inf)
    if not len(spots):
        return 0.0, falls
    minutes, room = _costs(problem, spots, shift)
    rounds, crews = problem.rounds[shift], problem.shifts[shift].officers
    # The second officer on the same hotspot covers a part of what the first one left.
    ladder = np.diff(problem.covered(np.arange(crews + 1) * rounds))
    worth = problem.demand[spots, shift][:, None] * ladder
    stops = int(np.searchsorted(np.cumsum(np.sort(minutes)), room + 1e-9, side="right"))
    by_minutes = _spent(worth, minutes, purse=crews * room)
    by_visits = _spent(worth, np.ones(len(spots)), purse=float(crews * stops))
    bound, falls[spots] = min(by_minutes, by_visits, key=lambda pair: pair[0])
    return bound, falls


def _spent(worth: Floats, cost: Floats, *, purse: float) -> tuple[float, Floats]:
    """A purse spent on what is worth most for its cost; the last thing may be cut.

    Returns
    -------
    What it buys, and by how much that falls when each row's first thing is forced in.
    """
    rate = (worth / cost[:, None]).ravel()
    order = np.argsort(-rate, kind="stable")
    each = np.repeat(cost, worth.shape[1])[order]
    part = np.clip(purse - (np.cumsum(each) - each), 0, each) / each
    cut = np.flatnonzero(part < 1)
    price = float(rate[order[cut[0]]]) if len(cut) else 0.0
    falls = np.maximum(price * cost - worth[:, 0], 0.0)
    return float((worth.ravel()[order] * part).sum()), falls


def _costs(problem: PatrolProblem, spots: NDArray[np.int64], shift: int) -> tuple[Floats, float]:
    """The least minutes that each hotspot takes of a round, and the minutes of one officer's."""
    travel = problem.travel
    into = travel.between[np.ix_(spots, spots)].copy()
    np.fill_diagonal(into, np.inf)
    least = into.min(axis=0)
    room = problem.round_minutes(shift)
    if travel.has_base:
        least = np.minimum(least, travel.out[spots])
        room -= float(travel.back[spots].min())
    else:
        # The first stop of an open round costs no way into it, nor does the only one of any.
        least = np.where(np.isfinite(least), least, 0.0)
        alone = problem.rule.minutes + float(least.max())
        room = max(room, alone) if problem.rounds[shift] > 1 else room + float(least.max())
    return problem.rule.minutes + least, room
