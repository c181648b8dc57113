"""Grow regions over a graph of neighbours: cells into blocks, blocks into wards.

A region is everything nearer to its seed than to any other, along the graph. So it is always
connected, and its edge tends to follow rivers and main roads, which cost extra to cross.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from boundaries.demo.town.lines import Floats, Ints


@dataclass(frozen=True)
class Places:
    """What regions are made of.

    Attributes
    ----------
    points
        Where each place lies, metres, shape (n, 2).
    weight
        How much each place counts towards the size of its region, shape (n,).
    graph
        Cost in metres of the way between neighbours, sparse and symmetric, shape (n, n).
    """

    points: Floats
    weight: Floats
    graph: scipy.sparse.csr_array


def neighbour_graph(points: Floats, pairs: Ints, *, extra_cost: Floats) -> scipy.sparse.csr_array:
    """Join neighbours at the cost of the distance between them and what lies between.

    Parameters
    ----------
    pairs
        Numbers of neighbours, shape (e, 2); a pair may come more than once.
    extra_cost
        Metres to add for each pair; of repeated pairs the cheapest counts.
    """
    a, b = np.sort(pairs, axis=1).T
    cost = np.hypot(*(points[a] - points[b]).T) + extra_cost
    order = np.lexsort((cost, b, a))
    a, b, cost = a[order], b[order], cost[order]
    first = np.append(True, (np.diff(a) != 0) | (np.diff(b) != 0))
    a, b, cost = a[first], b[first], cost[first]
    n = len(points)
    ends = (np.append(a, b), np.append(b, a))
    return scipy.sparse.coo_array((np.tile(cost, 2), ends), shape=(n, n)).tocsr()


def grow_many(places: Places, count: int, *, rounds: int, rng: np.random.Generator) -> Ints:
    """Divide places into many regions of like weight; the region of each place."""
    chance = places.weight + places.weight.sum() / len(places.weight) / 20
    seeds = rng.choice(len(chance), count, replace=False, p=chance / chance.sum())
    region = _nearest_seed(places, seeds)
    for left in reversed(range(rounds)):
        seeds = _centred(places, region, count)
        if left > 2:  # the last rounds only smooth what was moved
            seeds = _spread(places, region, seeds=seeds, rng=rng)
        region = _nearest_seed(places, seeds)
    return region


def grow_few(places: Places, seeds: Ints, *, targets: Floats, rounds: int) -> Ints:
    """Divide places into few regions, each of about its target weight.

    Parameters
    ----------
    seeds
        Places to start from, one for each region.
    targets
        Wanted weight of each region, shape (regions,).
    """
    head_start = np.zeros(len(seeds))
    region = np.zeros(len(places.points), dtype=np.int64)
    for _ in range(rounds):
        cost = scipy.sparse.csgraph.dijkstra(places.graph, indices=seeds)
        region, head_start = _balanced(cost, places.weight, targets=targets, start=head_start)
        seeds = _centred(places, region, len(seeds))
    return region


def _balanced(
    cost: Floats, weight: Floats, *, targets: Floats, start: Floats
) -> tuple[Ints, Floats]:
    """Penalise regions that are too heavy until all are near their target."""
    region, best = cost.argmin(axis=0), np.zeros(len(targets))
    penalty, smallest = start, np.inf
    for step in np.geomspace(900, 60, 160):
        tried = (cost + penalty[:, None]).argmin(axis=0)
        excess = np.bincount(tried, weight, len(targets)) / targets - 1
        # A region that was penalised until nothing is left of it has an excess of -1.
        if excess.min() > -1 and np.abs(excess).max() < smallest:
            region, best, smallest = tried, penalty, np.abs(excess).max()
        penalty = penalty + step * np.clip(excess, -0.5, 0.5)
    return region, best


def _nearest_seed(places: Places, seeds: Ints) -> Ints:
    _, _, source = scipy.sparse.csgraph.dijkstra(
        places.graph, indices=seeds, min_only=True, return_predecessors=True
    )
    number = np.full(len(places.points), -1)
    number[seeds] = np.arange(len(seeds))
    return np.asarray(number[source])


def _centred(places: Places, region: Ints, count: int) -> Ints:
    """In each region the place nearest to its weighted middle."""
    weight = places.weight + 1e-3
    total = np.bincount(region, weight, count)
    middle = (
        np.column_stack(
            [np.bincount(region, weight * places.points[:, axis], count) for axis in (0, 1)]
        )
        / total[:, None]
    )
    gap = np.hypot(*(places.points - middle[region]).T)
    order = np.lexsort((gap, region))
    return order[np.searchsorted(region[order], np.arange(count))]


def _spread(places: Places, region: Ints, *, seeds: Ints, rng: np.random.Generator) -> Ints:
    """Move the seeds of the lightest regions into the heaviest ones."""
    size = np.bincount(region, places.weight, len(seeds))
    order = size.argsort(kind="stable")
    moved = max(1, len(seeds) // 25)
    seeds = seeds.copy()
    for light, heavy in zip(order[:moved], order[::-1][:moved], strict=True):
        free = np.setdiff1d(np.flatnonzero((region == heavy) & (places.weight > 0)), seeds)
        if len(free):
            seeds[light] = rng.choice(free)
    return seeds
