"""Plans side by side: one row of scores for each of several plans on the same blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from boundaries.plans.communities import Communities
from boundaries.plans.draft import Draft
from boundaries.plans.electoral import review_triggers
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError


def plan_scores(
    drafts: Sequence[Draft],
    layers: Mapping[str, Overlaps] | None = None,
    *,
    least_share: float = 0.0,
    communities: Mapping[str, Communities] | None = None,
) -> pd.DataFrame:
    """Score plans by what tells alternatives apart.

    Parameters
    ----------
    drafts
        The plans with their measures, all on the same blocks.
    layers
        On which blocks the areas of other layers lie, by the layer's id: parishes, estates.
    least_share
        A smaller share of such an area is no part of it: layers are drawn apart.
    communities
        Communities to keep whole, by the layer's id.

    Returns
    -------
    One row per plan, by `plan_id`: `title`, `version`, `areas`, `members`; for each electorate
    `beyond_10` and `beyond_30` (areas further than 10 and 30 per cent from the average),
    `largest_variance` and `mean_variance` (of the absolute values, as shares), named with the
    suffix of the electorate; `unassigned` (blocks), `in_pieces` (areas), `blocks_moved` (since the
    plan began); `hotspots_split`, `split_ID` for each layer, and `whole_ID` (communities in one
    area with all their blocks) for each of communities; `polsby_popper` (the mean of the
    areas), `least_polsby_popper` and `cut_edges`. What is not known is NaN, and so is what a plan
    without any area would split.

    Raises
    ------
    InputError
        If there are no plans, or they are made of different layers of blocks.
    """
    if not drafts:
        raise InputError("there are no plans to compare yet")
    layer_ids = sorted({draft.block_layer.layer_id for draft in drafts})
    if len(layer_ids) > 1:
        raise InputError(
            f"these plans are made of the blocks of {' and '.join(layer_ids)}; "
            "compare plans on the same blocks"
        )
    rows = [
        _scores(draft, layers or {}, least_share) | _whole(draft, communities or {})
        for draft in drafts
    ]
    index = [draft.plan.metadata.plan_id for draft in drafts]
    return pd.DataFrame(rows, index=pd.Index(index, name="plan_id", dtype="str"))


def _scores(draft: Draft, layers: Mapping[str, Overlaps], least_share: float) -> dict[str, object]:
    plan, measures, now = draft.plan, draft.measures, draft.plan.now
    frame = measures.frame
    filled = [code for code in now.areas if now.blocks(code)]
    compact = frame.loc[filled, "polsby_popper"]
    spots = draft.hotspots
    return {
        "title": plan.metadata.title,
        "version": plan.metadata.version,
        "areas": len(filled),
        "members": now.members_elected,
        **_equality(measures),
        "unassigned": len(now.blocks(UNASSIGNED)),
        "in_pieces": int((frame.loc[filled, "pieces"] > 1).sum()),
        "blocks_moved": int(np.count_nonzero(plan.start.assigned != now.assigned)),
        "hotspots_split": spots.count_split(now.assigned) if spots.names and filled else np.nan,
        **{
            f"split_{name}": _split(overlaps, draft, least_share) if filled else np.nan
            for name, overlaps in layers.items()
        },
        "polsby_popper": compact.mean(),
        "least_polsby_popper": compact.min(),
        "cut_edges": measures.cut_edges if filled else np.nan,
    }


def _equality(measures: PlanMeasures) -> dict[str, object]:
    scores: dict[str, object] = {}
    for ending in measures.electorates.values():
        variance = measures.frame[f"variance{ending}"]
        triggers, known = review_triggers(variance), variance.notna().any()
        scores |= {
            f"beyond_10{ending}": triggers.notable if known else np.nan,
            f"beyond_30{ending}": triggers.extreme if known else np.nan,
            f"largest_variance{ending}": variance.abs().max(),
            f"mean_variance{ending}": variance.abs().mean(),
        }
    return scores


def _whole(draft: Draft, communities: Mapping[str, Communities]) -> dict[str, object]:
    assigned = draft.plan.now.assigned
    return {f"whole_{name}": each.count_whole(assigned) for name, each in communities.items()}


def _split(overlaps: Overlaps, draft: Draft, least_share: float) -> int:
    split = overlaps.split(draft.plan.now.assigned, least_share=least_share)
    return int(split["name"].nunique())
