"""What a plan is made of, and the steps that change it: each can be taken back and written down.

A step holds what it changed as pairs of before and after. So undoing is applying the pairs the
other way about, whatever the step was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockGraph, Bridge, Ints
from geo.errors import InputError

NO_BLOCKS: frozenset[int] = frozenset()

Codes = NDArray[np.object_]
T = TypeVar("T")
Pairs = Mapping[str, tuple[T, T]]


@dataclass(frozen=True)
class Area:
    """An area of a plan; `members` is None while nobody has said how many it elects."""

    code: str
    name: str
    members: int | None = None
    locked: bool = False


@dataclass(frozen=True)
class Signed:
    """Who took a step, when (with a time zone), and why."""

    by: str
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InputError("the time of a step needs a time zone")


@dataclass(frozen=True)
class Step:
    """One change of a plan: everything that it touched, before and after.

    Attributes
    ----------
    kind
        What it was: `move`, `split`, `merge`, `add`, `remove`, `rename`, `members`, `lock`,
        `unlock`, `bridge` or `unbridge`.
    blocks
        Block code → area code before and after.
    areas
        Area code → area before and after, None where there is none.
    bridges
        Name → ends before and after, None where there is none.
    forced
        It was allowed to break an area into more pieces.
    """

    kind: str
    signed: Signed
    blocks: Pairs[str] = field(default_factory=dict)
    areas: Pairs[Area | None] = field(default_factory=dict)
    bridges: Pairs[Bridge | None] = field(default_factory=dict)
    forced: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The step as plain JSON."""
        signed = asdict(self.signed) | {"at": self.signed.at.isoformat()}
        written: dict[str, Any] = {"kind": self.kind, **signed, "forced": self.forced}
        written["blocks"] = {code: list(pair) for code, pair in self.blocks.items()}
        written["bridges"] = {
            name: [ends and list(ends) for ends in pair] for name, pair in self.bridges.items()
        }
        written["areas"] = {
            code: [area and asdict(area) for area in pair] for code, pair in self.areas.items()
        }
        return written

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Step:
        """The step that `as_dict` wrote."""
        signed = Signed(written["by"], datetime.fromisoformat(written["at"]), written["reason"])
        return cls(
            written["kind"],
            signed,
            {code: (old, new) for code, (old, new) in written["blocks"].items()},
            {code: (_area(old), _area(new)) for code, (old, new) in written["areas"].items()},
            {name: (_ends(old), _ends(new)) for name, (old, new) in written["bridges"].items()},
            written["forced"],
        )


def _area(written: Mapping[str, Any] | None) -> Area | None:
    return Area(**written) if written else None


def _ends(written: list[str] | None) -> Bridge | None:
    return (written[0], written[1]) if written else None


@dataclass(frozen=True, eq=False)
class State:
    """A plan as it stands after some steps.

    Attributes
    ----------
    graph
        The blocks and their neighbours, bridges included.
    assigned
        The area code of each block in the order of the graph, `UNASSIGNED` where it has none.
    areas
        The areas by code, in the order of their codes.
    bridges
        Name → the codes of two blocks.
    held
        The positions of the blocks that each area code of `assigned` stands for. Where a step
        leaves an area alone, the state after it holds the very same set: that is how what
        follows a plan finds what changed.
    """

    graph: BlockGraph
    assigned: Codes
    areas: Mapping[str, Area]
    bridges: Mapping[str, Bridge]
    held: Mapping[str, frozenset[int]] = field(repr=False)
    _pieces: dict[str, list[list[int]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.assigned.flags.writeable = False

    @classmethod
    def of(
        cls,
        graph: BlockGraph,
        assigned: Codes,
        *,
        areas: Mapping[str, Area],
        bridges: Mapping[str, Bridge] | None = None,
    ) -> State:
        """A state from its parts."""
        held: dict[str, set[int]] = {}
        for position, code in enumerate(assigned):
            held.setdefault(code, set()).add(position)
        return cls(
            graph.bridged(bridges) if bridges else graph,
            assigned,
            dict(sorted(areas.items())),
            dict(bridges or {}),
            {code: frozenset(members) for code, members in held.items()},
        )

    def blocks(self, area: str) -> frozenset[int]:
        """The positions of the blocks of an area."""
        return self.held.get(area, NO_BLOCKS)

    def members(self, area: str) -> Ints:
        """The same in their order, as an array."""
        return np.array(sorted(self.blocks(area)), dtype=np.int64)

    def pieces(self, area: str) -> list[list[int]]:
        """The parts of an area that hang together, as positions, the one of most blocks first."""
        if area not in self._pieces:
            self._pieces[area] = self.graph.pieces(self.blocks(area))
        return self._pieces[area]

    def apply(self, step: Step, *, backwards: bool = False) -> State:
        """The state after a step; `backwards` the state before it."""
        to = 0 if backwards else 1
        assigned, held = self._assign({code: pair[to] for code, pair in step.blocks.items()})
        areas, bridges, graph, pieces = self.areas, self.bridges, self.graph, {}
        if step.areas:
            areas = dict(sorted(_changed(areas, step.areas, to).items()))
        if step.bridges:
            bridges = _changed(bridges, step.bridges, to)
            graph = graph.bridged(bridges)
        else:
            touched = {area for pair in step.blocks.values() for area in pair}
            pieces = {code: found for code, found in self._pieces.items() if code not in touched}
        return State(graph, assigned, areas, bridges, held, pieces)

    def _assign(self, targets: Mapping[str, str]) -> tuple[Codes, Mapping[str, frozenset[int]]]:
        if not targets:
            return self.assigned, self.held
        where = [self.graph.positions[block] for block in targets]
        leave: dict[str, set[int]] = {}
        enter: dict[str, set[int]] = {}
        for position, area in zip(where, targets.values(), strict=True):
            leave.setdefault(self.assigned[position], set()).add(position)
            enter.setdefault(area, set()).add(position)
        held = dict(self.held)
        for area in leave.keys() | enter.keys():
            held[area] = (self.blocks(area) - leave.get(area, NO_BLOCKS)) | enter.get(
                area, NO_BLOCKS
            )
        assigned = self.assigned.copy()
        assigned[where] = list(targets.values())
        return assigned, held


def _changed(old: Mapping[str, T], pairs: Pairs[T | None], to: int) -> dict[str, T]:
    kept = {key: value for key, value in old.items() if key not in pairs}
    new = {key: pair[to] for key, pair in pairs.items()}
    return kept | {key: value for key, value in new.items() if value is not None}
