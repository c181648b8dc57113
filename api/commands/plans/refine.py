"""`patchmap plan refine`: a plan with smaller blocks where its own straddle lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.context import CommandContext
from api.commands.plans.options import By, PlanId, author, read_units
from boundaries.layers.refining import RefinedBlocks, refine_blocks
from boundaries.plans.draft import Draft, open_plan, put_plan
from boundaries.plans.refining import carry_to_smaller
from boundaries.plans.units import straddling_blocks
from geo.errors import ConflictError, InputError
from geo.store.contract import LayerMetadata, Store, StoreReader
from geo.store.layer_ids import check_areas, check_layer_id


def refine(
    context: typer.Context,
    plan_id: PlanId,
    smaller: Annotated[str, typer.Option("--with", help="Layer of smaller areas.")],
    save_as: Annotated[str, typer.Option("--save-as", help="Id of the new plan.")],
    straddling: Annotated[
        str, typer.Option("--straddling", help="Replace blocks that straddle lines of this layer.")
    ] = "",
    blocks: Annotated[
        list[str] | None, typer.Option("--block", help="Replace this block; repeatable.")
    ] = None,
    points: Annotated[
        str, typer.Option("--points", help="Layer of points to share people by, such as postcodes.")
    ] = "",
    layer: Annotated[
        str, typer.Option("--layer", help="Id of the new layer (default: the new plan's, -blocks).")
    ] = "",
    title: Annotated[str, typer.Option("--title", help="Title of the new plan.")] = "",
    by: By = "",
) -> None:
    """Make a plan with smaller blocks in place of some, such as output areas.

    The new plan has the same areas, on a new layer of blocks. The people of a replaced block are
    shared out among its parts: by --points, else by the people of the smaller areas, else by
    surface. Totals stay exactly as they were.
    """
    if not (straddling or blocks):
        raise InputError("say which blocks to replace: --straddling LAYER, or --block CODE")
    cli = CommandContext.of(context)
    new_layer = layer or f"{save_as}-blocks"
    check_layer_id(new_layer)
    with cli.open() as store:
        with store.reading():
            draft = open_plan(store, plan_id, question=None)
            refined = refine_blocks(
                draft.block_layer.areas,
                _areas(store, smaller),
                _replaced(store, draft, straddling, blocks or []),
                points=_points(store, points) if points else None,
            )
        plan = carry_to_smaller(
            draft.plan, refined, new_layer, plan_id=save_as, title=title, by=author(by)
        )
        what = f"{draft.block_layer.layer_id} with {smaller}; people shared {refined.note}"
        with store.transaction():
            _refuse_taken(store, new_layer)
            _store_blocks(store, draft, new_layer, refined, what=what, by=author(by))
            put_plan(store, plan)
    replaced = int((refined.parent != refined.parent.index).sum())
    old = len(draft.block_layer.areas)
    facts = {
        "plan": save_as,
        "layer": new_layer,
        "blocks_before": old,
        "blocks": len(refined.areas),
        "new_blocks": replaced,
        "not_replaced": list(refined.whole),
        "shared": refined.note,
    }
    lines = [
        f"{save_as}: {len(refined.areas):,} blocks of {new_layer} in place of {old:,}",
        f"{old - (len(refined.areas) - replaced):,} blocks replaced by {replaced:,} of {smaller}",
        f"people shared {refined.note}",
        *(f"not replaced, as fewer than two lie in it: {code}" for code in refined.whole),
    ]
    cli.echo(lines, facts)


def _refuse_taken(store: StoreReader, layer_id: str) -> None:
    if any(metadata.layer_id == layer_id for metadata in store.layers()):
        raise ConflictError(f"there is already a layer {layer_id}; choose another id with --layer")


def _areas(store: StoreReader, layer_id: str) -> gpd.GeoDataFrame:
    metadata, areas = store.layer(layer_id)
    check_areas(store.layers(), metadata)
    return areas


def _points(store: StoreReader, layer_id: str) -> gpd.GeoDataFrame:
    metadata, features = store.features(layer_id)
    if metadata.kind != "points":
        raise InputError(f"{layer_id} is a layer of {metadata.kind}; choose one of points")
    return features


def _replaced(store: StoreReader, draft: Draft, straddling: str, blocks: list[str]) -> list[str]:
    if not straddling:
        return blocks
    table = straddling_blocks(draft.plan.now, read_units(store, draft, straddling))
    if table.empty and not blocks:
        raise InputError(f"no block straddles a line of {straddling}; nothing to replace")
    return [*blocks, *map(str, table.index)]


def _store_blocks(
    store: Store, draft: Draft, layer_id: str, refined: RefinedBlocks, *, what: str, by: str
) -> None:
    old = store.layer(draft.block_layer.layer_id)[0]
    metadata = LayerMetadata(
        layer_id,
        title=f"{old.title or old.layer_id}, refined",
        authority=old.authority,
        licence=old.licence,
        source=old.source,
        note=what,
    )
    store.put_layer(metadata, refined.areas, by=by, what=what)


REFINE: dict[str, Callable[..., None]] = {"refine": refine}
"""This command by name."""
