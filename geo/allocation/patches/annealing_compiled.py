"""The steps of the annealing, compiled by numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def anneal(
    plan: Ints,
    graph: tuple[Ints, Ints],
    rules: tuple[Floats, Floats],
    schedule: tuple[Floats, Floats],
) -> tuple[Ints, float]:
    """Move single areas between neighbouring patches, and keep the best plan on the way.

    Parameters
    ----------
    plan
        The patch of each of n areas, every patch connected.
    graph
        Starts and neighbours: those of area i are `neighbours[starts[i]:starts[i + 1]]`.
    rules
        n × 3 amounts (the workload of each area, 1, and its members), and the limits: the
        fewest and the most areas and the most members of a patch, and the cost of a cut edge.
    schedule
        Steps × 3 random numbers from 0 to 1, and a temperature for each step.

    Returns
    -------
    The best plan that keeps the limits, and its worst imbalance: infinity where none did.

    Source: Kirkpatrick, Gelatt & Vecchi 1983; acceptance by Metropolis et al. 1953.
    """
    starts, neighbours = graph
    amounts, limits = rules
    draws, temperatures = schedule
    totals = np.zeros((plan.max() + 1, 3))
    for area in range(len(plan)):
        totals[plan[area]] += amounts[area]
    fair = totals[:, 0].mean()
    cut = 0  # edges, more or fewer than at the start
    energy = _energy(totals, fair, limits)
    best, best_energy, best_worst = plan.copy(), np.inf, np.inf
    for step in range(len(temperatures) + 1):
        if energy < best_energy and _broken(totals, limits) == 0:
            best[:], best_energy = plan, energy
            best_worst = np.abs(totals[:, 0] / fair - 1).max()
        if step == len(temperatures):
            break
        area = int(draws[step, 0] * len(plan))
        first, last = starts[area], starts[area + 1]
        if first == last:
            continue
        source = plan[area]
        target = plan[neighbours[first + int(draws[step, 1] * (last - first))]]
        if source == target or not _can_leave(area, plan, starts, neighbours):
            continue
        totals[source] -= amounts[area]
        totals[target] += amounts[area]
        now_cut = cut
        for other in neighbours[first:last]:
            now_cut += int(plan[other] == source) - int(plan[other] == target)
        moved = _energy(totals, fair, limits) + limits[3] * now_cut
        if moved <= energy or draws[step, 2] < np.exp((energy - moved) / temperatures[step]):
            plan[area], energy, cut = target, moved, now_cut
        else:
            totals[source] += amounts[area]
            totals[target] -= amounts[area]
    return best, best_worst


@compiled
def _broken(totals: Floats, limits: Floats) -> float:
    """The number of areas and members by which the limits are broken, all patches together."""
    broken = 0.0
    for patch in range(len(totals)):
        size, members = totals[patch, 1], totals[patch, 2]
        broken += max(limits[0] - size, 0.0) + max(size - limits[1], 0.0)
        broken += max(members - limits[2], 0.0)
    return broken


@compiled
def _energy(totals: Floats, fair: float, limits: Floats) -> float:
    """The worst imbalance, and a tenth of the mean square, which guides where one area rules it."""
    worst, square = 0.0, 0.0
    for patch in range(len(totals)):
        away = abs(totals[patch, 0] / fair - 1)
        worst = max(worst, away)
        square += away * away
    return worst + 0.1 * square / len(totals) + 0.5 * _broken(totals, limits)


@compiled
def _can_leave(area: int, plan: Ints, starts: Ints, neighbours: Ints) -> bool:
    """Whether the rest of the area's patch still hangs together without it, and is not empty."""
    patch, beside, first = plan[area], 0, -1
    for other in neighbours[starts[area] : starts[area + 1]]:
        if plan[other] == patch:
            first, beside = other, beside + 1
    if beside <= 1:
        return beside == 1
    # All its neighbours of the same patch must be reached from the first without it.
    visited, reached = np.zeros(len(plan), np.bool_), np.empty(len(plan), np.int64)
    visited[area], visited[first], reached[0], filled, at = True, True, first, 1, 0
    while at < filled:
        here = reached[at]
        at += 1
        for other in neighbours[starts[here] : starts[here + 1]]:
            if plan[other] == patch and not visited[other]:
                visited[other], reached[filled] = True, other
                filled += 1
    for other in neighbours[starts[area] : starts[area + 1]]:
        if plan[other] == patch and not visited[other]:
            return False
    return True
