"""Every plan of patches over a few areas, and the plans that no other beats.

A set of areas is a number with a bit for each. The lowest area that is left over must lie in
some patch, so taking the patches in the order of their lowest areas finds each plan once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.allocation.patches.measures import changes, numbered, pareto_front
from geo.allocation.patches.problem import PatchProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_AREAS = 20  # tables with a row for each set of areas double with each area
MOST_PLANS = 200_000


class TooManyPlansError(Exception):
    """There are more plans than `MOST_PLANS`; use another method."""


@dataclass(frozen=True)
class Enumeration:
    """All plans of one number of patches.

    Attributes
    ----------
    plans
        p × groups masks, each row one plan.
    table
        p rows of the measures that are judged.
    """

    plans: Ints
    table: pd.DataFrame

    def front(self, n: int) -> list[Ints]:
        """The plans over n areas that no other beats, each as the patch of every area."""
        best = self.plans[pareto_front(self.table)] if len(self.plans) else self.plans
        return [numbered(row.tolist(), n) for row in best]


def enumerate_plans(problem: PatchProblem, *, groups: int) -> Enumeration:
    """Find and judge every plan of at most `MOST_AREAS` areas.

    Parameters
    ----------
    problem
        The areas and the limits.
    groups
        The number of patches.

    Returns
    -------
    The plans and their measures; no rows where none keeps the limits.

    Raises
    ------
    TooManyPlansError
        If there are more than `MOST_PLANS`.
    """
    plans = _Splitter(problem).splits((1 << len(problem)) - 1, groups)
    return Enumeration(plans, _judge(problem, plans))


class _Splitter:
    """Splits sets of areas into patches; results are cached, because many plans share a set."""

    def __init__(self, problem: PatchProblem) -> None:
        self.problem = problem
        masks = np.array(problem.candidates or [], np.int64)
        self.is_patch = np.zeros(1 << len(problem), bool)
        self.is_patch[masks] = True
        lowest = masks & -masks
        self.from_lowest = {1 << at: masks[lowest == 1 << at] for at in range(len(problem))}
        self.known: dict[tuple[int, int], Ints] = {}
        self.listed = 0

    def splits(self, rest: int, groups: int) -> Ints:
        """Every way to make `groups` patches of the areas `rest`, one a row."""
        if groups == 1:
            return np.array([[rest]] if self.is_patch[rest] else np.empty((0, 1)), np.int64)
        if not (groups * self.problem.smallest <= rest.bit_count()):
            return np.empty((0, groups), np.int64)
        if (rest, groups) not in self.known:
            self.known[rest, groups] = self._split(rest, groups)
            self.listed += len(self.known[rest, groups])
            if self.listed > 2 * MOST_PLANS:
                raise TooManyPlansError
        return self.known[rest, groups]

    def _split(self, rest: int, groups: int) -> Ints:
        firsts = self.from_lowest[rest & -rest]
        firsts = firsts[firsts & ~rest == 0]
        if groups == 2:
            seconds = rest ^ firsts
            two = self.is_patch[seconds]
            return np.column_stack([firsts[two], seconds[two]])
        parts = [np.empty((0, groups), np.int64)]
        for first in firsts.tolist():
            others = self.splits(rest ^ first, groups - 1)
            if len(others):
                parts.append(np.column_stack([np.full(len(others), first), others]))
        return np.concatenate(parts)


def _judge(problem: PatchProblem, plans: Ints) -> pd.DataFrame:
    work = _sums_by_mask(problem.workload)[plans]
    share = work / (problem.workload.sum() / max(plans.shape[1], 1))
    inside = _edges_inside(problem)[plans].sum(axis=1)
    moved = np.zeros(len(plans), np.int64)
    if problem.today is not None:
        n = len(problem)
        moved[:] = [changes(numbered(row, n), problem.today) for row in plans.tolist()]
    return pd.DataFrame(
        {
            "worst_imbalance": np.round(np.abs(share - 1).max(axis=1), 9),
            "spread": np.round(share.max(axis=1) - share.min(axis=1), 9),
            "cut_edges": len(problem.contiguity.edges) - inside,
            "changes": moved,
        }
    )


def _sums_by_mask(values: Floats) -> Floats:
    """The sum of the values of every set of areas: each half of the table is the one below it."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _edges_inside(problem: PatchProblem) -> Ints:
    """The number of pairs of neighbours inside every set of areas."""
    counts = np.zeros(1, np.int64)
    for at, neighbours in enumerate(problem.contiguity.neighbour_masks):
        below = np.arange(1 << at) & neighbours
        counts = np.concatenate([counts, counts + np.bitwise_count(below)])
    return counts
