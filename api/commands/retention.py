"""`patchmap retention …` and `patchmap erase`: what is removed for good."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.identity.audit import Action
from api.imports.opening import open_records
from api.imports.removal import (
    ELSEWHERE,
    REFUSED,
    Expiry,
    apply_retention,
    erase,
    expiries,
    left_in_copies,
    set_retention,
)
from api.settings import user_name
from geo.errors import InputError, NotFoundError

retention = typer.Typer(help="Set and apply how long sources are kept.", no_args_is_help=True)


@retention.command("set")
def set_months(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Source, such as police.uk.")],
    months: Annotated[str, typer.Argument(help="Whole months to keep, or none for all.")],
) -> None:
    """Set how many months of a source are kept, besides the present one."""
    cli = CommandContext.of(context)
    if months != "none" and not (months.isascii() and months.isdigit() and len(months) < 6):
        raise InputError(f"{months!r} is no number of months; write 24, say, or none")
    length = "without end" if months == "none" else f"for {months} months"
    with cli.open() as store:
        cli.record(Action.RETENTION, subject=f"{source} is kept {length}")
        set_retention(store, source, None if months == "none" else int(months))
    lines = [f"{source} is kept {length}"]
    if months != "none":
        lines.append("nothing is removed before 'patchmap retention apply'; run it every month")
    cli.echo(lines, {"source": source, "months": None if months == "none" else int(months)})


@retention.command("show")
def show(context: typer.Context) -> None:
    """Show how long each source is kept."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        planned = expiries(store)
    _echo(cli, planned, "older")


@retention.command("apply")
def apply(
    context: typer.Context,
    preview: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed; remove nothing.")
    ] = False,
) -> None:
    """Remove for good what is older than its source is kept."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        planned = expiries(store)
        if not preview:
            for one in planned:
                cli.record(Action.RETENTION, subject=one.line, rows=one.rows)
            planned = apply_retention(store)
            cli.warn(left_in_copies(store) if any(one.rows for one in planned) else ())
    _echo(cli, planned, "would be removed" if preview else "removed", done=not preview)


def erase_incident(
    context: typer.Context,
    source: Annotated[str, typer.Option(help="Source of the incident, such as police.uk.")],
    incident_id: Annotated[str, typer.Option("--id", help="The incident's id.")],
    reason: Annotated[str, typer.Option(help="Why, without anything that names the person.")],
) -> None:
    """Remove one incident for good; no import, undo or restored backup brings it back."""
    cli = CommandContext.of(context)
    with cli.open() as store, open_records(cli.store) as records:
        subject = f"an incident of {source}"
        cli.record(Action.ERASURE, subject=subject, reason=reason)
        try:
            erasure, rows = erase(
                store, records, source, incident_id, by=user_name(), reason=reason
            )
        except (InputError, NotFoundError):
            cli.record(Action.ERASURE, subject=f"{subject}: {REFUSED}", rows=0, reason=reason)
            raise
        cli.warn(left_in_copies(store))
    lines = [
        f"{rows} {'row' if rows == 1 else 'rows'} removed, now and among what imports replaced"
        if rows
        else f"erased on {erasure.erased_at[:10]} already; the files were written anew",
        ELSEWHERE,
    ]
    facts = {"source": source, "rows": rows, "erased_at": erasure.erased_at}
    cli.echo(lines, {**facts, "copies": ELSEWHERE})


def _echo(cli: CommandContext, planned: list[Expiry], what: str, *, done: bool = False) -> None:
    lines = [f"{one.line}; {one.rows:,} rows {what}" for one in planned]
    if not planned:
        lines = ["every source is kept without end; see 'patchmap retention set'"]
    if done and any(one.rows for one in planned):
        lines.append(ELSEWHERE)
    cli.echo(lines, [asdict(one) for one in planned])
