"""A complete alternative to a plan, found by simulated annealing from its current state.

One block at a time moves to an area that it touches; changes that worsen the balance are accepted
less and less often. Every state on the way is valid: locked areas and unassigned blocks stay as
they are, no area becomes empty or breaks into more pieces, and the limits hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

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
    """

    moved_share: float = 0.2
    cut_edges_growth: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.moved_share <= 1:
            raise InputError(
                f"the share of moved blocks is {self.moved_share}; give more than 0 and at most 1"
            )
        if self.cut_edges_growth < 0:
            raise InputError("the growth of cut edges cannot be negative; give 0 or more")


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
    steps: int = 200_000,
    seed: int = 0,
) -> Alternative:
    """Anneal a plan towards balance.

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

    References
    ----------
    Kirkpatrick, Gelatt and Vecchi (1983), "Optimization by simulated annealing", Science 220;
    its moves are the single flips of redistricting chains.
    """
    balance = Balance.of(state, blocks, column=column)
    walk = _Walk(state, balance, limits or AlternativeLimits())
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
    codes = state.graph.codes
    targets = {
        codes[at]: balance.areas[new]
        for at, (old, new) in enumerate(zip(before, best_area, strict=True))
        if old != new
    }
    furthest = (walk.furthest(before), walk.furthest(best_area))
    return Alternative(targets, (start, best), furthest, (cut, best_cut), seed, steps)


class _Walk:
    """The changing plan, in plain lists: arrays would make each flip many times slower."""

    def __init__(self, state: State, balance: Balance, limits: AlternativeLimits) -> None:
        graph = state.graph
        self.area: list[int] = balance.area.tolist()
        self._start = self.area.copy()
        self._balance = balance
        self._near = [sorted(near) for near in graph.near]
        self._load: list[float] = balance.load.tolist()
        self._fair: list[float] = (balance.seats * balance.average).tolist()
        self._loads: list[float] = balance.loads.tolist()
        self._locked = [state.areas[code].locked for code in balance.areas]
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
        # The costliest test comes last.
        if not self._may_leave(block, old):
            return
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
