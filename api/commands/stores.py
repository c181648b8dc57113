"""`patchmap imports …`, `quality`, `backup`, `restore` and `copy`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, open_store, record_facts
from api.formats.files import write_whole
from geo.errors import ConflictError
from geo.question.quality import quality
from geo.store.copying import copy_store
from geo.store.geopackage import GeoPackageStore

imports = typer.Typer(help="What was imported: list, undo.", no_args_is_help=True)


@imports.command("list")
def list_imports(context: typer.Context) -> None:
    """List every import with what it read, rejected and replaced."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        records = store.imports(history=True)
    lines = [
        f"{record.import_id:>5}  {record.imported_at}  {record.imported_by}  {record.file}: "
        f"{record.rows_read:,} read = {record.rows_accepted:,} accepted + "
        f"{record.rows_rejected:,} rejected, {record.rows_replaced:,} replaced  [{record.state}]"
        for record in records
    ]
    cli.echo(lines or ["no imports yet"], [record_facts(record) for record in records])


@imports.command("undo")
def undo_import(
    context: typer.Context,
    import_id: Annotated[int, typer.Argument(help="Its number in 'patchmap imports list'.")],
) -> None:
    """Take an import back and restore what it replaced."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        record = store.undo_import(import_id)
    line = (
        f"import {import_id} ({record.file}) is undone: {record.rows_accepted:,} incidents taken "
        f"out, {record.rows_replaced:,} restored"
    )
    cli.echo([line], record_facts(record))


def report_quality(context: typer.Context) -> None:
    """Say what to know of the data before an answer is believed."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        notes = quality(store.incidents(), store.imports())
    lines = [
        f"{note.kind}: {' '.join(part for part in (note.source, note.month) if part)}: {note.text}"
        for note in notes
    ]
    cli.echo(lines or ["nothing stands out"], [asdict(note) for note in notes])


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The GeoPackage to write.")],
) -> None:
    """Copy the store into one file, also while others write to it."""
    cli = CommandContext.of(context)
    if file.exists():
        raise ConflictError(f"{file} is there already; name a new file")
    with cli.open() as store:
        write_whole(file, lambda part: _back_up(store, part))
    cli.echo([f"{file}: a backup of {cli.store}"], {"backup": str(file)})


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup to take everything from.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up what the store holds now.")
    ] = False,
) -> None:
    """Make the store what it was when the backup was made."""
    cli = CommandContext.of(context)
    with cli.open(create=True) as store:
        if (store.layers() or store.imports(history=True) or store.plans()) and not replace:
            raise ConflictError(f"{cli.store} holds data; --replace gives it up for the backup")
        if isinstance(store, GeoPackageStore):
            store.restore(file)
        else:
            with open_store(str(file)) as saved:
                copy_store(saved, store)
        n = store.incident_count()
    cli.echo([f"{cli.store}: restored from {file}, {n:,} incidents"], {"incidents": n})


def copy(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", help="A new file, or postgresql://…")],
) -> None:
    """Copy everything into a new store of either kind."""
    cli = CommandContext.of(context)
    with cli.open() as store, open_store(to, create=True) as target:
        copy_store(store, target, on_part=_tell if sys.stderr.isatty() else lambda _name: None)
        n = target.incident_count()
    cli.echo([f"{n:,} incidents copied from {cli.store}"], {"incidents": n})


def _back_up(store: object, part: Path) -> None:
    if isinstance(store, GeoPackageStore):
        store.back_up(part)
        return
    with open_store(str(part), create=True) as target:
        copy_store(store, target)  # type: ignore[arg-type]  # what opened it made sure of that


def _tell(name: str) -> None:
    typer.echo(name, err=True)
