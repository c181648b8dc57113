"""`patchmap plan export`: write a plan as a layer, a table or a report."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import (
    Against,
    Parishes,
    PlanId,
    layer_overlaps,
    open_against,
    read_parishes,
    with_shared,
)
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
        typer.Option("--cuts", help="Layer whose split areas the report lists; repeatable."),
    ] = None,
    names: Annotated[
        bool,
        typer.Option("--comments", help="Comments with names in the report: for the council only."),
    ] = False,
    parishes: Parishes = "",
    against: Against = "",
) -> None:
    """Export a plan: areas, block assignments, electorates, or a report.

    The ending of the file chooses: .geojson, .gpkg or .parquet for areas; .csv for block → area;
    .xlsx for the electorate proforma; .html for a consultation report.
    """
    from api.planner.comments import comment_table  # noqa: PLC0415 - as below
    from api.planner.exports import PlanFile  # noqa: PLC0415 - templates take a moment

    # Before the plan is read, not after it.
    format_of_file(output, PLAN_FILES)
    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store, store.reading():
        draft = open_against(store, plan_id, question, against)
        metadata = {layer.layer_id: layer for layer in store.layers()}
        overlaps = layer_overlaps(store, draft, cuts or [])
        file = PlanFile(
            draft,
            question,
            store.projection,
            metadata,
            overlaps,
            comments=comment_table(store, draft),
            names_shown=names,
            parishes=read_parishes(store, draft, parishes),
        )
        content = file.write(output)
    cli.echo([f"{output}: {content}"], {"plan": plan_id, "file": str(output)})
