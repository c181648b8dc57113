"""A complete alternative to a plan, found by simulated annealing from its current state.

One block at a time moves to an area that it touches; changes that worsen the balance are accepted
less and less often. Every state on the way is valid: locked areas and unassigned blocks stay as
they are, no area becomes empty or breaks into more pieces, and the limits hold. A limit that the
plan itself is beyond is not to be exceeded further.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.plans.communities import NO_COMMUNITY, Communities
from boundaries.plans.state import State
from boundaries.plans.suggestions import Balance
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError

# Temperatures at the start and the end: a change that worsens the imbalance by this much is
# accepted with probability 1/e, about one time in three. An imbalance of 1e-2 is one area ten per
# cent from the average; 1e-6 is one tenth of a per cent.
_HOTTEST, _COLDEST = 1e-2, 1e-6

# Below this an improvement is rounding.
_LEAST_GAIN = 1e-12

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AlternativeLimits:
    """How far an alternative may go.

    Attributes
    ----------
    moved_share
        At most this share of the blocks may be in another area than in the plan.
    cut_edges_growth
        Cut edges (see `PlanMeasures`) may grow by at most this share, so that areas do not grow
        arms.
    least_compactness
        No area may become less compact than this (Polsby–Popper, from 0 to 1); None for no limit.
    """

    moved_share: float = 0.2
    cut_edges_growth: float = 0.05
    least_compactness: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.moved_share <= 1:
            raise InputError(
                f"the share of moved blocks is {self.moved_share}; give more than 0 and at most 1"
            )
        if self.cut_edges_growth < 0:
            raise InputError("the growth of cut edges cannot be negative; give 0 or more")
        if self.least_compactness is not None and not 0 <= self.least_compactness <= 1:
            raise InputError(
                f"the least compactness is {self.least_compactness}; give 0 to 1, which is a circle"
            )


@dataclass(frozen=True)
class Alternative:
    """The best plan that annealing came across.

    Attributes
    ----------
    targets
        New area by block code, for the blocks that move; pass it to `Plan.reassign`.
    imbalance
        Sum of squared deviations from balance, before and after.
    furthest
        The largest deviation of an area, before and after: 0.1 is ten per cent.
    cut_edges
        Pairs of neighbouring blocks in different areas, before and after.
    seed, steps
        With these the same plan gives the same alternative.
    """

    targets: dict[str, str]
    imbalance: tuple[float, float]
    furthest: tuple[float, float]
    cut_edges: tuple[int, int]
    seed: int
    steps: int


def find_alternative(
    state: State,
    blocks: MeasuredBlocks,
    *,
    column: str = "electors",
    limits: AlternativeLimits | None = None,
    communities: Communities | None = None,
    steps: int = 200_000,
    seed: int = 0,
) -> Alternative:
    """Anneal a plan towards balance; see `AnnealingProblem.of` and `anneal`.

    Parameters
    ----------
    state
        The plan to start from.
    blocks
        Its blocks with their figures.
    column
        The column to balance, per member if members are known.
    limits
        How far the alternative may go; None for the defaults of `AlternativeLimits`.
    communities
        No more of these are divided than the plan divides; None to look at none.
    steps
        How many changes to try; 200,000 take about half a second for a city of 800 blocks.
    seed
        Seed of the random choices.

    Returns
    -------
    The best plan on the way, the earliest of equals; without targets if none is better.

    Raises
    ------
    InputError
        As `Balance.of`.
    """
    problem = AnnealingProblem.of(
        state, blocks, column=column, limits=limits, communities=communities
    )
    return anneal(problem, steps=steps, seed=seed)


@dataclass(frozen=True, eq=False)
class AnnealingProblem:
    """What annealing needs of a plan: little enough to be sent to another process.

    Attributes
    ----------
    codes
        n block codes.
    near
        The positions of the neighbours of each block, bridges included, sorted.
    locked
        Whether each area of the balance is locked.
    balance
        The areas that count, which blocks they have, and their loads.
    limits
        How far an alternative may go.
    community
        The community of each block, −1 for none, shape (n,); None where none is to be kept.
    square_metres, perimeter, edges, shared_m
        Of the blocks, shape (n,), and of pairs of neighbours, shape (m, 2) and (m,): all empty
        where shapes have no limit.
    """

    codes: tuple[str, ...]
    near: list[list[int]]
    locked: list[bool]
    balance: Balance
    limits: AlternativeLimits
    community: Ints | None
    square_metres: Floats = field(default_factory=lambda: np.empty(0))
    perimeter: Floats = field(default_factory=lambda: np.empty(0))
    edges: Ints = field(default_factory=lambda: np.empty((0, 2), np.int64))
    shared_m: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(
        cls,
        state: State,
        blocks: MeasuredBlocks,
        *,
        column: str = "electors",
        limits: AlternativeLimits | None = None,
        communities: Communities | None = None,
    ) -> AnnealingProblem:
        """Pose the problem of balancing a plan.

        Parameters
        ----------
        state, blocks, column, limits, communities
            As `find_alternative` takes them.

        Returns
        -------
        The problem.

        Raises
        ------
        InputError
            As `Balance.of`.
        """
        graph = state.graph
        limits = limits or AlternativeLimits()
        balance = Balance.of(state, blocks, column=column)
        shapes: tuple[Floats, Floats, Ints, Floats] | tuple[()] = ()
        if limits.least_compactness is not None:
            outlines = blocks.geometry
            shapes = (
                shapely.area(outlines), shapely.length(outlines), graph.edges, graph.shared_m,
            )  # fmt: skip
        return cls(
            graph.codes,
            [sorted(near) for near in graph.near],
            [state.areas[code].locked for code in balance.areas],
            balance,
            limits,
            communities.of_block if communities else None,
            *shapes,
        )


def anneal(problem: AnnealingProblem, *, steps: int, seed: int) -> Alternative:
    """Anneal a plan towards balance.

    Parameters
    ----------
    problem
        The plan and the limits.
    steps
        How many changes to try.
    seed
        Seed of the random choices.

    Returns
    -------
    The best plan on the way, the earliest of equals; without targets if none is better.

    References
    ----------
    Kirkpatrick, Gelatt and Vecchi (1983), "Optimization by simulated annealing", Science 220;
    its moves are the single flips of redistricting chains.
    """
    walk = _Walk(problem)
    start, cut = walk.imbalance, walk.cut
    before = walk.area.copy()
    rng = np.random.default_rng(seed)
    blocks_tried = rng.integers(len(walk.area), size=steps).tolist()
    luck = rng.random((steps, 2)).tolist()
    best, best_area, best_cut = start, before, cut
    for number, (block, (which, chance)) in enumerate(zip(blocks_tried, luck, strict=True)):
        heat = _HOTTEST * (_COLDEST / _HOTTEST) ** (number / steps)
        # Metropolis: accept a worsening w with probability exp(-w / heat).
        walk.try_flip(block, which, worsening=-heat * math.log(1.0 - chance))
        if walk.imbalance < best - _LEAST_GAIN:
            best, best_area, best_cut = walk.imbalance, walk.area.copy(), walk.cut
    targets = {
        problem.codes[at]: problem.balance.areas[new]
        for at, (old, new) in enumerate(zip(before, best_area, strict=True))
        if old != new
    }
    furthest = (walk.furthest(before), walk.furthest(best_area))
    return Alternative(targets, (start, best), furthest, (cut, best_cut), seed, steps)


class _Walk:
    """The changing plan, in plain lists: arrays would make each flip many times slower."""

    def __init__(self, problem: AnnealingProblem) -> None:
        balance, limits = problem.balance, problem.limits
        self.area: list[int] = balance.area.tolist()
        self._start = self.area.copy()
        self._near = problem.near
        self._load: list[float] = balance.load.tolist()
        self._fair: list[float] = (balance.seats * balance.average).tolist()
        self._loads: list[float] = balance.loads.tolist()
        self._locked = problem.locked
        self._members = [
            set(np.flatnonzero(balance.area == number).tolist())
            for number in range(len(balance.areas))
        ]
        self.cut = sum(
            self.area[one] != self.area[other]
            for one, others in enumerate(self._near)
            for other in others
            if one < other
        )
        self._most_cut = self.cut * (1.0 + limits.cut_edges_growth)
        self._most_moved = limits.moved_share * len(self.area)
        self._moved = 0
        self._bounds: list[_Whole | _Compact] = []
        if problem.community is not None:
            self._bounds.append(_Whole(problem.community, self.area))
        if limits.least_compactness is not None:
            self._bounds.append(_Compact(problem, limits.least_compactness))
        self.imbalance = sum(self._off2(a, load) for a, load in enumerate(self._loads))

    def furthest(self, area: list[int]) -> float:
        """The largest deviation from balance under an assignment."""
        loads = [0.0] * len(self._fair)
        for block, number in enumerate(area):
            if number >= 0:
                loads[number] += self._load[block]
        return max(abs(load / fair - 1.0) for load, fair in zip(loads, self._fair, strict=True))

    def try_flip(self, block: int, which: float, *, worsening: float) -> None:
        """Move a block to the area of a neighbour, if the move is valid and good enough.

        Parameters
        ----------
        block
            The block's position.
        which
            Which neighbour, from 0 to 1.
        worsening
            By how much the imbalance may grow at most.
        """
        near = self._near[block]
        old = self.area[block]
        if not near or old < 0 or self._locked[old]:
            return
        new = self.area[near[int(which * len(near))]]
        if new in (old, -1) or self._locked[new]:
            return
        one, other = self._loads[old], self._loads[new]
        load = self._load[block]
        change = (
            self._off2(old, one - load) + self._off2(new, other + load)
            - self._off2(old, one) - self._off2(new, other)
        )  # fmt: skip
        if change > worsening:
            return
        around = [self.area[neighbour] for neighbour in near]
        cut = self.cut + around.count(old) - around.count(new)
        home = self._start[block]
        moved = self._moved + (old == home) - (new == home)
        # The walk may be over the limit only if it started so; then it must not get worse.
        if cut > max(self._most_cut, self.cut) or moved > self._most_moved:
            return
        flip = (block, old, new, self.area)
        # The costliest test comes last.
        if not all(bound.allows(*flip) for bound in self._bounds) or not self._may_leave(
            block, old
        ):
            return
        for bound in self._bounds:
            bound.move(*flip)
        self._members[old].remove(block)
        self._members[new].add(block)
        self.area[block] = new
        self._loads[old], self._loads[new] = one - load, other + load
        self.imbalance += change
        self.cut, self._moved = cut, moved

    def _off2(self, area: int, load: float) -> float:
        return (load / self._fair[area] - 1.0) ** 2

    def _may_leave(self, block: int, area: int) -> bool:
        """Whether the area stays connected as it was, and does not become empty."""
        members = self._members[area]
        unreached = {near for near in self._near[block] if near in members}
        if len(unreached) < 2:
            return len(members) > 1
        # Search from one of the block's neighbours without crossing the block.
        first = unreached.pop()
        reached, fringe = {first, block}, [first]
        while fringe and unreached:
            for near in self._near[fringe.pop()]:
                if near in members and near not in reached:
                    reached.add(near)
                    unreached.discard(near)
                    fringe.append(near)
        return not unreached


class _Whole:
    """How many communities the changing plan divides: never more than at the start."""

    def __init__(self, community: Ints, area: list[int]) -> None:
        self._community: list[int] = community.tolist()
        # Blocks of each community in each area; those without an area are a part of their own.
        self._parts: dict[int, Counter[int]] = {}
        for block, number in enumerate(self._community):
            if number != NO_COMMUNITY:
                self._parts.setdefault(number, Counter())[area[block]] += 1
        self._divided = sum(len(parts) > 1 for parts in self._parts.values())
        self._most = self._divided

    def allows(self, block: int, old: int, new: int, _area: list[int]) -> bool:
        return self._divided + self._change(block, old, new) <= self._most

    def move(self, block: int, old: int, new: int, _area: list[int]) -> None:
        self._divided += self._change(block, old, new)
        if (number := self._community[block]) != NO_COMMUNITY:
            parts = self._parts[number]
            parts[new] += 1
            parts[old] -= 1
            if not parts[old]:
                del parts[old]

    def _change(self, block: int, old: int, new: int) -> int:
        """By how much the number of divided communities changes."""
        if (number := self._community[block]) == NO_COMMUNITY:
            return 0
        parts = self._parts[number]
        after = len(parts) + (new not in parts) - (parts[old] == 1)
        return (after > 1) - (len(parts) > 1)


class _Compact:
    """The shapes of the areas of the changing plan: none becomes less compact than a limit."""

    def __init__(self, problem: AnnealingProblem, least: float) -> None:
        self._least = least
        self._land: list[float] = problem.square_metres.tolist()
        self._round: list[float] = problem.perimeter.tolist()
        self._beside: list[dict[int, float]] = [{} for _ in problem.codes]
        for (one, other), metres in zip(
            problem.edges.tolist(), problem.shared_m.tolist(), strict=True
        ):
            self._beside[one][other] = self._beside[other][one] = metres
        area, size = problem.balance.area, len(problem.balance.areas)
        inside = area >= 0
        one, other = problem.edges.T
        joined = (area[one] == area[other]) & inside[one]
        land = np.bincount(area[inside], problem.square_metres[inside], size)
        around = np.bincount(area[inside], problem.perimeter[inside], size)
        around -= 2 * np.bincount(area[one[joined]], problem.shared_m[joined], size)
        self._area_land: list[float] = land.tolist()
        self._area_round: list[float] = around.tolist()

    def allows(self, block: int, old: int, new: int, area: list[int]) -> bool:
        return self._holds(old, *self._after(block, old, area, sign=-1)) and self._holds(
            new, *self._after(block, new, area, sign=1)
        )

    def move(self, block: int, old: int, new: int, area: list[int]) -> None:
        for number, sign in ((old, -1), (new, 1)):
            land, around = self._after(block, number, area, sign=sign)
            self._area_land[number], self._area_round[number] = land, around

    def _after(self, block: int, number: int, area: list[int], *, sign: int) -> tuple[float, float]:
        """Land and perimeter of an area that a block leaves (−1) or joins (1)."""
        shared = sum(m for near, m in self._beside[block].items() if area[near] == number)
        land = self._area_land[number] + sign * self._land[block]
        return land, self._area_round[number] + sign * (self._round[block] - 2 * shared)

    def _holds(self, number: int, land: float, around: float) -> bool:
        before = _polsby_popper(self._area_land[number], self._area_round[number])
        return _polsby_popper(land, around) >= min(self._least, before) - _LEAST_GAIN


def _polsby_popper(square_metres: float, perimeter: float) -> float:
    return 4 * math.pi * square_metres / perimeter**2 if perimeter > 0 else math.inf
