"""A draft as a page needs it: plain JSON of the whole, and of what one step changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from api.planner.facts import LEAST_SHARE, review_facts, rows
from boundaries.layers.best_fit import UNASSIGNED
from boundaries.plans.comparison import posts_and_money
from boundaries.plans.draft import Draft
from boundaries.plans.export import area_titles, describe
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.state import State
from geo.errors import QuestionError
from geo.question.model import Question

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Crosser:
    """Things of one kind that boundaries may cut, and how many they cut as the plan began.

    `least_share` is the share of a thing that counts as a side: layers that were drawn apart
    overlap by slivers, incidents of a hotspot do not.
    """

    things: Overlaps
    before: int
    least_share: float

    @classmethod
    def of(cls, things: Overlaps, plan: Plan, *, exact: bool) -> Crosser:
        """Look once at how a plan began."""
        least = 0.0 if exact else LEAST_SHARE
        return cls(things, len(_split(things, plan.start, least)), least)

    def told(self, kind: str, plan: Plan) -> dict[str, Any]:
        """Which of them the plan cuts now, and between which areas."""
        split = _split(self.things, plan.now, self.least_share)
        found = [{"name": name, "areas": areas} for name, areas in sorted(split.items())]
        return {"kind": kind, "before": self.before, "now": len(split), "split": found}


def _split(things: Overlaps, state: State, least_share: float) -> dict[str, list[str]]:
    """What `Overlaps.split` finds, without a frame: the areas of each thing that is cut."""
    codes = [UNASSIGNED, *state.areas]
    place = {code: at for at, code in enumerate(codes)}
    area = np.array([place[code] for code in state.assigned], dtype=np.int64)[things.block]
    size = (len(things.names), len(codes))
    amount = np.bincount(
        things.thing * size[1] + area, weights=things.amount, minlength=size[0] * size[1]
    ).reshape(size)
    share = amount / amount.sum(axis=1, keepdims=True)
    counted = (share > 0) & (share >= least_share)
    counted[:, place[UNASSIGNED]] = False
    return {
        things.names[thing]: [
            codes[at] for at in np.argsort(-share[thing], kind="stable") if counted[thing, at]
        ]
        for thing in np.flatnonzero(counted.sum(axis=1) > 1)
    }


Crossers = Mapping[str, Crosser]


def told_whole(draft: Draft, crossers: Crossers, *, before: Rows, told: Rows) -> dict[str, Any]:
    """Everything that a page begins with.

    Parameters
    ----------
    crossers
        What boundaries may cut, by the word for it: `hotspots`, and the titles of layers.
    before, told
        The rows of the areas as the plan began, and as it stands.
    """
    plan, blocks = draft.plan, draft.blocks
    metadata = plan.metadata
    return {
        "plan_id": metadata.plan_id,
        "title": metadata.title,
        "blocks_layer": metadata.blocks_layer,
        "base_layer": metadata.base_layer,
        "codes": list(plan.now.graph.codes),
        "figures": _figures(draft),
        "start": plan.start.assigned.tolist(),
        "assigned": plan.now.assigned.tolist(),
        "before": {
            "areas": [asdict(area) for area in plan.start.areas.values()],
            "rows": before,
            "council": _council(draft.before),
        },
        "rows": told,
        "standing": told_standing(draft, crossers),
        "history": told_history(plan, range(len(plan.steps))),
        "caveats": [*draft.figures.notes, *_caveats(draft)],
        "averaged": list(map(str, blocks.means)),
    }


def told_change(
    before: Draft, after: Draft, crossers: Crossers, *, known: Rows, told: Rows
) -> dict[str, Any]:
    """What a step changed, and how the plan stands after it.

    Parameters
    ----------
    known, told
        The rows of the areas before the step, and after it.
    """
    old, new = before.plan, after.plan
    moved = np.flatnonzero(old.now.assigned != new.now.assigned)
    codes = new.now.graph.codes
    return {
        "standing": told_standing(after, crossers),
        "blocks": {codes[at]: new.now.assigned[at] for at in moved},
        "rows": {code: row for code, row in told.items() if known.get(code) != row},
        "history": told_history(new, [] if new.steps == old.steps else [len(new.steps) - 1]),
    }


def told_standing(draft: Draft, crossers: Crossers) -> dict[str, Any]:
    """What every step can change, the rows of the areas and the blocks apart."""
    plan, now = draft.plan, draft.plan.now
    codes, titles = now.graph.codes, _titles(plan)
    undone = plan.steps[plan.done] if plan.done < len(plan.steps) else None
    rest = draft.measures.unassigned
    return {
        "version": plan.metadata.version,
        "done": plan.done,
        "steps": len(plan.steps),
        "undo": describe(plan.history[-1], titles) if plan.history else "",
        "redo": describe(undone, titles) if undone else "",
        "areas": [asdict(area) for area in now.areas.values()],
        "council": _council(draft.measures),
        "broken": [
            {"area": code, "pieces": [[codes[at] for at in piece] for piece in pieces]}
            for code in now.areas
            if len(pieces := now.pieces(code)) > 1
        ],
        "unassigned": {
            "blocks": [codes[at] for at in now.members(UNASSIGNED)],
            "sums": {str(name): float(value) for name, value in rest.items() if name != "blocks"},
        },
        "bridges": [{"name": name, "ends": list(ends)} for name, ends in now.bridges.items()],
        "crossings": [things.told(kind, plan) for kind, things in crossers.items()],
    }


def told_history(plan: Plan, which: Iterable[int]) -> list[dict[str, Any]]:
    """Steps of the history by their places in it, as `history_frame` has them."""
    titles = _titles(plan)
    return [
        {
            "step": at + 1,
            "at": step.signed.at.isoformat(),
            "by": step.signed.by,
            "kind": step.kind,
            "what": describe(step, titles),
            "reason": step.signed.reason,
            "forced": step.forced,
            "in_force": at < plan.done,
        }
        for at in which
        if (step := plan.steps[at])
    ]


def rows_of(measures: PlanMeasures, question: Question) -> Rows:
    """The measures of each area by its code; unknown ones are null.

    Posts and pounds are among them where the Question shares them out and they suffice: a step
    that leaves more areas than posts is a step all the same.
    """
    frame = measures.frame
    if question.posts or question.money:
        with suppress(QuestionError):
            frame = frame.join(posts_and_money(measures, question).drop(columns="need"))
    return dict(zip(map(str, frame.index), rows(frame), strict=True))


def _figures(draft: Draft) -> dict[str, list[float | None]]:
    blocks = draft.blocks
    table = pd.concat([blocks.sums, blocks.means], axis=1)
    plain = table.astype(object).where(table.notna(), None)
    return {str(name): plain[name].tolist() for name in plain}


def _titles(plan: Plan) -> dict[str, str]:
    """What to call areas, those that are gone included."""
    return area_titles({**plan.start.areas, **plan.now.areas})


def _council(measures: PlanMeasures) -> dict[str, Any]:
    members = [area.members or 0 for area in measures.state.areas.values()]
    return {"members": sum(members), "equality": review_facts(measures)}


def _caveats(draft: Draft) -> list[str]:
    accounts = draft.figures.accounts
    return list(accounts.caveats) if accounts else []
