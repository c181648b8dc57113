"""Plans side by side: their scores, and maps of the same extent, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

import pandas as pd
from fastapi import Response

from api.dependencies import HTML
from api.errors import status_of
from api.formats.encoding import records
from api.pages.templating import templates
from api.pages.text import reason_of
from api.planner.facts import LEAST_SHARE, Row
from api.planner.plan_map import plan_map
from api.planner.scores_text import score_differences, scores_table
from api.planner.sessions import EditingSession
from api.settings import VERSION
from boundaries.plans.communities import Communities
from boundaries.plans.scores import plan_scores
from geo.errors import InputError, PatchmapError
from geo.store.contract import LayerMetadata, PlanSummary

MOST_COMPARED: Final = 8
"""Most plans side by side: as many columns as a screen has room for."""


class NoPlansError(InputError):
    """There are no plans yet."""


class ScoresPayload(TypedDict):
    """Scores of plans, what tells the plans apart, and which incidents were counted."""

    plans: list[Row]
    differences: list[str]
    accounts: Mapping[str, object] | None


def read_plan_ids(text: str, plans: Sequence[PlanSummary]) -> list[str]:
    """Read which plans to compare; without any, all on the blocks of the one changed last.

    Raises
    ------
    InputError
        If there are none, or too many.
    """
    chosen = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not chosen and plans:
        last = max(plans, key=lambda plan: plan["updated_at"])
        chosen = [p["plan_id"] for p in plans if p["blocks_layer"] == last["blocks_layer"]]
        chosen = chosen[:MOST_COMPARED]
    if not chosen:
        raise NoPlansError("there are no plans to compare yet")
    if len(chosen) > MOST_COMPARED:
        raise InputError(f"these are {len(chosen)} plans; choose up to {MOST_COMPARED}")
    return chosen


def scores_of(
    sessions: Sequence[EditingSession], communities: Mapping[str, Communities]
) -> pd.DataFrame:
    """Score open plans; see `boundaries.plans.scores.plan_scores`.

    Parameters
    ----------
    communities
        Communities to keep whole, by the layer's id.

    Raises
    ------
    InputError
        If they are made of different layers of blocks.
    """
    layers = {
        kind: counter.overlaps
        for kind, counter in sessions[0].counters.items()
        if kind != "hotspots"
    }
    drafts = [session.draft for session in sessions]
    return plan_scores(drafts, layers, least_share=LEAST_SHARE, communities=communities)


def scores_payload(
    sessions: Sequence[EditingSession], communities: Mapping[str, Communities]
) -> ScoresPayload:
    """The scores of open plans as JSON; see `scores_of`."""
    scores = scores_of(sessions, communities)
    accounts = sessions[0].draft.figures.accounts
    return {
        "plans": records(scores.reset_index()),
        "differences": score_differences(scores),
        "accounts": accounts.as_dict() if accounts else None,
    }


def alternatives_page(
    sessions: Sequence[EditingSession],
    plans: Sequence[PlanSummary],
    *,
    query: str,
    communities: Mapping[str, Communities],
    layers: Sequence[LayerMetadata],
) -> Response:
    """Render plans side by side.

    Parameters
    ----------
    sessions
        The chosen plans, open.
    plans
        All plans, of which others may be chosen.
    query
        The Question as text.
    communities
        Communities to keep whole, by the layer's id.
    layers
        The layers of areas of the store, whose areas may be communities.
    """
    scores = scores_of(sessions, communities)
    drafts = [session.draft for session in sessions]
    layer = drafts[0].block_layer.layer_id
    maps = [plan_map(draft, draft.measures, draft.plan.metadata.title) for draft in drafts]
    chosen = [draft.plan.metadata.plan_id for draft in drafts]
    text = templates.get_template("planner_compare.html").render(
        chosen=chosen,
        choices=[plan for plan in plans if plan["blocks_layer"] == layer],
        titles=scores["title"].tolist(),
        table=scores_table(scores),
        differences=score_differences(scores),
        maps=maps,
        kinds=frozenset().union(*(each.kinds for each in maps)),
        accounts=drafts[0].figures.accounts,
        query=query,
        communities=next(iter(communities), ""),
        layers=[each for each in layers if each.layer_id != layer],
        notes=drafts[0].figures.notes,
        most=MOST_COMPARED,
        version=VERSION,
    )
    return Response(text, media_type=HTML)


def refused_page(error: PatchmapError, plans: Sequence[PlanSummary]) -> Response:
    """Render why plans cannot be compared, with all plans to choose from."""
    empty = isinstance(error, NoPlansError)
    text = templates.get_template("planner_compare.html").render(
        chosen=[],
        choices=plans,
        reason="" if empty else reason_of(error),
        most=MOST_COMPARED,
        version=VERSION,
    )
    # Nothing is wrong with the address of a page that has nothing to show yet.
    status = 200 if empty else status_of(error)
    return Response(text, status_code=status, media_type=HTML)
