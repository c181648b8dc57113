"""`patchmap plan refine`: a plan with smaller blocks where its own straddle lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import By, PlanId, author
from api.planner.refining import Refining, refine_plan
from geo.errors import InputError


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
    refining = Refining(
        smaller=smaller,
        straddling=straddling,
        blocks=blocks or [],
        points=points,
        save_as=save_as,
        layer=layer,
        title=title,
        by=author(by),
    )
    cli = CommandContext.of(context)
    with cli.open() as store:
        made = refine_plan(store, plan_id, refining)
    blocks_now = len(made.refined.areas)
    lines = [
        f"{save_as}: {blocks_now:,} blocks of {made.layer_id} in place of {made.blocks_before:,}",
        f"{made.replaced:,} blocks replaced by {made.new_blocks:,} of {smaller}",
        f"people shared {made.refined.note}",
        *(f"not replaced, as fewer than two lie in it: {code}" for code in made.refined.whole),
    ]
    cli.echo(lines, made.facts())


REFINE: dict[str, Callable[..., None]] = {"refine": refine}
"""This command by name."""
