"""`patchmap plan …`: start, import, list, show and remove plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, is_table, read_table, read_vector
from api.commands.plans.answers import ANSWERS
from api.commands.plans.comments import comments
from api.commands.plans.council import COUNCIL
from api.commands.plans.files import export
from api.commands.plans.fit import FIT
from api.commands.plans.options import (
    Against,
    By,
    PlanId,
    author,
    incident_lines,
    layer_overlaps,
    open_against,
    read_units,
    with_shared,
)
from api.commands.plans.refine import REFINE
from api.commands.plans.scores import SCORES
from api.commands.plans.steps import STEPS
from api.commands.plans.units import UNITS, parish_ward_lines
from api.formats.encoding import records
from api.planner.facts import LEAST_SHARE, plan_facts
from api.planner.measure_text import (
    council_line,
    history_lines,
    measures_table,
    split_lines,
    trigger_lines,
    whole_lines,
)
from api.text_tables import listed, text_table
from boundaries.layers.read import read_layer
from boundaries.plans.checks import plan_warnings
from boundaries.plans.comparison import Comparison, before_by_area, compare_draft, posts_and_money
from boundaries.plans.draft import Draft, import_assignment, new_plan, save_plan
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.units import parish_wards
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.period import day_title
from geo.question.model import Question
from geo.store.contract import LayerMetadata

MOST_STRADDLING: Final = 10
"""Blocks that straddle areas, listed by name when a plan starts."""

plans = typer.Typer(help="Draft, measure and compare boundary plans.", no_args_is_help=True)
for _name, _command in (
    STEPS | COUNCIL | ANSWERS | SCORES | FIT | UNITS | REFINE | {"export": export}
).items():
    plans.command(_name)(_command)
plans.add_typer(comments, name="comments")

BlocksLayer = Annotated[str, typer.Option("--blocks", help="Layer of blocks.")]
Title = Annotated[str, typer.Option("--title", help="Title of the plan (default: its id).")]


@plans.command("new")
def begin(
    context: typer.Context,
    plan_id: PlanId,
    blocks: BlocksLayer = "",
    from_layer: Annotated[
        str, typer.Option("--from", help="Layer to start from, by best fit.")
    ] = "",
    from_plan: Annotated[str, typer.Option("--from-plan", help="Plan to start from.")] = "",
    empty: Annotated[bool, typer.Option("--empty", help="Start without any area.")] = False,
    title: Title = "",
    by: By = "",
) -> None:
    """Start a plan from a layer, from another plan, or empty."""
    if sum((bool(from_layer), bool(from_plan), empty)) != 1:
        raise typer.BadParameter("choose one of --from LAYER, --from-plan ID and --empty")
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft, straddling = new_plan(
            store,
            plan_id,
            blocks_layer=blocks,
            from_layer=from_layer,
            from_plan=from_plan,
            title=title,
            by=author(by),
        )
        save_plan(store, draft.plan)
        report = _start_report(draft, straddling)
    cli.echo(*report)


@plans.command("import")
def import_plan(
    context: typer.Context,
    plan_id: PlanId,
    file: Annotated[
        Path, typer.Argument(help="CSV or XLSX of block → area, or a file of polygons.")
    ],
    blocks: BlocksLayer,
    block_column: Annotated[str, typer.Option(help="CSV column of block codes.")] = "block_code",
    area_column: Annotated[str, typer.Option(help="CSV column of area codes.")] = "area_code",
    code_field: Annotated[str, typer.Option(help="Field of the polygons' codes.")] = "",
    name_field: Annotated[str, typer.Option(help="Field of the polygons' names.")] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer to read, if the file holds several.")
    ] = "",
    title: Title = "",
    by: By = "",
) -> None:
    """Start a plan from a CSV of block → area, or from polygons by best fit."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        source: Table | gpd.GeoDataFrame
        if is_table(file):
            source = read_table(file)
        else:
            metadata = LayerMetadata(
                "imported", file=file.name, code_field=code_field, name_field=name_field
            )
            source = _polygons(file, metadata, inside=inside, projection=store.projection)
        draft, straddling = import_assignment(
            store,
            plan_id,
            source,
            blocks_layer=blocks,
            title=title,
            by=author(by),
            columns=(block_column, area_column),
        )
        save_plan(store, draft.plan)
        report = _start_report(draft, straddling)
    cli.echo(*report)


@plans.command("list")
def list_plans(context: typer.Context) -> None:
    """List the plans of the store."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        records = [dict(plan) for plan in store.plans()]
    headings = {
        "plan_id": "plan", "title": "title", "blocks_layer": "blocks", "base_layer": "started from",
        "version": "version", "updated_at": "updated", "updated_by": "by",
    }  # fmt: skip
    lines = text_table(
        {heading: [plan[name] for plan in records] for name, heading in headings.items()}
    )
    cli.echo(lines or ["no plans yet"], records)


@plans.command("show")
@with_shared
def show(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    cuts: Annotated[
        list[str] | None,
        typer.Option("--cuts", help="Layer whose split areas to list; repeatable."),
    ] = None,
    parishes: Annotated[
        str, typer.Option("--parishes", help="Layer of parishes: list the parish wards implied.")
    ] = "",
    history: Annotated[bool, typer.Option("--history", help="List every step too.")] = False,
    against: Against = "",
) -> None:
    """Show the measures of a plan, before and now.

    Lists what each area holds, its variance from the average, and which hotspots and areas of
    other layers (--cuts) the boundaries split.
    """
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        draft = open_against(store, plan_id, question, against)
        overlaps = layer_overlaps(store, draft, cuts or [])
        shares = question.posts.shares_anything
        shared = posts_and_money(draft.measures, question) if shares else None
        compared = compare_draft(draft, question)
        lines = _lines(draft, compared, shared, overlaps)
        facts = plan_facts(draft, origins=compared.origins, shared=shared, splits=overlaps)
        if parishes:
            units = read_units(store, draft, parishes)
            wards = parish_wards(draft.plan.now, units, draft.blocks.sums)
            lines += ["", *parish_ward_lines(wards, units)]
            facts["parish_wards"] = records(wards)
        if history:
            lines += ["", *history_lines(draft.plan)]
    cli.echo(lines, facts)


@plans.command("remove")
def remove(
    context: typer.Context,
    plan_id: PlanId,
    sure: Annotated[bool, typer.Option("--yes", help="Confirm; there is no undo.")] = False,
) -> None:
    """Remove a plan with its history."""
    if not sure:
        raise InputError(
            f"plan {plan_id} and its history would be deleted for good; confirm with --yes"
        )
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        store.remove_plan(plan_id)
    cli.echo([f"{plan_id}: removed"], {"plan": plan_id, "removed": True})


def _polygons(
    file: Path, metadata: LayerMetadata, *, inside: str, projection: Projection
) -> gpd.GeoDataFrame:
    return read_layer(read_vector(file, layer=inside), metadata, projection=projection).areas


def _start_report(draft: Draft, straddling: pd.DataFrame) -> tuple[list[str], dict[str, object]]:
    plan, measures = draft.plan, draft.measures
    metadata = plan.metadata
    of = f"{len(plan.now.graph):,} blocks of {metadata.blocks_layer}"
    lines = [f"{metadata.plan_id}: {len(plan.now.areas)} areas of {of}", *whole_lines(measures)]
    if len(straddling):
        first = (
            f"the {MOST_STRADDLING} worst" if len(straddling) > MOST_STRADDLING else "worst first"
        )
        lines.append(f"{len(straddling):,} blocks straddle areas; {first}:")
        table = straddling.reset_index().assign(share=100 * straddling["share"].to_numpy())
        named = table[["block_code", "area_code", "share", "elsewhere"]].head(MOST_STRADDLING)
        lines += text_table(named.rename(columns={"share": "share %"}))
    facts = {
        "plan": metadata.plan_id,
        "areas": len(plan.now.areas),
        "blocks": len(plan.now.graph),
        "unassigned": int(measures.unassigned["blocks"]),
        "straddling": records(straddling.reset_index()),
    }
    return lines, facts


def _lines(
    draft: Draft, compared: Comparison, shared: pd.DataFrame | None, overlaps: dict[str, Overlaps]
) -> list[str]:
    metadata, now = draft.plan.metadata, draft.plan.now
    base = draft.compared_to[0]
    origin = f"from {metadata.base_layer} " if metadata.base_layer else ""
    begun = f"by {metadata.begun_by or 'somebody'} on {day_title(metadata.begun_at[:10])}"
    started = f"started {origin}{begun}"
    steps = f"version {metadata.version}, {len(draft.plan.standing.in_force)} steps in force"
    lines = [
        f"{metadata.plan_id}: {metadata.title}",
        f"{steps}; blocks of {metadata.blocks_layer}; {started}; compared with {base}",
        "",
        *measures_table(
            draft.measures,
            shared,
            before=before_by_area(draft, compared),
            titles=draft.figures.titles,
        ),
        "",
        *council_line(draft.measures),
        *trigger_lines(draft.measures),
        *whole_lines(draft.measures),
    ]
    locked = [code for code, area in now.areas.items() if area.locked]
    if locked:
        lines.append(f"locked: {listed(locked)}")
    if len(draft.hotspots.names):
        lines += split_lines("hotspots", draft.hotspots, now)
    for name, layer in overlaps.items():
        lines += split_lines(f"areas of {name}", layer, now, least_share=LEAST_SHARE)
    lines += [f"warning: {warning.text}" for warning in plan_warnings(draft.measures)]
    lines += [f"note: {note}" for note in draft.figures.notes]
    return [*lines, "", *incident_lines(draft.figures.accounts)]
