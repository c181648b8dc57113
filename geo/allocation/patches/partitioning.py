"""Patches as a choice among all connected groups that keep the limits (set partitioning).

The worst imbalance is a bottleneck, about which linear relaxations know little. So it is not the
cost of a model but a limit on its columns: the lowest limit under which a plan still exists is
found by bisection, and each limit that the solver proves impossible raises the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.allocation.adjacency import positions
from geo.allocation.patches.measures import masks_of, numbered, worst_imbalance
from geo.allocation.patches.problem import PatchProblem
from geo.allocation.solver import Effort, Model, Solution, Status, solve
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LOOSER = (1.0, 1.25, 2.0)
"""How much worse a balance may be for the sake of compactness or of fewer changes."""

_GOOD_ENOUGH = 0.02  # of the best cost, for plans that are offered as alternatives
MOST_COLUMNS = 12_000  # beyond, single steps of HiGHS take seconds


@dataclass
class Partitioning:
    """The candidates of a problem as columns, and plans of one number of patches.

    Attributes
    ----------
    problem
        The areas and the limits.
    groups
        The number of patches in a plan.
    masks
        The groups of areas that may be patches: all candidates, or those near a fair share,
        which are enough for plans better than a known one.
    seconds
        How long all solves together may work, in seconds of a processor; see `Effort`.
    """

    problem: PatchProblem
    groups: int
    masks: list[int]
    seconds: float = 60.0
    effort: Effort = field(init=False)

    def __post_init__(self) -> None:
        self.effort = Effort(self.seconds)

    @cached_property
    def cover(self) -> scipy.sparse.csc_array:
        """Areas × candidates: 1 where the candidate contains the area."""
        return cover_matrix(self.masks, len(self.problem))

    @cached_property
    def deviations(self) -> Floats:
        """|W / W̄ − 1| of each candidate."""
        fair = self.problem.workload.sum() / self.groups
        deviations: Floats = np.abs(self.problem.workload @ self.cover / fair - 1).round(9)
        return deviations

    def best(self, start: Ints | None = None) -> tuple[Ints | None, float]:
        """The plan with the lowest worst imbalance, and a lower bound of every plan's.

        Parameters
        ----------
        start
            A known plan: plans worse than it are not searched.

        Returns
        -------
        The plan and the bound; they meet where it is proven best. No plan and a bound of
        infinity where none exists; no plan and a finite bound where time ran out.

        Source: set partitioning as in Garfinkel & Nemhauser 1970.
        """
        low = self._lowest_conceivable()
        plan, worst = start, np.inf if start is None else worst_imbalance(self.problem, start)
        if plan is None:
            answer = self._under(np.inf, self.deviations)
            if not answer.has_answer:
                return None, np.inf if answer.status == Status.INFEASIBLE else low
            plan, worst = self._plan(answer), self._worst(answer)
        limits = np.unique(self.deviations)
        limits = limits[(limits >= low) & (limits < worst)]
        while len(limits):
            # Nearer the low end: few columns are proven impossible fast, and a plan found there
            # saves many steps.
            tried = float(limits[len(limits) // 4])
            answer = self._under(tried, self.deviations)
            if answer.has_answer:
                plan, worst = self._plan(answer), self._worst(answer)
                limits = limits[limits < worst]
            elif answer.status == Status.INFEASIBLE:
                limits = limits[limits > tried]
            else:
                return plan, float(limits[0])
        return plan, worst

    def others(self, worst: float) -> list[Ints]:
        """Plans about as balanced as `worst`, but more even, more compact or nearer to today's.

        They are good choices and not proven best: each is within `_GOOD_ENOUGH` of it, and where
        the columns are many or time runs out there are fewer.
        """
        costs = [self.deviations, self._cut_edges]
        if self.problem.today is not None:
            costs.append(self._leaving(masks_of(self.problem.today)))
        plans: list[Ints] = []
        for looser in _LOOSER:
            if (self.deviations <= worst * looser).sum() > MOST_COLUMNS:
                break
            for cost in costs:
                answer = self._under(worst * looser, cost, gap=_GOOD_ENOUGH)
                if answer.has_answer:
                    plans.append(self._plan(answer))
        return plans

    def _under(self, limit: float, cost: Floats, *, gap: float = 0.0) -> Solution:
        """The cheapest plan of candidates whose imbalance is within a limit."""
        columns = np.flatnonzero(self.deviations <= limit)
        cover = self.cover[:, columns]
        if (cover.sum(axis=1) == 0).any():
            return Solution(Status.INFEASIBLE, np.empty(0), np.inf, np.inf)
        effort = self.effort if len(columns) <= MOST_COLUMNS else Effort(0.0)
        right = np.append(np.ones(len(self.problem)), self.groups)
        rows = scipy.sparse.vstack(
            [cover, scipy.sparse.csc_array(np.ones((1, len(columns))))], format="csc"
        )
        answer = solve(Model(cost[columns], rows, right, right), effort=effort, gap=gap)
        if not answer.has_answer:
            return answer
        chosen = np.zeros(len(self.masks))
        chosen[columns] = answer.x
        return Solution(answer.status, chosen, answer.cost, answer.bound)

    def _lowest_conceivable(self) -> float:
        """The lowest worst imbalance that the candidates of each area allow."""
        n = len(self.problem)
        best = np.full(n, np.inf)
        sizes = np.diff(self.cover.indptr)
        np.minimum.at(best, self.cover.indices, np.repeat(self.deviations, sizes))
        return float(best.max())

    def _plan(self, answer: Solution) -> Ints:
        chosen = [self.masks[column] for column in np.flatnonzero(answer.x > 0.5)]
        return numbered(chosen, len(self.problem))

    def _worst(self, answer: Solution) -> float:
        return float(self.deviations[answer.x > 0.5].max())

    @cached_property
    def _cut_edges(self) -> Floats:
        """Neighbours left outside; summed over a plan's patches it is twice the cut edges."""
        neighbours = self.problem.contiguity.neighbour_masks
        degree = np.array([mask.bit_count() for mask in neighbours])
        inside = [
            sum((neighbours[at] & mask).bit_count() for at in positions(mask))
            for mask in self.masks
        ]
        return np.asarray(degree @ self.cover - np.array(inside), float)

    def _leaving(self, today: list[int]) -> Floats:
        """Areas of each candidate outside the patch of today that most of it comes from."""
        stay = [max((mask & patch).bit_count() for patch in today) for mask in self.masks]
        return np.asarray(self.cover.sum(axis=0) - np.array(stay), float)


def cover_matrix(masks: list[int], n: int) -> scipy.sparse.csc_array:
    """Areas × groups of areas: 1 where the group contains the area.

    Parameters
    ----------
    masks
        The groups as bit masks.
    n
        The number of areas.

    Returns
    -------
    n rows, and a column for each group.
    """
    members = [positions(mask) for mask in masks]
    starts = np.cumsum([0, *map(len, members)])
    rows = np.array([at for group in members for at in group], np.int64)
    return scipy.sparse.csc_array((np.ones(len(rows)), rows, starts), shape=(n, len(masks)))
