"""`patchmap patrols`: plan visits; and `patrols delivered`: hold them against what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from api.commands.context import CommandContext, read_bytes, read_vector
from api.commands.questions import ANALYSIS, Output, answered, with_question
from api.formats.encoding import to_csv
from api.formats.files import write_whole
from boundaries.layers.lines import read_lines
from geo.allocation.patrols.delivered import compare_delivered, planned_totals, visits_from_fixes
from geo.crs import LONLAT, Projection
from geo.errors import InputError
from geo.formats.csv_table import Table, read_table
from geo.formats.geojson import LINES
from geo.incidents import LONDON
from geo.question.model import Question
from geo.question.values import read_pairs

if TYPE_CHECKING:
    from geo.allocation.patrols.street_network import StreetNetwork

patrols = typer.Typer(help=ANALYSIS["patrols"].description, invoke_without_command=True)

_VISITS = ("officer", "hotspot_id", "arrived", "left")
_FIXES = ("officer", "time")
_TRAVEL = ("from", "to", "minutes")
_PLANNED = ("shift", "hotspot_id", "after_minutes", "minutes", "x", "y")


@patrols.callback()
@partial(with_question, analysis="patrols")
def plan(
    context: typer.Context,
    question: Question,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.")
    ] = None,
    travel: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of travel times (from, to, minutes) between the places of 'rank', both "
            "ways, with 'base' where rounds begin; or street lines to go along, as .geojson, "
            ".gpkg, .shp, .zip or .kml; else straight lines.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Plan visits to ranked places in shifts; or `delivered`: what was done of a plan."""
    if context.invoked_subcommand:
        return
    if output is None:
        raise typer.BadParameter("say where to write the plan: -o FILE", param_hint="-o")
    analysis = ANALYSIS["patrols"]
    if travel:
        cli = CommandContext.of(context)
        cli.check_output(output, travel)
        analysis = replace(analysis, find=partial(analysis.find, travel=_travel(cli, travel)))
    answered(context, analysis, question, output)


@patrols.command()
def delivered(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV of visits (officer, hotspot_id, arrived, left) or of positions (officer, "
            "time, longitude and latitude, or x and y)."
        ),
    ],
    planned: Annotated[Path, typer.Option("--plan", help="The CSV that 'patrols' wrote.")],
    output: Output,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days the plan was for.")] = 1,
    radius: Annotated[float, typer.Option(help="Metres that count as being there.")] = 150.0,
    columns: Annotated[
        str, typer.Option(help="Columns of the return, and what it calls them: NAME or NAME=TITLE.")
    ] = "",
) -> None:
    """Planned against delivered by place: patrol-minutes apart from officer-minutes."""
    cli = CommandContext.of(context)
    cli.check_output(output, file, planned)
    table, stops = read_table(read_bytes(file), file=file.name), _plan(planned)
    if set(_VISITS) <= set(table.header):
        visits = _visits(table)
    else:
        visits = visits_from_fixes(_fixes(table), stops, radius_m=radius)
    found = compare_delivered(planned_totals(stops, days=days), visits)
    shown = _chosen(found, columns)
    write_whole(output, lambda part: part.write_text(to_csv(shown), encoding="utf-8"))
    _say(cli, output, found)


def _plan(path: Path) -> pd.DataFrame:
    return _numbered(path, _PLANNED, numbers=("after_minutes", "minutes", "x", "y"))


def _travel(cli: CommandContext, path: Path) -> pd.DataFrame | StreetNetwork:
    """A CSV as a table of minutes, any other file as streets."""
    if path.suffix.lower() == ".csv":
        return _numbered(path, _TRAVEL, numbers=("minutes",))
    from geo.allocation.patrols.street_network import StreetNetwork  # noqa: PLC0415 - it brings SciPy

    with cli.open() as store:
        streets = read_lines(
            read_vector(path), file=path.name, projection=store.projection, kinds=LINES
        )
    return StreetNetwork.of(streets.geometry.to_numpy())


def _numbered(path: Path, columns: Sequence[str], *, numbers: Sequence[str]) -> pd.DataFrame:
    """Columns of a CSV file, some of which must hold a number in every row."""
    table = read_table(read_bytes(path), file=path.name)
    table.require(*columns)
    found = table.frame()[list(columns)]
    for name in numbers:
        found[name] = table.numbers(name)
        if found[name].isna().any():
            line = table.lines[found[name].isna().to_numpy().argmax()]
            raise InputError(f"{path.name}, line {line}: {name} is no number")
    return found


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
        raise InputError(f"{table.file}, line {table.lines[bad.argmax()]}: there is no position")
    return fixes.assign(time=_times(table, "time"))


def _times(table: Table, name: str) -> pd.Series:
    """ISO times; those without a zone are London's."""
    times = pd.to_datetime(table.text(name), errors="coerce", format="ISO8601", utc=False)
    if times.isna().any():
        at = times.isna().to_numpy().argmax()
        raise InputError(
            f"{table.file}, line {table.lines[at]}: {name} {table.text(name).iloc[at]!r} is no "
            "time, write it as 2024-03-01T14:05"
        )
    if times.dt.tz is None:
        return times.dt.tz_localize(LONDON, ambiguous=False, nonexistent="shift_forward")
    return times.dt.tz_convert(LONDON)


def _chosen(found: pd.DataFrame, columns: str) -> pd.DataFrame:
    if not columns:
        return found
    titles: dict[str, str] = {}
    for part in columns.split(","):
        pair = part if "=" in part else f"{part}={part}"
        titles |= read_pairs(pair)
    unknown = sorted(set(titles) - set(found.columns))
    if unknown:
        raise InputError(
            f"--columns: there is no {unknown[0]!r}; there are: {', '.join(found.columns)}"
        )
    return found[list(titles)].rename(columns=titles)


def _say(cli: CommandContext, output: Path, found: pd.DataFrame) -> None:
    totals = found.drop(columns="hotspot_id").sum(numeric_only=True)
    asked, done = totals["planned_patrol_minutes"], totals["patrol_minutes"]
    share = f" ({done / asked:.0%})" if asked else ""
    said = (
        f"{done:,.0f} of {asked:,.0f} planned patrol-minutes were delivered{share}, in "
        f"{totals['officer_minutes']:,.0f} officer-minutes"
    )
    facts = {name: float(value) for name, value in totals.items() if name != "delivered_share"}
    cli.echo([f"{output}: {len(found):,} places", said], facts)
