"""The measures of a plan of patches, and the plans that no other beats.

A plan is n numbers, the patch of each area; patches are numbered by their lowest area.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from geo.allocation.adjacency import Contiguity, mask_of, positions
from geo.allocation.patches.problem import PatchProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JUDGED = ("worst_imbalance", "spread", "cut_edges", "changes")
"""Measures of the Pareto front; of each the lowest is best."""

_ACCEPTABLE = 0.25  # of a fair share, more than the best plan
_DECIMALS = 9  # so that plans that differ only in the order of a sum compare as equal
SAME = 2e-9
"""Balances that differ by no more differ only by rounding: sums depend on their order."""


def shares(problem: PatchProblem, plan: Ints) -> Floats:
    """The workload of each patch in fair shares, W_k / W̄.

    Parameters
    ----------
    problem
        The areas and their workload.
    plan
        The patch of each area.

    Returns
    -------
    One number for each patch; 1 is a fair share.
    """
    work = np.bincount(plan, weights=problem.workload)
    fair: Floats = work / work.mean()
    return fair


def worst_imbalance(problem: PatchProblem, plan: Ints) -> float:
    """Max |W_k / W̄ − 1| over the patches: the worst one's distance from a fair share.

    Parameters
    ----------
    problem
        The areas and their workload.
    plan
        The patch of each area.

    Returns
    -------
    0 where all patches have equal work.
    """
    return round(float(np.abs(shares(problem, plan) - 1).max()), _DECIMALS)


def measures(problem: PatchProblem, plans: Sequence[Ints]) -> pd.DataFrame:
    """Judge plans.

    Parameters
    ----------
    problem
        The areas, their work and today's patches.
    plans
        Each is the patch of each area.

    Returns
    -------
    One row for each plan, in the order given: `groups`, `worst_imbalance` (max |W_k / W̄ − 1|),
    `spread` ((max − min) / W̄), `mean_deviation` (mean |W_k / W̄ − 1|), `cut_edges` (neighbours in
    different patches), `least_compact` (the lowest Polsby–Popper 4πA / P² of a patch) and `changes`
    (areas whose patch differs from today's, with patches named so that they are fewest; 0 without
    today's).

    Source: Polsby & Popper 1991 (compactness); Kuhn 1955 (the naming of patches).
    """
    return pd.DataFrame([_measures_of(problem, plan) for plan in plans])


def compactness(contiguity: Contiguity, plan: Ints) -> Floats:
    """Polsby–Popper, 4πA / P², of each patch: 1 for a circle, π/4 for a square.

    Parameters
    ----------
    contiguity
        The areas and the boundaries that they share.
    plan
        The patch of each area.

    Returns
    -------
    One number for each patch.

    Source: Polsby & Popper 1991.
    """
    area = np.bincount(plan, weights=contiguity.area_m2)
    around = np.bincount(plan, weights=contiguity.perimeter_m)
    one, other = contiguity.edges.T
    inside = plan[one] == plan[other]
    shared = contiguity.shared_m[inside]
    around -= 2 * np.bincount(plan[one[inside]], weights=shared, minlength=len(around))
    ratio: Floats = 4 * np.pi * area / around**2
    return ratio


def changes(plan: Ints, today: Ints) -> int:
    """Count the areas that leave their patch, if each new patch takes the best name of today's.

    Parameters
    ----------
    plan, today
        The patch of each area.

    Returns
    -------
    The fewest that any naming of the patches allows.

    Source: Kuhn 1955 (assignment).
    """
    overlap = np.zeros((int(plan.max()) + 1, int(today.max()) + 1), np.int64)
    np.add.at(overlap, (plan, today), 1)
    rows, columns = scipy.optimize.linear_sum_assignment(-overlap)
    return len(plan) - int(overlap[rows, columns].sum())


def numbered(masks: Sequence[int], n: int) -> Ints:
    """The patch of each area, patches numbered by their lowest area.

    Parameters
    ----------
    masks
        The patches as bit masks, in any order.
    n
        The number of areas.

    Returns
    -------
    n numbers; −1 for an area in no patch.
    """
    plan = np.full(n, -1, np.int64)
    for number, mask in enumerate(sorted(masks, key=lambda mask: mask & -mask)):
        plan[positions(mask)] = number
    return plan


def masks_of(plan: Ints) -> list[int]:
    """The patches of a plan as masks, in the order of their numbers."""
    return [mask_of(np.flatnonzero(plan == patch)) for patch in range(int(plan.max()) + 1)]


def pareto_front(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows no other row beats: as good or better in all of `JUDGED`, and better in one.

    Of rows that are equal in all the first is kept.

    Source: Pareto efficiency.
    """
    values = table[list(JUDGED)].to_numpy(float)
    order = np.lexsort(values.T[::-1])
    unbeaten: list[int] = []
    front = np.empty((0, len(JUDGED)))
    for row in order:  # sorted, so that a row comes after every row that beats it
        if not (front <= values[row]).all(axis=1).any():
            unbeaten.append(int(row))
            front = values[unbeaten]
    on_front = np.zeros(len(table), bool)
    on_front[unbeaten] = True
    return on_front


def short_list(table: pd.DataFrame, *, most: int) -> list[int]:
    """Rows to choose from: of the front the best by each measure, then the best balanced ones.

    Nobody would choose a plan whose balance is much worse than necessary, however compact. Such
    plans are left out, except the one that changes the fewest of today's areas.

    Parameters
    ----------
    table
        As `measures` returns it.
    most
        The largest number of rows.

    Returns
    -------
    At most `most` positions, the best balanced plan first.
    """
    order = list(JUDGED)
    front = table[pareto_front(table)]
    acceptable = front["worst_imbalance"] <= front["worst_imbalance"].min() + _ACCEPTABLE
    if front["changes"].any():
        acceptable |= front["changes"] == front["changes"].min()
    front = front[acceptable]
    chosen: list[int] = []
    for measure in order:
        best = front.sort_values([measure, *order], kind="stable").index[0]
        if best not in chosen:
            chosen.append(int(best))
    ranked = front.sort_values(order, kind="stable").index
    chosen += [int(row) for row in ranked if row not in chosen]
    listed = chosen[:most]
    return [int(row) for row in ranked if row in listed]


def verify_patches(problem: PatchProblem, plan: Ints) -> list[str]:
    """List what is wrong with a plan, however it was made.

    Parameters
    ----------
    problem
        The areas and the limits.
    plan
        The patch of each area.

    Returns
    -------
    One line for each fault; none where it is sound.
    """
    codes, rules = problem.contiguity.codes, problem.rules
    if len(plan) != len(codes) or (plan < 0).any():
        return ["an area has no patch"]
    faults = []
    if rules.groups is not None and len(np.unique(plan)) != rules.groups:
        faults.append(f"there are {len(np.unique(plan))} patches, not {rules.groups}")
    for patch in np.unique(plan):
        inside = np.flatnonzero(plan == patch)
        named = f"the patch of {codes[inside[0]]}"
        if not problem.contiguity.hangs_together(mask_of(inside)):
            faults.append(f"{named} is not connected")
        if rules.size is not None and not rules.size[0] <= len(inside) <= rules.size[1]:
            faults.append(f"{named} has {len(inside)} areas")
        members = int(problem.members[inside].sum())
        if rules.members is not None and members > rules.members:
            faults.append(f"{named} has {members} members")
    return faults


def _measures_of(problem: PatchProblem, plan: Ints) -> dict[str, float]:
    share = shares(problem, plan)
    one, other = problem.contiguity.edges.T
    return {
        "groups": len(share),
        "worst_imbalance": worst_imbalance(problem, plan),
        "spread": round(float(share.max() - share.min()), _DECIMALS),
        "mean_deviation": round(float(np.abs(share - 1).mean()), _DECIMALS),
        "cut_edges": int((plan[one] != plan[other]).sum()),
        "least_compact": round(float(compactness(problem.contiguity, plan).min()), _DECIMALS),
        "changes": 0 if problem.today is None else changes(plan, problem.today),
    }
