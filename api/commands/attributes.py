"""`patchmap attributes …`: figures of areas, from a CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.areas import File
from api.commands.context import CommandContext, read_bytes
from api.text_tables import listed
from boundaries.layers.areal_interpolation import Carried, carry
from boundaries.layers.attributes import join_attributes
from boundaries.layers.read import NOTE_LENGTH
from geo.errors import InputError
from geo.formats.csv_table import read_table
from geo.store.contract import LayerMetadata

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
    """Add CSV columns to a layer by area code, or from a layer of smaller areas."""
    if bool(best_fit_from) != bool(sums or means) or (by_surface and not best_fit_from):
        raise typer.BadParameter("use --best-fit-from LAYER together with --sum or --mean COLUMN")
    table = read_table(read_bytes(file), file=file.name)
    names = dict(_renaming(pair) for pair in rename or [])
    table.require(*names)
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        own = best_fit_from or layer
        metadata, areas = store.layer(own)
        joined, unknown, missing = join_attributes(areas, table, key=key, names=names)
        carried = None
        if best_fit_from:
            weights = dict.fromkeys(means or [], weight)
            metadata, coarse = store.layer(layer)
            carried = carry(joined, coarse, sums=sums or [], means=weights, by_surface=by_surface)
            metadata, joined = _with_carried(metadata, coarse, carried, own)
        store.put_layer(metadata, joined)
    added = [names.get(name, name) for name in table.header if name != key]
    lines = [f"{own}: {', '.join(added)} for {len(areas) - len(missing)} of {len(areas)} areas"]
    if carried:
        lines.append(f"{layer}: {carried.note}")
    if carried and carried.straddling:
        lines.append(f"{carried.straddling:,} areas of {own} straddle those of {layer}")
    if unknown:
        of = own if carried else "this layer"
        lines.append(f"{len(unknown)} rows match no area of {of}: {listed(unknown)}")
    if missing:
        lines.append(f"{len(missing)} areas have no row: {listed(missing)}")
    facts = {"layer": layer, "added": added, "unknown": unknown, "missing": missing}
    fit = {"note": carried.note, "straddling": carried.straddling} if carried else {}
    cli.echo(lines, facts | fit)


def _with_carried(
    metadata: LayerMetadata, areas: gpd.GeoDataFrame, carried: Carried, source: str
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """A layer with figures carried from another; its metadata say how."""
    note = "; ".join(filter(None, [metadata.note, f"{carried.note} (from {source})"]))
    columns = {str(name): carried.values[name] for name in carried.values}
    return replace(metadata, note=note[:NOTE_LENGTH]), areas.assign(**columns)


def _renaming(pair: str) -> tuple[str, str]:
    old, equals, new = pair.partition("=")
    if not (old and equals and new):
        raise InputError(f"--rename {pair!r}: write it as total=residents")
    return old, new
