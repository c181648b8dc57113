"""`patchmap entries …`: dated amounts of money and time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, cast, get_args

import pandas as pd
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
from api.imports.tables import import_entries, reverse_entry, table_facts
from geo.errors import InputError
from geo.formats.csv_text import to_csv
from geo.incidents import LONDON
from geo.measures.model import ENTRY_KINDS
from geo.measures.read_entries import DateOrder, EntryOptions
from geo.output import write_text

entries = typer.Typer(
    help="Entries: dated amounts of money or time, never edited.", no_args_is_help=True
)

_DATES = get_args(DateOrder)


@entries.command("add")
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or XLSX: one row per dated amount.")],
    layer: Annotated[str, typer.Option(help="Layer that its areas are of.")],
    kind: Annotated[
        str, typer.Option(help="What all rows are, if no column says it: money or time.")
    ] = "money",
    state: Annotated[
        str,
        typer.Option(help="State of all rows, if no column says it: allocated, committed, paid."),
    ] = "",
    activity: Annotated[
        str, typer.Option(help="Activity of all rows: office, patrol, engagement or cases.")
    ] = "",
    dates: Annotated[
        str, typer.Option(help=f"How days are written: {' or '.join(_DATES)}.")
    ] = "iso",
    columns: Columns = None,
    rejects: Rejects = None,
) -> None:
    """Add entries of money (in pounds) or time (in hours or minutes)."""
    if kind not in ENTRY_KINDS:
        raise InputError(f"unknown --kind {kind!r}; choose {' or '.join(ENTRY_KINDS)}")
    if dates not in _DATES:
        raise InputError(f"unknown --dates {dates!r}; choose {' or '.join(_DATES)}")
    how = EntryOptions(
        layer,
        kind,
        pairs_of(columns),
        cast("DateOrder", dates),
        state,
        activity,
    )
    cli = CommandContext.of(context)
    import_table(
        cli, file, rejects, lambda store, rejected: import_entries(store, file, how, rejected)
    )


@entries.command("list")
def list_entries(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV for all entries.")
    ] = None,
) -> None:
    """List the sums of entries and their imports; with -o write every entry to a CSV."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        frame, records = store.entries(), store.table_imports("entries")
    sums = frame.groupby(["kind", "state", "activity"], as_index=False).agg(
        entries=("amount", "size"), amount=("amount", "sum")
    )
    rows = [dict(zip(sums.columns, row, strict=True)) for row in sums.to_numpy(object).tolist()]
    if output:
        cli.check_output(output)
        days = frame["day"].dt.strftime("%Y-%m-%d")
        write_text(output, to_csv(frame.assign(day=days)))
    cli.echo(
        [*(map(_sum_line, rows) if rows else ["no entries yet"]), *import_lines(records)],
        {"sums": rows, "imports": [table_facts(record) for record in records]},
    )


def _sum_line(row: dict[str, object]) -> str:
    amount, n = int(str(row["amount"])), int(str(row["entries"]))
    number = f"{n:,} entr{'y' if n == 1 else 'ies'}"
    if row["kind"] == "money":
        sign = "-" if amount < 0 else ""
        return f"{row['state']}: {sign}£{abs(amount) // 100:,}.{abs(amount) % 100:02} in {number}"
    return f"{row['activity']}: {amount / 60:,.2f} hours in {number}"


@entries.command("reverse")
def reverse(
    context: typer.Context,
    entry_id: Annotated[str, typer.Argument(help="Id of the entry.")],
    reason: Annotated[str, typer.Option(help="Why it is wrong.")],
    day: Annotated[
        str, typer.Option(help="Day of the correction as YYYY-MM-DD (default: today).")
    ] = "",
) -> None:
    """Add the opposite of an entry, which takes it back; both stay."""
    today: date = pd.Timestamp.now(LONDON).date()
    try:
        when = date.fromisoformat(day) if day else today
    except ValueError:
        raise InputError(f"--day {day!r}: write a day as YYYY-MM-DD") from None
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        imported = reverse_entry(store, entry_id, reason=reason, day=when)
        cli.record(Action.CHANGE, subject=f"entry {entry_id} reversed", rows=1, reason=reason)
    number = imported.record.import_id
    line = f"{entry_id} is reversed on {when} [import {number}]"
    cli.echo([line], imported.facts | {"reversed": entry_id})


@entries.command("undo")
def undo(
    context: typer.Context,
    import_id: Annotated[int, typer.Argument(help="Number of the import, from the list.")],
) -> None:
    """Undo an import of entries."""
    undo_import(CommandContext.of(context), import_id, "entries")
