"""`patchmap imports …`, `quality`, `backup`, `restore` and `copy`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.commands.context import CommandContext
from api.identity.audit import Action
from api.imports.opening import open_store
from api.imports.records import record_facts, undone_line
from api.imports.removal import erasures_beside, left_in_copies, replay
from api.imports.tables import table_facts
from api.settings import Settings
from boundaries.gazetteer.folder import gazetteer_folder
from geo.errors import ConflictError, InputError
from geo.incidents import LONDON
from geo.output import destination, write_file
from geo.question.layer_quality import layer_quality
from geo.question.quality import quality
from geo.store.contract import ImportRecord, Store
from geo.store.copying import copy_store, holds_data
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableImport

RETENTION_DAYS = 31
"""How long rows that were replaced are kept at least, unless a day is named."""

imports = typer.Typer(help="List and undo imports.", no_args_is_help=True)


@imports.command("list")
def list_imports(context: typer.Context) -> None:
    """List all imports: rows read, rejected and replaced."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        records = store.imports(history=True)
    lines = [
        f"{record.import_id:>5}  {record.imported_at}  {record.imported_by}  {record.file}: "
        f"{record.rows_read:,} read = {record.rows_accepted:,} accepted + "
        f"{record.rows_rejected:,} rejected, {record.rows_replaced:,} replaced  [{record.state}]"
        + ("  purged, cannot be undone" if record.purged_at else "")
        for record in records
    ]
    cli.echo(lines or ["no imports yet"], [record_facts(record) for record in records])


@imports.command("undo")
def undo_import(
    context: typer.Context,
    import_id: Annotated[int, typer.Argument(help="Number of the import, from 'imports list'.")],
) -> None:
    """Undo an import and restore what it replaced."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        record = store.undo_import(import_id)
        cli.record(Action.UNDO, subject=f"import {import_id}", rows=record.rows_accepted)
    cli.echo([undone_line(record)], record_facts(record))


def purge(
    context: typer.Context,
    before: Annotated[
        str,
        typer.Option(
            help="Day as YYYY-MM-DD; what was replaced on it is kept "
            f"(default: {RETENTION_DAYS} days ago)."
        ),
    ] = "",
    preview: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed; remove nothing.")
    ] = False,
) -> None:
    """Remove for good what imports replaced or undos removed; current incidents stay."""
    cli = CommandContext.of(context)
    day = _day_before_which(before)
    moment = pd.Timestamp(day, tz=LONDON).tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    with cli.open() as store:
        if preview:
            records = store.purgeable_imports(moment)
            tables = store.purgeable_table_imports(moment)
        else:
            with store.transaction():
                records = store.purge_imports(moment)
                tables = store.purge_table_imports(moment)
                gone = _replaced(records, tables)
                cli.record(Action.RETENTION, subject=f"purge before {day}", rows=gone)
            # Also where nothing was to be purged: an undo or a purge that was broken off leaves
            # its rows in free pages of the files.
            store.compact()
    rows = _replaced(records, tables)
    lines = [
        f"import {record.import_id} ({record.file}): {record.rows_replaced:,} replaced rows"
        for record in records
    ]
    lines += [
        f"import {record.import_id} of values ({record.file}): {record.rows_replaced:,} replaced"
        for record in tables
    ]
    done = "would be purged" if preview else "purged"
    n = len(records) + len(tables)
    of = f"{n} import{'' if n == 1 else 's'}"
    lines.append(f"{rows:,} rows that {of} replaced before {day} {done}")
    if n and not preview:
        lines.append("these imports cannot be undone; backups made earlier still have the rows")
    facts = {
        "before": str(day),
        "dry_run": preview,
        "rows": rows,
        "imports": [record_facts(record) for record in records],
        "table_imports": [table_facts(record) for record in tables],
    }
    cli.echo(lines, facts)


def _replaced(imports: Iterable[ImportRecord], tables: Iterable[TableImport]) -> int:
    """How many rows imports of incidents, and of tables, replaced."""
    return sum(one.rows_replaced for one in imports) + sum(one.rows_replaced for one in tables)


def _day_before_which(text: str) -> date:
    """The day of `--before`.

    Raises
    ------
    InputError
        If it is no day, or one that is still to come.
    """
    today: date = pd.Timestamp.now(LONDON).date()
    if not text:
        return today - timedelta(days=RETENTION_DAYS)
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise InputError(f"--before {text!r}: write a day as YYYY-MM-DD") from None
    if day > today:
        raise InputError(f"--before {text}: this day is still to come; the latest is {today}")
    return day


def report_quality(context: typer.Context) -> None:
    """List what to know about the data before relying on an answer."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        features = (store.features(one.layer_id) for one in store.layers() if one.kind != "areas")
        notes = [*quality(store.incidents(), store.imports()), *layer_quality(features)]
    lines = [
        f"{note.kind}: {' '.join(part for part in (note.source, note.month) if part)}: {note.text}"
        for note in notes
    ]
    cli.echo(lines or ["no problems found"], [asdict(note) for note in notes])


def backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="GeoPackage to write.")]
) -> None:
    """Back up the store to one file; others may go on writing to it."""
    cli = CommandContext.of(context)
    target = destination(file)
    if target.file.exists() and not target.is_stream:
        raise ConflictError(f"{file} already exists; choose a new file")
    cli.check_output(file)
    with cli.open() as store:
        cli.record(Action.EXPORT, subject=f"backup {file.name}", rows=store.incident_count())
        write_file(file, lambda part: _back_up(store, part), private=True)
        # A GeoPackage is saved as it is, with its history.
        is_file = isinstance(store, GeoPackageStore)
        former = {"imports": 0, "layer_changes": 0} if is_file else former_changes(store)
    lines = [f"{file}: a backup of {cli.store_name}"]
    lines += [*history_lines(former, "the backup"), *left_behind(cli)]
    cli.echo(lines, {"backup": str(file), "history_left_behind": former})


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Backup to restore.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite the data in the store.")
    ] = False,
) -> None:
    """Restore the store from a backup."""
    cli = CommandContext.of(context)
    with cli.open(create=True) as store:
        if holds_data(store) and not replace:
            raise ConflictError(
                f"{cli.store_name} already holds data; add --replace to overwrite it with the "
                "backup"
            )
        # Before, as what is done and not recorded would be hidden; so how many rows is not known.
        cli.record(Action.IMPORT, subject=f"restore of backup {file.name}")
        erased = [*store.erasures(), *erasures_beside(cli.store)]
        if isinstance(store, GeoPackageStore):
            store.restore(file)
        else:
            with open_store(str(file)) as saved:
                copy_store(saved, store)
        # What was erased after the backup was made must not come back with it, nor what others
        # erased while it was restored: that takes minutes.
        again = replay(store, [*erased, *erasures_beside(cli.store)])
        cli.warn(left_in_copies(store) if again else ())
        n = store.incident_count()
    lines = [f"{cli.store_name}: restored from {file}, {n:,} incidents"]
    if again:
        lines.append(f"erased again, as since the backup: {again:,}")
    cli.echo(lines, {"incidents": n, "erased_again": again})


def copy(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", help="New file, or postgresql://…")],
) -> None:
    """Copy the store to a new one: a file or a PostgreSQL database."""
    cli = CommandContext.of(context)
    with cli.open() as store, open_store(to, create=True) as target:
        cli.record(Action.EXPORT, subject="copy of the store", rows=store.incident_count())
        copy_store(store, target, on_part=_echo_name if sys.stderr.isatty() else lambda _name: None)
        n = target.incident_count()
        former = former_changes(store)
    lines = [f"{n:,} incidents copied from {cli.store_name}"]
    lines += [*history_lines(former, "the copy"), *left_behind(cli, "the copy")]
    cli.echo(lines, {"incidents": n, "history_left_behind": former})


def former_changes(store: Store) -> dict[str, int]:
    """Count what was done to a store and is not in a copy of its present state."""
    replaced = [one for one in store.imports(history=True) if one.state != "current"]
    tables = [one for one in store.table_imports() if one.state != "current"]
    changes = store.layer_changes()
    # A copy has one change of each layer: that it was added.
    added = len({one.layer_id for one in changes} & {one.layer_id for one in store.layers()})
    return {"imports": len(replaced) + len(tables), "layer_changes": len(changes) - added}


def history_lines(former: dict[str, int], copy: str) -> list[str]:
    """What of a store's history is not in a copy: a line, or none where nothing is missing."""
    imports, changes = former["imports"], former["layer_changes"]
    parts = [
        f"{n:,} {word if n == 1 else f'{word}s'}"
        for n, word in ((imports, "former import"), (changes, "earlier layer change"))
        if n
    ]
    verb = "is" if imports + changes == 1 else "are"
    left = f"{' and '.join(parts)} {verb} not in {copy} and cannot be undone there"
    return [left] if parts else []


def left_behind(cli: CommandContext, copy: str = "the backup") -> list[str]:
    """What belongs to a store and is not in a copy of it: a line for each."""
    return [
        f"the gazetteer {facts.source} is not in {copy}; add {facts.file} again where you need it"
        for facts in gazetteer_folder(cli.store, Settings.read().data_folder).sources()
    ]


def _back_up(store: Store, part: Path) -> None:
    if isinstance(store, GeoPackageStore):
        store.back_up(part)
        return
    with open_store(str(part), create=True) as target:
        copy_store(store, target)


def _echo_name(name: str) -> None:
    typer.echo(name, err=True)
