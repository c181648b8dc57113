"""`patchmap gazetteer …` and `patchmap find`: names and postcodes to find places by."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, with_progress
from api.commands.questions import with_question
from api.imports.names import names_lines
from api.settings import Settings
from boundaries.gazetteer.folder import GazetteerFolder, OpenGazetteer, gazetteer_folder
from boundaries.gazetteer.search import MOST
from geo.question.ask import Question

gazetteer = typer.Typer(help="Add names and postcodes to find places by.", no_args_is_help=True)


@gazetteer.command("add")
def add(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="OS Open Names, Code-Point Open or the ONS Postcode Directory as downloaded, or "
            "any layer with names."
        ),
    ],
    source_id: Annotated[
        str, typer.Option("--id", help="Id of the source (default: by what it is).")
    ] = "",
    layer: Annotated[str, typer.Option(help="Layer of a file that has several.")] = "",
    name_field: Annotated[
        str, typer.Option("--name-field", help="Field with the names of a layer.")
    ] = "",
) -> None:
    """Add names or postcodes; a source that is added again is replaced whole."""
    from boundaries.gazetteer.read import recognise  # noqa: PLC0415 - readers take a moment

    cli = CommandContext.of(context)
    with cli.open(create=True) as store:
        projection = store.projection
    source = recognise(
        file,
        projection=projection,
        source_id=source_id,
        layer=layer,
        name_field=name_field,
        notify=partial(typer.echo, err=True),
    )
    cli.record_command()
    facts = folder_of(cli).add(
        source,
        crs=projection.crs,
        progress=partial(
            with_progress,
            what=f"Reading {file.name}",
            total=source.parts if source.parts > 1 else None,
        ),
    )
    cli.echo(names_lines(facts), asdict(facts))


@gazetteer.command("list")
def list_sources(context: typer.Context) -> None:
    """List the sources with their names and postcodes."""
    cli = CommandContext.of(context)
    sources = folder_of(cli).sources()
    lines = [
        f"{facts.source}: {facts.title}, {facts.names:,} names, {facts.postcodes:,} postcodes, "
        f"from {facts.file}, added {facts.added}"
        for facts in sources
    ]
    cli.echo(lines or ["no gazetteer yet"], [asdict(facts) for facts in sources])


@gazetteer.command("remove")
def remove(
    context: typer.Context,
    source_id: Annotated[str, typer.Argument(help="Id of the source, from 'gazetteer list'.")],
) -> None:
    """Remove a source; its file can be added again."""
    cli = CommandContext.of(context)
    folder = folder_of(cli)
    if source_id in {facts.source for facts in folder.sources()}:
        cli.record_command()
    facts = folder.remove(source_id)
    line = f"{source_id}: removed, {facts.names:,} names and {facts.postcodes:,} postcodes"
    cli.echo([line], asdict(facts))


@with_question
def find(
    context: typer.Context,
    text: Annotated[
        str,
        typer.Argument(
            help="An area, street, place, postcode, grid reference such as SK 351 362, or "
            "coordinates."
        ),
    ],
    question: Question,
    *,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Most results.")] = MOST,
) -> None:
    """Find a place by name, postcode, grid reference or coordinates."""
    from api.answers import Answers  # noqa: PLC0415 - what pages use takes a moment to load
    from api.find import finding  # noqa: PLC0415 - likewise
    from api.find.payload import feature_collection, result_line  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    with cli.open() as store:
        names = OpenGazetteer(folder_of(cli))
        answer = finding.find(Answers(store), names, text, question, most=limit)
    lines = [*map(result_line, answer.results), *answer.notes]
    cli.echo(lines, feature_collection(answer))


def folder_of(cli: CommandContext) -> GazetteerFolder:
    """The gazetteer of the store that --store names."""
    return gazetteer_folder(cli.store, Settings.read().data_folder)
