"""`patchmap attributes …`: figures of areas, from a CSV."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.commands.areas import File
from api.commands.context import CommandContext
from api.imports.attributes import JoinOptions
from api.imports.attributes import add_attributes as add_to_layer
from geo.errors import InputError

attributes = typer.Typer(
    help="Figures of areas: electors, members, residents, deprivation.", no_args_is_help=True
)


@attributes.command("add")
def add_attributes(
    context: typer.Context,
    file: File,
    layer: Annotated[str, typer.Option(help="Layer to add them to.")],
    key: Annotated[str, typer.Option(help="Column of area codes.")],
    rename: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW: rename a column, such as total=residents.")
    ] = None,
    best_fit_from: Annotated[
        str, typer.Option(help="Layer with smaller areas that the codes belong to.")
    ] = "",
    sums: Annotated[
        list[str] | None, typer.Option("--sum", help="Column of that layer to add up.")
    ] = None,
    means: Annotated[
        list[str] | None, typer.Option("--mean", help="Column of that layer to average.")
    ] = None,
    weight: Annotated[str, typer.Option(help="Column that weights averages.")] = "residents",
    by_surface: Annotated[
        bool,
        typer.Option("--by-surface", help="Estimate by surface, if its areas are not smaller."),
    ] = False,
) -> None:
    """Add columns of a CSV or XLSX to a layer, by area code.

    With --best-fit-from, the file's codes are those of a layer of smaller areas.
    """
    if bool(best_fit_from) != bool(sums or means) or (by_surface and not best_fit_from):
        raise typer.BadParameter("use --best-fit-from LAYER together with --sum or --mean COLUMN")
    how = JoinOptions(
        layer=layer,
        key=key,
        names=dict(_renaming(pair) for pair in rename or []),
        best_fit_from=best_fit_from,
        sums=sums or [],
        means=dict.fromkeys(means or [], weight),
        by_surface=by_surface,
    )
    cli = CommandContext.of(context)
    cli.echo(*store_attributes(cli, file, how))


def store_attributes(
    cli: CommandContext, file: Path, how: JoinOptions
) -> tuple[list[str], dict[str, object]]:
    """Join a table to a layer of the store; returns lines for people, and the facts in them."""
    with cli.open() as store:
        joined = add_to_layer(store, file, how, notify=partial(typer.echo, err=True))
    return joined.lines, joined.facts


def _renaming(pair: str) -> tuple[str, str]:
    old, equals, new = pair.partition("=")
    if not (old and equals and new):
        raise InputError(f"--rename {pair!r}: write it as total=residents")
    return old, new
