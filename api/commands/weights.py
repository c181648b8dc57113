"""`patchmap weights …`: harm tables, by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, read_bytes
from geo.errors import InputError
from geo.question.harm import WEIGHTS_SETTING, read_weights

weights = typer.Typer(help="Harm tables: add, list.", no_args_is_help=True)

_START = WEIGHTS_SETTING.format("")


@weights.command("add")
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="TOML: title, source and [weights].")],
    table_id: Annotated[str, typer.Option("--id", help="What Questions call it.")],
) -> None:
    """Add a harm table: what an incident of each category weighs, and where that is from."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", table_id) or table_id == "count":
        raise InputError(
            f"{table_id!r} cannot be a table's id: use small letters, digits and '-', such as cchi"
        )
    table = read_weights(read_bytes(file), file=file.name)
    cli = CommandContext.of(context)
    with cli.open(create=True) as store, store.transaction():
        store.put_setting(WEIGHTS_SETTING.format(table_id), table.as_dict())
    line = f"{table_id}: {table.title}, {len(table.weights)} categories; {table.source}"
    cli.echo([line], {"id": table_id, **table.as_dict()})


@weights.command("list")
def list_tables(context: typer.Context) -> None:
    """List the harm tables with their sources."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        kept = {
            key.removeprefix(_START): value
            for key, value in store.settings().items()
            if key.startswith(_START) and isinstance(value, dict)
        }
    lines = [f"{name}: {table['title']}; {table['source']}" for name, table in kept.items()]
    cli.echo(
        lines or ["no harm tables yet"], [{"id": name, **table} for name, table in kept.items()]
    )
