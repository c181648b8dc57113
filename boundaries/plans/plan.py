"""A plan of boundaries: which area each block belongs to, and every step that led there.

Plans are immutable: each step returns a new one. Blocks may be unassigned, so a partial plan is
valid. A step must not leave an area in more pieces than before unless it is forced; areas that
are in pieces already are tolerated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.blocks import BlockGraph, Bridge
from boundaries.plans.history import (
    REDACT,
    Standing,
    forecast_without,
    redoing,
    texts_of,
    to_redo,
    to_undo,
    undoing,
    without_texts,
)
from boundaries.plans.rules import (
    check_bridge,
    check_council_size,
    check_forecast,
    check_locks,
    check_members,
    check_pieces,
    check_turn,
)
from boundaries.plans.state import (
    NOT_WRITTEN,
    Area,
    ForecastMethod,
    Pairs,
    Signed,
    State,
    Step,
)
from geo.areal.best_fit import UNASSIGNED
from geo.errors import ConflictError, InputError, NotFoundError
from geo.properties import cached_property

MOST_WHY: Final = 4_000
"""Most characters of a text on why an area is drawn as it is: about a page of the report."""


@dataclass(frozen=True)
class PlanMetadata:
    """A plan's metadata; stores keep them under these names.

    Attributes
    ----------
    plan_id, title
        The plan's id and title.
    blocks_layer
        The layer of blocks that it is made of.
    base_layer
        The layer that its areas were fitted to; '' for none.
    version
        How often the plan was saved.
    begun_by, begun_at
        Who created it, and when (ISO 8601).
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

    Methods that take a step need to know who takes it (`signed`). They raise ConflictError if an
    area is locked or would be left in more pieces, unless the step is forced.

    Attributes
    ----------
    metadata
        The plan's metadata.
    start
        Its state when it was created.
    now
        Its current state.
    steps
        Every step that was ever taken, in order: undo and redo are steps too, and nothing is
        taken out. Applied one after the other to `start`, they lead to `now`.
    """

    metadata: PlanMetadata
    start: State
    now: State
    steps: tuple[Step, ...] = ()

    @classmethod
    def begin(
        cls,
        metadata: PlanMetadata,
        graph: BlockGraph,
        *,
        assignment: Mapping[str, str] | pd.Series | None = None,
        areas: Iterable[Area] = (),
        bridges: Mapping[str, Bridge] | None = None,
        council_size: int | None = None,
        forecast: ForecastMethod = NOT_WRITTEN,
    ) -> Plan:
        """Create a plan: empty, by best fit to a layer, or from another plan.

        Parameters
        ----------
        metadata
            The plan's metadata.
        graph
            The blocks.
        assignment
            Block code → area code; blocks that it lacks are unassigned.
        areas
            The areas; one that only the assignment names is called by its code.
        bridges
            Name → the codes of two blocks.
        council_size
            The members of the whole council; None if it is not set.
        forecast
            How the forecast of electors was made.

        Returns
        -------
        The plan, without steps.

        Raises
        ------
        InputError
            If the id is invalid, a block is unknown, or a bridge leads nowhere.
        """
        _check_id(metadata.plan_id)
        items = () if assignment is None else assignment.items()
        area_of = {str(block): str(area) for block, area in items}
        _refuse_unknown(area_of, graph)
        known = {area.code: area for area in areas}
        named = {code: Area(code, code) for code in set(area_of.values()) - {UNASSIGNED}}
        # Through a Series, because numpy would make an array of fixed-width text of the codes.
        assigned = pd.Series([area_of.get(code, UNASSIGNED) for code in graph.codes], dtype=object)
        start = State.of(
            graph,
            assigned.to_numpy(),
            areas=named | known,
            bridges=bridges,
            council_size=council_size,
            forecast=forecast,
        )
        return cls(metadata, start, start)

    @property
    def assignment(self) -> pd.Series:
        """The area code of each block, `UNASSIGNED` for none."""
        index = pd.Index(self.now.graph.codes, name="block_code", dtype="str")
        return pd.Series(self.now.assigned, index=index, name="area_code", dtype="str")

    @cached_property
    def standing(self) -> Standing:
        """Which steps are in force, and which can be redone."""
        return Standing.of(self.steps)

    @property
    def steps_in_force(self) -> tuple[Step, ...]:
        """The steps in force, the first one first."""
        return tuple(self.steps[position] for position in self.standing.in_force)

    def move(self, blocks: Iterable[str], to: str, *, signed: Signed, force: bool = False) -> Plan:
        """Move blocks into an area.

        Parameters
        ----------
        blocks
            Block codes; those that are in the area already stay.
        to
            The area's code, or `UNASSIGNED`.
        signed
            Who moves them, when and why.
        force
            Allow areas to break into more pieces.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If a block is unknown or nothing would change.
        NotFoundError
            If there is no such area.
        ConflictError
            If an area is locked, or would be left in more pieces (`BrokenAreaError`).
        """
        return self.reassign(dict.fromkeys(blocks, to), signed=signed, force=force)

    def reassign(self, targets: Mapping[str, str], *, signed: Signed, force: bool = False) -> Plan:
        """Move blocks to different areas in one step.

        Parameters
        ----------
        targets
            Block code → area code or `UNASSIGNED`.
        signed, force
            As for `move`.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError, NotFoundError, ConflictError
            As for `move`.
        """
        for area in sorted(set(targets.values()) - {UNASSIGNED}):
            self.area(area)
        blocks = self._block_changes(targets)
        if not blocks:
            raise InputError("nothing to move: every block is in that area already")
        return self._take(Step("move", signed, blocks, forced=force))

    def keep(self, blocks: Iterable[str], *, signed: Signed) -> Plan:
        """Record the decision that blocks stay in their areas.

        Nothing moves: the step is for the record, with its reason, and can be undone.

        Parameters
        ----------
        blocks
            Block codes.
        signed
            Who decided it, when and why.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If a block is unknown or in no area, or there are none.
        ConflictError
            If an area is locked.
        """
        chosen = sorted(set(blocks))
        _refuse_unknown(chosen, self.now.graph)
        areas = {code: self.now.assigned[self.now.graph.positions[code]] for code in chosen}
        if not areas:
            raise InputError("there is no block to keep; choose one or more")
        for code, area in areas.items():
            if area == UNASSIGNED:
                raise InputError(f"block {code} is in no area; move it into one")
        return self._take(Step("keep", signed, {code: (at, at) for code, at in areas.items()}))

    def split(
        self, area: str, blocks: Iterable[str], *, new: Area, signed: Signed, force: bool = False
    ) -> Plan:
        """Make a new area from some blocks of another.

        Parameters
        ----------
        area
            Code of the area to split.
        blocks
            Codes of some of its blocks.
        new
            The new area.
        signed, force
            As for `move`.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If a block is in another area, or none or all of the area's blocks are given.
        ConflictError
            If the new code is taken, or as for `move`.
        NotFoundError
            If there is no such area.
        """
        self.area(area)
        self._refuse_taken(new.code)
        changes = self._block_changes(dict.fromkeys(blocks, new.code))
        elsewhere = [code for code, (old, _) in changes.items() if old != area]
        if elsewhere:
            raise InputError(f"block {elsewhere[0]} is not in {area}, the area to split")
        if not 0 < len(changes) < len(self.now.blocks(area)):
            raise InputError(f"to split {area}, choose some of its blocks but not all of them")
        return self._take(Step("split", signed, changes, {new.code: (None, new)}, forced=force))

    def merge(
        self, areas: Iterable[str], *, into: str, signed: Signed, force: bool = False
    ) -> Plan:
        """Give all blocks of some areas to another, which then elects the members of all of them.

        Parameters
        ----------
        areas
            Codes of the areas that end.
        into
            Code of the area that gets their blocks. Its members become unknown if those of any
            merged area are.
        signed, force
            As for `move`.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If no other area is given, or it would have too many members.
        NotFoundError, ConflictError
            As for `move`.
        """
        merged = [self.area(code) for code in sorted(set(areas) - {into})]
        if not merged:
            raise InputError(f"nothing to merge into {into}; choose another area")
        target = self.area(into)
        numbers = [area.members for area in (target, *merged)]
        members = None if None in numbers else sum(n for n in numbers if n is not None)
        changes: dict[str, tuple[Area | None, Area | None]] = {a.code: (a, None) for a in merged}
        if members != target.members:
            changes[into] = (target, replace(target, members=members))
        targets = {code: into for area in merged for code in self._blocks_of(area.code)}
        return self._take(
            Step("merge", signed, self._block_changes(targets), changes, forced=force)
        )

    def add_area(self, area: Area, *, signed: Signed) -> Plan:
        """Add an area without blocks.

        Parameters
        ----------
        area
            The new area.
        signed
            Who adds it.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError, ConflictError
            If the code is invalid, or taken.
        """
        self._refuse_taken(area.code)
        return self._take(Step("add", signed, areas={area.code: (None, area)}))

    def remove_area(self, code: str, *, signed: Signed) -> Plan:
        """Remove an area; its blocks become unassigned.

        Parameters
        ----------
        code
            The area's code.
        signed
            Who removes it.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        NotFoundError, ConflictError
            If there is no such area, or it is locked.
        """
        blocks = self._block_changes(dict.fromkeys(self._blocks_of(code), UNASSIGNED))
        return self._take(Step("remove", signed, blocks, {code: (self.area(code), None)}))

    def rename(self, code: str, name: str, *, signed: Signed) -> Plan:
        """Give an area another name.

        Parameters
        ----------
        code, name
            The area's code and its new name.
        signed
            Who renames it.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If the name is empty or the same.
        NotFoundError, ConflictError
            If there is no such area, or it is locked.
        """
        if not name.strip():
            raise InputError(f"the new name of {code} is empty; give it a name")
        return self._amend("rename", signed, code, lambda area: replace(area, name=name.strip()))

    def set_members(self, code: str, members: int | None, *, signed: Signed) -> Plan:
        """Set how many members an area elects.

        Parameters
        ----------
        code
            The area's code.
        members
            The number; None if not known.
        signed
            Who sets it.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If the number is impossible (see `rules.check_members`) or the same.
        NotFoundError, ConflictError
            If there is no such area, or it is locked.
        """
        return self._amend("members", signed, code, lambda area: replace(area, members=members))

    def explain(self, code: str, why: str, *, signed: Signed) -> Plan:
        """Write why an area is drawn as it is; a locked area can be explained, too.

        Parameters
        ----------
        code
            The area's code.
        why
            The text, at most `MOST_WHY` characters; '' removes what is written.
        signed
            Who writes it.

        Returns
        -------
        The plan after the step. Texts of earlier steps stay in its history.

        Raises
        ------
        InputError
            If the text is too long or the same.
        NotFoundError
            If there is no such area.
        """
        text = why.strip()
        if len(text) > MOST_WHY:
            raise InputError(
                f"the text on {code} has {len(text):,} characters; write at most {MOST_WHY:,}"
            )
        return self._amend("why", signed, code, lambda area: replace(area, why=text))

    def describe_forecast(self, forecast: ForecastMethod, *, signed: Signed) -> Plan:
        """Write how the forecast of electors was made.

        Parameters
        ----------
        forecast
            How, by whom and when; at most `MOST_WHY` characters on how. An empty one removes what
            is written.
        signed
            Who writes it.

        Returns
        -------
        The plan after the step. Texts of earlier steps stay in its history.

        Raises
        ------
        InputError
            If a text is too long, the date is none or in the future, or nothing would change.
        """
        check_forecast(forecast, most=MOST_WHY)
        if forecast == self.now.forecast:
            raise InputError("nothing to change: the forecast is described like that already")
        return self._take(Step("forecast", signed, forecast=(self.now.forecast, forecast)))

    def texts_written(self, number: int) -> frozenset[str]:
        """What was written with a step: its reason, and on areas or the forecast.

        Parameters
        ----------
        number
            Number of the step, from 1.

        Returns
        -------
        The texts, without empty ones.

        Raises
        ------
        NotFoundError
            If there is no such step.
        InputError
            If nothing was written with it.
        """
        if not 1 <= number <= len(self.steps):
            raise NotFoundError(f"there is no step {number}; this plan has {len(self.steps)}")
        texts = texts_of(self.steps[number - 1])
        if not texts:
            raise InputError(f"nothing is written with step {number}")
        return texts

    def redact(self, texts: frozenset[str], *, signed: Signed, of: int = 0) -> Plan:
        """Take texts that name a person out of the whole record.

        Boundaries, names and who took which step when stay as they are. Until `Store.compact` a
        text can be read from the store's files.

        Parameters
        ----------
        texts
            As `texts_written` returns them, of this plan or of another.
        signed
            Who takes them out.
        of
            Number of the step that they were written with, from 1; 0 where that is a step of
            another plan.

        Returns
        -------
        The plan with a step that says so.
        """
        redaction = Step(REDACT, signed, of=of)
        steps = (*(without_texts(step, texts) for step in self.steps), redaction)
        # A plan that began from another has the texts of its areas from the start.
        areas = without_texts(Step(REDACT, signed, areas=_pairs(self.start.areas)), texts).areas
        start = replace(
            self.start,
            areas={code: area for code, (_, area) in areas.items() if area},
            forecast=forecast_without(self.start.forecast, texts),
        )
        now = start
        for step in steps:
            now = now.apply(step)
        return replace(self, start=start, now=now, steps=steps)

    def set_council_size(self, size: int | None, *, signed: Signed) -> Plan:
        """Set how many members the whole council has, whatever its areas elect.

        Parameters
        ----------
        size
            The number; None for the sum of the members of the areas.
        signed
            Who sets it.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If the number is impossible (see `rules.check_council_size`) or the same.
        """
        if size == self.now.council_size:
            raise InputError(f"nothing to change: the council size is {_size(size)} already")
        return self._take(Step("council", signed, council_size=(self.now.council_size, size)))

    def share_seats(
        self, members: Mapping[str, int], *, signed: Signed, council_size: int | None = None
    ) -> Plan:
        """Set how many members several areas elect, in one step.

        Parameters
        ----------
        members
            Area code → its members.
        signed
            Who shares them out.
        council_size
            The council size that they are shared out of; None to leave it as it is.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If a number is impossible or nothing would change.
        NotFoundError, ConflictError
            If there is no such area, or one whose number changes is locked.
        """
        old = {code: self.area(code) for code in members}
        areas: dict[str, tuple[Area | None, Area | None]] = {
            code: (area, replace(area, members=members[code]))
            for code, area in sorted(old.items())
            if area.members != members[code]
        }
        before = self.now.council_size
        size = None if council_size in (None, before) else (before, council_size)
        if not (areas or size):
            raise InputError("nothing to change: every area elects that number already")
        return self._take(Step("share", signed, areas=areas, council_size=size))

    def lock(self, code: str, *, signed: Signed) -> Plan:
        """Lock an area: nothing moves in or out until `unlock`.

        Parameters
        ----------
        code
            The area.
        signed
            Who locks it, and why.

        Returns
        -------
        The plan after the step.
        """
        return self._amend("lock", signed, code, lambda area: replace(area, locked=True))

    def unlock(self, code: str, *, signed: Signed) -> Plan:
        """Unlock an area.

        Parameters
        ----------
        code
            The area.
        signed
            Who unlocks it, and why.

        Returns
        -------
        The plan after the step.
        """
        return self._amend("unlock", signed, code, lambda area: replace(area, locked=False))

    def lock_all(self, *, signed: Signed) -> Plan:
        """Lock every area in one step."""
        return self._set_locks("lock", locked=True, signed=signed)

    def unlock_all(self, *, signed: Signed) -> Plan:
        """Unlock every area in one step."""
        return self._set_locks("unlock", locked=False, signed=signed)

    def build_bridge(self, name: str, ends: Bridge, *, signed: Signed, force: bool = False) -> Plan:
        """Treat two blocks as neighbours, as over a river.

        Parameters
        ----------
        name
            What joins them.
        ends
            The codes of the two blocks.
        signed
            Who builds it.
        force
            Allow any length.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        InputError
            If the name is empty, an end is unknown, or the blocks share an edge.
        ConflictError
            If there is a bridge of this name, or the blocks are too far apart
            (`UnlikelyBridgeError`).
        """
        if not name.strip():
            raise InputError("a bridge needs a name, such as that of the real one")
        if name in self.now.bridges:
            raise ConflictError(f"there is already a bridge {name}; choose another name")
        step = Step("bridge", signed, bridges={name: (None, ends)}, forced=force)
        plan = self._take(step)  # refuses unknown blocks
        check_bridge(self.now, name, ends, forced=force)
        return plan

    def remove_bridge(self, name: str, *, signed: Signed, force: bool = False) -> Plan:
        """Remove a bridge.

        Parameters
        ----------
        name
            The bridge's name.
        signed
            Who removes it.
        force
            Allow areas that only the bridge connects to break into more pieces.

        Returns
        -------
        The plan after the step.

        Raises
        ------
        NotFoundError, ConflictError
            If there is no such bridge, or an area would be left in more pieces.
        """
        if name not in self.now.bridges:
            raise NotFoundError(f"there is no bridge {name} in this plan")
        ends = self.now.bridges[name]
        return self._take(Step("unbridge", signed, bridges={name: (ends, None)}, forced=force))

    def undo(self, *, signed: Signed, of: int = 0, force: bool = False) -> Plan:
        """Undo one's own last step in force, or any step by its number.

        Steps of others since stay in force, so they must not have changed the same blocks, areas,
        bridges or council size.

        Parameters
        ----------
        signed
            Who undoes it, when and why.
        of
            Number of the step, from 1, whoever took it; 0 for the last one of who signs.
        force
            Allow areas to break into more pieces, where others' steps were taken since.

        Returns
        -------
        The plan after the step, with both steps in its record.

        Raises
        ------
        ConflictError
            If there is none to undo, a later step changed the same, or the rules do not allow
            what the plan would be.
        NotFoundError
            If there is no such step.
        """
        position = to_undo(self.steps, self.standing, by=signed.by, of=of)
        step = undoing(self.steps, position, signed, forced=force)
        # The rules allowed the state before the last step, or tolerated it.
        return self._turn(step, tolerated=position == self.standing.in_force[-1])

    def redo(self, *, signed: Signed, force: bool = False) -> Plan:
        """Take the step again that one undid last.

        Parameters
        ----------
        signed
            Who redoes it, when and why.
        force
            Allow areas to break into more pieces, where others' steps were taken since.

        Returns
        -------
        The plan after the step, with all three steps in its record.

        Raises
        ------
        ConflictError
            If they have undone none, or taken another step since; if others changed the same
            since, or the rules do not allow what the plan would be.
        """
        position = to_redo(self.steps, self.standing, self.now, by=signed.by)
        return self._turn(redoing(self.steps, position, signed, forced=force), tolerated=False)

    def area(self, code: str) -> Area:
        """An area of this plan.

        Raises
        ------
        NotFoundError
            If there is no area with that code.
        """
        if code not in self.now.areas:
            raise NotFoundError(f"there is no area {code!r} in this plan")
        return self.now.areas[code]

    def _take(self, step: Step) -> Plan:
        """Take a new step, if the rules allow it."""
        # Applied first: a bridge to an unknown block is refused there, before the rules look it up.
        now = self.now.apply(step)
        check_members(step)
        check_council_size(step)
        check_locks(self.now, step)
        if not step.forced:
            check_pieces(self.now, now, step)
        return replace(self, now=now, steps=(*self.steps, step))

    def _turn(self, step: Step, *, tolerated: bool) -> Plan:
        """Undo or redo; pieces are looked at where the state that it leads to is a new one."""
        now = self.now.apply(step)
        check_turn(self.now, now, step)
        if not (step.forced or tolerated):
            check_pieces(self.now, now, step)
        return replace(self, now=now, steps=(*self.steps, step))

    def _amend(self, kind: str, signed: Signed, code: str, change: Callable[[Area], Area]) -> Plan:
        old = self.area(code)
        new = change(old)
        if new == old:
            raise InputError(f"nothing to change: {code} is like that already")
        return self._take(Step(kind, signed, areas={code: (old, new)}))

    def _set_locks(self, kind: str, *, locked: bool, signed: Signed) -> Plan:
        areas: dict[str, tuple[Area | None, Area | None]] = {
            code: (area, replace(area, locked=locked))
            for code, area in self.now.areas.items()
            if area.locked != locked
        }
        if not areas:
            raise InputError(f"nothing to change: no area is {'un' if locked else ''}locked")
        return self._take(Step(kind, signed, areas=areas))

    def _blocks_of(self, code: str) -> list[str]:
        codes = self.now.graph.codes
        return [codes[position] for position in self.now.members(code)]

    def _block_changes(self, targets: Mapping[str, str]) -> Pairs[str]:
        _refuse_unknown(targets, self.now.graph)
        positions, assigned = self.now.graph.positions, self.now.assigned
        pairs = {block: (assigned[positions[block]], to) for block, to in targets.items()}
        return {block: (old, new) for block, (old, new) in pairs.items() if old != new}

    def _refuse_taken(self, code: str) -> None:
        if not code.strip() or "," in code:
            raise InputError(
                f"{code!r} cannot be an area's code; use letters and digits, without commas"
            )
        if code in self.now.areas:
            raise ConflictError(f"there is already an area {code}; choose another code")


def _pairs(areas: Mapping[str, Area]) -> Pairs[Area | None]:
    return {code: (area, area) for code, area in areas.items()}


def areas_of_layer(areas: gpd.GeoDataFrame) -> Iterator[Area]:
    """The areas of a layer as areas of a plan, with names, and members if the layer has them."""
    members = areas.get("members", pd.Series(np.nan, index=areas.index))
    for code, name, number in zip(areas.index, areas["area_name"], members, strict=True):
        yield Area(str(code), str(name), None if pd.isna(number) else int(number))


def council_size_of(areas: Iterable[Area]) -> int | None:
    """The council size that areas make together; None if the members of any are not known."""
    numbers = [area.members for area in areas]
    known = [number for number in numbers if number]
    return sum(known) if numbers and len(known) == len(numbers) else None


def _size(size: int | None) -> str:
    return "not set" if size is None else f"{size:,}"


def _check_id(plan_id: str) -> None:
    # It becomes part of an address, and of the layer id plan-ID, which has at most 63 characters.
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,57}", plan_id):
        raise InputError(
            f"{plan_id!r} cannot be a plan's id; use small letters, digits and '-', such as "
            "north-2027"
        )


def _refuse_unknown(blocks: Iterable[str], graph: BlockGraph) -> None:
    unknown = [block for block in blocks if block not in graph.positions]
    if unknown:
        more = f" and {len(unknown) - 1} more are" if len(unknown) > 1 else " is"
        raise InputError(f"{unknown[0]}{more} not in this plan's layer of blocks")
