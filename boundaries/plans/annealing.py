"""A whole alternative to a plan, found by annealing from the plan as it stands.

One block at a time goes to an area that it touches; a change that worsens the balance is taken
less and less often. Every plan on the way is legal: locked areas and unassigned blocks stay as
they are, no area is emptied or falls into more pieces, and the stated limits hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from boundaries.layers.measured_blocks import MeasuredBlocks
from boundaries.plans.state import State
from boundaries.plans.suggestions import Balance
from geo.errors import InputError

_HOTTEST, _COLDEST = 1e-2, 1e-6
"""Worsening of the balance that is taken about one time in three, at the start and the end."""


@dataclass(frozen=True)
class Limits:
    """How far an alternative may go.

    Attributes
    ----------
    moved_share
        At most this share of the blocks is in another area than in the plan.
    cut_edges_growth
        At most so many more pairs of neighbours are parted, as a share of those that are: what
        keeps areas from growing arms.
    """

    moved_share: float = 0.2
    cut_edges_growth: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.moved_share <= 1:
            raise InputError(f"the share of moved blocks is {self.moved_share}, not in (0, 1]")
        if self.cut_edges_growth < 0:
            raise InputError("the growth of cut edges cannot be negative")


@dataclass(frozen=True)
class Alternative:
    """What annealing found.

    Attributes
    ----------
    targets
        New area by block code, for the blocks that move: what `Plan.reassign` takes.
    imbalance
        Sum of squared distances from balance, before and after.
    furthest
        The largest distance of an area from balance, before and after: 0.1 is ten per cent.
    cut_edges
        Pairs of neighbours that are parted, before and after.
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
    limits: Limits | None = None,
    steps: int = 200_000,
    seed: int = 0,
) -> Alternative:
    """Anneal a plan towards balance.

    Parameters
    ----------
    column
        What to balance, a member where members are known.
    steps
        How many changes to try; a city of 800 blocks takes 200,000 in about half a second.
    seed
        Of the random choices.

    Returns
    -------
    The best plan on the way, the earliest of equals; without targets where none is better.

    Source: simulated annealing, Kirkpatrick, Gelatt & Vecchi 1983, over single flips as in
    redistricting chains.
    """
    balance = Balance.of(state, blocks, column=column)
    walk = _Walk(state, balance, limits or Limits())
    start, cut = walk.imbalance, walk.cut
    before = walk.area.copy()
    rng = np.random.default_rng(seed)
    blocks_tried = rng.integers(len(walk.area), size=steps).tolist()
    luck = rng.random((steps, 2)).tolist()
    best, found, best_cut = start, before, cut
    for number, (block, (which, chance)) in enumerate(zip(blocks_tried, luck, strict=True)):
        heat = _HOTTEST * (_COLDEST / _HOTTEST) ** (number / steps)
        walk.try_flip(block, which, worsening=-heat * math.log(1.0 - chance))
        if walk.imbalance < best - 1e-12:
            best, found, best_cut = walk.imbalance, walk.area.copy(), walk.cut
    codes = state.graph.codes
    targets = {
        codes[at]: balance.areas[new]
        for at, (old, new) in enumerate(zip(before, found, strict=True))
        if old != new
    }
    furthest = (walk.furthest(before), walk.furthest(found))
    return Alternative(targets, (start, best), furthest, (cut, best_cut), seed, steps)


class _Walk:
    """A plan on its way, in plain lists: a flip costs some microseconds."""

    def __init__(self, state: State, balance: Balance, limits: Limits) -> None:
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
        """The largest distance from balance under an assignment."""
        loads = [0.0] * len(self._fair)
        for block, number in enumerate(area):
            if number >= 0:
                loads[number] += self._load[block]
        return max(abs(load / fair - 1.0) for load, fair in zip(loads, self._fair, strict=True))

    def try_flip(self, block: int, which: float, *, worsening: float) -> None:
        """Move a block to the area of one of its neighbours, if that is legal and good enough."""
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
        around = [self.area[each] for each in near]
        cut = self.cut + around.count(old) - around.count(new)
        home = self._start[block]
        moved = self._moved + (old == home) - (new == home)
        if cut > max(self._most_cut, self.cut) or moved > self._most_moved:
            return
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
        """Whether the area stays as whole as it was, and is not emptied."""
        members = self._members[area]
        wanted = {each for each in self._near[block] if each in members}
        if len(wanted) < 2:
            return len(members) > 1
        first = wanted.pop()
        reached, fringe = {first, block}, [first]
        while fringe and wanted:
            for near in self._near[fringe.pop()]:
                if near in members and near not in reached:
                    reached.add(near)
                    wanted.discard(near)
                    fringe.append(near)
        return not wanted
