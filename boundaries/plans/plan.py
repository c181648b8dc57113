"""A draft of boundaries: which area each block belongs to, and every step that led there.

A plan never changes: each step gives a new one. Partial plans are legal, as unassigned blocks are
no area. A step may not leave an area in more pieces than before unless it is forced; pieces that
stand apart already are tolerated, and `State.pieces` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.best_fit import UNASSIGNED
from boundaries.layers.blocks import BlockGraph, Bridge
from boundaries.plans.rules import check_locks, check_pieces
from boundaries.plans.state import Area, Pairs, Signed, State, Step
from geo.errors import ConflictError, InputError, NotFoundError


@dataclass(frozen=True)
class PlanMetadata:
    """What is known of a plan besides its blocks.

    `blocks_layer` and `base_layer` name layers, the second is empty where the plan was not
    started from one; `version` counts how often the plan was saved; `begun_by` and `begun_at`
    (ISO 8601) say who started it and when.
    """

    plan_id: str
    title: str = ""
    blocks_layer: str = ""
    base_layer: str = ""
    version: int = 0
    begun_by: str = ""
    begun_at: str = ""


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan with its whole history.

    Attributes
    ----------
    metadata
        What is known of it.
    start
        How it began.
    now
        How it stands.
    steps
        Every step, those that were undone and can be redone last.
    done
        How many of the steps are in force.
    """

    metadata: PlanMetadata
    start: State
    now: State
    steps: tuple[Step, ...] = ()
    done: int = 0

    @classmethod
    def begin(
        cls,
        metadata: PlanMetadata,
        graph: BlockGraph,
        *,
        assignment: Mapping[str, str] | pd.Series | None = None,
        areas: Iterable[Area] = (),
        bridges: Mapping[str, Bridge] | None = None,
    ) -> Plan:
        """Start a plan: empty, by best fit to a layer, or from another plan.

        Parameters
        ----------
        graph
            The blocks.
        assignment
            Block code → area code; blocks that it lacks are unassigned.
        areas
            What is known of the areas; one that only the assignment names bears its code.
        bridges
            Named bridges that stand already.

        Raises
        ------
        InputError
            If the id cannot be one, a block is not of the layer, or a bridge leads nowhere.
        """
        _check_id(metadata.plan_id)
        given = {} if assignment is None else {str(k): str(v) for k, v in assignment.items()}
        _refuse_unknown(given, graph)
        known = {area.code: area for area in areas}
        named = {code: Area(code, code) for code in set(given.values()) - {UNASSIGNED}}
        assigned = pd.Series([given.get(code, UNASSIGNED) for code in graph.codes], dtype=object)
        start = State.of(graph, assigned.to_numpy(), areas=named | known, bridges=bridges)
        return cls(metadata, start, start)

    @property
    def assignment(self) -> pd.Series:
        """The area code of each block, `UNASSIGNED` where it has none."""
        index = pd.Index(self.now.graph.codes, name="block_code", dtype="str")
        return pd.Series(self.now.assigned, index=index, name="area_code", dtype="str")

    @property
    def history(self) -> tuple[Step, ...]:
        """The steps in force, the first one first."""
        return self.steps[: self.done]

    def move(self, blocks: Iterable[str], to: str, *, signed: Signed, force: bool = False) -> Plan:
        """Move blocks into an area, or to `UNASSIGNED`; those that are there already stay.

        Raises
        ------
        InputError, NotFoundError
            If a block or the area is not of this plan, or nothing would change.
        ConflictError
            If an area is locked, or would be in more pieces and the move is not forced.
        """
        return self.reassign(dict.fromkeys(blocks, to), signed=signed, force=force)

    def reassign(self, targets: Mapping[str, str], *, signed: Signed, force: bool = False) -> Plan:
        """Move blocks each into an area of its own, as one step; see `move`."""
        for area in sorted(set(targets.values()) - {UNASSIGNED}):
            self.area(area)
        blocks = self._block_changes(targets)
        if not blocks:
            raise InputError("nothing to move: every block is in that area already")
        return self._take(Step("move", signed, blocks, forced=force))

    def split(
        self, area: str, blocks: Iterable[str], *, new: Area, signed: Signed, force: bool = False
    ) -> Plan:
        """Make a new area of some blocks of another.

        Raises
        ------
        InputError
            If a block is not of the area, or none or all of its blocks are given.
        ConflictError
            If the code is taken, or as in `move`.
        """
        self.area(area)
        self._refuse_taken(new.code)
        changes = self._block_changes(dict.fromkeys(blocks, new.code))
        strange = [code for code, (old, _) in changes.items() if old != area]
        if strange:
            raise InputError(f"block {strange[0]} is not in {area}, which is to be split")
        if not 0 < len(changes) < len(self.now.blocks(area)):
            raise InputError(f"a split of {area} needs some of its blocks, but not all of them")
        return self._take(Step("split", signed, changes, {new.code: (None, new)}, forced=force))

    def merge(
        self, areas: Iterable[str], *, into: str, signed: Signed, force: bool = False
    ) -> Plan:
        """Give all blocks of some areas to another, which then elects the members of all.

        Where the members of one are not known, those of the whole are not either.
        """
        merged = [self.area(code) for code in sorted(set(areas) - {into})]
        if not merged:
            raise InputError(f"nothing to merge into {into}")
        whole = self.area(into)
        numbers = [area.members for area in (whole, *merged)]
        members = None if None in numbers else sum(n for n in numbers if n is not None)
        gone: dict[str, tuple[Area | None, Area | None]] = {a.code: (a, None) for a in merged}
        if members != whole.members:
            gone[into] = (whole, replace(whole, members=members))
        codes = self.now.graph.codes
        held = [codes[at] for area in merged for at in self.now.members(area.code)]
        blocks = self._block_changes(dict.fromkeys(held, into))
        return self._take(Step("merge", signed, blocks, gone, forced=force))

    def add_area(self, area: Area, *, signed: Signed) -> Plan:
        """Add an area that has no blocks yet."""
        self._refuse_taken(area.code)
        return self._take(Step("add", signed, areas={area.code: (None, area)}))

    def remove_area(self, code: str, *, signed: Signed) -> Plan:
        """Remove an area; its blocks are unassigned."""
        held = [self.now.graph.codes[at] for at in self.now.members(code)]
        blocks = self._block_changes(dict.fromkeys(held, UNASSIGNED))
        return self._take(Step("remove", signed, blocks, {code: (self.area(code), None)}))

    def rename(self, code: str, name: str, *, signed: Signed) -> Plan:
        """Give an area another name."""
        if not name.strip():
            raise InputError(f"the new name of {code} is empty")
        return self._amend("rename", signed, code, lambda area: replace(area, name=name.strip()))

    def set_members(self, code: str, members: int | None, *, signed: Signed) -> Plan:
        """Say how many members an area elects; None where that is open."""
        if members is not None and members < 0:
            raise InputError(f"{code} cannot have {members} members")
        return self._amend("members", signed, code, lambda area: replace(area, members=members))

    def lock(self, code: str, *, signed: Signed) -> Plan:
        """Agree an area: nothing moves in or out until it is unlocked."""
        return self._amend("lock", signed, code, lambda area: replace(area, locked=True))

    def unlock(self, code: str, *, signed: Signed) -> Plan:
        """Open a locked area again."""
        return self._amend("unlock", signed, code, lambda area: replace(area, locked=False))

    def build_bridge(self, name: str, ends: Bridge, *, signed: Signed) -> Plan:
        """Count two blocks as neighbours, as over a river; the name says by what."""
        if not name.strip():
            raise InputError("a bridge needs a name")
        if name in self.now.bridges:
            raise ConflictError(f"there is a bridge {name} already")
        return self._take(Step("bridge", signed, bridges={name: (None, ends)}))

    def remove_bridge(self, name: str, *, signed: Signed, force: bool = False) -> Plan:
        """Remove a bridge; forced where areas hang together by it alone."""
        if name not in self.now.bridges:
            raise NotFoundError(f"there is no bridge {name} in this plan")
        ends = self.now.bridges[name]
        return self._take(Step("unbridge", signed, bridges={name: (ends, None)}, forced=force))

    def undo(self) -> Plan:
        """Take the last step in force back, whoever took it."""
        if not self.done:
            raise ConflictError("there is nothing to undo")
        now = self.now.apply(self.steps[self.done - 1], backwards=True)
        return replace(self, now=now, done=self.done - 1)

    def redo(self) -> Plan:
        """Take the last undone step again."""
        if self.done == len(self.steps):
            raise ConflictError("there is nothing to redo")
        return replace(self, now=self.now.apply(self.steps[self.done]), done=self.done + 1)

    def area(self, code: str) -> Area:
        """An area of this plan.

        Raises
        ------
        NotFoundError
            If there is none of that code.
        """
        if code not in self.now.areas:
            raise NotFoundError(f"there is no area {code!r} in this plan")
        return self.now.areas[code]

    def _take(self, step: Step) -> Plan:
        """Take a new step; what was undone can then no longer be redone."""
        now = self.now.apply(step)
        check_locks(self.now, step)
        if not step.forced:
            check_pieces(self.now, now, step)
        return replace(self, now=now, steps=(*self.history, step), done=self.done + 1)

    def _amend(self, kind: str, signed: Signed, code: str, change: Callable[[Area], Area]) -> Plan:
        old = self.area(code)
        new = change(old)
        if new == old:
            raise InputError(f"nothing to change: {code} is so already")
        return self._take(Step(kind, signed, areas={code: (old, new)}))

    def _block_changes(self, targets: Mapping[str, str]) -> Pairs[str]:
        _refuse_unknown(targets, self.now.graph)
        positions, assigned = self.now.graph.positions, self.now.assigned
        pairs = {block: (assigned[positions[block]], to) for block, to in targets.items()}
        return {block: (old, new) for block, (old, new) in pairs.items() if old != new}

    def _refuse_taken(self, code: str) -> None:
        if not code.strip() or "," in code:
            raise InputError(f"{code!r} cannot be an area's code: it is empty or holds a comma")
        if code in self.now.areas:
            raise ConflictError(f"there is an area {code} already")


def _check_id(plan_id: str) -> None:
    """Refuse an id that cannot be an address, and a layer's id after `plan-`."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,57}", plan_id):
        raise InputError(
            f"{plan_id!r} cannot be a plan's id: use small letters, digits and '-', such as "
            "north-2027"
        )


def _refuse_unknown(blocks: Iterable[str], graph: BlockGraph) -> None:
    unknown = [block for block in blocks if block not in graph.positions]
    if unknown:
        more = f" and {len(unknown) - 1} more are" if len(unknown) > 1 else " is"
        raise InputError(f"{unknown[0]}{more} no block of this plan's layer")


def areas_of_layer(areas: gpd.GeoDataFrame) -> Iterator[Area]:
    """The areas of a layer as a plan begins with them: names, and members where it has them."""
    members = areas.get("members", pd.Series(np.nan, index=areas.index))
    for code, name, number in zip(areas.index, areas["area_name"], members, strict=True):
        yield Area(str(code), str(name), None if pd.isna(number) else int(number))
