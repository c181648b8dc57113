"""`patchmap plan fit`: how far a plan fits another layer, and what lies in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import PlanId, read_units
from api.formats.registry import write_frame
from api.planner.fit import fit_lines, fit_payload
from boundaries.plans.draft import open_plan
from boundaries.plans.export import moved_layer
from boundaries.plans.fit import PlanFit, blocks_between, target_changes


def fit(
    context: typer.Context,
    plan_id: PlanId,
    target: Annotated[
        str,
        typer.Option("--target", help="Layer or plan whose areas should hold those of the plan."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for the blocks in between, as a layer."),
    ] = None,
    changes: Annotated[
        Path | None, typer.Option("--changes", help="File for the changes (.csv or .json).")
    ] = None,
) -> None:
    """Measure how far the areas of a plan lie whole in those of another layer.

    For neighbourhoods that should lie in wards, say. Lists where each area mostly lies, the
    blocks in between, and what has changed for whom.
    """
    cli = CommandContext.of(context)
    for file in filter(None, (output, changes)):
        cli.check_output(file)
    with cli.open() as store, store.reading():
        draft = open_plan(store, plan_id, question=None)
        areas = read_units(store, draft, target)
        lines, facts = fit_lines(draft, areas), fit_payload(draft, areas)
        members = {"plan": plan_id, "target": target}
        if output:
            between = blocks_between(draft, PlanFit.of(draft.plan.now, draft.blocks, areas))
            layer = moved_layer(between, draft.block_layer.areas).reset_index()
            write_frame(layer, output, projection=store.projection, members=members)
            lines.append(f"{output}: {len(layer):,} blocks in between")
        if changes:
            table = target_changes(draft, areas).reset_index()
            write_frame(table, changes, projection=store.projection, members=members)
            lines.append(f"{changes}: {len(table):,} blocks have moved")
    cli.echo(lines, facts)


FIT: dict[str, Callable[..., None]] = {"fit": fit}
"""This command by name."""
