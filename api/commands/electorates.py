"""`patchmap electorates …`: the electorate proforma of the Commission, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.housing import sites
from api.commands.plans.options import Parishes, PlanId, read_parishes
from api.commands.questions import Output
from api.imports.electorates import import_electorates, read_proforma_file
from boundaries.layers.electorates import electorate_title
from boundaries.layers.proforma import Proforma
from boundaries.plans.draft import open_plan

electorates = typer.Typer(
    help="Electorates of polling districts, in the proforma of the Boundary Commission.",
    no_args_is_help=True,
)

electorates.add_typer(sites, name="sites")

File = Annotated[Path, typer.Argument(help="The proforma, as XLSX or CSV.", show_default=False)]
SheetName = Annotated[
    str, typer.Option("--sheet", help="Sheet of the workbook (default: the first with districts).")
]
Forecast = Annotated[
    str, typer.Option("--forecast", help="Year of the review's forecast (default: the last one).")
]


@electorates.command("check")
def check(
    context: typer.Context, file: File, sheet: SheetName = "", forecast: Forecast = ""
) -> None:
    """Check an electorate proforma.

    Every fault is named with its line; a proforma without any is summed up: its totals, and what
    may have to be explained.
    """
    proforma = read_proforma_file(file, sheet=sheet, forecast=forecast)
    CommandContext.of(context).echo(_lines(file, proforma), _facts(proforma))


@electorates.command("import")
def import_(
    context: typer.Context,
    file: File,
    layer: Annotated[str, typer.Option(help="Layer of the polling districts.")],
    sheet: SheetName = "",
    forecast: Forecast = "",
) -> None:
    """Import the electors of polling districts from a proforma.

    The electors of each polling district become those of the area with its code.
    Electorates from an earlier proforma are replaced.
    """
    cli = CommandContext.of(context)
    with cli.open() as store:
        imported = import_electorates(store, file, layer=layer, sheet=sheet, forecast=forecast)
    lines = [*_lines(file, imported.proforma), *imported.joined.lines]
    cli.echo(lines, _facts(imported.proforma) | imported.joined.facts)


@electorates.command("export")
def export(
    context: typer.Context,
    plan_id: PlanId,
    output: Output,
    years: Annotated[
        str, typer.Option("--years", help="Years of both electorates, such as 2024,2030.")
    ] = "",
    parishes: Parishes = "",
) -> None:
    """Export a plan as an electorate proforma.

    It holds the existing and the proposed ward of each block, and its electors. A workbook has
    the wards too, with their councillors and variances.
    """
    from api.planner.proforma import write_proforma  # noqa: PLC0415 - workbooks take a moment

    cli = CommandContext.of(context)
    cli.check_output(output)
    named = [year.strip() for year in years.split(",") if year.strip()]
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=None)
        units = read_parishes(store, draft, parishes)
        content = write_proforma(draft, output, years=named, parishes=units)
    cli.echo([f"{output}: {content}"], {"plan": plan_id, "file": str(output)})


def _lines(file: Path, proforma: Proforma) -> list[str]:
    totals = ", ".join(
        f"{electorate_title(name)} {proforma.districts[name].sum():,} ({heading})"
        for name, heading in proforma.electorates.items()
    )
    wards = f" in {len(proforma.wards):,} wards" if len(proforma.wards) else ""
    return [
        f"{file}: {len(proforma.districts):,} polling districts{wards}; electors: {totals}",
        *(f"note: {note}" for note in proforma.notes),
    ]


def _facts(proforma: Proforma) -> dict[str, object]:
    return {
        "districts": len(proforma.districts),
        "electorates": {
            name: {"heading": heading, "electors": int(proforma.districts[name].sum())}
            for name, heading in proforma.electorates.items()
        },
        "wards": {
            str(ward): {str(name): int(n) for name, n in row.items()}
            for ward, row in proforma.wards.iterrows()
        },
        "notes": list(proforma.notes),
    }
