"""`patchmap patrols` plans visits; `patrols delivered` compares them with what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, is_table, read_table, read_vector
from api.commands.questions import ANALYSIS, Output, run_analysis, with_question
from api.identity.audit import Action
from api.imports.tables import sha256_of, table_facts
from api.settings import user_name
from boundaries.layers.lines import read_lines
from boundaries.layers.sites import read_site_features, read_site_table
from geo.allocation.patrols.delivered import compare_delivered, planned_totals, visits_from_fixes
from geo.crs import LONLAT, Projection
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.csv_text import to_csv
from geo.formats.geojson import LINES
from geo.incidents import LONDON
from geo.measures.patrol_entries import patrol_entries
from geo.output import write_text
from geo.question.ask import default_layer
from geo.question.model import Question
from geo.question.values import read_pairs
from geo.store.measure_contract import TableFile, TableImport

if TYPE_CHECKING:
    from geo.allocation.patrols.street_network import StreetNetwork

patrols = typer.Typer(invoke_without_command=True)

_VISITS = ("officer", "hotspot_id", "arrived", "left")
_FIXES = ("officer", "time")
_TRAVEL = ("from", "to", "minutes")
_PLANNED = ("shift", "hotspot_id", "after_minutes", "minutes", "x", "y")


@patrols.callback()
@partial(with_question, options=ANALYSIS["patrols"].options)
def plan(
    context: typer.Context,
    question: Question,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    travel: Annotated[
        Path | None,
        typer.Option(
            help="CSV or XLSX of travel times (from, to, minutes) between the places of 'rank', in "
            "both directions, with 'base' as the start of rounds; or a file of street lines "
            "(.geojson, .gpkg, .shp, .zip, .kml). Default: straight lines.",
            show_default=False,
        ),
    ] = None,
    travel_layer: Annotated[
        str, typer.Option(help="Layer of the file of street lines, if it has several.")
    ] = "",
    bases_layer: Annotated[
        str, typer.Option(help="Layer of the file of candidate bases, if it has several.")
    ] = "",
) -> None:
    """Plan patrols: who visits which place, in which order and when."""
    if context.invoked_subcommand:
        return
    if output is None:
        raise typer.BadParameter("name the file to write with -o FILE", param_hint="-o")
    analysis = ANALYSIS["patrols"]
    if travel:
        cli = CommandContext.of(context)
        cli.check_output(output, travel)
        times = _travel(cli, travel, travel_layer)
        analysis = replace(analysis, function=partial(analysis.compute, travel=times))
    read_file = partial(_read_sites, inside=bases_layer)
    run_analysis(context, analysis, question, output, read_file=read_file)


@patrols.command()
def delivered(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or XLSX of visits (officer, hotspot_id, arrived, left) or of positions "
            "(officer, time, longitude and latitude, or x and y)."
        ),
    ],
    planned: Annotated[Path, typer.Option("--plan", help="CSV written by 'patrols'.")],
    output: Output,
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days planned.")] = 1,
    radius: Annotated[float, typer.Option(help="Metres from a place that count as there.")] = 150.0,
    columns: Annotated[
        str, typer.Option(help="Columns to write: NAME, or NAME=TITLE to rename.")
    ] = "",
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Also add officers' minutes by area and day to the entries."),
    ] = False,
    layer: Annotated[
        str, typer.Option(help="Layer of these areas (default: the store's default layer).")
    ] = "",
) -> None:
    """Compare planned and delivered patrol time by place."""
    cli = CommandContext.of(context)
    cli.check_output(output, file, planned)
    table, stops = read_table(file), _plan(planned)
    if set(_VISITS) <= set(table.header):
        visits = _visits(table)
    else:
        visits = visits_from_fixes(_fixes(table), stops, radius_m=radius)
    places = compare_delivered(planned_totals(stops, days=days), visits)
    selected = _selected_columns(places, columns)
    stored = _store_entries(cli, file, visits, stops, layer) if keep else None
    write_text(output, to_csv(selected))
    _echo_totals(cli, output, places, stored)


def _plan(path: Path) -> pd.DataFrame:
    return _numbered(path, _PLANNED, numbers=("after_minutes", "minutes", "x", "y"))


def _travel(cli: CommandContext, path: Path, layer: str) -> pd.DataFrame | StreetNetwork:
    """Travel times of a CSV, or the street network of any other file."""
    if is_table(path):
        return _numbered(path, _TRAVEL, numbers=("minutes",))
    from geo.allocation.patrols.street_network import StreetNetwork  # noqa: PLC0415 - it brings SciPy

    with cli.open() as store:
        streets = read_lines(
            read_vector(path, layer=layer),
            file=path.name,
            projection=store.projection,
            kinds=LINES,
        )
    return StreetNetwork.of(streets.geometry.to_numpy())


def _read_sites(name: str, projection: Projection, *, inside: str = "") -> gpd.GeoDataFrame | None:
    """Candidate bases from a file of points or areas; None where there is no such file.

    The id of a layer has no dot, so a file never hides a layer.
    """
    path = Path(name)
    if not path.suffix or not path.exists():
        return None
    if is_table(path):
        return read_site_table(read_table(path), projection=projection)
    content = read_vector(path, layer=inside)
    return read_site_features(content, file=path.name, projection=projection)


def _numbered(path: Path, columns: Sequence[str], *, numbers: Sequence[str]) -> pd.DataFrame:
    """Columns of a table; those in `numbers` must hold a number in every row."""
    table = read_table(path)
    table.require(*columns)
    frame = table.frame()[list(columns)]
    for name in numbers:
        frame[name] = table.numbers(name)
        missing = frame[name].isna().to_numpy()
        if missing.any():
            line = table.lines[missing.argmax()]
            raise InputError(f"{path.name}, line {line}: {name} is not a number")
    return frame


def _visits(table: Table) -> pd.DataFrame:
    visits = table.frame()[list(_VISITS)]
    for name in ("arrived", "left"):
        visits[name] = _times(table, name)
    return visits


def _fixes(table: Table) -> pd.DataFrame:
    lonlat = {"longitude", "latitude"} <= set(table.header)
    names = ("longitude", "latitude") if lonlat else ("x", "y")
    table.require(*_FIXES, *names)
    first, second = (table.numbers(name) for name in names)
    if lonlat:
        first, second = Projection.choose().to_metres(first, second, source=LONLAT)
    fixes = pd.DataFrame({"officer": table.text("officer"), "x": first, "y": second})
    bad = fixes[["x", "y"]].isna().any(axis=1).to_numpy()
    if bad.any():
        raise InputError(
            f"{table.file}, line {table.lines[bad.argmax()]}: missing or invalid position"
        )
    return fixes.assign(time=_times(table, "time"))


def _times(table: Table, name: str) -> pd.Series:
    """ISO 8601 times; those without a time zone are taken as London's."""
    times = pd.to_datetime(table.text(name), errors="coerce", format="ISO8601", utc=False)
    if times.isna().any():
        at = times.isna().to_numpy().argmax()
        raise InputError(
            f"{table.file}, line {table.lines[at]}: {name} {table.text(name).iloc[at]!r} is not a "
            "time; write it as 2024-03-01T14:05"
        )
    if times.dt.tz is None:
        return times.dt.tz_localize(LONDON, ambiguous=False, nonexistent="shift_forward")
    return times.dt.tz_convert(LONDON)


def _selected_columns(frame: pd.DataFrame, columns: str) -> pd.DataFrame:
    if not columns:
        return frame
    titles: dict[str, str] = {}
    for part in columns.split(","):
        pair = part if "=" in part else f"{part}={part}"
        titles |= read_pairs(pair)
    unknown = sorted(set(titles) - set(frame.columns))
    if unknown:
        raise InputError(
            f"--columns: unknown column {unknown[0]!r}; choose from {', '.join(frame.columns)}"
        )
    return frame[list(titles)].rename(columns=titles)


def _store_entries(
    cli: CommandContext, file: Path, visits: pd.DataFrame, stops: pd.DataFrame, layer: str
) -> TableImport:
    """Add what was delivered to the entries of time; the same file again changes nothing."""
    sha256 = sha256_of(file)
    with cli.open() as store, store.transaction():
        layer_id = layer or default_layer(store)
        metadata, areas = store.layer(layer_id)
        own = metadata.layer_id
        file_id = f"{sha256[:16]}:{own}"
        entries = patrol_entries(visits, stops, areas, own, file_id=file_id)
        table = TableFile(file.name, sha256, len(entries))
        record = store.put_entries(entries, table, by=user_name())
        cli.record(Action.IMPORT, subject=file.name, rows=record.rows_accepted)
    return record


def _echo_totals(
    cli: CommandContext, output: Path, places: pd.DataFrame, stored: TableImport | None
) -> None:
    totals = places.drop(columns="hotspot_id").sum(numeric_only=True)
    planned, done = totals["planned_patrol_minutes"], totals["patrol_minutes"]
    share = f" ({done / planned:.0%})" if planned else ""
    line = (
        f"{done:,.0f} of {planned:,.0f} planned patrol-minutes were delivered{share}, in "
        f"{totals['officer_minutes']:,.0f} officer-minutes"
    )
    facts: dict[str, object] = {
        str(name): float(value) for name, value in totals.items() if name != "delivered_share"
    }
    lines = [f"{output}: {len(places):,} places", line]
    if stored:
        number = f"import {stored.import_id}" if stored.import_id else "nothing new"
        lines.append(
            f"entries of patrol time: {stored.rows_accepted:,} added, {stored.rows_present:,} "
            f"already there [{number}]"
        )
    cli.echo(lines, facts | ({"entries": table_facts(stored)} if stored else {}))
