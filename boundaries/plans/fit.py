"""How far the areas of a plan fit another layer: neighbourhoods that should lie whole in wards.

Blocks are never cut, so a block counts with all its people for the area of the other layer (the
target) that it lies in for the most part; blocks that straddle a line of the target are marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from boundaries.layers.blocks import Ints
from boundaries.plans.draft import Draft
from boundaries.plans.plan import Plan
from boundaries.plans.state import State
from boundaries.plans.units import Units
from geo.areal.best_fit import UNASSIGNED
from geo.areal.measured_blocks import Floats, MeasuredBlocks
from geo.properties import cached_property

PEOPLE = ("residents", "electors")
"""Columns of blocks that count people, the preferred one first."""

_DECIDING = frozenset({"move", "keep", "split"})
"""Kinds of steps that decide about the blocks that they name."""

BETWEEN = [
    "area_code", "target_code", "share", "across", "kind", "other_area", "people", "decided",
]  # fmt: skip
"""The columns of `blocks_between`."""


@dataclass(frozen=True, eq=False)
class PlanFit:
    """How far a state of a plan fits a target.

    Attributes
    ----------
    target
        The target.
    people
        The column of blocks that counts people; '' where none does.
    areas
        By area code, for areas with blocks: `area_name`; `target_code`, `target_name` (where most
        of its people live, else where most of its blocks lie; '' where all lie outside the
        target); `targets` (how many areas of the target its blocks lie in); `blocks`,
        `blocks_within` (that area of the target), `people`, `people_within` (NaN where unknown),
        `straddling` (blocks across a line of the target) and `whole` (all its blocks lie in that
        one area of the target).
    """

    target: Units
    people: str
    areas: pd.DataFrame

    @classmethod
    def of(cls, state: State, blocks: MeasuredBlocks, target: Units) -> PlanFit:
        """Measure how far a state of a plan fits a target.

        Parameters
        ----------
        state
            The plan.
        blocks
            Its blocks with their figures.
        target
            On the same blocks.

        Returns
        -------
        The fit.
        """
        people = people_column(blocks)
        numbers = blocks.sums[people].to_numpy(float) if people else None
        rows = {
            code: _area_fit(state.members(code), numbers, target)
            for code in state.areas
            if state.blocks(code)
        }
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=_AREA_COLUMNS)
        frame.index = pd.Index(list(rows), name="area_code", dtype="str")
        names = [state.areas[code].name for code in rows]
        frame.insert(0, "area_name", pd.Series(names, index=frame.index, dtype=object))
        return cls(target, people, frame)

    @property
    def whole(self) -> int:
        """How many areas lie whole in one area of the target."""
        return int(self.areas["whole"].sum())

    def share(self, of: str) -> float:
        """The share of `blocks` or `people` that lie where most of their area does, 0 to 1.

        NaN where there are none, or they are not known.
        """
        total = float(self.areas[of].sum(skipna=False)) if len(self.areas) else 0.0
        return float(self.areas[f"{of}_within"].sum()) / total if total else float("nan")

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The area of the target that each area mostly lies in."""
        return dict(zip(map(str, self.areas.index), self.areas["target_code"], strict=True))


_AREA_COLUMNS = [
    "target_code", "target_name", "targets", "blocks", "blocks_within", "people", "people_within",
    "straddling", "whole",
]  # fmt: skip


def people_column(blocks: MeasuredBlocks) -> str:
    """The column of blocks that counts people, '' where none does."""
    return next((name for name in PEOPLE if name in blocks.sums), "")


def _area_fit(members: Ints, numbers: Floats | None, target: Units) -> tuple[object, ...]:
    """The columns `_AREA_COLUMNS` of an area made of the blocks at some positions."""
    codes, where = np.unique(target.area[members].astype(str), return_inverse=True)
    blocks = np.bincount(where, minlength=len(codes))
    people = np.bincount(where, numbers[members], len(codes)) if numbers is not None else blocks
    weight = np.where(codes == UNASSIGNED, -1.0, people)
    # By people, then by blocks, then by code; outside the target only where nothing lies in it.
    home = np.lexsort([np.arange(len(codes))[::-1], blocks, weight])[-1]
    code = str(codes[home])
    inside = code != UNASSIGNED
    known = numbers is not None
    return (
        code,
        target.called(code),
        int((codes != UNASSIGNED).sum()),
        len(members),
        int(blocks[home]) if inside else 0,
        float(people.sum()) if known else np.nan,
        (float(people[home]) if inside else 0.0) if known else np.nan,
        int(target.straddles[members].sum()),
        bool(inside and blocks[home] == len(members)),
    )


def blocks_between(draft: Draft, fit: PlanFit) -> pd.DataFrame:
    """The blocks of a plan between two areas of the target, which somebody has to decide on.

    Parameters
    ----------
    draft
        The plan.
    fit
        How far it fits the target as it stands.

    Returns
    -------
    By block code, for blocks in an area: `area_code`; `target_code` (where the block lies for the
    most part), `share` (of its surface there), `across` (the area that it straddles into, '' for
    none); `kind`: `elsewhere` (it does not lie where most of its area does) or `straddling` (it
    does, but across the line); `other_area` (the area beside it that lies on the other side, with
    which it shares most neighbours; '' for none); `people` (NaN where unknown); `decided` (the
    number of the step in force that decided on the block, 0 for none). Those with another side
    first, then by area, target and block. Blocks that lie in no area of the target are left out:
    they have no side.
    """
    state, target = draft.plan.now, fit.target
    homes = np.array([fit.homes.get(code, UNASSIGNED) for code in state.assigned], dtype=object)
    placed = (state.assigned != UNASSIGNED) & (target.area != UNASSIGNED)
    elsewhere = placed & (target.area != homes)
    between = np.flatnonzero(elsewhere | (placed & target.straddles))
    wanted = np.where(elsewhere, target.area, target.across)
    other = [_other_area(state, fit.homes, at, wanted[at]) for at in between.tolist()]
    decided = deciding_steps(draft.plan)
    people = draft.blocks.sums[fit.people].to_numpy(float) if fit.people else None
    codes = [state.graph.codes[at] for at in between]
    frame = pd.DataFrame(
        {
            "area_code": state.assigned[between],
            "target_code": target.area[between],
            "share": target.share[between],
            "across": target.across[between],
            "kind": np.where(elsewhere[between], "elsewhere", "straddling").astype(object),
            "other_area": np.array(other, dtype=object),
            "people": np.nan if people is None else people[between],
            "decided": [decided.get(code, 0) for code in codes],
        },
        index=pd.Index(codes, name="block_code", dtype="str"),
        columns=BETWEEN,
    )
    keys = [frame.index, frame["target_code"], frame["area_code"], frame["other_area"] == ""]
    return frame.iloc[np.lexsort([np.asarray(key).astype(str) for key in keys])]


def _other_area(state: State, homes: Mapping[str, str], block: int, wanted: str) -> str:
    """The area beside a block that mostly lies in an area of the target; '' for none."""
    near = Counter(
        area
        for neighbour in state.graph.near[block]
        if (area := state.assigned[neighbour]) != state.assigned[block]
        and area != UNASSIGNED
        and homes.get(area) == wanted
    )
    return min(near, key=lambda area: (-near[area], area), default="")


def deciding_steps(plan: Plan) -> dict[str, int]:
    """The number of the last step in force that decided on each block, by block code.

    A step decides on the blocks that it moves, splits off or keeps. A block that another kind of
    step took to its area (a merge, say) is undecided again.
    """
    decided: dict[str, int] = {}
    for position in plan.standing.in_force:
        step = plan.steps[position]
        number = position + 1 if step.kind in _DECIDING else 0
        decided |= dict.fromkeys(step.blocks, number)
    return decided


def target_changes(draft: Draft, target: Units) -> pd.DataFrame:
    """What changed for whom since the plan began: each block that is in another area now.

    Parameters
    ----------
    draft
        The plan.
    target
        On the same blocks.

    Returns
    -------
    By block code: `from_area`, `from_name`, `to_area`, `to_name` (codes and names, '' for no
    area); `target_code`, `target_name` (where the block lies for the most part); `people` (NaN
    where unknown); `step` (the number of the last step in force that moved it), `by`, `at` and
    `reason`. In the order of areas and blocks.
    """
    plan = draft.plan
    start, now, codes = plan.start, plan.now, plan.now.graph.codes
    moved = np.flatnonzero(start.assigned != now.assigned)
    names = {code: area.name for code, area in {**start.areas, **now.areas}.items()}
    left, entered, lies = start.assigned[moved], now.assigned[moved], target.area[moved]
    index = pd.Index([codes[at] for at in moved], name="block_code", dtype="str")
    last = _last_moves(plan)
    numbers = [last[code] for code in index]
    signed = [plan.steps[number - 1].signed for number in numbers]
    people = people_column(draft.blocks)
    frame = pd.DataFrame(
        {
            "from_area": left,
            "from_name": [names.get(code, "") for code in left],
            "to_area": entered,
            "to_name": [names.get(code, "") for code in entered],
            "target_code": lies,
            "target_name": [target.called(code) for code in lies],
            "people": draft.blocks.sums[people].to_numpy(float)[moved] if people else np.nan,
            "step": numbers,
            "by": [one.by for one in signed],
            "at": [one.at.isoformat() for one in signed],
            "reason": [one.reason for one in signed],
        },
        index=index,
    )
    return frame.sort_values(["from_area", "to_area"], kind="stable")


def _last_moves(plan: Plan) -> dict[str, int]:
    """The number of the last step in force that moved each block, by block code."""
    last: dict[str, int] = {}
    for position in plan.standing.in_force:
        moved = [code for code, (old, new) in plan.steps[position].blocks.items() if old != new]
        last |= dict.fromkeys(moved, position + 1)
    return last


def summed_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """How many blocks and people went from where to where.

    Parameters
    ----------
    changes
        As `target_changes` returns them.

    Returns
    -------
    `from_area`, `from_name`, `to_area`, `to_name`, `blocks`, `people` (NaN where unknown); the
    most blocks first.
    """
    keys = ["from_area", "from_name", "to_area", "to_name"]
    groups = changes.groupby(keys, sort=True)["people"]
    table = pd.DataFrame({"blocks": groups.size(), "people": groups.sum(min_count=1)})
    return table.reset_index().sort_values("blocks", ascending=False, kind="stable")
