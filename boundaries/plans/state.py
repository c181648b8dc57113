"""The state of a plan, and the steps that change it.

A step records what it changed as pairs of before and after, so the step that undoes another has
the same pairs, swapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockGraph, Bridge, Ints
from geo.errors import InputError
from geo.properties import cached_property

NO_BLOCKS: frozenset[int] = frozenset()

Codes = NDArray[np.object_]
T = TypeVar("T")
Pairs = Mapping[str, tuple[T, T]]


@dataclass(frozen=True)
class Area:
    """An area of a plan.

    Attributes
    ----------
    code, name
        Its code, unique in the plan, and its name.
    members
        How many councillors it elects; None if not known yet.
    locked
        Nothing moves in or out of it.
    why
        Why it is drawn as it is, for its page of the report; '' for nothing written.
    """

    code: str
    name: str
    members: int | None = None
    locked: bool = False
    why: str = ""

    def as_dict(self) -> dict[str, object]:
        """The area as plain JSON, as stores keep it; without `why` where nothing is written."""
        # Not by `asdict`, which takes 12 ms for 400 areas, and every step writes all of them.
        written = dict(vars(self))
        if not self.why:
            # Earlier releases know no `why`: they read every plan that has none.
            del written["why"]
        return written


@dataclass(frozen=True)
class ForecastMethod:
    """How the forecast of electors was made, as the report of a review has to say.

    Attributes
    ----------
    method
        The method and its sources; '' for nothing written.
    made_by
        Whose forecast it is: a service or an organisation; '' where not known.
    made_on
        When it was made (YYYY-MM-DD); '' where not known.
    """

    method: str = ""
    made_by: str = ""
    made_on: str = ""

    def __bool__(self) -> bool:
        """Whether anything is written."""
        return bool(self.method or self.made_by or self.made_on)


NOT_WRITTEN: Final = ForecastMethod()
"""Nothing is written on how the forecast was made."""


@dataclass(frozen=True)
class Signed:
    """Who took a step, when and why.

    Attributes
    ----------
    by
        Name of the person.
    at
        Time with a time zone.
    reason
        Free text, '' for none.
    """

    by: str
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InputError("the time of a step has no time zone; add one, such as UTC")


@dataclass(frozen=True)
class Step:
    """One change of a plan: everything it touched, before and after.

    Attributes
    ----------
    kind
        One of `move`, `keep`, `split`, `merge`, `add`, `remove`, `rename`, `members`, `council`,
        `share`, `why`, `forecast`, `lock`, `unlock`, `bridge`, `unbridge`, `undo`, `redo` or
        `redact`.
    blocks
        Block code → area code before and after; for `keep` the same.
    areas
        Area code → area before and after, None if there is none.
    bridges
        Name → ends before and after, None if there is none.
    council_size
        The members of the whole council before and after (see `State`); None if it stays.
    forced
        It was allowed to break areas into more pieces.
    of
        Number of the step (from 1) that an `undo`, `redo` or `redact` is of; 0 for other kinds.
    forecast
        How the forecast was made, before and after; None if that stays.
    """

    kind: str
    signed: Signed
    blocks: Pairs[str] = field(default_factory=dict)
    areas: Pairs[Area | None] = field(default_factory=dict)
    bridges: Pairs[Bridge | None] = field(default_factory=dict)
    forced: bool = False
    of: int = 0
    council_size: tuple[int | None, int | None] | None = None
    forecast: tuple[ForecastMethod, ForecastMethod] | None = None

    def as_dict(self) -> dict[str, object]:
        """The step as plain JSON, as stores keep it: keys never change."""
        # Not `asdict`, which copies the moment deeply: each save writes hundreds of steps.
        by, at, reason = self.signed.by, self.signed.at.isoformat(), self.signed.reason
        signed = {"by": by, "at": at, "reason": reason}
        written: dict[str, object] = {"kind": self.kind, **signed, "forced": self.forced}
        written["blocks"] = {code: list(pair) for code, pair in self.blocks.items()}
        written["bridges"] = {
            name: [ends and list(ends) for ends in pair] for name, pair in self.bridges.items()
        }
        written["areas"] = {
            code: [area and area.as_dict() for area in pair] for code, pair in self.areas.items()
        }
        if self.of:
            written["of"] = self.of
        if self.council_size:
            written["council_size"] = list(self.council_size)
        if self.forecast:
            written["forecast"] = [asdict(method) for method in self.forecast]
        return written

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Step:
        """The step that `as_dict` wrote."""
        signed = Signed(written["by"], datetime.fromisoformat(written["at"]), written["reason"])
        size, forecast = written.get("council_size"), written.get("forecast")
        return cls(
            written["kind"],
            signed,
            {code: (old, new) for code, (old, new) in written["blocks"].items()},
            {code: (_area(old), _area(new)) for code, (old, new) in written["areas"].items()},
            {name: (_ends(old), _ends(new)) for name, (old, new) in written["bridges"].items()},
            written["forced"],
            int(written.get("of", 0)),
            (size[0], size[1]) if size else None,
            (ForecastMethod(**forecast[0]), ForecastMethod(**forecast[1])) if forecast else None,
        )


def _area(written: Mapping[str, Any] | None) -> Area | None:
    return Area(**written) if written else None


def _ends(written: list[str] | None) -> Bridge | None:
    return (written[0], written[1]) if written else None


@dataclass(frozen=True, eq=False)
class State:
    """A plan after some steps.

    Attributes
    ----------
    graph
        The blocks and their neighbours, bridges included.
    assigned
        The area code of each block in the order of the graph; `UNASSIGNED` for none.
    areas
        The areas by code, sorted.
    bridges
        Name → the codes of two blocks.
    blocks_by_area
        Positions of the blocks of each area code, `UNASSIGNED` included. After a step that leaves
        an area alone, its set is the same object: `PlanMeasures.after` relies on that to find
        what changed.
    council_size
        The members of the whole council, whatever the areas elect today; None where it is not
        set: then it is the sum of their members.
    forecast
        How the forecast of electors was made.
    """

    graph: BlockGraph
    assigned: Codes
    areas: Mapping[str, Area]
    bridges: Mapping[str, Bridge]
    blocks_by_area: Mapping[str, frozenset[int]] = field(repr=False)
    council_size: int | None = None
    forecast: ForecastMethod = NOT_WRITTEN
    _pieces: dict[str, list[list[int]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        # States share this array; `_assign` copies it.
        self.assigned.flags.writeable = False

    @classmethod
    def of(
        cls,
        graph: BlockGraph,
        assigned: Codes,
        *,
        areas: Mapping[str, Area],
        bridges: Mapping[str, Bridge] | None = None,
        council_size: int | None = None,
        forecast: ForecastMethod = NOT_WRITTEN,
    ) -> State:
        """A state from its parts.

        Parameters
        ----------
        graph
            The blocks.
        assigned
            The area code of each block, `UNASSIGNED` for none.
        areas
            By code, in any order.
        bridges
            Name → the codes of two blocks.
        council_size
            The members of the whole council; None if it is not set.
        forecast
            How the forecast of electors was made.

        Returns
        -------
        The state.

        Raises
        ------
        InputError
            If a bridge ends at an unknown block or at the block where it starts.
        """
        blocks: dict[str, set[int]] = {}
        for position, code in enumerate(assigned):
            blocks.setdefault(code, set()).add(position)
        return cls(
            graph.bridged(bridges) if bridges else graph,
            assigned,
            dict(sorted(areas.items())),
            dict(bridges or {}),
            {code: frozenset(members) for code, members in blocks.items()},
            council_size,
            forecast,
        )

    @cached_property
    def numbers(self) -> Ints:
        """The position of each block's area in `areas`, −1 for unassigned, shape (blocks,)."""
        numbers = np.full(len(self.graph), -1, dtype=np.int64)
        for number, code in enumerate(self.areas):
            blocks = self.blocks(code)
            numbers[np.fromiter(blocks, np.int64, len(blocks))] = number
        return numbers

    @property
    def members_elected(self) -> int:
        """How many members the areas elect together; an area whose number is open adds none."""
        return sum(area.members or 0 for area in self.areas.values())

    def blocks(self, area: str) -> frozenset[int]:
        """The positions of the blocks of an area."""
        return self.blocks_by_area.get(area, NO_BLOCKS)

    def members(self, area: str) -> Ints:
        """The positions of the blocks of an area as a sorted array."""
        return np.array(sorted(self.blocks(area)), dtype=np.int64)

    def pieces(self, area: str) -> list[list[int]]:
        """The connected parts of an area, as positions, the one with most blocks first."""
        if area not in self._pieces:
            self._pieces[area] = self.graph.pieces(self.blocks(area))
        return self._pieces[area]

    def apply(self, step: Step) -> State:
        """The state after a step."""
        assigned, blocks = self._assign({code: new for code, (_, new) in step.blocks.items()})
        # Pieces are cached, but only for areas whose blocks and bridges stay as they are.
        areas, bridges, graph, pieces = self.areas, self.bridges, self.graph, {}
        if step.areas:
            areas = dict(sorted(_changed(areas, step.areas).items()))
        if step.bridges:
            bridges = _changed(bridges, step.bridges)
            graph = graph.bridged(bridges)
        else:
            touched = {area for pair in step.blocks.values() for area in pair}
            pieces = {code: parts for code, parts in self._pieces.items() if code not in touched}
        size = step.council_size[1] if step.council_size else self.council_size
        forecast = step.forecast[1] if step.forecast else self.forecast
        return State(graph, assigned, areas, bridges, blocks, size, forecast, pieces)

    def _assign(self, targets: Mapping[str, str]) -> tuple[Codes, Mapping[str, frozenset[int]]]:
        if not targets:
            return self.assigned, self.blocks_by_area
        where = [self.graph.positions[block] for block in targets]
        leave: dict[str, set[int]] = {}
        enter: dict[str, set[int]] = {}
        for position, area in zip(where, targets.values(), strict=True):
            leave.setdefault(self.assigned[position], set()).add(position)
            enter.setdefault(area, set()).add(position)
        blocks = dict(self.blocks_by_area)
        for area in leave.keys() | enter.keys():
            stay = self.blocks(area) - leave.get(area, NO_BLOCKS)
            blocks[area] = stay | enter.get(area, NO_BLOCKS)
        assigned = self.assigned.copy()
        assigned[where] = list(targets.values())
        return assigned, blocks


def _changed(old: Mapping[str, T], pairs: Pairs[T | None]) -> dict[str, T]:
    same = {key: value for key, value in old.items() if key not in pairs}
    new = {key: pair[1] for key, pair in pairs.items()}
    return same | {key: value for key, value in new.items() if value is not None}
