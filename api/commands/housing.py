"""`patchmap electorates sites …`: housing sites, which add to the forecasts of blocks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, is_table, read_table, read_vector
from api.formats.encoding import records
from api.imports.housing import import_sites, sites_layer
from api.text_tables import listed, text_table
from boundaries.layers.electorates import electorate_title, electorates
from boundaries.layers.housing import (
    MOST_EACH,
    electors_from_sites,
    read_housing_features,
    read_housing_table,
)
from geo.crs import Projection

sites = typer.Typer(
    help="Housing sites, which add to the forecasts of blocks.", no_args_is_help=True
)

Layer = Annotated[str, typer.Option("--layer", help="Layer of blocks with forecasts.")]


@sites.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or XLSX with coordinates, or a file of points or polygons.",
            show_default=False,
        ),
    ],
    layer: Layer,
    forecast_year: Annotated[
        int | None,
        typer.Option("--forecast-year", min=1900, max=2099, help="Year of electors_forecast."),
    ] = None,
    each: Annotated[
        float | None,
        typer.Option(
            "--electors-per-dwelling",
            min=0,
            max=MOST_EACH,
            help="For sites that do not say (none).",
        ),
    ] = None,
    inside: Annotated[
        str, typer.Option("--inside", help="Layer to read, if the file holds several.")
    ] = "",
) -> None:
    """Import housing sites, in place of those before, and add them to forecasts.

    Each site has dwellings by year (columns 2027 or 'dwellings 2027') and 'electors per dwelling'.
    A forecast counts the dwellings of all years up to its own. A polygon across several blocks is
    shared by surface. A site of which a number is unknown adds nothing, and is named.
    """
    cli = CommandContext.of(context)
    read = partial(_read, file, inside=inside, each=each)
    with cli.open() as store:
        imported = import_sites(store, file, read, layer=layer, forecast_year=forecast_year)
    table = imported.added.sites
    sites = f"{len(table):,} housing site{'' if len(table) == 1 else 's'}"
    lines = [
        f"{imported.layer_id}: {sites} from {file}",
        *_lines(table),
        *_sum_lines(electors_from_sites(imported.added.areas), layer),
    ]
    cli.echo(lines, _facts(table, electors_from_sites(imported.added.areas)))


@sites.command("list")
def list_(context: typer.Context, layer: Layer) -> None:
    """List the housing sites of a layer of blocks, and what they add to its forecasts."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        areas = store.layer(layer)[1]
        metadata, features = store.features(sites_layer(layer))
    name = "area_name" if metadata.kind == "areas" else "name"
    table = pd.DataFrame(features.drop(columns="geometry")).rename(columns={name: "area_name"})
    columns = ["area_name", "blocks", "dwellings", "outside", *electorates(table.columns)]
    added = electors_from_sites(areas)
    cli.echo([*_lines(table[columns]), *_sum_lines(added, layer)], _facts(table[columns], added))


def _read(
    file: Path, projection: Projection, *, inside: str, each: float | None
) -> gpd.GeoDataFrame:
    if is_table(file):
        return read_housing_table(read_table(file), projection=projection, each=each)
    content = read_vector(file, layer=inside)
    return read_housing_features(content, file=file.name, projection=projection, each=each)


def _lines(table: pd.DataFrame) -> list[str]:
    forecasts = list(electorates(table.columns))
    unknown = table[table[forecasts].isna().any(axis=1)]
    beyond = table[table["outside"] > 0]
    columns = {
        "site": table["area_name"],
        "blocks": table["blocks"],
        " dwellings": table["dwellings"],
        **{f" electors, {electorate_title(name)}": table[name] for name in forecasts},
    }
    lines = text_table(pd.DataFrame(columns))
    if len(unknown):
        names = listed(list(map(str, unknown["area_name"])))
        lines.append(f"unknown dwellings or electors a dwelling, so nothing is added: {names}")
    if len(beyond):
        names = listed(list(map(str, beyond["area_name"])))
        lines.append(f"wholly or partly outside all blocks, where nothing is added: {names}")
    return lines


def _sum_lines(added: dict[str, int], layer: str) -> list[str]:
    return [
        f"{electors:,} electors of housing sites in {electorate_title(name)} of {layer}"
        for name, electors in added.items()
    ]


def _facts(table: pd.DataFrame, added: dict[str, int]) -> dict[str, object]:
    return {"sites": records(table.rename_axis("code").reset_index()), "added": added}
