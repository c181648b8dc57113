"""What the page scripts of a plan receive: the whole plan, and what one step changed.

`api/static/page/planner/types.js` declares the same members for the scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TypedDict

import numpy as np
import pandas as pd

from api.formats.encoding import records
from api.planner.facts import LEAST_SHARE, ReviewFacts, Row, review_facts
from boundaries.plans.checks import plan_warnings
from boundaries.plans.comparison import posts_and_money
from boundaries.plans.draft import Draft
from boundaries.plans.export import HISTORY, describe_steps, history_rows, undone_positions
from boundaries.plans.history import REDACT
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.rebasing import OverlapError
from boundaries.plans.state import State
from geo.areal.best_fit import UNASSIGNED
from geo.errors import QuestionError
from geo.question.model import Question

AreaRows = dict[str, Row]
"""The measures of each area, by its code."""


class SplitArea(TypedDict):
    """One hotspot, or area of another layer, and the areas of the plan that it lies in."""

    name: str
    areas: list[str]


class SplitsPayload(TypedDict):
    """What the boundaries split of one kind, as the plan began and now."""

    kind: str
    before: int
    now: int
    split: list[SplitArea]


class CouncilPayload(TypedDict):
    """The council as a whole: its size, and how equal its areas are by electorate.

    `size` is null where it is not set; `members` are those that the areas elect.
    """

    size: int | None
    members: int
    equality: dict[str, ReviewFacts]


class StatusPayload(TypedDict):
    """How a plan stands: all that a step can change, without the blocks and area rows.

    `undo` and `redo` say by the name of each planner which step they would undo or redo; `redo`
    has under '' what anybody may.
    """

    version: int
    steps: int
    undone: list[int]
    undo: dict[str, str]
    redo: dict[str, str]
    areas: list[Row]
    council: CouncilPayload
    forecast: Row
    broken: list[Row]
    unassigned: Row
    bridges: list[Row]
    warnings: list[Row]
    splits: list[SplitsPayload]


class PlanPayload(TypedDict):
    """Everything that the page of a plan starts with."""

    plan_id: str
    title: str
    blocks_layer: str
    base_layer: str
    begun_at: str
    codes: list[str]
    figures: dict[str, list[float | None]]
    start: list[str]
    assigned: list[str]
    before: Row
    rows: AreaRows
    status: StatusPayload
    history: list[Row]
    caveats: list[str]
    averaged: list[str]
    titles: dict[str, str]


class ChangePayload(TypedDict):
    """What one step changed."""

    status: StatusPayload
    blocks: dict[str, str]
    rows: AreaRows
    history: list[Row]


class OverlapPayload(TypedDict):
    """A step that meets steps of others unseen: what each of them did, and what it would do.

    `moves` and the `blocks` of `theirs` have the new area of each block by its code.
    """

    mine: str
    moves: dict[str, str]
    theirs: list[Row]


class SuggestionsPayload(TypedDict):
    """Suggested moves, and the column that they balance ('' where there is none)."""

    column: str
    moves: list[Row]


@dataclass(frozen=True, eq=False)
class SplitCounter:
    """Counts what boundaries split of one kind of thing: hotspots, or the areas of a layer.

    Attributes
    ----------
    overlaps
        On which blocks each thing lies.
    before
        How many were split as the plan began.
    least_share
        The smallest share of a thing that counts as lying in an area: layers that were drawn
        apart overlap by slivers, incidents of a hotspot do not.
    """

    overlaps: Overlaps
    before: int
    least_share: float

    @classmethod
    def of(cls, overlaps: Overlaps, plan: Plan, *, exact: bool) -> SplitCounter:
        """Count what a plan split as it began; `exact` counts the smallest share."""
        least_share = 0.0 if exact else LEAST_SHARE
        return cls(overlaps, len(_split(overlaps, plan.start, least_share)), least_share)

    def payload(self, kind: str, plan: Plan) -> SplitsPayload:
        """What the plan splits now, and between which of its areas."""
        split = _split(self.overlaps, plan.now, self.least_share)
        return {
            "kind": kind,
            "before": self.before,
            "now": len(split),
            "split": [{"name": name, "areas": areas} for name, areas in sorted(split.items())],
        }


def _split(overlaps: Overlaps, state: State, least_share: float) -> dict[str, list[str]]:
    """The areas of each thing that is split, as `Overlaps.split` has them.

    Without a frame around them: this runs for every layer at every step.
    """
    codes = [*state.areas, UNASSIGNED]  # `numbers` has −1 for unassigned: the last one
    area = (state.numbers % len(codes))[overlaps.block]
    size = (len(overlaps.names), len(codes))
    amount = np.bincount(
        overlaps.thing * size[1] + area, weights=overlaps.amount, minlength=size[0] * size[1]
    ).reshape(size)
    total = amount.sum(axis=1, keepdims=True)
    # Of what lies on no block there is no share.
    share = np.divide(amount, total, out=np.zeros(size), where=total > 0)
    counted = (share > 0) & (share >= least_share)
    counted[:, -1] = False
    counted[counted.sum(axis=1) == 1] = False  # whole
    thing, area = np.nonzero(counted)
    order = np.lexsort([-share[thing, area], thing])
    split: dict[str, list[str]] = {}
    for one, at in zip(thing[order].tolist(), area[order].tolist(), strict=True):
        split.setdefault(overlaps.names[one], []).append(codes[at])
    return split


Counters = Mapping[str, SplitCounter]


def plan_payload(
    draft: Draft, counters: Counters, *, before: AreaRows, now: AreaRows
) -> PlanPayload:
    """Everything that the page of a plan starts with.

    Parameters
    ----------
    counters
        What boundaries may split, by kind: `hotspots`, and the titles of layers.
    before, now
        The rows of the areas as the plan began, and as it stands.
    """
    plan, blocks = draft.plan, draft.blocks
    metadata, accounts = plan.metadata, draft.figures.accounts
    return {
        "plan_id": metadata.plan_id,
        "title": metadata.title,
        "blocks_layer": metadata.blocks_layer,
        "base_layer": metadata.base_layer,
        "begun_at": metadata.begun_at,
        "codes": list(plan.now.graph.codes),
        "figures": _figures(draft),
        "start": plan.start.assigned.tolist(),
        "assigned": plan.now.assigned.tolist(),
        "before": {
            "areas": [asdict(area) for area in plan.start.areas.values()],
            "rows": before,
            "council": _council(draft.before),
            "bridges": _bridges(plan.start),
        },
        "rows": now,
        "status": _status(draft, counters),
        "history": _history(plan),
        "caveats": [*draft.figures.notes, *(accounts.caveats if accounts else ())],
        "averaged": [str(name) for name in blocks.means],
        "titles": dict(draft.figures.titles),
    }


def change_payload(
    old: Draft, new: Draft, counters: Counters, *, before: AreaRows, now: AreaRows
) -> ChangePayload:
    """What a step changed, and how the plan stands after it.

    Parameters
    ----------
    counters
        As for `plan_payload`.
    before, now
        The rows of the areas before the step, and after it.
    """
    codes, assigned = new.plan.now.graph.codes, new.plan.now.assigned
    moved = np.flatnonzero(old.plan.now.assigned != assigned)
    return {
        "status": _status(new, counters),
        "blocks": {codes[at]: assigned[at] for at in moved},
        "rows": {code: row for code, row in now.items() if before.get(code) != row},
        "history": _history(new.plan, len(old.plan.steps)),
    }


def changes_payload(
    draft: Draft, counters: Counters, *, since: int, now: AreaRows
) -> ChangePayload:
    """What was changed since a plan had so many steps, and how it stands.

    Parameters
    ----------
    counters
        As for `plan_payload`.
    since
        How many steps it had.
    now
        The rows of all areas: every share of a total may have changed.
    """
    plan = draft.plan
    added = plan.steps[since:]
    at, assigned = plan.now.graph.positions, plan.now.assigned
    moved = {code for step in added for code in step.blocks}
    # Texts are taken out of all the steps before.
    first = 0 if any(step.kind == REDACT for step in added) else since
    return {
        "status": _status(draft, counters),
        "blocks": {code: assigned[at[code]] for code in sorted(moved)},
        "rows": now,
        "history": _history(plan, first),
    }


def overlap_payload(overlap: OverlapError) -> OverlapPayload:
    """What somebody is asked who changed the same part of a plan as others."""
    plan = overlap.plan
    positions = [number - 1 for number in overlap.theirs]
    return {
        "mine": overlap.sentence,
        "moves": {code: new for code, (_, new) in overlap.mine.blocks.items()},
        "theirs": [
            {
                "step": position + 1,
                "by": plan.steps[position].signed.by,
                "at": plan.steps[position].signed.at.isoformat(),
                "what": sentence,
                "blocks": {code: new for code, (_, new) in plan.steps[position].blocks.items()},
            }
            for position, sentence in zip(positions, describe_steps(plan, positions), strict=True)
        ],
    }


def _status(draft: Draft, counters: Counters) -> StatusPayload:
    plan, now = draft.plan, draft.plan.now
    codes, standing = now.graph.codes, plan.standing
    sums = draft.measures.unassigned
    return {
        "version": plan.metadata.version,
        "steps": len(plan.steps),
        "undone": [position + 1 for position in sorted(undone_positions(plan))],
        "undo": _sentences(plan, {plan.steps[at].signed.by: at for at in standing.in_force}),
        "redo": _sentences(plan, {by: at for at, by in standing.undone.items()}),
        "areas": [dict(vars(area)) for area in now.areas.values()],
        "council": _council(draft.measures),
        "forecast": asdict(now.forecast),
        "broken": [
            {"area": code, "pieces": [[codes[at] for at in piece] for piece in pieces]}
            for code in now.areas
            if len(pieces := now.pieces(code)) > 1
        ],
        "unassigned": {
            "blocks": [codes[at] for at in now.members(UNASSIGNED)],
            "sums": {str(name): float(value) for name, value in sums.items() if name != "blocks"},
        },
        "bridges": _bridges(now),
        "warnings": [asdict(warning) for warning in plan_warnings(draft.measures)],
        "splits": [counter.payload(kind, plan) for kind, counter in counters.items()],
    }


def _sentences(plan: Plan, positions: Mapping[str, int]) -> dict[str, str]:
    """What a step of each planner did, by the planner."""
    rising = sorted(set(positions.values()))
    sentence = dict(zip(rising, describe_steps(plan, rising), strict=True))
    return {by: sentence[at] for by, at in positions.items()}


def _history(plan: Plan, first: int = 0) -> list[Row]:
    """The steps of a plan from a position on, as `history_frame` has them."""
    return [dict(zip(HISTORY, row, strict=True)) for row in history_rows(plan, first)]


def _bridges(state: State) -> list[Row]:
    return [
        {"name": name, "ends": list(ends), "metres": round(span.metres)}
        for (name, ends), span in zip(state.bridges.items(), state.graph.spans, strict=True)
    ]


def area_rows(measures: PlanMeasures, question: Question) -> AreaRows:
    """The measures of each area by its code; unknown ones are null.

    Posts and pounds are among them where the Question shares them out and they suffice: a step
    that leaves more areas than posts is still taken.
    """
    frame = measures.frame
    if question.posts.shares_anything:
        with suppress(QuestionError):
            frame = frame.join(posts_and_money(measures, question).drop(columns="need"))
    return dict(zip(map(str, frame.index), records(frame), strict=True))


def _figures(draft: Draft) -> dict[str, list[float | None]]:
    table = pd.concat([draft.blocks.sums, draft.blocks.means], axis=1)
    plain = table.astype(object).where(table.notna(), None)
    return {str(name): plain[name].tolist() for name in plain}


def _council(measures: PlanMeasures) -> CouncilPayload:
    state = measures.state
    return {
        "size": state.council_size,
        "members": state.members_elected,
        "equality": review_facts(measures),
    }
