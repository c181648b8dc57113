"""The collection of plans: each is a feature with its outline and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.answers import Answers
from api.ogc.collections.base import BoundingBox, Collection, Summary
from api.ogc.collections.extents import box_of
from api.ogc.items import Items
from api.snapshot import Snapshot
from boundaries.plans.plan_layers import plan_outline
from geo.errors import PatchmapError, StoreError
from geo.store.layer_ids import PLAN_PREFIX, PLANS

_COLUMNS = (
    "plan_id", "title", "layer", "blocks_layer", "base_layer", "version", "updated_by",
    "updated_at", "problem",
)  # fmt: skip


class PlansCollection(Collection):
    """Every plan of the store."""

    title = "Plans"
    group = "Boundary plans"

    def __init__(self, answers: Answers) -> None:
        super().__init__(PLANS, answers)

    def summary(self) -> Summary:
        """Return what plans are, and where their areas are."""
        description = (
            "Draft boundaries, each as the outline of its areas. The areas of a plan are the "
            f"collection {PLAN_PREFIX}ID, which a Question can use as its layer."
        )
        return {"title": self.title, "description": description}

    @property
    def is_listed(self) -> bool:
        """Whether there is a plan: many clients take an empty collection for a broken one."""
        return bool(self.snapshot.plan_titles())

    def items(self, query: Mapping[str, str]) -> Items:
        """Return the plans, by id."""
        return self.answers.cached(self.key(query), plan_items, light=True)

    def extent_box(self) -> BoundingBox | None:
        """Return the box of the plans' outlines."""
        items = self.items({})
        return box_of(items.geometries.take(range(len(items))), items.projection)


def plan_items(snapshot: Snapshot) -> Items:
    """Return the plans of a store, by id.

    A plan without any area has no geometry, nor has one that can no longer be opened: `problem`
    says why.
    """
    plans = snapshot.plans()
    outlined = [_outline(snapshot, plan["plan_id"], plan["blocks_layer"]) for plan in plans]
    rows = [
        {**plan, "layer": f"{PLAN_PREFIX}{plan['plan_id']}", "problem": problem}
        for plan, (_, problem) in zip(plans, outlined, strict=True)
    ]
    outlines = np.array([outline for outline, _ in outlined], dtype=object)
    table = pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)
    # Typed also without any plan: a schema is true before there are features.
    table["version"] = table["version"].astype("Int64")
    table["updated_at"] = pd.to_datetime(table["updated_at"], utc=True).dt.floor("s")
    frame = gpd.GeoDataFrame(table, geometry=outlines, crs=snapshot.projection.crs)
    ids = [plan["plan_id"] for plan in plans]
    return Items.of_frame(frame, ids, projection=snapshot.projection)


def _outline(
    snapshot: Snapshot, plan_id: str, blocks_layer: str
) -> tuple[shapely.Geometry | None, str]:
    try:
        blocks = snapshot.plan_blocks(blocks_layer)
        return plan_outline(snapshot, plan_id, blocks=blocks), ""
    except StoreError:  # passes, where what is wrong with a plan lasts
        raise
    except PatchmapError as refusal:
        return None, str(refusal)
