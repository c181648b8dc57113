"""What a planner should know of a plan before it is proposed: nothing here refuses a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from boundaries.plans.measures import PlanMeasures
from boundaries.plans.rules import LEAST_MEMBERS, LONGEST_BRIDGE_M, MOST_MEMBERS
from boundaries.plans.state import State
from geo.areal.best_fit import UNASSIGNED

USUAL_MEMBERS: Final = 3
"""Most members of a ward.

The Local Government Boundary Commission for England "does not normally" recommend wards of more
than three ("Electoral reviews: technical guidance").
"""

_NAMED: Final = 3


@dataclass(frozen=True)
class PlanWarning:
    """One thing to know of a plan.

    Attributes
    ----------
    kind
        `council`, `members`, `bridge`, `bridge only` or `doughnut`.
    areas
        Codes of the areas concerned; may be empty.
    text
        What it is, as a sentence without a full stop.
    blocks
        Codes of the blocks concerned; may be empty.
    """

    kind: str
    areas: tuple[str, ...]
    text: str
    blocks: tuple[str, ...] = ()


def plan_warnings(measures: PlanMeasures) -> list[PlanWarning]:
    """Check a plan for what a review would ask about.

    Parameters
    ----------
    measures
        Of the plan's current state.

    Returns
    -------
    Areas that elect more or fewer members than the council has; impossible, unusual and missing
    numbers of members; bridges that are long or lie over land; parts of areas that only a bridge
    joins; areas that lie wholly inside another.
    """
    state = measures.state
    return [
        *_council_size(state),
        *_members(measures),
        *_bridges(state),
        *_bridge_only(state),
        *_doughnuts(state),
    ]


def _council_size(state: State) -> Iterator[PlanWarning]:
    size, elected = state.council_size, state.members_elected
    if size is None or elected == size:
        return
    of = "1 member" if size == 1 else f"{size:,} members"
    rest = (
        f"{size - elected:,} not given to any area yet"
        if elected < size
        else f"{elected - size:,} too many"
    )
    yield PlanWarning("council", (), f"the areas elect {elected:,} of the council's {of}: {rest}")


def _members(measures: PlanMeasures) -> Iterator[PlanWarning]:
    state = measures.state
    known = any(area.members for area in state.areas.values())
    columns = [*measures.electorates]
    for position, (code, area) in enumerate(state.areas.items()):
        title = _title(state, code)
        if not area.members:
            if known and columns and state.blocks(code):
                electors = measures.totals[columns[0]][position]
                number = "no number of members" if area.members is None else "0 members"
                effect = (
                    f"the variance of its {electors:,.0f} electors is unknown"
                    if state.council_size
                    else f"its {electors:,.0f} electors are not in the council's average"
                )
                yield PlanWarning("members", (code,), f"{title} has {number}: {effect}")
        elif not LEAST_MEMBERS <= area.members <= MOST_MEMBERS:
            yield PlanWarning(
                "members", (code,),
                f"{title} has {area.members:,} members; an area elects {LEAST_MEMBERS} to "
                f"{MOST_MEMBERS}",
            )  # fmt: skip
        elif area.members > USUAL_MEMBERS:
            yield PlanWarning(
                "members", (code,),
                f"{title} has {area.members} members; the Commission does not normally recommend "
                f"more than {USUAL_MEMBERS}",
            )  # fmt: skip


def _bridges(state: State) -> Iterator[PlanWarning]:
    for (name, ends), span in zip(state.bridges.items(), state.graph.spans, strict=True):
        faults = []
        if span.metres > LONGEST_BRIDGE_M:
            faults.append("further than bridges reach")
        if span.between:
            codes = [state.graph.codes[at] for at in span.between]
            faults.append(f"with the land of {_listed(codes)} between them")
        if faults:
            yield PlanWarning(
                "bridge", (),
                f"the bridge {name} joins {ends[0]} and {ends[1]}, {distance(span.metres)} apart, "
                + " and ".join(faults),
                ends,
            )  # fmt: skip


def _bridge_only(state: State) -> Iterator[PlanWarning]:
    graph = state.graph
    joining: dict[str, list[str]] = {}
    for name, (one, other) in state.bridges.items():
        area, beyond = (state.assigned[graph.positions[code]] for code in (one, other))
        if area == beyond and area != UNASSIGNED:
            joining.setdefault(area, []).append(name)
    by_land = graph.bridged({})
    for code, names in sorted(joining.items()):
        joined = {at: number for number, piece in enumerate(state.pieces(code)) for at in piece}
        main = set()
        for part in by_land.pieces(state.blocks(code)):
            # The largest part of each piece is what the bridge joins the others to.
            if joined[part[0]] not in main:
                main.add(joined[part[0]])
                continue
            blocks = tuple(graph.codes[at] for at in part)
            yield PlanWarning(
                "bridge only", (code,),
                f"only a bridge ({', '.join(names)}) joins {_listed(blocks)} to the rest of "
                f"{_title(state, code)}",
                blocks,
            )  # fmt: skip


def _doughnuts(state: State) -> Iterator[PlanWarning]:
    codes = list(state.areas)
    outside = len(codes)
    for ring, inside in enclosures(_neighbours(state), outside):
        inner = [codes[at] for at in inside]
        titles = [_title(state, code) for code in inner]
        verb = "lies" if len(inner) == 1 else "lie"
        yield PlanWarning(
            "doughnut", (codes[ring], *inner),
            f"{_listed(titles)} {verb} wholly inside {_title(state, codes[ring])}",
            tuple(state.graph.codes[at] for code in inner for at in sorted(state.blocks(code))),
        )  # fmt: skip


def _neighbours(state: State) -> list[set[int]]:
    """The neighbours of each area by land; the last one is the outside, and what is unassigned."""
    graph, numbers = state.graph, state.numbers
    size = len(state.areas) + 1
    numbers = np.where(numbers < 0, size - 1, numbers)
    pairs = numbers[graph.edges]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    keys = np.unique(np.concatenate([
        pairs[:, 0] * size + pairs[:, 1],
        np.unique(numbers[graph.outer]) * size + size - 1,
    ]))  # fmt: skip
    near: list[set[int]] = [set() for _ in range(size)]
    for one, other in zip(*(part.tolist() for part in divmod(keys, size)), strict=True):
        if one != other:
            near[one].add(other)
            near[other].add(one)
    return near


def enclosures(near: Sequence[set[int]], outside: int) -> list[tuple[int, list[int]]]:
    """What lies wholly inside what: nodes that cut others off from the outside.

    Parameters
    ----------
    near
        The neighbours of each node.
    outside
        The node that stands for the outside.

    Returns
    -------
    Pairs of a node and the nodes that every way from them to the outside leads through.

    References
    ----------
    Tarjan (1972), "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1
    (articulation points).
    """
    order, low = {outside: 0}, {outside: 0}
    stack = [(outside, iter(sorted(near[outside])))]
    enclosed = []
    while stack:
        node, rest = stack[-1]
        new = None
        for other in rest:
            if other not in order:
                new = other
                break
            low[node] = min(low[node], order[other])
        if new is not None:
            order[new] = low[new] = len(order)
            stack.append((new, iter(sorted(near[new]))))
            continue
        stack.pop()
        if not stack:
            break
        above = stack[-1][0]
        low[above] = min(low[above], low[node])
        if above != outside and low[node] >= order[above]:
            # Nodes are numbered as they are reached, so those from here on hang below this one.
            enclosed.append((above, sorted(at for at in order if order[at] >= order[node])))
    return sorted(enclosed)


def distance(metres: float) -> str:
    """A distance for people: 80 m, 7.2 km."""
    return f"{metres / 1000:,.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _title(state: State, code: str) -> str:
    name = state.areas[code].name
    return name if name == code else f"{name} ({code})"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
