"""A plan as plain facts for machines: the same for the command line and for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from boundaries.plans.draft import Draft
from boundaries.plans.electoral import review_triggers
from boundaries.plans.export import history_frame, pieces_layer
from boundaries.plans.measures import ELECTORATES, PlanMeasures
from boundaries.plans.overlaps import Overlaps

LEAST_SHARE = 0.01
"""A smaller share of another layer's area is a line drawn otherwise, and no cut."""


def plan_facts(
    draft: Draft,
    *,
    origins: Mapping[str, str],
    shared: pd.DataFrame | None = None,
    cuts: Mapping[str, Overlaps] | None = None,
) -> dict[str, Any]:
    """A plan, its measures before and now, and what its boundaries cut.

    Parameters
    ----------
    origins
        The old area of each area, of `Comparison.origins`.
    shared
        Posts and pounds by area, of `boundaries.plans.comparison.posts_and_money`.
    cuts
        Where the areas of other layers lie, by layer.
    """
    plan, measures = draft.plan, draft.measures
    frame = measures.frame if shared is None else measures.frame.join(shared)
    assigned = plan.now.assigned
    accounts = draft.figures.accounts
    return {
        "plan": asdict(plan.metadata),
        "areas": rows(frame.reset_index()),
        "held_against": draft.compared_to[0],
        "before": rows(draft.before.frame.reset_index()),
        "origins": dict(origins),
        "unassigned": {name: float(value) for name, value in measures.unassigned.items()},
        "review": review_facts(measures),
        "cut_edges": measures.cut_edges,
        "pieces": rows(pieces_layer(plan.now, draft.blocks)),
        "bridges": {name: list(ends) for name, ends in plan.now.bridges.items()},
        "hotspots": len(draft.hotspots.names),
        "hotspots_split": rows(draft.hotspots.split(assigned)),
        "cuts": {
            name: rows(found.split(assigned, least_share=LEAST_SHARE))
            for name, found in (cuts or {}).items()
        },
        "history": rows(history_frame(plan)),
        "notes": list(draft.figures.notes),
        "accounts": accounts.as_dict() if accounts else None,
    }


def review_facts(measures: PlanMeasures) -> dict[str, dict[str, Any]]:
    """The council's average and how many areas lie beyond the triggers, by electorate."""
    facts = {}
    for electors, ending in ELECTORATES.items():
        name = f"variance{ending}"
        if name in measures.frame and measures.frame[name].notna().any():
            found = review_triggers(measures.frame[name])
            average = {"average": measures.average(electors)}
            facts[electors] = {**average, **asdict(found), "review": found.review}
    return facts


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame without its geometry, with None where nothing is."""
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore")).astype(object)
    found: list[dict[str, Any]] = plain.where(plain.notna(), None).to_dict("records")
    return found
