"""Suggested moves of single blocks, ranked by how much they improve a plan's balance.

Imbalance is the sum over areas of the squared deviation of the load per member from the average.
Areas without members are left out; if no area's members are known, each counts as having one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockGraph
from boundaries.plans.electoral import NOTABLE
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.state import State
from geo.areal.best_fit import UNASSIGNED
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Below this a gain is rounding.
_LEAST_GAIN = 1e-12


class SuggestedMove(NamedTuple):
    """One block that could move, and the effect; the columns of `suggest_moves`."""

    block_code: str
    from_area: str
    to_area: str
    gain: float
    from_off: float
    to_off: float
    cut_edges_change: int


@dataclass(frozen=True, eq=False)
class Balance:
    """How evenly a column of the blocks is spread over the areas of a plan.

    Attributes
    ----------
    areas
        Codes of the areas that count.
    area
        Position among them of each block's area, -1 for none, shape (blocks,).
    load
        Load of each block, shape (blocks,).
    seats
        Number that each area's load is divided by, shape (areas,).
    average
        Load per seat of an area in balance.
    """

    areas: tuple[str, ...]
    area: Ints
    load: Floats
    seats: Floats
    average: float

    @classmethod
    def of(cls, state: State, blocks: MeasuredBlocks, *, column: str = "electors") -> Balance:
        """The balance of a summed column.

        Parameters
        ----------
        state
            The plan.
        blocks
            Its blocks with their figures.
        column
            The column of `blocks.sums` to balance.

        Returns
        -------
        The balance of the plan in this state.

        Raises
        ------
        InputError
            If there is no such column, it adds up to 0, or no area counts.
        """
        if column not in blocks.sums:
            names = ", ".join(map(str, blocks.sums)) or "none"
            raise InputError(
                f"the blocks have no column {column!r} to balance; choose from: {names}, or add "
                "it to the layer of blocks with 'patchmap attributes add'"
            )
        known = {code: area.members or 0 for code, area in state.areas.items()}
        if not any(known.values()):
            known = dict.fromkeys(known, 1)
        seats = {code: number for code, number in known.items() if number}
        position = {code: at for at, code in enumerate(seats)}
        area = np.array([position.get(code, -1) for code in state.assigned], dtype=np.int64)
        load = blocks.sums[column].to_numpy()
        # Unassigned blocks will join one of these areas; blocks of areas left out will not.
        counted = (area >= 0) | (state.assigned == UNASSIGNED)
        total = load[counted].sum()
        if not (seats and total):
            raise InputError(f"there is no {column} to balance; add areas with members, or figures")
        divisors = np.array(list(seats.values()), dtype=float)
        return cls(tuple(seats), area, load, divisors, total / divisors.sum())

    @property
    def loads(self) -> Floats:
        """The load of each area."""
        inside = self.area >= 0
        return np.bincount(self.area[inside], self.load[inside], len(self.areas)).astype(float)

    def off(self, loads: Floats) -> Floats:
        """Deviation from balance of the loads of the areas: 0.1 is ten per cent above."""
        deviation: Floats = loads / (self.seats * self.average) - 1.0
        return deviation


def suggest_moves(
    state: State,
    blocks: MeasuredBlocks,
    *,
    column: str = "electors",
    hotspots: Overlaps | None = None,
    limit: int = 10,
) -> pd.DataFrame:
    """Suggest single blocks whose move to a neighbouring area improves balance without harm.

    A move is suggested only if neither area is locked, none becomes empty or breaks into more
    pieces, no more areas are beyond ±10 %, the largest deviation does not grow, and no more
    hotspots are split.

    Parameters
    ----------
    state
        The plan.
    blocks
        Its blocks with their figures.
    column
        The column to balance, per member if members are known.
    hotspots
        Hotspots that should not be split; None to ignore them.
    limit
        How many moves to suggest at most.

    Returns
    -------
    `block_code`, `from_area` (`UNASSIGNED` for none), `to_area`, `gain` (decrease of the
    imbalance), `from_off`, `to_off` (deviation of both areas afterwards; 0.1 is ten per cent),
    `cut_edges_change` (for information) and `hotspots_split_change`. The largest gain first, then
    by block code and area code; empty if no move helps.

    Raises
    ------
    InputError
        As `Balance.of`.
    """
    balance = Balance.of(state, blocks, column=column)
    rows: list[tuple[object, ...]] = []
    for move in _improvements(state, balance):
        if len(rows) == limit:
            break
        if not _breaks(state, move):
            change = _split_change(state, hotspots, move)
            if change <= 0:
                rows.append((*move, change))
    return pd.DataFrame(rows, columns=[*SuggestedMove._fields, "hotspots_split_change"])


def _border_moves(state: State, balance: Balance) -> tuple[Ints, Ints]:
    """Every pair of a block and another area that it touches, with no locked area."""
    # Bridges count: a block may move to an area across the river.
    edges = np.vstack([state.graph.edges, np.array(state.graph.bridges, int).reshape(-1, 2)])
    one, other = np.vstack([edges, edges[:, ::-1]]).T
    open_area = np.array([not state.areas[code].locked for code in balance.areas])
    outside = state.assigned == UNASSIGNED
    # Position -1, for areas that do not count, picks the appended False.
    may_leave = outside | np.append(open_area, False)[balance.area]
    may_enter = np.append(open_area, False)[balance.area]
    legal = (balance.area[one] != balance.area[other]) & may_leave[one] & may_enter[other]
    pairs = np.unique(np.column_stack([one, balance.area[other]])[legal], axis=0)
    return pairs[:, 0], pairs[:, 1]


def _improvements(state: State, balance: Balance) -> Iterator[SuggestedMove]:
    """The moves that improve the balance and push no area too far, best first."""
    block, target = _border_moves(state, balance)
    source, load = balance.area[block], balance.load[block]
    inside = source >= 0
    off = balance.off(balance.loads)
    step = load / balance.average
    from_before = np.where(inside, off[source], 0.0)
    from_after = np.where(inside, off[source] - step / balance.seats[source], 0.0)
    to_before, to_after = off[target], off[target] + step / balance.seats[target]
    gain = from_before**2 + to_before**2 - from_after**2 - to_after**2
    beyond = _beyond(from_after) + _beyond(to_after) - _beyond(from_before) - _beyond(to_before)
    furthest = np.maximum(np.abs(from_after), np.abs(to_after))
    good = (gain > _LEAST_GAIN) & (beyond <= 0) & (furthest <= np.abs(off).max())
    codes, area_codes = np.array(state.graph.codes), np.array(balance.areas)
    order = np.lexsort([area_codes[target], codes[block], -gain])
    for at in order[good[order]]:
        old, new = state.assigned[block[at]], balance.areas[target[at]]
        yield SuggestedMove(
            state.graph.codes[block[at]],
            old,
            new,
            float(gain[at]),
            float(from_after[at]) if inside[at] else np.nan,
            float(to_after[at]),
            _cut_change(state, int(block[at]), new),
        )


def _beyond(off: Floats) -> Ints:
    return (np.abs(off) > NOTABLE).astype(np.int64)


def _breaks(state: State, move: SuggestedMove) -> bool:
    """Whether the move empties the area that it leaves, or breaks it into more pieces."""
    # The block touches its new area, so only the one that it leaves can break.
    graph = state.graph
    block = graph.positions[move.block_code]
    if move.from_area == UNASSIGNED:
        return False
    left = state.blocks(move.from_area) - {block}
    return not left or not _stay_joined(graph, graph.near[block], left)


def _stay_joined(graph: BlockGraph, around: frozenset[int], left: frozenset[int]) -> bool:
    """Whether the neighbours of a block that left are still connected without it."""
    ends = around & left
    return len(ends) < 2 or ends.issubset(graph.reach(min(ends), left))


def _cut_change(state: State, block: int, target: str) -> int:
    edges = state.graph.edges
    pairs = edges[(edges == block).any(axis=1)]
    around = state.assigned[pairs.sum(axis=1) - block].tolist()
    return int(around.count(state.assigned[block]) - around.count(target))


def _split_change(state: State, hotspots: Overlaps | None, move: SuggestedMove) -> int:
    block = state.graph.positions[move.block_code]
    if hotspots is None or block not in hotspots.block:
        return 0
    moved = state.assigned.copy()
    moved[block] = move.to_area
    return hotspots.count_split(moved) - hotspots.count_split(state.assigned)
