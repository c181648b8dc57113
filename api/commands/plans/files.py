"""`patchmap plan export`: a plan as a layer, a table, or a report."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import Against, PlanId, cuts_of, open_held, with_shared
from api.commands.questions import Output
from api.formats.registry import PLAN_FILES, format_of_file
from geo.question.model import Question


@with_shared
def export(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    output: Output,
    cuts: Annotated[
        list[str] | None,
        typer.Option("--cuts", help="A layer: the report says what is split. Repeatable."),
    ] = None,
    against: Against = "",
) -> None:
    """Write a plan: areas (.geojson .gpkg .parquet), block → area (.csv), or a report (.html)."""
    from api.planner.exports import PlanFile  # noqa: PLC0415 - templates take a moment

    # Before the plan is read, not after it.
    format_of_file(output, PLAN_FILES)
    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store, store.reading():
        draft = open_held(store, plan_id, question, against)
        metadata = {each.layer_id: each for each in store.layers()}
        found = cuts_of(store, draft, cuts or [])
    told = PlanFile(draft, question, store.projection, metadata, found).write(output)
    cli.echo([f"{output}: {told}"], {"plan": plan_id, "file": str(output)})
