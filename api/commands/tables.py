"""What the commands of measures and of entries share: columns, rejected rows, undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.formats.rejects import RejectsFile
from api.identity.audit import Action
from api.imports.table_tasks import undo_table, undone_table_line
from api.imports.tables import TableImported, table_facts
from geo.errors import InputError
from geo.store.contract import Store
from geo.store.measure_contract import TableImport, TableSubject

Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="NAME=COLUMN: which column holds what, as area_code=Ward."),
]
Rejects = Annotated[
    Path | None,
    typer.Option(help="File for rejected rows (default: NAME.rejects.csv in this folder)."),
]


def pairs_of(columns: Sequence[str] | None) -> dict[str, str]:
    """The values of `--column` as columns by what they hold.

    Raises
    ------
    InputError
        If a value has no `=`.
    """
    pairs = {}
    for text in columns or ():
        name, equals, column = text.partition("=")
        if not (equals and name.strip() and column.strip()):
            raise InputError(f'--column {text!r}: write it as day="Payment date"')
        pairs[name.strip()] = column.strip().strip('"')
    return pairs


def import_table(
    cli: CommandContext,
    file: Path,
    rejects: Path | None,
    run: Callable[[Store, RejectsFile], TableImported],
) -> None:
    """Import a file of values or of entries, record it, and print its accounts.

    What a reader should know goes to standard error.

    Parameters
    ----------
    file
        The file.
    rejects
        Where its rejected rows go; by default `NAME.rejects.csv` in this folder.
    run
        Imports it inside a transaction, and adds the rows that it rejects.
    """
    path = rejects or Path(f"{file.stem}.rejects.csv")
    cli.check_output(path, file)
    with cli.open() as store, RejectsFile(path) as rejected, store.transaction():
        imported = run(store, rejected)
        rejected.complete()
        cli.record(Action.IMPORT, subject=file.name, rows=imported.record.rows_accepted)
    for line in imported.notices:
        typer.echo(line, err=True)
    if rejected.rows:
        typer.echo(f"rejected rows are in {rejected.path}", err=True)
    cli.echo([imported.line], imported.facts)


def import_lines(records: Iterable[TableImport]) -> list[str]:
    """A line for each import: its number, its file, who made it and when."""
    return [
        f"import {record.import_id}: {record.file}, {record.rows_accepted:,} accepted, "
        f"{record.imported_at[:10]}"
        + (f" by {record.imported_by}" if record.imported_by else "")
        + (" [undone]" if record.state == "undone" else "")
        for record in records
    ]


def undo_import(cli: CommandContext, import_id: int, subject: TableSubject) -> None:
    """Undo an import of values or of entries, and say what was done.

    Parameters
    ----------
    import_id, subject
        The number of the import, and what it has to be of.

    Raises
    ------
    NotFoundError
        If there is no such import of this kind.
    """
    with cli.open() as store, store.transaction():
        record = undo_table(store, import_id, subject)
        cli.record(Action.UNDO, subject=f"{subject} import {import_id}", rows=record.rows_accepted)
    cli.echo([undone_table_line(record)], table_facts(record))
