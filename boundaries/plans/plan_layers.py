"""Plans as layers: a Question counts on a draft as it counts on published boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from boundaries.plans.block_layers import PlanBlocks
from boundaries.plans.draft import open_plan
from boundaries.plans.state import UNASSIGNED
from geo.errors import InputError
from geo.store.contract import LayerMetadata, StoreReader
from geo.store.layer_ids import PLAN_PREFIX


def plan_of(layer_id: str) -> str:
    """The id of the plan that a layer's id means, '' where it means none."""
    return layer_id.removeprefix(PLAN_PREFIX) if layer_id.startswith(PLAN_PREFIX) else ""


def plan_metadata(told: Mapping[str, Any]) -> LayerMetadata:
    """The metadata of a plan as those of a layer, of what a store tells of it."""
    base = f", begun from {told['base_layer']}" if told["base_layer"] else ""
    return LayerMetadata(
        f"{PLAN_PREFIX}{told['plan_id']}",
        title=f"{told['title'] or told['plan_id']} (draft)",
        source=f"A plan on the blocks of {told['blocks_layer']}{base}",
        note=f"A draft, version {told['version']}: no boundary in force",
    )


def plan_areas(
    store: StoreReader, plan_id: str, *, blocks: PlanBlocks | None = None
) -> gpd.GeoDataFrame:
    """The areas of a plan that have blocks, with their measures but for incidents.

    Parameters
    ----------
    blocks
        The blocks of the plan, where the caller has kept them.

    Returns
    -------
    As a store gives a layer: by `area_code`, with `area_name`, in metres; empty where no area
    has a block.

    Raises
    ------
    NotFoundError
        If there is no such plan.
    InputError
        If its blocks are no longer those of the layer.
    """
    return open_plan(store, plan_id, question=None, blocks=blocks).measures.layer


def plan_outline(
    store: StoreReader, plan_id: str, *, blocks: PlanBlocks | None = None
) -> shapely.Geometry | None:
    """The outline of all blocks of a plan that have an area; none where there is none.

    Raises
    ------
    NotFoundError, InputError
        As `plan_areas`.
    """
    draft = open_plan(store, plan_id, question=None, blocks=blocks)
    held = np.flatnonzero(draft.plan.now.assigned != UNASSIGNED)
    return shapely.coverage_union_all(draft.blocks.geometry[held]) if len(held) else None


def read_layer_or_plan(store: StoreReader, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """A layer of the store, or for `plan-ID` the areas of a plan.

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
    with store.reading():
        metadata = plan_metadata(store.plan(plan_id))
        return metadata, with_areas(plan_id, plan_areas(store, plan_id))


def with_areas(plan_id: str, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The areas of a plan, to be counted on.

    Raises
    ------
    InputError
        If there are none.
    """
    if areas.empty:
        raise InputError(f"plan {plan_id} has no area with a block yet")
    return areas
