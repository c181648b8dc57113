"""`patchmap measures …`: what is measured of areas, and its values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from api.commands.context import CommandContext
from api.commands.tables import (
    Columns,
    Rejects,
    import_lines,
    import_table,
    pairs_of,
    undo_import,
)
from api.identity.audit import Action
from api.imports.tables import (
    ValueOptions,
    checked_measure,
    import_values,
    period_of,
    question_of,
    table_facts,
)
from geo.errors import InputError
from geo.measures.measured import Measured
from geo.measures.model import BETTER, KINDS, Better, Measure, MeasureKind
from geo.store.contract import Store

measures = typer.Typer(
    help="Measures of areas: counts, rates, shares, with their periods.", no_args_is_help=True
)


@measures.command("add")
def add(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV or XLSX: one row per area and period.", show_default=False),
    ] = None,
    measure_id: Annotated[
        str, typer.Option("--id", help="Id of the measure, such as residents.")
    ] = "",
    title: Annotated[str, typer.Option(help="Title, as people read it (default: the id).")] = "",
    unit: Annotated[str, typer.Option(help="Unit, such as people or %.")] = "",
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "count",
    better: Annotated[str, typer.Option(help=f"Which way is better: {', '.join(BETTER)}.")] = (
        "neither"
    ),
    layer: Annotated[str, typer.Option(help="Layer that the values are published on.")] = "",
    source: Annotated[str, typer.Option(help="Who published it.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the values.")] = "",
    caveat: Annotated[str, typer.Option(help="What readers need to know of it.")] = "",
    multiplier: Annotated[
        float, typer.Option(help="Value = multiplier × numerator / denominator.")
    ] = 1.0,
    period: Annotated[str, typer.Option(help="Period of all rows, such as 2021 or 2023/24.")] = "",
    columns: Columns = None,
    fingertips: Annotated[
        bool, typer.Option("--fingertips", help="The file is a CSV of Fingertips.")
    ] = False,
    question: Annotated[
        str,
        typer.Option(help="Make the measure of incidents, such as category=burglary; no file."),
    ] = "",
    per: Annotated[
        str, typer.Option(help="Its denominator: an attribute such as residents, or a measure.")
    ] = "",
    rejects: Rejects = None,
) -> None:
    """Add a measure, or values of one: those of the same area and period are replaced."""
    _check_choices(kind, better)
    cli = CommandContext.of(context)
    measure = Measure(
        measure_id,
        title or measure_id,
        unit,
        cast("MeasureKind", kind),
        cast("Better", better),
        layer,
        source,
        licence,
        caveat,
        multiplier,
        question_of(question) if question else "",
        per,
    )
    if question:
        if file or fingertips:
            raise InputError("a measure of incidents has no file; leave out the file or --question")
        _add_of_incidents(cli, measure)
        return
    if file is None:
        raise InputError("name a file of values, or the incidents with --question")
    if not layer:
        raise InputError("name the layer that the values are published on with --layer")
    if fingertips and measure_id:
        raise InputError("a file of Fingertips names its measures; leave out --id")
    how = ValueOptions(
        layer,
        checked_measure(measure) if measure_id else None,
        pairs_of(columns),
        period_of(period) if period else None,
        fingertips,
        cast("Better", better),
        source,
        licence,
        caveat,
    )
    import_table(
        cli, file, rejects, lambda store, rejected: import_values(store, file, how, rejected)
    )


def _check_choices(kind: str, better: str) -> None:
    if kind not in KINDS:
        raise InputError(f"unknown --kind {kind!r}; choose {', '.join(KINDS)}")
    if better not in BETTER:
        raise InputError(f"unknown --better {better!r}; choose {', '.join(BETTER)}")


def _add_of_incidents(cli: CommandContext, measure: Measure) -> None:
    if not measure.measure_id:
        raise InputError("name the measure with --id")
    with cli.open() as store, store.transaction():
        store.put_measure(measure)
        cli.record(Action.CHANGE, subject=f"measure {measure.measure_id}")
    line = f"{measure.measure_id}: {measure.title}, incidents with {measure.question}"
    cli.echo([line + (f", per {measure.per}" if measure.per else "")], vars(measure))


@measures.command("list")
def list_measures(context: typer.Context) -> None:
    """List the measures with their periods, and the imports of values."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        lines = [_line(store, one) for one in store.measures()]
        facts = [vars(one) for one in store.measures()]
        records = store.table_imports("measures")
    cli.echo(
        [*(lines or ["no measures yet"]), *import_lines(records)],
        {"measures": facts, "imports": [table_facts(record) for record in records]},
    )


def _line(store: Store, measure: Measure) -> str:
    """A measure in a line: what it is, where it is known, and from whom."""
    own = measure.measure_id
    what = f"{own}: {measure.title}" + (f" ({measure.unit})" if measure.unit else "")
    if measure.question:
        per = f", per {measure.per}" if measure.per else ""
        return f"{what}; {measure.kind} of incidents with {measure.question}{per}"
    periods = store.measure_periods([own])
    if periods.empty:
        known = "no values"
    else:
        first, last = periods["first_day"].min(), periods["last_day"].max()
        n = len(periods)
        known = f"{n:,} period{'' if n == 1 else 's'} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    source = f"; {measure.source}" if measure.source else ""
    return f"{what}; {measure.kind} on {measure.layer_id}, {known}{source}"


@measures.command("show")
def show(
    context: typer.Context,
    measure_id: Annotated[str, typer.Argument(help="Id of the measure.")],
    layer: Annotated[
        str, typer.Option(help="Layer to show it on (default: the one it is published on).")
    ] = "",
) -> None:
    """Show the latest values of a measure by area, on any layer."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        known = {one.measure_id: one for one in store.measures()}
        own = known[measure_id].layer_id if measure_id in known else ""
        if measure_id in known and known[measure_id].question:
            raise InputError(f"{measure_id} is made of incidents: use 'patchmap profile' to see it")
        target = layer or own or store.layers()[0].layer_id
        areas = store.layer(target)[1]
        measured = Measured(store, target, areas, lambda name: store.layer(name)[1])
        measure = measured.measure(measure_id)
        values, carrying = measured.latest(measure_id)
    names = dict(zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True))
    rows = values.to_dict("records")
    lines = [
        f"{names[str(row['area_code'])]} ({row['area_code']}): {_value(row)}"
        for row in sorted(rows, key=lambda row: names[str(row["area_code"])])
    ]
    head = f"{measure.title}" + (f" ({measure.unit})" if measure.unit else "")
    if rows:
        head += f", {rows[0]['first_day']:%Y-%m-%d} to {rows[0]['last_day']:%Y-%m-%d}"
    notes = [text for text in (carrying.note, measure.caveat) if text]
    facts = values.assign(
        first_day=values["first_day"].dt.strftime("%Y-%m-%d"),
        last_day=values["last_day"].dt.strftime("%Y-%m-%d"),
    )
    facts = facts.astype(object).where(facts.notna(), None)
    cli.echo(
        [head, *(lines or ["no values"]), *notes],
        {"values": facts.to_dict("records"), "carried": carrying.note},
    )


def _value(row: dict[object, object]) -> str:
    value = row["value"]
    if isinstance(value, float) and value == value:  # noqa: PLR0124 - NaN is unlike itself
        return f"{value:,.10g}"
    note = row["note"]
    return f"not known ({note})" if note else "not known"


@measures.command("undo")
def undo(
    context: typer.Context,
    import_id: Annotated[int, typer.Argument(help="Number of the import, from the list.")],
) -> None:
    """Undo an import of values, and restore those that it replaced."""
    undo_import(CommandContext.of(context), import_id, "measures")


@measures.command("remove")
def remove(
    context: typer.Context,
    measure_id: Annotated[str, typer.Argument(help="Id of the measure.")],
) -> None:
    """Remove a measure with all its values; this cannot be undone."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        n = int(store.measure_periods([measure_id])["areas"].sum())
        store.remove_measure(measure_id)
        cli.record(Action.CHANGE, subject=f"measure {measure_id} removed", rows=n)
    cli.echo([f"{measure_id} removed, with {n:,} values"], {"id": measure_id, "values": n})
