"""`patchmap plan compare`, `suggest` and `alternative`: what changes, and what could."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.commands.context import CommandContext
from api.commands.plans.options import By, PlanId, hand, signed, with_counted, with_shared
from api.commands.questions import account_lines
from api.formats.registry import write_frame
from api.planner.comparison_text import comparison_facts, comparison_lines
from api.planner.facts import rows
from api.planner.measure_text import measures_table, trigger_lines
from api.text_tables import text_table
from boundaries.plans.annealing import Alternative, Limits, find_alternative
from boundaries.plans.comparison import compare as compare_boundaries
from boundaries.plans.draft import Draft, new_plan, open_plan, save_plan
from boundaries.plans.export import moved_layer
from boundaries.plans.suggestions import suggest_moves
from geo.errors import InputError
from geo.question.model import Question

Balance = Annotated[str, typer.Option("--balance", help="What to balance: a summed column.")]


@with_shared
def compare(
    context: typer.Context,
    question: Question,
    before: Annotated[str, typer.Argument(help="A layer, or a plan.", show_default=False)],
    after: Annotated[str, typer.Argument(help="Another.", show_default=False)],
    blocks: Annotated[
        str, typer.Option("--blocks", help="The blocks to compare by; else those of the plan.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file for the moved blocks, as a layer.")
    ] = None,
    flow: Annotated[
        Path | None, typer.Option("--flow", help="A .csv or .json file for the flow table.")
    ] = None,
) -> None:
    """Compare two plans or layers: what moves from where to where, and what new areas are of."""
    cli = CommandContext.of(context)
    for file in filter(None, (output, flow)):
        cli.check_output(file)
    with cli.open() as store:
        found = compare_boundaries(store, before, after, question=question, blocks_layer=blocks)
        facts = comparison_facts(found)
        accounts = {"accounts": facts["accounts"]}
        if output:
            layer = moved_layer(found.moved, found.block_layer.areas).rename_axis("block_code")
            layer = layer.reset_index()
            write_frame(layer, output, projection=store.projection, members=accounts)
        if flow:
            write_frame(found.flow, flow, projection=store.projection, members=accounts)
    lines = comparison_lines(found)
    told = found.figures.accounts
    lines += ["", *(account_lines(told) if told else ["the store holds no incidents"])]
    lines += [f"{output}: {len(found.moved):,} moved blocks"] if output else []
    lines += [f"{flow}: {len(found.flow):,} rows"] if flow else []
    cli.echo(lines, facts)


@with_counted
def suggest(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    balance: Balance = "electors",
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="How many.")] = 10,
) -> None:
    """Suggest single moves that improve the balance and make nothing worse."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=question)
    found = suggest_moves(
        draft.plan.now, draft.blocks, column=balance, hotspots=draft.hotspots, limit=most
    )
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    lines = text_table(
        {
            "block": found["block_code"],
            "from": [names.get(code, "unassigned") for code in found["from_area"]],
            "to": found["to_area"].map(names),
            " gain": [f"{1e4 * gain:.1f}" for gain in found["gain"]],
            " from is then %": [_percent(off) for off in found["from_off"]],
            " to is then %": [_percent(off) for off in found["to_off"]],
            " cut edges": [f"{change:+d}" for change in found["cut_edges_change"]],
            " hotspots split": [f"{change:+d}" for change in found["hotspots_split_change"]],
        }
    )
    note = (
        f"gain: by how much the sum of squared distances of {_load(draft, balance)} from balance "
        "falls, in (per cent)²; nothing else gets worse"
    )
    nothing = f"no single move improves the balance of {balance} without making something worse"
    cli.echo([*lines, note] if lines else [nothing], rows(found))


@with_counted
def alternative(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    save_as: Annotated[str, typer.Option("--save-as", help="Id of the plan to save it as.")] = "",
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    balance: Balance = "electors",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random choices.")] = 0,
    steps: Annotated[
        int, typer.Option("--steps", min=1, max=10_000_000, help="How many changes to try.")
    ] = 200_000,
    moved: Annotated[
        float, typer.Option("--moved", help="Most of the blocks that may move, in per cent.")
    ] = 20.0,
    border: Annotated[
        float, typer.Option("--border", help="How much longer borders may be, in per cent.")
    ] = 5.0,
    by: By = "",
) -> None:
    """Search a whole alternative to a plan by annealing, within limits; the seed repeats it."""
    limits = Limits(moved_share=moved / 100, cut_edges_growth=border / 100)
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=question)
        found = find_alternative(
            draft.plan.now, draft.blocks, column=balance, limits=limits, steps=steps, seed=seed
        )
        lines = _found_lines(found, _load(draft, balance), len(draft.plan.now.graph))
        facts = asdict(found) | {"balance": balance, "saved_as": save_as}
        if save_as:
            if not found.targets:
                raise InputError("no better alternative was found, so there is none to save")
            begun, _ = new_plan(
                store, save_as, from_plan=plan_id, title=title, by=hand(by), question=question
            )
            reason = f"alternative to {plan_id} by annealing: balance {balance}, seed {seed}"
            plan = begun.plan.reassign(found.targets, signed=signed(by, reason))
            saved = begun.follow(save_plan(store, plan))
            before = saved.before.frame.reindex(saved.measures.frame.index)
            lines += ["", *measures_table(saved.measures, before=before)]
            lines += ["", *trigger_lines(saved.measures)]
            lines.append(f"saved as plan {save_as}")
    cli.echo(lines, facts)


def _load(draft: Draft, balance: str) -> str:
    """What is balanced, in words: by member, or by area where no members are known."""
    known = any(area.members for area in draft.plan.now.areas.values())
    return f"{balance} {'a member' if known else 'an area'}"


def _found_lines(found: Alternative, load: str, size: int) -> list[str]:
    furthest = " → ".join(f"{100 * off:.1f} %" for off in found.furthest)
    imbalance = " → ".join(f"{value:.4f}" for value in found.imbalance)
    edges = " → ".join(f"{number:,}" for number in found.cut_edges)
    tried = f"seed {found.seed}, {found.steps:,} changes tried"
    return [
        f"{len(found.targets):,} of {size:,} blocks move ({tried})",
        f"{load}: the area furthest from balance lies {furthest} off",
        f"sum of squared distances from balance: {imbalance}",
        f"neighbours that are parted: {edges}",
    ]


def _percent(off: float) -> str:
    return "" if pd.isna(off) else f"{100 * off:+.1f}"


ANSWERS: dict[str, Callable[..., None]] = {
    "compare": compare,
    "suggest": suggest,
    "alternative": alternative,
}
"""These commands by their names."""
