"""`patchmap attributes …`: figures of areas, from a CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.areas import File
from api.commands.context import CommandContext, read_table
from api.text_tables import listed
from boundaries.layers.areal_interpolation import Carried, carry
from boundaries.layers.attributes import join_attributes
from boundaries.layers.read import NOTE_LENGTH
from geo.errors import InputError
from geo.store.contract import LayerMetadata, StoreReader

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


@dataclass(frozen=True)
class JoinOptions:
    """How a table is joined to a layer: as the options of `attributes add` say."""

    layer: str
    key: str
    names: Mapping[str, str] = field(default_factory=dict)
    best_fit_from: str = ""
    sums: Sequence[str] = ()
    means: Mapping[str, str] = field(default_factory=dict)
    by_surface: bool = False


@dataclass(frozen=True)
class Joined:
    """A layer with the columns of a table, and the codes that only one of the two has."""

    metadata: LayerMetadata
    areas: gpd.GeoDataFrame
    added: list[str]
    unknown: list[str]
    missing: list[str]
    carried: Carried | None


def joined_layer(store: StoreReader, file: Path, how: JoinOptions) -> Joined:
    """Join a table to a layer of the store; nothing is stored.

    Raises
    ------
    InputError
        If the table and the layer do not fit.
    """
    table = read_table(file)
    table.require(*how.names)
    metadata, areas = store.layer(how.best_fit_from or how.layer)
    joined, unknown, missing = join_attributes(areas, table, key=how.key, names=how.names)
    carried = None
    if how.best_fit_from:
        metadata, coarse = store.layer(how.layer)
        carried = carry(joined, coarse, sums=how.sums, means=how.means, by_surface=how.by_surface)
        metadata, joined = _with_carried(metadata, coarse, carried, how.best_fit_from)
    added = [how.names.get(name, name) for name in table.header if name != how.key]
    return Joined(metadata, joined, added, unknown, missing, carried)


def store_attributes(
    cli: CommandContext, file: Path, how: JoinOptions
) -> tuple[list[str], dict[str, object]]:
    """Join a table to a layer of the store; returns lines for people, and the facts in them."""
    own = how.best_fit_from or how.layer
    with cli.open() as store, store.transaction():
        joined = joined_layer(store, file, how)
        areas = len(store.layer(own)[1])
        store.put_layer(joined.metadata, joined.areas)
    added, unknown, missing, carried = joined.added, joined.unknown, joined.missing, joined.carried
    lines = [f"{own}: {', '.join(added)} for {areas - len(missing)} of {areas} areas"]
    if carried:
        lines.append(f"{how.layer}: {carried.note}")
    if carried and carried.straddling:
        lines.append(f"{carried.straddling:,} areas of {own} straddle those of {how.layer}")
    if unknown:
        of = own if carried else "this layer"
        lines.append(f"{len(unknown)} rows match no area of {of}: {listed(unknown)}")
    if missing:
        lines.append(f"{len(missing)} areas have no row: {listed(missing)}")
    facts = {"layer": how.layer, "added": added, "unknown": unknown, "missing": missing}
    fit = {"note": carried.note, "straddling": carried.straddling} if carried else {}
    return lines, facts | fit


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
