"""The collection of plans: each as a feature with its outline and what is told of it."""

from __future__ import annotations

import geopandas as gpd
import shapely

from api.ogc.items import Items
from api.snapshot import Snapshot
from boundaries.plans.plan_layers import plan_outline
from geo.errors import PatchmapError
from geo.store.layer_ids import PLAN_PREFIX

PLANS = "plans"
PLANS_TOLD = (
    "Drafts of other boundaries, each with the outline of its areas; the areas of a plan are the "
    f"collection {PLAN_PREFIX}ID, and a layer of every Question."
)
_COLUMNS = (
    "plan_id", "title", "layer", "blocks_layer", "base_layer", "version", "updated_by",
    "updated_at", "problem",
)  # fmt: skip


def plan_items(snapshot: Snapshot) -> Items:
    """The plans of a store, by id.

    A plan without any area has no geometry, nor has one that can no longer be opened: `problem`
    says why.
    """
    rows, outlines = [], []
    for told in snapshot.plans():
        outline, problem = _outline(snapshot, told["plan_id"], told["blocks_layer"])
        rows.append(told | {"layer": f"{PLAN_PREFIX}{told['plan_id']}", "problem": problem})
        outlines.append(outline)
    frame = gpd.GeoDataFrame(
        rows, columns=list(_COLUMNS), geometry=outlines, crs=snapshot.projection.crs
    )
    ids = [plan["plan_id"] for plan in snapshot.plans()]
    return Items.of_frame(frame, ids, projection=snapshot.projection)


def _outline(
    snapshot: Snapshot, plan_id: str, blocks_layer: str
) -> tuple[shapely.Geometry | None, str]:
    try:
        blocks = snapshot.plan_blocks(blocks_layer)
        return plan_outline(snapshot, plan_id, blocks=blocks), ""
    except PatchmapError as refusal:
        return None, str(refusal)
