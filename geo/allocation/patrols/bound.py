"""An upper bound of the demand that any plan of patrols covers.

It is a covering model without routes. Each visit takes its minutes and at least the shortest way
into its hotspot, and the officers of a shift share one budget of minutes. A hotspot whose cost is
too high for any plan better than the present one is ruled out. Without such hotspots the shortest
ways are longer, so the bound is tightened until nothing changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.allocation.patrols.problem import PatrolProblem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PASSES = 30  # a safeguard: bounds settle after a few
_ENOUGH_VISITS = 1_000  # after so many nothing is left uncovered


def covering_bound(problem: PatrolProblem, *, reached: float) -> float:
    """A demand that no plan can exceed.

    Parameters
    ----------
    problem
        The hotspots, shifts and rule.
    reached
        The demand that the present plan covers.

    Returns
    -------
    At least `reached`.

    Source: the linear relaxation of a knapsack (Dantzig 1957), with variables fixed by reduced cost
    (Nemhauser & Wolsey 1988).
    """
    open_ = np.ones(problem.demand.shape, bool)
    best = float((problem.demand * (1 - (1 - problem.rule.covers) ** _ENOUGH_VISITS)).sum())
    for _ in range(_PASSES):
        bounds, falls = _bounds(problem, open_)
        best = min(best, max(float(bounds.sum()), reached))
        # A hotspot whose visit lowers the bound below the present plan is in no better plan.
        still = open_ & (falls <= bounds.sum() - reached + 1e-9)
        if (still == open_).all():
            break
        open_ = still
    return best


def _bounds(problem: PatrolProblem, open_: Bools) -> tuple[Floats, Floats]:
    """The bound of each shift, and how far it falls if a hotspot must be visited."""
    bounds = np.zeros(len(problem.shifts))
    falls = np.zeros(problem.demand.shape)
    for shift in range(len(problem.shifts)):
        bounds[shift], falls[:, shift] = _shift_bound(problem, open_[:, shift], shift)
    return bounds, falls


def _shift_bound(problem: PatrolProblem, open_: Bools, shift: int) -> tuple[float, Floats]:
    """The tighter bound of one shift, by its minutes or by its number of visits, and the falls."""
    spots = np.flatnonzero(open_)
    falls = np.full(len(open_), np.inf)
    if not len(spots):
        return 0.0, falls
    minutes, room = _costs(problem, spots, shift)
    rounds, crews = problem.rounds[shift], problem.shifts[shift].officers
    # The second officer at a hotspot covers a part of what the first one left.
    shares = np.diff(problem.covered(np.arange(crews + 1) * rounds))
    worth = problem.demand[spots, shift][:, None] * shares
    stops = int(np.searchsorted(np.cumsum(np.sort(minutes)), room + 1e-9, side="right"))
    by_minutes = _spent(worth, minutes, budget=crews * room)
    by_visits = _spent(worth, np.ones(len(spots)), budget=float(crews * stops))
    bound, falls[spots] = min(by_minutes, by_visits, key=lambda pair: pair[0])
    return bound, falls


def _spent(worth: Floats, cost: Floats, *, budget: float) -> tuple[float, Floats]:
    """Spend a budget on what is worth most for its cost; the last item may be cut.

    Returns
    -------
    The worth bought, and how far it falls if each row's first item must be bought.
    """
    rate = (worth / cost[:, None]).ravel()
    order = np.argsort(-rate, kind="stable")
    costs = np.repeat(cost, worth.shape[1])[order]
    part = np.clip(budget - (np.cumsum(costs) - costs), 0, costs) / costs
    cut = np.flatnonzero(part < 1)
    price = float(rate[order[cut[0]]]) if len(cut) else 0.0
    falls = np.maximum(price * cost - worth[:, 0], 0.0)
    return float((worth.ravel()[order] * part).sum()), falls


def _costs(problem: PatrolProblem, spots: NDArray[np.int64], shift: int) -> tuple[Floats, float]:
    """The least minutes that each hotspot takes, and the minutes of one officer's round."""
    travel = problem.travel
    into = travel.between[np.ix_(spots, spots)].copy()
    np.fill_diagonal(into, np.inf)
    least = into.min(axis=0)
    room = problem.round_minutes(shift)
    if travel.has_base:
        least = np.minimum(least, travel.out[spots])
        room -= float(travel.back[spots].min())
    else:
        # The first stop of an open round needs no way into it, nor does a round's only stop.
        least = np.where(np.isfinite(least), least, 0.0)
        alone = problem.rule.minutes + float(least.max())
        room = max(room, alone) if problem.rounds[shift] > 1 else room + float(least.max())
    return problem.rule.minutes + least, room
