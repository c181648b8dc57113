"""Plans and layers by one name: a plan as a layer, and either as whole blocks to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.layers.blocks import BlockLayer
from boundaries.plans.draft import NOT_STRADDLING, Draft, fit_plan, open_plan
from boundaries.plans.export import area_titles
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.serialization import read_plan
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError, NotFoundError
from geo.properties import cached_property
from geo.store.contract import LayerMetadata, StoreReader
from geo.store.layer_ids import PLAN_PREFIX, areas_among, check_areas


def plan_of(layer_id: str) -> str:
    """The plan id in a layer id such as `plan-north`; '' for any other layer."""
    return layer_id.removeprefix(PLAN_PREFIX) if layer_id.startswith(PLAN_PREFIX) else ""


def plan_metadata(summary: Mapping[str, Any]) -> LayerMetadata:
    """Layer metadata for a plan, from its summary in `StoreReader.plans`."""
    base = f", based on {summary['base_layer']}" if summary["base_layer"] else ""
    return LayerMetadata(
        f"{PLAN_PREFIX}{summary['plan_id']}",
        title=f"{summary['title'] or summary['plan_id']} (draft)",
        source=f"A plan made of the blocks of {summary['blocks_layer']}{base}",
        note=f"Draft, version {summary['version']}: these boundaries are not in force",
    )


def plan_areas(
    store: StoreReader, plan_id: str, *, blocks: BlockLayer | None = None
) -> gpd.GeoDataFrame:
    """The areas of a plan that have blocks, with their measures but without incident counts.

    Parameters
    ----------
    store
        Holds the plan and its layer of blocks.
    plan_id
        The plan's id, without `plan-`.
    blocks
        The plan's blocks, if the caller has them cached.

    Returns
    -------
    One row per area, as `StoreReader.layer` returns a layer: indexed by `area_code`, with
    `area_name`, in metres. Empty if no area has a block.

    Raises
    ------
    NotFoundError
        If there is no such plan.
    InputError
        If the layer's blocks have changed since the plan was made.
    """
    return open_plan(store, plan_id, question=None, blocks=blocks).measures.layer


def plan_outline(
    store: StoreReader, plan_id: str, *, blocks: BlockLayer | None = None
) -> shapely.Geometry | None:
    """The outline of all blocks that have an area.

    Parameters
    ----------
    store, plan_id, blocks
        As for `plan_areas`.

    Returns
    -------
    One geometry in metres; None if no block has an area.

    Raises
    ------
    NotFoundError, InputError
        As for `plan_areas`.
    """
    draft = open_plan(store, plan_id, question=None, blocks=blocks)
    assigned = np.flatnonzero(draft.plan.now.assigned != UNASSIGNED)
    return shapely.coverage_union_all(draft.blocks.geometry[assigned]) if len(assigned) else None


def read_layer_or_plan(store: StoreReader, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Read a layer of the store, or the areas of a plan where the id is `plan-ID`.

    Parameters
    ----------
    store
        Holds the layers and plans.
    layer_id
        A layer's id, or `plan-` and a plan's id.

    Returns
    -------
    Metadata, and areas indexed by `area_code` in metres.

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
    """The areas of a plan, or an error if it has none to count on.

    Parameters
    ----------
    plan_id
        For the message.
    areas
        As `plan_areas` returns them.

    Returns
    -------
    `areas`, unchanged.

    Raises
    ------
    InputError
        If `areas` is empty.
    """
    if areas.empty:
        raise InputError(f"no area of plan {plan_id} has a block yet; move blocks into an area")
    return areas


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison: a layer or a plan as whole blocks.

    Attributes
    ----------
    name
        A layer's id, or `plan-ID`.
    plan
        Its areas as whole blocks.
    straddling
        Blocks that do not lie wholly in one area, as `BestFit.straddling`; empty for a plan on
        the same blocks.
    """

    name: str
    plan: Plan
    straddling: pd.DataFrame = field(default_factory=lambda: NOT_STRADDLING)

    @property
    def assignment(self) -> pd.Series:
        """The area code of each block."""
        return self.plan.assignment

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """The display name of each area; see `area_titles`."""
        return area_titles(self.plan.now.areas)


def side_id(store: StoreReader, name: str) -> str:
    """Find which layer or plan a name refers to.

    Parameters
    ----------
    store
        Holds the layers and plans.
    name
        A layer's id, a plan's id, or `plan-ID`. A layer takes precedence over a plan.

    Returns
    -------
    The layer's id, or `plan-ID`.

    Raises
    ------
    NotFoundError
        If there is no such layer or plan; the message lists those there are.
    InputError
        If it is a layer of points or lines.
    """
    stored = {metadata.layer_id: metadata for metadata in store.layers()}
    plans = [summary["plan_id"] for summary in store.plans()]
    if name in stored:
        check_areas(stored.values(), stored[name])
        return name
    plan_id = plan_of(name) or name
    if plan_id in plans:
        return f"{PLAN_PREFIX}{plan_id}"
    layers = sorted(metadata.layer_id for metadata in areas_among(stored.values()))
    listed = ", ".join([*layers, *(f"{PLAN_PREFIX}{plan}" for plan in plans)]) or "none yet"
    raise NotFoundError(f"no layer or plan {name!r}; choose one of: {listed}")


def read_side(store: StoreReader, name: str, blocks: BlockLayer) -> Side:
    """Read a layer or a plan as whole blocks, by best fit unless it is made of those blocks.

    Parameters
    ----------
    store
        Holds the layers and plans.
    name
        As `side_id` returns it.
    blocks
        The blocks of both sides.

    Returns
    -------
    The side, with the blocks that straddle its areas.

    Raises
    ------
    NotFoundError
        If there is no such layer or plan.
    InputError
        If it is a plan without areas, or the blocks of a plan have changed.
    """
    plan_id = plan_of(name)
    if plan_id:
        record = store.plan(plan_id)
        if record["blocks_layer"] == blocks.layer_id:
            return Side(name, read_plan(record, blocks.graph))
    # The fitted plan is never saved, so any valid id will do.
    plan, straddling = fit_plan(PlanMetadata("x"), blocks, read_layer_or_plan(store, name)[1])
    return Side(name, plan, straddling)


def draft_against(store: StoreReader, draft: Draft, name: str) -> Draft:
    """Compare a draft with a layer or another plan instead of its own starting point.

    Parameters
    ----------
    store
        Holds the layers and plans.
    draft
        The draft.
    name
        A layer's id, a plan's id, or `plan-ID`.

    Returns
    -------
    The draft with that layer or plan as its base.

    Raises
    ------
    NotFoundError
        If there is no such layer or plan.
    """
    with store.reading():
        side = read_side(store, side_id(store, name), draft.block_layer)
    return draft.against(side.name, side.plan)
