"""Patches over many areas: simulated annealing from a seed, and a lower bound of every plan."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.allocation.adjacency import Contiguity, mask_of, positions
from geo.allocation.apportionment import apportion
from geo.allocation.patches.measures import masks_of, numbered
from geo.allocation.patches.problem import PatchProblem, PatchRules
from geo.allocation.solver import Model, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS = 300_000
"""Moves in a run: about a second, beyond which hundreds of areas hardly get better balanced."""

_COMPACT = (0.0, 0.2, 1.0, 4.0)
"""In each run, the cost of cutting all edges beside a worst imbalance of 1: the later runs give
up some balance for patches that are easier to walk."""

_HOT, _COLD = 0.5, 1e-4  # first and last temperature, in units of imbalance


def annealed(problem: PatchProblem, *, groups: int, seed: int, steps: int = STEPS) -> list[Ints]:
    """Look for balanced and for compact plans: one from each run that kept the limits.

    Parameters
    ----------
    problem
        The areas and the limits.
    groups
        The number of patches.
    seed
        Of the random moves: the same seed finds the same plans.
    steps
        The number of moves tried in a run.

    Returns
    -------
    Plans, the best balanced first. An empty list proves nothing.

    Source: Kirkpatrick, Gelatt & Vecchi 1983 (simulated annealing).
    """
    from geo.allocation.patches.annealing_compiled import anneal  # noqa: PLC0415 - it brings numba

    pieces = problem.contiguity.pieces
    if not len(pieces) <= groups <= len(problem):
        return []
    graph = _rows(problem.contiguity)
    amounts = np.column_stack([problem.workload, np.ones(len(problem)), problem.members])
    limits = [problem.smallest, problem.largest, problem.most_members]
    edges = max(len(problem.contiguity.edges), 1)
    temperatures, candidates = np.geomspace(_HOT, _COLD, steps), []
    for run, compact in enumerate(_COMPACT):
        # A stream for each run, so that adding a run leaves the others as they are.
        rng = np.random.default_rng([seed, run])
        start, draws = _grown(problem, groups, rng), rng.random((steps, 3))
        rules = amounts, np.array([*limits, compact / edges], float)
        plan, worst = anneal(start, graph, rules, (draws, temperatures))
        if np.isfinite(worst):
            candidates.append((float(worst), numbered(masks_of(plan), len(plan))))
    return [plan for _, plan in sorted(candidates, key=lambda pair: pair[0])]


def warm_up() -> None:
    """Compile the annealing and load the solver, so that the first plan does not wait for them."""
    line = Contiguity(
        codes=("1", "2", "3"),
        edges=np.array([[0, 1], [1, 2]]),
        shared_m=np.ones(2),
        area_m2=np.ones(3),
        perimeter_m=np.full(3, 4.0),
    )
    rules = PatchRules(size=(1, 2))
    problem = PatchProblem(line, np.ones(3), np.zeros(3, np.int64), rules)
    annealed(problem, groups=2, seed=0, steps=10)
    solve(Model(np.ones(1), scipy.sparse.csc_array(np.ones((1, 1))), np.ones(1), np.ones(1)))


def balance_bound(problem: PatchProblem, *, groups: int) -> float:
    """A worst imbalance that no plan of so many patches can fall below, found by averages.

    Some patch must contain the busiest area, and where patches need two areas or more, one of its
    neighbours too. Each piece (an island) has a whole number of patches, whose mean is known.

    Parameters
    ----------
    problem
        The areas and the limits.
    groups
        The number of patches.

    Returns
    -------
    A lower bound of max |W / W̄ − 1|.
    """
    fair = problem.workload.sum() / groups
    alone = problem.workload.copy()
    if problem.smallest > 1:
        one, other = problem.contiguity.edges.T
        least = np.full(len(problem), np.inf)
        np.minimum.at(least, one, problem.workload[other])
        np.minimum.at(least, other, problem.workload[one])
        alone += np.where(np.isfinite(least), least, 0.0)
    busiest = max(float(alone.max() / fair - 1), 0.0)
    pieces = [problem.workload[piece].sum() / fair for piece in problem.contiguity.pieces]
    return round(max(busiest, _pieces_bound(pieces, groups)), 9)


def _pieces_bound(shares: list[float], groups: int) -> float:
    """The least worst mean if each piece, of so many fair shares, has a whole number of patches."""
    least = np.full(groups + 1, np.inf)  # by the number of patches used so far
    least[0] = 0.0
    for share in shares:
        after = np.full(groups + 1, np.inf)
        for patches in range(1, groups + 1):
            worst = np.maximum(least[: groups + 1 - patches], abs(share / patches - 1))
            after[patches:] = np.minimum(after[patches:], worst)
        least = after
    return float(least[groups])


def _rows(contiguity: Contiguity) -> tuple[Ints, Ints]:
    neighbours = [positions(mask) for mask in contiguity.neighbour_masks]
    starts = np.cumsum([0, *map(len, neighbours)]).astype(np.int64)
    return starts, np.array([at for row in neighbours for at in row], np.int64)


def _grown(problem: PatchProblem, groups: int, rng: np.random.Generator) -> Ints:
    """A first plan: patches grow from random areas, the one with the least work next."""
    pieces = problem.contiguity.pieces
    plan = np.full(len(problem), -1, np.int64)
    number = 0
    for piece, share in zip(pieces, _shares(problem, groups), strict=True):
        seeds = rng.permutation(piece)[:share]
        plan[seeds] = np.arange(number, number + share)
        number += share
    work = problem.workload[np.argsort(plan, kind="stable")[-groups:]].tolist()
    neighbours, open_ = problem.contiguity.neighbour_masks, set(range(groups))
    free = mask_of(np.flatnonzero(plan < 0))
    fringes = [neighbours[at] for at in np.argsort(plan, kind="stable")[-groups:]]
    while free:
        patch = min(open_, key=lambda patch: (work[patch], patch))
        beside = positions(fringes[patch] & free)
        if not beside:
            open_.remove(patch)
            continue
        area = int(rng.choice(beside))
        plan[area], free = patch, free & ~(1 << area)
        work[patch] += problem.workload[area]
        fringes[patch] |= neighbours[area]
    return plan


def _shares(problem: PatchProblem, groups: int) -> list[int]:
    """The number of patches that each piece starts with: by its work, one to one for each area."""
    pieces = problem.contiguity.pieces
    work = np.array([problem.workload[piece].sum() for piece in pieces])
    room = np.array([len(piece) for piece in pieces])
    shares = np.minimum(apportion(work, groups, floors=1), room)
    while shares.sum() < groups:
        spare = np.where(shares < room, work / (shares + 0.5), -1.0)
        shares[int(np.argmax(spare))] += 1
    return [int(share) for share in shares]
