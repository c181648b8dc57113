"""`patchmap release …`: make, check, approve and withdraw releases for the public."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.identity.audit import Action
from api.imports.opening import open_records
from api.releases.text import (
    accuracy_lines,
    check_facts,
    check_lines,
    error_text,
    release_facts,
    release_line,
    rounding_text,
)
from api.settings import user_name
from geo.coverage import span_words
from geo.releases.defining import ReleaseTexts, define
from geo.releases.model import Release
from geo.releases.records import ReleaseRecords
from geo.releases.written import digest
from geo.store.contract import Store

release = typer.Typer(help="Make, check and approve releases for the public.", no_args_is_help=True)

ReleaseId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the release, such as asb-2025.")
]


@release.command("make")
def make(
    context: typer.Context,
    release_id: ReleaseId,
    first: Annotated[str, typer.Option("--from", help="First month, such as 2024-01.")],
    last: Annotated[str, typer.Option("--to", help="Last month.")],
    layer: Annotated[
        list[str] | None,
        typer.Option(help="Layer of areas; repeat it for several (default: the default layer)."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            help="Category group as Name=category,category; repeat it for several (default: all "
            "incidents as one)."
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="Source of incidents; repeat it for several (default: all that are not open)."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title for the public (default: the id).")] = "",
    licence: Annotated[
        str, typer.Option(help="Licence (default: Open Government Licence v3.0).")
    ] = "",
) -> None:
    """Make the tables of a release, rounded so that no small count can be recovered.

    It is a draft until a second person approves it.
    """
    cli = CommandContext.of(context)
    with _opened(cli) as (store, releases):
        texts = ReleaseTexts(
            release_id,
            first,
            last,
            title=title,
            layers=layer or (),
            groups=group or (),
            sources=source or (),
            licence=licence,
        )
        definition = define(texts, store)
        cli.record(Action.RELEASE, subject=f"{release_id} made")
        made = releases.make(definition, store, by=user_name())
    cli.echo(_lines(made), release_facts(made))


@release.command("list")
def list_releases(context: typer.Context) -> None:
    """List all releases with their states."""
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        every = releases.all()
    lines = [release_line(one) for one in every]
    cli.echo(lines or ["no releases yet"], [release_facts(one) for one in every])


@release.command("show")
def show(context: typer.Context, release_id: ReleaseId) -> None:
    """Show what a release covers, and how far its numbers are off."""
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        one = releases.get(release_id)
    cli.echo(_lines(one), release_facts(one))


@release.command("check")
def check(context: typer.Context, release_id: ReleaseId) -> None:
    """Check a release, with all earlier ones, for small counts that can be recovered.

    Ends with 1 if it cannot be approved.
    """
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        one, result = releases.get(release_id), releases.check(release_id)
    cli.echo(check_lines(one, result), check_facts(result))
    if not result.passed:
        raise typer.Exit(1)


@release.command("approve")
def approve(
    context: typer.Context,
    release_id: ReleaseId,
    reviewed: Annotated[
        str | None,
        typer.Option(
            "--digest",
            metavar="DIGEST",
            help="Digest that `release show` gave; refused if the draft was made again since.",
        ),
    ] = None,
) -> None:
    """Approve a release, which publishes it; never the person who made it."""
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        cli.record(Action.RELEASE, subject=f"{release_id} approved")
        one = releases.approve(release_id, by=user_name(), digest_reviewed=reviewed)
    cli.echo([f"published {release_line(one)}", f"address: /open/{release_id}"], release_facts(one))


@release.command("discard")
def discard(context: typer.Context, release_id: ReleaseId) -> None:
    """Remove a draft; what was approved is withdrawn instead."""
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        if releases.get(release_id).state == "draft":
            cli.record(Action.RELEASE, subject=f"{release_id} discarded")
        releases.discard(release_id)
    cli.echo([f"{release_id}: draft discarded"], {"id": release_id, "discarded": True})


@release.command("withdraw")
def withdraw(
    context: typer.Context,
    release_id: ReleaseId,
    reason: Annotated[str, typer.Option(help="Why; the public reads it.")],
) -> None:
    """Withdraw a published release: no address serves it any more."""
    cli = CommandContext.of(context)
    with _opened(cli) as (_, releases):
        cli.record(Action.RELEASE, subject=f"{release_id} withdrawn", reason=reason)
        one = releases.withdraw(release_id, by=user_name(), reason=reason)
    cli.echo([f"withdrawn {release_line(one)}"], release_facts(one))


@contextmanager
def _opened(cli: CommandContext) -> Iterator[tuple[Store, ReleaseRecords]]:
    with cli.open() as store, open_records(cli.store) as records:
        yield store, ReleaseRecords(records)


def _lines(one: Release) -> list[str]:
    groups = "; ".join(one.definition.groups)
    missing = span_words(one.months_missing)
    return [
        release_line(one),
        f"incidents of {', '.join(one.definition.sources)}: {groups}",
        *(
            [f"not published by all sources, or no longer kept, so unknown: {missing}"]
            if missing
            else []
        ),
        *([f"agrees with {', '.join(one.linked)}"] if one.linked else []),
        f"digest: {digest(one)}",
        rounding_text(one),
        error_text(one),
        *accuracy_lines(one),
        *(f"{finding.severity}: {finding.text}" for finding in one.findings),
    ]
