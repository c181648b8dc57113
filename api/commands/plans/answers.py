"""`patchmap plan compare`, `suggest`, `alternative` and `communities`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.commands.context import CommandContext
from api.commands.plans.options import (
    By,
    PlanId,
    author,
    incident_lines,
    layer_communities,
    signed,
    with_counted,
    with_shared,
)
from api.formats.encoding import records
from api.formats.registry import write_frame
from api.planner.communities_text import (
    communities_kept,
    communities_lines,
    communities_payload,
)
from api.planner.comparison_text import comparison_facts, comparison_lines
from api.planner.measure_text import measures_table, trigger_lines
from api.text_tables import text_table
from boundaries.plans.annealing import Alternative, AlternativeLimits, find_alternative
from boundaries.plans.comparison import compare as compare_boundaries
from boundaries.plans.draft import Draft, new_plan, open_plan, save_plan
from boundaries.plans.export import moved_layer
from boundaries.plans.suggestions import suggest_moves
from geo.errors import InputError
from geo.question.model import Question

Balance = Annotated[str, typer.Option("--balance", help="Column to balance, such as electors.")]


@with_shared
def compare(
    context: typer.Context,
    question: Question,
    before: Annotated[str, typer.Argument(help="A layer or a plan.", show_default=False)],
    after: Annotated[str, typer.Argument(help="Another layer or plan.", show_default=False)],
    blocks: Annotated[
        str, typer.Option("--blocks", help="Layer of blocks (default: that of the plan).")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the moved blocks, as a layer.")
    ] = None,
    flow: Annotated[
        Path | None, typer.Option("--flow", help="File for the flow table (.csv or .json).")
    ] = None,
) -> None:
    """Compare two plans or layers: what moves where.

    Also says which old areas each new area is made of, which hotspots move, and with --posts how
    officers change.
    """
    cli = CommandContext.of(context)
    for file in filter(None, (output, flow)):
        cli.check_output(file)
    with cli.open() as store:
        comparison = compare_boundaries(
            store, before, after, question=question, blocks_layer=blocks
        )
        facts = comparison_facts(comparison)
        members = {"accounts": facts["accounts"]}
        if output:
            layer = moved_layer(comparison.moved, comparison.block_layer.areas).rename_axis(
                "block_code"
            )
            layer = layer.reset_index()
            write_frame(layer, output, projection=store.projection, members=members)
        if flow:
            write_frame(comparison.flow, flow, projection=store.projection, members=members)
        lines = comparison_lines(comparison)
    accounts = comparison.figures.accounts
    lines += ["", *incident_lines(accounts)]
    lines += [f"{output}: {len(comparison.moved):,} moved blocks"] if output else []
    lines += [f"{flow}: {len(comparison.flow):,} rows"] if flow else []
    cli.echo(lines, facts)


@with_counted
def suggest(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    balance: Balance = "electors",
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="Most moves to list.")] = 10,
) -> None:
    """Suggest single moves that improve the balance and make nothing worse."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=question)
        moves = suggest_moves(
            draft.plan.now, draft.blocks, column=balance, hotspots=draft.hotspots, limit=most
        )
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    lines = text_table(
        {
            "block": moves["block_code"],
            "from": [names.get(code, "unassigned") for code in moves["from_area"]],
            "to": moves["to_area"].map(names),
            " gain": [f"{1e4 * gain:.1f}" for gain in moves["gain"]],
            " from then %": [_percent(off) for off in moves["from_off"]],
            " to then %": [_percent(off) for off in moves["to_off"]],
            " cut edges": [f"{change:+d}" for change in moves["cut_edges_change"]],
            " hotspots split": [f"{change:+d}" for change in moves["hotspots_split_change"]],
        }
    )
    note = (
        f"gain: fall in the sum of squared distances of {_load(draft, balance)} from balance, in "
        "(per cent)²; nothing else gets worse"
    )
    nothing = f"no single move improves the balance of {balance} without making something worse"
    cli.echo([*lines, note] if lines else [nothing], records(moves))


@with_counted
def alternative(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    save_as: Annotated[str, typer.Option("--save-as", help="Id of a new plan to save it as.")] = "",
    title: Annotated[str, typer.Option("--title", help="Title of the new plan.")] = "",
    balance: Balance = "electors",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random choices.")] = 0,
    steps: Annotated[
        int, typer.Option("--steps", min=1, max=10_000_000, help="Number of changes to try.")
    ] = 200_000,
    moved: Annotated[
        float, typer.Option("--moved", help="Share of blocks that may move at most (%).")
    ] = 20.0,
    border: Annotated[
        float, typer.Option("--border", help="How much longer borders may get (%).")
    ] = 5.0,
    compactness: Annotated[
        float | None,
        typer.Option("--compactness", help="Least compactness of an area (Polsby-Popper, 0 to 1)."),
    ] = None,
    communities: Annotated[
        str, typer.Option("--communities", help="Layer of which no more areas may be divided.")
    ] = "",
    by: By = "",
) -> None:
    """Search for a better balanced alternative to a plan.

    Uses simulated annealing within limits; the same seed gives the same alternative.
    """
    limits = AlternativeLimits(moved / 100, border / 100, compactness)
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=question)
        better = find_alternative(
            draft.plan.now,
            draft.blocks,
            column=balance,
            limits=limits,
            communities=layer_communities(store, draft, [communities]).get(communities)
            if communities
            else None,
            steps=steps,
            seed=seed,
        )
        lines = _alternative_lines(better, _load(draft, balance), len(draft.plan.now.graph))
        facts = asdict(better) | {"balance": balance, "saved_as": save_as}
        if save_as:
            if not better.targets:
                raise InputError("no better alternative was found; nothing was saved")
            begun, _ = new_plan(
                store, save_as, from_plan=plan_id, title=title, by=author(by), question=question
            )
            reason = f"alternative to {plan_id} by annealing: balance {balance}, seed {seed}"
            plan = begun.plan.reassign(better.targets, signed=signed(by, reason))
            saved = begun.follow(save_plan(store, plan))
            before = saved.before.frame.reindex(saved.measures.frame.index)
            lines += [
                "",
                *measures_table(saved.measures, before=before, titles=saved.figures.titles),
            ]
            lines += ["", *trigger_lines(saved.measures)]
            lines.append(f"saved as plan {save_as}")
    cli.echo(lines, facts)


def communities(
    context: typer.Context,
    plan_id: PlanId,
    layer: Annotated[str, typer.Option("--layer", help="Layer whose areas are the communities.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table (.csv or .json).")
    ] = None,
) -> None:
    """List how far a plan keeps communities of interest whole.

    A community is an area of a layer, and has the blocks of which most lies in it.
    """
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
    with cli.open() as store, store.reading():
        draft = open_plan(store, plan_id, question=None)
        known = layer_communities(store, draft, [layer])[layer]
        table = communities_kept(draft, known).reset_index()
        if output:
            write_frame(table, output, projection=store.projection, members={"plan": plan_id})
    lines = communities_lines(draft, known)
    lines += [f"{output}: {len(table):,} rows"] if output else []
    cli.echo(lines, communities_payload(draft, known))


def _load(draft: Draft, balance: str) -> str:
    """What is balanced: a column per member, or per area where no members are known."""
    known = any(area.members for area in draft.plan.now.areas.values())
    return f"{balance} per {'member' if known else 'area'}"


def _alternative_lines(better: Alternative, load: str, size: int) -> list[str]:
    furthest = " → ".join(f"{100 * off:.1f} %" for off in better.furthest)
    imbalance = " → ".join(f"{value:.4f}" for value in better.imbalance)
    edges = " → ".join(f"{number:,}" for number in better.cut_edges)
    tried = f"seed {better.seed}, {better.steps:,} changes tried"
    return [
        f"{len(better.targets):,} of {size:,} blocks move ({tried})",
        f"{load}: furthest area from balance {furthest}",
        f"sum of squared distances from balance: {imbalance}",
        f"neighbouring blocks in different areas: {edges}",
    ]


def _percent(off: float) -> str:
    return "" if pd.isna(off) else f"{100 * off:+.1f}"


ANSWERS: dict[str, Callable[..., None]] = {
    "compare": compare,
    "suggest": suggest,
    "alternative": alternative,
    "communities": communities,
}
"""These commands by name."""
