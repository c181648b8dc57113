"""`patchmap plan scores`: several plans side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import (
    incident_lines,
    layer_communities,
    layer_overlaps,
    with_counted,
)
from api.formats.encoding import records
from api.formats.registry import write_frame
from api.planner.facts import LEAST_SHARE
from api.planner.scores_text import scores_lines
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.draft import Draft, open_plan
from boundaries.plans.figures import block_figures
from boundaries.plans.scores import plan_scores
from geo.errors import InputError
from geo.question.model import Question
from geo.store.contract import StoreReader


@with_counted
def scores(
    context: typer.Context,
    question: Question,
    plan_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids of plans on the same blocks (default: all)."),
    ] = None,
    cuts: Annotated[
        list[str] | None,
        typer.Option("--cuts", help="Layer whose split areas to count; repeatable."),
    ] = None,
    communities: Annotated[
        list[str] | None,
        typer.Option(
            "--communities", help="Layer whose areas that are kept whole to count; repeatable."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table (.csv or .json).")
    ] = None,
) -> None:
    """Compare several plans, a column of scores for each.

    Counts areas beyond ±10 % and ±30 %, areas in pieces, hotspots and areas of other layers
    (--cuts) that are split, and blocks moved since each plan began; and measures compactness.
    """
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
    with cli.open() as store, store.reading():
        drafts = _drafts(store, plan_ids or [], question)
        layers = layer_overlaps(store, drafts[0], cuts or [])
        known = layer_communities(store, drafts[0], communities or [])
        table = plan_scores(drafts, layers, least_share=LEAST_SHARE, communities=known)
        if output:
            write_frame(table.reset_index(), output, projection=store.projection, members={})
    accounts = drafts[0].figures.accounts
    lines = [*scores_lines(table), "", *incident_lines(accounts)]
    lines += [f"{output}: {len(table):,} rows"] if output else []
    facts = {
        "plans": records(table.reset_index()),
        "accounts": accounts.as_dict() if accounts else None,
    }
    cli.echo(lines, facts)


def _drafts(store: StoreReader, plan_ids: list[str], question: Question) -> list[Draft]:
    """The plans, with the figures of their blocks read once for all of them."""
    blocks_layers = {plan["plan_id"]: plan["blocks_layer"] for plan in store.plans()}
    chosen = list(dict.fromkeys(plan_ids)) or [*blocks_layers]
    if not chosen:
        raise InputError("there are no plans to compare yet")
    opened: list[Draft] = []
    for plan_id in chosen:
        layer = blocks_layers.get(plan_id) or store.plan(plan_id)["blocks_layer"]
        same = next((one for one in opened if one.block_layer.layer_id == layer), None)
        blocks = same.block_layer if same else BlockLayer.read(store, layer)
        figures = same.figures if same else block_figures(store, blocks, question)
        opened.append(open_plan(store, plan_id, blocks=blocks, figures=figures))
    return opened


SCORES: dict[str, Callable[..., None]] = {"scores": scores}
"""This command by name."""
