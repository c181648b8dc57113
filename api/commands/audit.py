"""`patchmap audit …`: who did what with personal data."""

from __future__ import annotations

import io
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Final

import pandas as pd
import typer

from api.commands.context import CommandContext
from api.identity.audit import Action
from api.identity.entries import EntryChoice
from api.imports.opening import open_audit
from api.settings import Settings, user_name
from geo.errors import ConflictError, InputError, StoreError
from geo.formats.csv_text import CsvRows
from geo.incidents import LONDON
from geo.output import Output, destination, write_text
from geo.question.kinds import one_of
from geo.store.audit_archive import read_archive, write_archive
from geo.store.audit_chain import FIELDS, AuditEntry

audit = typer.Typer(help="Show, check and export the audit.", no_args_is_help=True)

SHOWN: Final = 100
"""Entries that are shown unless another number is asked for."""

FromOption = Annotated[str, typer.Option("--from", help="First day, as YYYY-MM-DD.")]
ToOption = Annotated[str, typer.Option("--to", help="Last day, as YYYY-MM-DD.")]
WhoOption = Annotated[str, typer.Option(help="Only what this user did.")]
ActionOption = Annotated[str, typer.Option(help=f"One of: {', '.join(Action)}.")]


@audit.command("show")
def show(
    context: typer.Context,
    first: FromOption = "",
    last: ToOption = "",
    who: WhoOption = "",
    action: ActionOption = "",
    most: Annotated[int, typer.Option("--most", min=1, help="Entries to show.")] = SHOWN,
) -> None:
    """Show the last entries of the audit."""
    cli = CommandContext.of(context)
    with cli.open(), open_audit(cli.store, Settings.read()) as trail:
        chosen = EntryChoice(first, last, who, action).entries(trail.log, newest_first=True)
        entries = [*islice(chosen, most)][::-1]
    lines = [entry_line(entry) for entry in entries]
    cli.echo(lines or ["no entries"], [entry_facts(entry) for entry in entries])


@audit.command("verify")
def verify(
    context: typer.Context,
    archives: Annotated[
        list[Path] | None,
        typer.Option(
            "--archive", help="Archive to check too; repeat it for several, the oldest first."
        ),
    ] = None,
) -> None:
    """Check that no entry was changed, moved or removed."""
    cli = CommandContext.of(context)
    settings = Settings.read()
    with cli.open(), open_audit(cli.store, settings) as trail:
        archived = chain.from_iterable(map(read_archive, archives or ()))
        faults, n, first = trail.log.faults(archived), trail.log.count(), trail.log.first()
    if faults:
        for fault in faults:
            typer.echo(fault, err=True)
        raise StoreError(f"the audit is not whole: {faults[0]}")
    lines = [f"{n:,} entries, none changed, moved or removed"]
    if first > 1:
        checked = "checked too" if archives else "check them with --archive"
        lines.append(f"entries 1 to {first - 1:,} are in archives: {checked}")
    if settings.audit_head is None:
        lines.append(
            "entries that are missing at the end do not show: no head is kept outside; set "
            "PATCHMAP_AUDIT_HEAD"
        )
    cli.echo(lines, {"entries": n, "first": first, "head_outside": settings.audit_head is not None})


@audit.command("export")
def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("-o", "--output", help="CSV file to write.")],
    first: FromOption = "",
    last: ToOption = "",
    who: WhoOption = "",
    action: ActionOption = "",
) -> None:
    """Write the entries of the audit to a CSV file that only you can read."""
    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open(), open_audit(cli.store, Settings.read()) as trail:
        chosen = EntryChoice(first, last, who, action).entries(trail.log)
        rows = [row_of(entry) for entry in chosen]

    stream = io.StringIO(newline="")
    csv_rows = CsvRows(stream)
    csv_rows.add(["sequence", "at", "action", *FIELDS])
    for row in rows:
        csv_rows.add(row)
    write_text(output, stream.getvalue(), private=True)
    cli.echo([f"{output}: {len(rows):,} entries"], {"output": str(output), "entries": len(rows)})


@audit.command("archive")
def archive(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="New file to write, such as audit-2025.jsonl.")],
    months: Annotated[
        int, typer.Option(min=1, max=1_200, help="Whole months to keep before the present one.")
    ],
) -> None:
    """Move old entries to a file; what is left can still be checked."""
    cli = CommandContext.of(context)
    cli.check_output(file)
    target = destination(file)
    if target.is_stream or target.file.exists():
        raise ConflictError(f"{file} is there already; choose a new file")
    begins = pd.Timestamp.now(LONDON).tz_localize(None).to_period("M") - months
    moment = pd.Timestamp(f"{begins}-01", tz=LONDON).tz_convert("UTC")
    with cli.open(), open_audit(cli.store, Settings.read()) as trail:
        before = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if next(trail.log.stored_before(before), None) is None:
            cli.echo([f"no entry is from before {begins}; nothing was archived"], {"entries": 0})
            return
        output = Output(file, private=True)
        with output as part:
            written = write_archive(part, trail.log.stored_before(before))
            output.complete()
            who = {"who": user_name(), "way": "local"}
            trail.log.archive(written, who, file=file.name, publish=output.publish)
        trail.log.compact()
    lines = [
        f"{file}: {written.number:,} entries from before {begins}",
        "the audit has them no more; keep the file where only auditors can read it",
    ]
    cli.echo(lines, {"entries": written.number, "output": str(file), "sha256": written.hex()})


@audit.command("redact")
def redact(
    context: typer.Context,
    sequence: Annotated[int, typer.Argument(help="Number of the entry, from 'audit show'.")],
    name: Annotated[str, typer.Argument(help=f"Field: {', '.join(FIELDS)}.")],
    reason: Annotated[str, typer.Option(help="Why, without what is redacted.")],
) -> None:
    """Remove the content of a field of an entry for good; the audit stays whole."""
    cli = CommandContext.of(context)
    if name not in FIELDS:
        raise InputError(f"unknown field {name!r}; choose {one_of(FIELDS)}")
    if not reason.strip():
        raise InputError("--reason is empty; say why the field is redacted")
    with cli.open(), open_audit(cli.store, Settings.read()) as trail:
        trail.log.redact(sequence, name, {"who": user_name(), "way": "local", "reason": reason})
        trail.log.compact()
    cli.echo([f"entry {sequence}: its {name} was redacted"], {"sequence": sequence, "field": name})


def entry_line(entry: AuditEntry) -> str:
    """Return an entry as one line."""
    parts = [entry.text(name) for name in ("subject", "question", "reason")]
    if rows := entry.text("rows"):
        parts.insert(1, f"{rows} rows")
    what = ", ".join(filter(None, parts))
    who = entry.text("who") or entry.text("way")
    return f"{entry.sequence:>6}  {entry.at}  {who}  {entry.action}: {what}"


def entry_facts(entry: AuditEntry) -> dict[str, object]:
    """Return an entry as JSON members; a redacted field is null."""
    facts = {"sequence": entry.sequence, "at": entry.at, "action": entry.action}
    return facts | dict(entry.fields)


def row_of(entry: AuditEntry) -> list[object]:
    """Return an entry as the row of a table."""
    return [entry.sequence, entry.at, entry.action, *(entry.text(name) for name in FIELDS)]
