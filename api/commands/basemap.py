"""`patchmap basemap add|list|remove`: what is drawn under the maps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.commands.context import CommandContext, with_progress
from api.imports.basemaps import BasemapOptions, add_basemap, size_text
from boundaries.layers.basemap_features import THEMES, Theme
from geo.question.kinds import one_of
from geo.tiles.tile_file import StoredTile

basemap = typer.Typer(
    help="Add, list and remove what is drawn under the maps.", no_args_is_help=True
)


@basemap.command("add")
def add(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Tiles (.mbtiles, .pmtiles), or features in any format.")
    ],
    basemap_id: Annotated[
        str, typer.Option("--id", help="Id; the same id replaces it (default: from the file).")
    ] = "",
    title: Annotated[str, typer.Option(help="Title (default: from the file).")] = "",
    attribution: Annotated[
        str, typer.Option(help="Credit to show on maps (default: from the file).")
    ] = "",
    layer: Annotated[str, typer.Option(help="Layer of a file of features with several.")] = "",
    theme: Annotated[
        str,
        typer.Option("--as", help=f"What features are drawn as: {one_of(THEMES)} (default: roads "
                     "for lines with classes of roads, places for points, else outlines)."),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Keep all tiles, not only those of the store's area.")
    ] = False,
) -> None:  # fmt: skip
    """Add a basemap to the store: every map then shows it, also without a network."""
    cli = CommandContext.of(context)
    options = BasemapOptions(
        basemap_id=basemap_id,
        title=title,
        attribution=attribution,
        inside=layer,
        theme=_theme(theme),
        extent="all" if everything else "store",
    )

    def watch(tiles: Iterable[StoredTile]) -> Iterable[StoredTile]:
        return with_progress(tiles, "Storing tiles")

    with cli.open() as store:
        stored = add_basemap(
            store, file, options, watch=watch, notify=partial(typer.echo, err=True)
        )
    cli.echo(stored.lines, stored.facts)


@basemap.command("list")
def list_basemaps(context: typer.Context) -> None:
    """List the basemaps of the store, in the order in which they are drawn."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        records = store.basemaps()
    lines = [
        f"{record['basemap_id']}: {record['title']}, {record['kind']} tiles of zoom "
        f"{record['first']} to {record['last']}, {size_text(record)}; "
        f"{record['attribution'] or 'no credit'}"
        for record in records
    ]
    cli.echo(lines or ["no basemaps yet; 'patchmap basemap add FILE' adds one"], records)


@basemap.command("remove")
def remove(
    context: typer.Context,
    basemap_id: Annotated[str, typer.Argument(help="Id, from 'basemap list'.")],
) -> None:
    """Remove a basemap from the store."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        store.remove_basemap(basemap_id)
    cli.echo([f"{basemap_id}: removed"], {"basemap_id": basemap_id, "removed": True})


def _theme(text: str) -> Theme | None:
    for theme in THEMES:
        if theme == text:
            return theme
    if text:
        raise typer.BadParameter(f"unknown value {text!r}; choose {one_of(THEMES)}")
    return None
