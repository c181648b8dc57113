"""`patchmap plan council` and `share-seats`: council sizes, and seats shared out by electorate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import By, PlanId, Reason, signed, step_of_draft
from api.formats.registry import write_frame
from api.planner.council import (
    compare_sizes,
    options_frame,
    options_lines,
    options_payload,
    read_sizes,
)
from boundaries.plans.council import PATTERNS, council_options
from boundaries.plans.draft import Draft, open_plan
from boundaries.plans.plan import Plan
from geo.errors import InputError
from geo.store.contract import StoreReader

Pattern = Annotated[
    str, typer.Option("--pattern", help=f"Members of a ward: {', '.join(PATTERNS)}.")
]
Electorate = Annotated[
    str,
    typer.Option(
        "--electorate", help="Electors to share by (default: the forecast, where there is one)."
    ),
]


def council(
    context: typer.Context,
    plan_id: PlanId,
    sizes: Annotated[
        str,
        typer.Option("--sizes", help="Council sizes, such as 48,51,54 (default: around today's)."),
    ] = "",
    pattern: Pattern = "mixed",
    electorate: Electorate = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table (.csv or .json).")
    ] = None,
) -> None:
    """Compare council sizes: electors per member, seats of each area, variances.

    Seats are shared out over the areas as they are drawn, by Sainte-Lague, between the fewest and
    the most members of the pattern. Nothing of the plan changes.
    """
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
    numbers = read_sizes(sizes)
    with cli.open() as store:
        measures = open_plan(store, plan_id, question=None).measures
        options = compare_sizes(measures, numbers, pattern=pattern, electorate=electorate)
        facts = options_payload(measures, options, pattern=pattern, electorate=electorate)
        if output:
            frame = options_frame(measures, options)
            write_frame(frame, output, projection=store.projection, members={"plan": plan_id})
    lines = options_lines(measures, options)
    cli.echo([*lines, f"{output}: {len(frame):,} rows"] if output else lines, facts)


def share_seats(
    context: typer.Context,
    plan_id: PlanId,
    size: Annotated[
        int | None, typer.Option("--size", help="Council size (default: that of the plan).")
    ] = None,
    pattern: Pattern = "mixed",
    electorate: Electorate = "",
    reason: Reason = "",
    by: By = "",
) -> None:
    """Share the members of the council out over the areas by their electors.

    Sets the members of every area with electors in one step; locked areas must keep theirs.
    """

    def shared(_: StoreReader, draft: Draft) -> Plan:
        now = draft.plan.now
        seats = size if size is not None else now.council_size
        if seats is None:
            raise InputError(f"plan {plan_id} has no council size; give one with --size")
        (option,) = council_options(draft.measures, [seats], pattern=pattern, electorate=electorate)
        if option.why:
            raise InputError(option.why)
        members = {str(code): int(n) for code, n in option.table["seats"].dropna().items()}
        return draft.plan.share_seats(members, signed=signed(by, reason), council_size=seats)

    step_of_draft(context, plan_id, shared)


COUNCIL: dict[str, Callable[..., None]] = {"council": council, "share-seats": share_seats}
"""These commands by name."""
