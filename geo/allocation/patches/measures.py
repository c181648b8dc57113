"""What a plan of patches is judged by, and the plans that nothing beats.

A plan is n numbers, the patch of each area; patches are numbered by their lowest area.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geo.allocation.adjacency import Contiguity, mask_of, positions
from geo.allocation.patches.problem import PatchProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JUDGED = ("worst_imbalance", "spread", "cut_edges", "changes")
"""Measures of the Pareto front; of each the lowest is best."""

_BEARABLE = 0.25  # of a fair share, more than the best plan
_DECIMALS = 9
SAME = 2e-9
"""Balances that differ by no more differ by rounding: sums depend on their order."""


def shares(problem: PatchProblem, plan: Ints) -> Floats:
    """The workload of each patch in fair shares, W_k / W̄."""
    work = np.bincount(plan, weights=problem.workload)
    return np.asarray(work / work.mean(), float)


def worst_imbalance(problem: PatchProblem, plan: Ints) -> float:
    """Max |W_k / W̄ − 1| over the patches: the worst one's distance from a fair share."""
    return round(float(np.abs(shares(problem, plan) - 1).max()), _DECIMALS)


def measures(problem: PatchProblem, plans: Sequence[Ints]) -> pd.DataFrame:
    """Judge plans, one row for each in the order given.

    Returns
    -------
    `groups`, `worst_imbalance` (max |W_k / W̄ − 1|), `spread` ((max − min) / W̄),
    `mean_deviation` (mean |W_k / W̄ − 1|), `cut_edges` (neighbours in different patches),
    `least_compact` (the lowest Polsby–Popper 4πA / P² of a patch) and
    `changes` (areas whose patch is another one than today's, patches named so that they are
    fewest; 0 without today's).
    """
    return pd.DataFrame([_measures_of(problem, plan) for plan in plans])


def compactness(contiguity: Contiguity, plan: Ints) -> Floats:
    """Polsby–Popper, 4πA / P², of each patch: 1 for a circle, π/4 for a square.

    Source: Polsby & Popper 1991.
    """
    area = np.bincount(plan, weights=contiguity.area_m2)
    around = np.bincount(plan, weights=contiguity.perimeter_m)
    one, other = contiguity.edges.T
    inside = plan[one] == plan[other]
    shared = contiguity.shared_m[inside]
    around -= 2 * np.bincount(plan[one[inside]], weights=shared, minlength=len(around))
    return np.asarray(4 * np.pi * area / around**2)


def changes(plan: Ints, today: Ints) -> int:
    """How many areas leave their patch, when each new patch takes the best name of today's."""
    overlap = np.zeros((int(plan.max()) + 1, int(today.max()) + 1), np.int64)
    np.add.at(overlap, (plan, today), 1)
    rows, columns = linear_sum_assignment(-overlap)
    return len(plan) - int(overlap[rows, columns].sum())


def numbered(masks: Sequence[int], n: int) -> Ints:
    """The patch of each of n areas, patches numbered by their lowest area."""
    plan = np.full(n, -1, np.int64)
    for number, mask in enumerate(sorted(masks, key=lambda mask: mask & -mask)):
        plan[positions(mask)] = number
    return plan


def masks_of(plan: Ints) -> list[int]:
    """The patches of a plan as masks, in the order of their numbers."""
    return [mask_of(np.flatnonzero(plan == patch)) for patch in range(int(plan.max()) + 1)]


def pareto_front(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows no other row beats: none is at least as good in all of `JUDGED` and better in one.

    Of rows that are equal in all the first is kept.
    """
    values = table[list(JUDGED)].to_numpy(float)
    order = np.lexsort(values.T[::-1])
    kept: list[int] = []
    front = np.empty((0, len(JUDGED)))
    for row in order:  # whatever beats a row comes before it
        if not (front <= values[row]).all(axis=1).any():
            kept.append(int(row))
            front = values[kept]
    found = np.zeros(len(table), bool)
    found[kept] = True
    return found


def short_list(table: pd.DataFrame, *, most: int) -> list[int]:
    """Rows to choose from: of the front the best by each measure, then the best balanced ones.

    Nobody would choose a plan whose balance is much worse than it need be, however compact: such
    plans are left out, but for the one that changes least of today's.

    Returns
    -------
    At most `most` positions, the best balanced plan first.
    """
    order = list(JUDGED)
    front = table[pareto_front(table)]
    bearable = front["worst_imbalance"] <= front["worst_imbalance"].min() + _BEARABLE
    if front["changes"].any():
        bearable |= front["changes"] == front["changes"].min()
    front = front[bearable]
    chosen: list[int] = []
    for measure in order:
        best = front.sort_values([measure, *order], kind="stable").index[0]
        if best not in chosen:
            chosen.append(int(best))
    ranked = front.sort_values(order, kind="stable").index
    chosen += [int(row) for row in ranked if row not in chosen]
    kept = chosen[:most]
    return [int(row) for row in ranked if row in kept]


def verify_patches(problem: PatchProblem, plan: Ints) -> list[str]:
    """What is wrong with a plan, however it was made: nothing, or one line a fault."""
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
            faults.append(f"{named} does not hang together")
        if rules.size is not None and not rules.size[0] <= len(inside) <= rules.size[1]:
            faults.append(f"{named} has {len(inside)} areas")
        held = int(problem.members[inside].sum())
        if rules.members is not None and held > rules.members:
            faults.append(f"{named} has {held} members")
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
