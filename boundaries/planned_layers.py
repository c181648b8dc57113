"""Plans as layers: a Question counts on a draft as it counts on published boundaries."""

from __future__ import annotations

import geopandas as gpd

from boundaries.drafting import open_plan
from boundaries.measures import PlanMeasures
from boundaries.plan import PlanPapers
from boundaries.plan_blocks import PlanBlocks
from geo.errors import InputError
from geo.store.contract import LayerPapers, StoreReader

PLAN_PREFIX = "plan-"
"""What stands before a plan's id where it is a layer; no other layer's id begins so."""


def plan_of(layer_id: str) -> str:
    """The id of the plan that a layer's id means, '' where it means none."""
    return layer_id.removeprefix(PLAN_PREFIX) if layer_id.startswith(PLAN_PREFIX) else ""


def read_layer_or_plan(
    store: StoreReader, layer_id: str, *, blocks: PlanBlocks | None = None
) -> tuple[LayerPapers, gpd.GeoDataFrame]:
    """A layer of the store, or for `plan-ID` the areas of a plan with its measures.

    Parameters
    ----------
    blocks
        The blocks of the plan, where the caller has kept them.

    Raises
    ------
    NotFoundError
        If there is no such layer or plan.
    InputError
        If no area of the plan has a block yet.
    """
    plan_id = plan_of(layer_id)
    if not plan_id:
        return store.layer(layer_id)
    draft = open_plan(store, plan_id, question=None, blocks=blocks)
    areas = plan_layer(draft.measures)
    if areas.empty:
        raise InputError(f"plan {plan_id} has no area with a block yet")
    return plan_papers(draft.plan.papers), areas


def plan_layer(measures: PlanMeasures) -> gpd.GeoDataFrame:
    """The areas of a plan that have blocks, with their measures, as a store gives a layer."""
    return measures.layer.rename_axis("area_code")


def plan_papers(papers: PlanPapers) -> LayerPapers:
    """The papers of a plan as those of a layer."""
    base = f", begun from {papers.base_layer}" if papers.base_layer else ""
    return LayerPapers(
        f"{PLAN_PREFIX}{papers.plan_id}",
        title=f"{papers.title or papers.plan_id} (draft)",
        source=f"A plan on the blocks of {papers.blocks_layer}{base}",
        note=f"A draft, version {papers.version}; no boundary in force",
    )
