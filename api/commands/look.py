"""The command `patchmap look`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.settings import Settings


def look(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file of any kind, or a folder of downloads.")],
    layer: Annotated[
        str, typer.Option(help="Layer to describe (default: the one with most features).")
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(help="Mapping file to check the rows with (default: one beside the file)."),
    ] = None,
) -> None:
    """Show what a file is, what would be rejected, and which command takes it.

    Nothing is imported or changed, and no store is needed.
    """
    from api.look.look import look_at  # noqa: PLC0415 - it brings every reader
    from api.look.options import Options  # noqa: PLC0415 - likewise
    from api.look.report import report  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    # The store that commands take by themselves need not be named.
    store = "" if cli.store == Settings.read().store else cli.store_in_commands
    facts = look_at(file, Options(layer=layer, mapping=mapping, store=store))
    cli.echo(report(facts), asdict(facts))
