"""The two sides of a comparison: layers and plans as whole blocks of one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from boundaries.plans.block_layers import PlanBlocks
from boundaries.plans.draft import NOT_STRADDLING, Draft, fit_plan
from boundaries.plans.export import area_titles
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.plan_layers import plan_of, read_layer_or_plan
from boundaries.plans.serialization import read_plan
from geo.errors import NotFoundError
from geo.store.contract import StoreReader
from geo.store.layer_ids import PLAN_PREFIX


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared, on the blocks of both.

    Attributes
    ----------
    name
        Id of the layer, or `plan-ID`.
    plan
        Its areas as whole blocks.
    straddling
        The blocks that do not lie whole in one of them.
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
        """What to call each area; see `area_titles`."""
        return area_titles(self.plan.now.areas)


def side_id(store: StoreReader, name: str) -> str:
    """The id of the layer that a name means, or `plan-ID`; a layer goes before a plan.

    Raises
    ------
    NotFoundError
        If there is neither.
    """
    layers = {metadata.layer_id for metadata in store.layers()}
    plans = [told["plan_id"] for told in store.plans()]
    if name in layers:
        return name
    plan_id = plan_of(name) or name
    if plan_id in plans:
        return f"{PLAN_PREFIX}{plan_id}"
    listed = ", ".join([*sorted(layers), *(f"{PLAN_PREFIX}{plan}" for plan in plans)]) or "none yet"
    raise NotFoundError(f"there is no layer or plan {name!r}; there are: {listed}")


def read_side(store: StoreReader, name: str, ground: PlanBlocks) -> Side:
    """A layer or a plan on some blocks; what is not made of them is fitted to them.

    Parameters
    ----------
    name
        As `side_id` gives it.

    Raises
    ------
    NotFoundError
        If it is not there.
    """
    plan_id = plan_of(name)
    if not plan_id:
        plan, straddling = fit_plan(PlanMetadata("x"), ground, store.layer(name)[1])
        return Side(name, plan, straddling)
    record = store.plan(plan_id)
    if record["blocks_layer"] == ground.layer_id:
        return Side(name, read_plan(record, ground.graph))
    plan, straddling = fit_plan(PlanMetadata("x"), ground, read_layer_or_plan(store, name)[1])
    return Side(name, plan, straddling)


def held_against(store: StoreReader, draft: Draft, name: str) -> Draft:
    """A draft held against a layer or another plan, instead of what it was begun as.

    Raises
    ------
    NotFoundError
        If there is neither of that name.
    """
    with store.reading():
        side = read_side(store, side_id(store, name), draft.ground)
    return draft.against(side.name, side.plan)
