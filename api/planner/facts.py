"""A plan as JSON members: the same for the command line and for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TypedDict

import pandas as pd

from api.formats.encoding import records
from boundaries.plans.checks import plan_warnings
from boundaries.plans.draft import Draft
from boundaries.plans.electoral import review_triggers
from boundaries.plans.export import history_frame, pieces_layer
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps

LEAST_SHARE = 0.01
"""A smaller share of another layer's area is a line drawn slightly differently, not a split."""

Row = dict[str, object]
"""One row of a frame, or one object of a payload, by column or member."""


class ReviewFacts(TypedDict):
    """How equal the areas of a council are for one electorate.

    `average` electors a member; of `areas`, `notable` lie beyond ±10 % and `extreme` beyond
    ±30 %; `review` says whether that calls for an electoral review.
    """

    average: float
    areas: int
    notable: int
    extreme: int
    review: bool


def plan_facts(
    draft: Draft,
    *,
    origins: Mapping[str, str],
    shared: pd.DataFrame | None = None,
    splits: Mapping[str, Overlaps] | None = None,
) -> Row:
    """A plan, its measures before and now, and what its boundaries split.

    Parameters
    ----------
    origins
        The old area of each area, of `Comparison.origins`.
    shared
        Posts and pounds by area, of `boundaries.plans.comparison.posts_and_money`.
    splits
        On which blocks the areas of other layers lie, by layer.
    """
    plan, measures = draft.plan, draft.measures
    frame = measures.frame if shared is None else measures.frame.join(shared)
    assigned = plan.now.assigned
    accounts = draft.figures.accounts
    return {
        "plan": asdict(plan.metadata),
        "areas": records(frame.reset_index()),
        "held_against": draft.compared_to[0],
        "before": records(draft.before.frame.reset_index()),
        "origins": dict(origins),
        "unassigned": {name: float(value) for name, value in measures.unassigned.items()},
        "council_size": plan.now.council_size,
        "review": review_facts(measures),
        "cut_edges": measures.cut_edges,
        "pieces": records(pieces_layer(plan.now, draft.blocks)),
        "bridges": {name: list(ends) for name, ends in plan.now.bridges.items()},
        "warnings": [asdict(warning) for warning in plan_warnings(measures)],
        "hotspots": len(draft.hotspots.names),
        "hotspots_split": records(draft.hotspots.split(assigned)),
        "cuts": {
            name: records(overlaps.split(assigned, least_share=LEAST_SHARE))
            for name, overlaps in (splits or {}).items()
        },
        "history": records(history_frame(plan)),
        "notes": list(draft.figures.notes),
        "accounts": accounts.as_dict() if accounts else None,
    }


def review_facts(measures: PlanMeasures) -> dict[str, ReviewFacts]:
    """How equal the areas are, by electorate; electorates without variances are left out."""
    facts: dict[str, ReviewFacts] = {}
    for electors, ending in measures.electorates.items():
        name = f"variance{ending}"
        if name in measures.frame and measures.frame[name].notna().any():
            triggers = review_triggers(measures.frame[name])
            facts[electors] = {
                "average": measures.average(electors),
                "areas": triggers.areas,
                "notable": triggers.notable,
                "extreme": triggers.extreme,
                "review": triggers.review,
            }
    return facts
