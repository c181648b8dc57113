"""The commands `patchmap fetch …` and `patchmap mapping suggest`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.formats.points import as_spreadsheets
from api.settings import Settings
from geo.errors import InputError
from geo.incidents import month_span, months_between
from geo.temporary import TemporaryFolder

fetch = typer.Typer(help="Download published incidents and boundaries.", no_args_is_help=True)
mapping = typer.Typer(help="Propose how to read a spreadsheet.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option(help="The folder to save to (default: this one).")]


@fetch.command("police.uk")
def fetch_police(
    context: typer.Context,
    force: Annotated[str, typer.Option(help="The police force, for example derbyshire.")],
    first: Annotated[str, typer.Option("--from", help="First month, for example 2024-01.")],
    last: Annotated[str, typer.Option("--to", help="Last month, for example 2024-06.")],
    folder: Folder = Path(),
) -> None:
    """Download a force's street-level files, ready for 'patchmap ingest'."""
    from api.fetch.fetch import fetch_police_uk  # noqa: PLC0415 - few commands need the network

    for month in (first, last):
        month_span(month)
    if last < first:
        raise InputError(f"--to {last} is before --from {first}; swap them")
    months = months_between(first, last)
    with download_progress("data.police.uk") as progress:
        files = fetch_police_uk(
            force, months, folder, address=Settings.read().police_uk, progress=progress
        )
    CommandContext.of(context).echo([str(file) for file in files], [str(file) for file in files])


@fetch.command("layer")
def fetch_boundaries(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="The layer, for example wards-2025.")],
    authority: Annotated[str, typer.Option(help="GSS code of the council, such as E06000015.")],
    folder: Folder = Path(),
) -> None:
    """Download the ward boundaries of a council, ready for 'patchmap layers add'."""
    from api.fetch.fetch import fetch_layer  # noqa: PLC0415 - few commands need the network

    with download_progress("Open Geography portal") as progress:
        file = fetch_layer(layer, authority, folder, address=Settings.read().ons, progress=progress)
    CommandContext.of(context).echo([str(file)], {"file": str(file)})


@mapping.command("suggest")
def suggest(
    file: Annotated[Path, typer.Argument(help="A CSV, XLSX or point file.")],
    inside: Annotated[
        str, typer.Option("--layer", help="Layer of a file of points that has several.")
    ] = "",
) -> None:
    """Propose a mapping file from the columns of a spreadsheet; check it before use."""
    from geo.sources.suggest import suggest_mapping  # noqa: PLC0415 - workbooks load slowly

    if not file.exists():
        raise InputError(f"there is no file {file}")
    with TemporaryFolder() as folder:
        (table,) = as_spreadsheets(
            [file], Path(folder), layer=inside, notify=partial(typer.echo, err=True)
        )
        typer.echo(suggest_mapping(table.path), nl=False)


@contextmanager
def download_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal; gives what is called with how much is done, and of how much."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is seen
    from rich.progress import Progress as Bar  # noqa: PLC0415 - likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
