"""`patchmap weights …`: add and list harm tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, read_bytes
from geo.errors import InputError
from geo.question.harm import WEIGHTS_SETTING, harm_tables, read_weights

weights = typer.Typer(help="Add and list harm tables.", no_args_is_help=True)


@weights.command("add")
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="TOML file with title, source and [weights].")],
    table_id: Annotated[str, typer.Option("--id", help="Id for --weight, such as cchi.")],
) -> None:
    """Add a harm table: the weight of an incident of each category."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", table_id) or table_id == "count":
        raise InputError(
            f"invalid id {table_id!r}; use lower-case letters, digits and '-', such as cchi"
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
        tables = harm_tables(store.settings())
    lines = [f"{name}: {table.title}; {table.source}" for name, table in tables.items()]
    facts = [{"id": name, **table.as_dict()} for name, table in tables.items()]
    cli.echo(lines or ["no harm tables yet"], facts)
