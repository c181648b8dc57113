"""A plan with smaller blocks where its own straddle lines: read, made and stored in one step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

import geopandas as gpd
from pydantic import ConfigDict, Field, TypeAdapter

from api.planner.steps import Code, Name, read_json
from boundaries.layers.refining import RefinedBlocks, refine_blocks
from boundaries.plans.draft import Draft, open_plan, put_plan
from boundaries.plans.plan import Plan
from boundaries.plans.plan_layers import read_layer_or_plan
from boundaries.plans.refining import carry_to_smaller
from boundaries.plans.units import Units, straddling_blocks
from geo.errors import ConflictError, InputError
from geo.store.contract import LayerMetadata, Store, StoreReader
from geo.store.layer_ids import check_areas, check_layer_id

LayerId = Annotated[str, Field(max_length=64)]


@dataclass(frozen=True)
class Refining:
    """Which blocks are replaced by which smaller areas, and what the new plan is called.

    Attributes
    ----------
    smaller
        The layer of smaller areas.
    save_as
        The id of the new plan.
    straddling
        Blocks that straddle lines of this layer or plan are replaced; '' for none.
    blocks
        Codes of further blocks to replace.
    points
        The layer of points to share people by; '' for none.
    layer
        The id of the new layer; '' for one after the new plan.
    title, by
        The title of the new plan, and who makes it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    smaller: Annotated[LayerId, Field(min_length=1)]
    save_as: Annotated[str, Field(min_length=1, max_length=58)]
    straddling: LayerId = ""
    blocks: Annotated[list[Code], Field(max_length=100_000)] = field(default_factory=list)
    points: LayerId = ""
    layer: LayerId = ""
    title: Name = ""
    by: Name = ""

    @property
    def new_layer(self) -> str:
        """The id of the layer of the new plan's blocks."""
        return self.layer or f"{self.save_as}-blocks"


_REFINING: TypeAdapter[Refining] = TypeAdapter(Refining)


@dataclass(frozen=True, eq=False)
class RefinedPlan:
    """A plan that was carried over to smaller blocks.

    Attributes
    ----------
    plan
        The new plan, as it was stored.
    layer_id
        Its layer of blocks.
    refined
        These blocks.
    blocks_before
        How many blocks the old plan has.
    """

    plan: Plan
    layer_id: str
    refined: RefinedBlocks
    blocks_before: int

    @property
    def new_blocks(self) -> int:
        """How many blocks are parts of replaced ones."""
        return int((self.refined.parent != self.refined.parent.index).sum())

    @property
    def replaced(self) -> int:
        """How many blocks were replaced."""
        return self.blocks_before - (len(self.refined.areas) - self.new_blocks)

    def facts(self) -> dict[str, object]:
        """What was done, as JSON."""
        return {
            "plan": self.plan.metadata.plan_id,
            "layer": self.layer_id,
            "blocks_before": self.blocks_before,
            "blocks": len(self.refined.areas),
            "new_blocks": self.new_blocks,
            "not_replaced": list(self.refined.whole),
            "shared": self.refined.note,
        }


def read_refining(body: bytes, *, by: str = "") -> Refining:
    """Read from JSON which blocks are replaced.

    Parameters
    ----------
    body, by
        As `read_step` takes them.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    refining = read_json(_REFINING, body)
    return replace(refining, by=by) if by else refining


def refine_plan(store: Store, plan_id: str, refining: Refining) -> RefinedPlan:
    """Store a plan like another on blocks some of which are replaced, with their layer.

    Raises
    ------
    InputError
        If no block is to be replaced, a layer is of another kind, or an id is invalid.
    NotFoundError
        If there is no such plan or layer.
    ConflictError
        If the new plan or layer is there already.
    """
    if not (refining.straddling or refining.blocks):
        raise InputError("say which blocks to replace: those that straddle a layer, or by code")
    new_layer = refining.new_layer
    check_layer_id(new_layer)
    with store.reading():
        draft = open_plan(store, plan_id, question=None)
        refined = refine_blocks(
            draft.block_layer.areas,
            _areas(store, refining.smaller),
            _replaced(store, draft, refining),
            points=_points(store, refining.points) if refining.points else None,
        )
    plan = carry_to_smaller(
        draft.plan,
        refined,
        new_layer,
        plan_id=refining.save_as,
        title=refining.title,
        by=refining.by,
    )
    with store.transaction():
        _refuse_taken(store, new_layer)
        _store_blocks(store, draft, refining, refined)
        plan = put_plan(store, plan)
    return RefinedPlan(plan, new_layer, refined, len(draft.block_layer.areas))


def _refuse_taken(store: StoreReader, layer_id: str) -> None:
    if any(metadata.layer_id == layer_id for metadata in store.layers()):
        raise ConflictError(f"there is already a layer {layer_id}; choose another id")


def _areas(store: StoreReader, layer_id: str) -> gpd.GeoDataFrame:
    metadata, areas = store.layer(layer_id)
    check_areas(store.layers(), metadata)
    return areas


def _points(store: StoreReader, layer_id: str) -> gpd.GeoDataFrame:
    metadata, features = store.features(layer_id)
    if metadata.kind != "points":
        raise InputError(f"{layer_id} is a layer of {metadata.kind}; choose one of points")
    return features


def _replaced(store: StoreReader, draft: Draft, refining: Refining) -> list[str]:
    if not refining.straddling:
        return [*refining.blocks]
    areas = read_layer_or_plan(store, refining.straddling)[1]
    units = Units.of(refining.straddling, areas, draft.block_layer)
    table = straddling_blocks(draft.plan.now, units)
    if table.empty and not refining.blocks:
        raise InputError(f"no block straddles a line of {refining.straddling}; nothing to replace")
    return [*refining.blocks, *map(str, table.index)]


def _store_blocks(store: Store, draft: Draft, refining: Refining, refined: RefinedBlocks) -> None:
    old = store.layer(draft.block_layer.layer_id)[0]
    what = f"{old.layer_id} with {refining.smaller}; people shared {refined.note}"
    metadata = LayerMetadata(
        refining.new_layer,
        title=f"{old.title or old.layer_id}, refined",
        authority=old.authority,
        licence=old.licence,
        source=old.source,
        note=what,
    )
    store.put_layer(metadata, refined.areas, by=refining.by, what=what)
