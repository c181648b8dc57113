"""The commands `patchmap ingest` and `patchmap locate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from api.commands.context import (
    CommandContext,
    areas_of,
    read_bytes,
    read_table,
    with_progress,
)
from api.formats.points import as_spreadsheets
from api.formats.rejects import RejectsFile
from api.identity.audit import Action
from api.imports.assessed import assess_after_import
from api.imports.incidents import (
    halves_of,
    import_lines,
    import_partition,
    mapped_partitions,
    refuse_repeated,
    refuse_unmatched,
)
from boundaries.tasking.task import Task
from geo.crs import Projection, crs_name, implausible
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.csv_text import to_csv
from geo.incidents import Partition, month_span
from geo.locate import AreaLocator, joined_codes, overlaps_text
from geo.output import write_text
from geo.sources import FIXMYSTREET, OPEN311
from geo.sources.police_uk import SOURCE as POLICE_UK
from geo.sources.police_uk import read_police_uk
from geo.sources.street_files import StreetFile
from geo.temporary import TemporaryFolder

# Pairs of column names that are taken for coordinates, with their CRS; '' is the store's own.
_COORDINATE_COLUMNS = (
    (("longitude", "latitude"), "CRS84"),
    (("lon", "lat"), "CRS84"),
    (("lng", "lat"), "CRS84"),
    (("long", "lat"), "CRS84"),
    (("easting", "northing"), ""),
    (("x", "y"), ""),
)


def ingest(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Archives, folders or CSV files.")],
    source: Annotated[
        str,
        typer.Option(
            help="The publisher of the files: police.uk, open311 (JSON of requests) or fixmystreet "
            "(CSV of reports)."
        ),
    ] = POLICE_UK,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Mapping file (TOML) that describes any CSV, XLSX or point file."),
    ] = None,
    partition: Annotated[
        str, typer.Option(help="What the file covers: FORCE:YYYY-MM, or any name with a mapping.")
    ] = "",
    halves: Annotated[
        list[str] | None,
        typer.Option("--halve", help="FORCE:MONTH:CATEGORY that was published twice."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="File for rejected rows (default: NAME.rejects.csv in this folder)."),
    ] = None,
    force: Annotated[
        str, typer.Option(help="Only files of this force, such as derbyshire (default: all).")
    ] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer of a file of points that has several.")
    ] = "",
    first: Annotated[
        str, typer.Option("--from", help="Only files from this month on, such as 2024-01.")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", help="Only files up to this month, such as 2024-06.")
    ] = "",
    extracted: Annotated[
        str,
        typer.Option(
            help="Day of the extract, such as 2026-11-30, of records with lives (default: as the "
            "file states it, else today)."
        ),
    ] = "",
) -> None:
    """Import incidents from files.

    A file replaces earlier incidents of the same force and month, or of the same name.
    """
    _check_ingest(files, source=source, partition=partition)
    reports = source in (OPEN311, FIXMYSTREET)
    _check_options(
        f"--source {source}" if reports else "--mapping" if mapping else "",
        {"--mapping": bool(mapping), "--layer": bool(inside), "--extracted": bool(extracted)},
        only_police=bool(halves or force or first or last),
    )
    cli = CommandContext.of(context)
    chosen = halves_of(halves or [])
    path = rejects or Path(f"{files[0].stem}.rejects.csv")
    day = extract_day(extracted)
    wanted = files_wanted(force, first, last)
    cli.check_output(path, *files)
    with (
        TemporaryFolder() as folder,
        cli.open(create=True) as store,
        RejectsFile(path) as rejected,
    ):
        if mapping:
            converted = partial(
                as_spreadsheets,
                files,
                Path(folder),
                layer=inside,
                notify=partial(typer.echo, err=True),
            )
            from geo.sources.mapping import read_mapping  # noqa: PLC0415 - workbooks load slowly

            columns = read_mapping(read_bytes(mapping), file=mapping.name, folder=mapping.parent)
            parts = mapped_partitions(
                converted(columns.where.columns),
                columns,
                name=partition,
                projection=store.projection,
                extracted=day,
            )
        elif reports:
            parts = _reports(source, files, store.projection, name=partition, extracted=day)
        else:
            parts = [
                part
                for file in files
                for part in read_police_uk(
                    file, store.projection, partition=partition, halves=chosen, wanted=wanted
                )
            ]
        if not parts:
            raise InputError(
                f"{files[0].name} holds no file of this --force, --from and --to; leave them out "
                "to import all"
            )
        refuse_repeated(parts)
        refuse_unmatched(chosen, parts)
        with store.transaction():
            imported = [
                import_partition(store, part, rejected)
                for part in with_progress(parts, "Reading", total=len(parts))
            ]
            rejected.complete()
            for each in imported:
                rows = each.record.rows_accepted
                cli.record(Action.IMPORT, subject=each.record.file, rows=rows)

        def record(tasks: Sequence[Task]) -> None:
            ids = ", ".join(task.task_id for task in tasks)
            cli.record(Action.TASK_STEP, subject=f"task assess {ids}")

        assessed = assess_after_import(store, record=record)
    for line in (*(line for each in imported for line in each.warnings), *assessed):
        typer.echo(line, err=True)
    if rejected.rows:
        typer.echo(f"rejected rows are in {path}", err=True)
    cli.echo(import_lines(imported), [each.facts for each in imported])


def _check_options(reader: str, given: Mapping[str, bool], *, only_police: bool) -> None:
    """Refuse options that another reader has; `reader` is '' for files of data.police.uk."""
    mapped = reader == "--mapping"
    if given["--layer"] and not mapped:
        raise InputError("--layer names a layer of a file of points, which needs --mapping")
    if reader and only_police:
        raise InputError(
            f"--halve, --force, --from and --to cannot be used with {reader}, only with "
            "data.police.uk files"
        )
    if reader and not mapped and given["--mapping"]:
        raise InputError(f"{reader} has a mapping of its own; leave --mapping out")
    if given["--extracted"] and not reader:
        raise InputError("--extracted is the day of an extract of records, which needs --mapping")


def _reports(
    source: str,
    files: list[Path],
    projection: Projection,
    *,
    name: str,
    extracted: date | None,
) -> list[Partition]:
    """Service requests of Open311, or reports of FixMyStreet."""
    from geo.sources.open311 import (  # noqa: PLC0415 - workbooks load slowly
        read_fixmystreet,
        read_open311,
    )

    read = read_open311 if source == OPEN311 else read_fixmystreet
    return [read(file, projection, name=name, extracted=extracted) for file in files]


def extract_day(text: str) -> date | None:
    """The day of an extract; None where none is given.

    Raises
    ------
    InputError
        If it is not a day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"--extracted {text!r} is not a day; write it as 2026-11-30") from error


def _check_ingest(files: list[Path], *, source: str, partition: str) -> None:
    known = (POLICE_UK, OPEN311, FIXMYSTREET)
    if source not in known:
        raise InputError(
            f"unknown --source {source!r}; choose {' or '.join(known)}, or use --mapping"
        )
    if partition and len(files) > 1:
        raise InputError("--partition can only be used with one file; import them one by one")
    missing = [str(path) for path in files if not path.exists()]
    if missing:
        raise InputError(f"there is no file {', '.join(missing)}")


def locate(
    context: typer.Context,
    points: Annotated[Path, typer.Argument(help="A CSV or XLSX file of points.")],
    areas: Annotated[str, typer.Option(help="A file of areas, or a layer of the store.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV to write.")],
    x: Annotated[str, typer.Option(help="Column of longitudes or eastings.")] = "",
    y: Annotated[str, typer.Option(help="Column of latitudes or northings.")] = "",
    crs: Annotated[
        str, typer.Option(help="CRS of the points, if the column names do not show it.")
    ] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer of the file of areas, if it has several.")
    ] = "",
    code_field: Annotated[
        str, typer.Option(help="Field of area codes in that file (default: found by its name).")
    ] = "",
) -> None:
    """Add area_code and area_name to a CSV of points; no row is left out.

    Where areas overlap, both have all the areas of a point, joined with a semicolon.
    """
    cli = CommandContext.of(context)
    cli.check_output(output, points, Path(areas))
    projection, layer = areas_of(cli, areas, inside=inside, code_field=code_field)
    table = read_table(points)
    names, source = _place(table, x=x, y=y)
    source = crs_name(crs) if crs else crs_name(source) if source else projection.crs
    first, second = (table.numbers(name) for name in names)
    reasons = implausible(first, second, source=source, projection=projection)
    if (reasons != "").all() and not np.char.startswith(reasons.astype(str), "outside").any():
        raise InputError(
            f"{points.name}: no row has a usable place, mostly: {pd.Series(reasons).mode()[0]}; "
            "if they are in another CRS, name it with --crs"
        )
    # A point far away is usable all the same: it lies outside every area.
    usable = (reasons == "") | np.char.startswith(reasons.astype(str), "outside")
    metres = projection.to_metres(first[usable], second[usable], source=source)
    locator, located = AreaLocator(layer), table.frame()
    memberships = locator.locate_all(*metres)
    memberships = memberships._replace(point=np.flatnonzero(usable)[memberships.point])
    columns = _new_columns(table.header)
    codes, names_of = layer.index.astype(str), layer["area_name"].astype(str)
    for column, words in zip(
        columns, (codes.to_numpy(dtype=object), names_of.to_numpy(dtype=object)), strict=True
    ):
        located[column] = joined_codes(memberships, words, len(table))
    areas_of_row = np.bincount(memberships.point, minlength=len(table))
    write_text(output, to_csv(located))
    facts = {
        "read": len(table),
        "in_an_area": int((areas_of_row > 0).sum()),
        "outside": int((usable & (areas_of_row == 0)).sum()),
        "without_a_place": int((~usable).sum()),
    }
    line = (
        f"{facts['read']:,} rows = {facts['in_an_area']:,} in an area + {facts['outside']:,} "
        f"outside every area + {facts['without_a_place']:,} without a usable place"
    )
    lines = [line]
    if columns[0] != "area_code":
        lines.append(
            f"{points.name} has its own area_code or area_name: the new columns are "
            f"{' and '.join(columns)}"
        )
    if len(locator.overlaps):
        several = facts["in_several_areas"] = int((areas_of_row > 1).sum())
        rows = "1 row is" if several == 1 else f"{several:,} rows are"
        lines.append(
            f"areas overlap ({overlaps_text(layer)}): {rows} in two or more, with all their codes "
            "joined by ;"
        )
    cli.echo(lines, facts)


def _new_columns(header: list[str]) -> tuple[str, str]:
    """Names of the columns of codes and names, other than those of the file."""
    number, taken = 1, {name.lower() for name in header}
    columns = ("area_code", "area_name")
    while taken.intersection(columns):
        number += 1
        columns = (f"area_code_{number}", f"area_name_{number}")
    return columns


def _place(table: Table, *, x: str, y: str) -> tuple[tuple[str, str], str]:
    if bool(x) != bool(y):
        raise InputError("--x and --y must be used together")
    if x:
        table.require(x, y)
        lonlat = x.lower().startswith(("lon", "lng"))
        return (x, y), "CRS84" if lonlat else ""
    lower = {name.lower(): name for name in table.header}
    for (first, second), source in _COORDINATE_COLUMNS:
        if first in lower and second in lower:
            return (lower[first], lower[second]), source
    raise InputError(
        f"{table.file}: no columns are named like coordinates; name them with --x and --y; "
        f"it has: {', '.join(table.header)[:200]}"
    )


def files_wanted(force: str, first: str, last: str) -> Callable[[StreetFile], bool]:
    """Which street-level files `--force`, `--from` and `--to` ask for.

    Raises
    ------
    InputError
        If a month is none, or the last one is before the first.
    """
    for option, month in (("--from", first), ("--to", last)):
        if month:
            _check_month(option, month)
    if first and last and last < first:
        raise InputError(f"--to {last} is before --from {first}; swap them")
    return lambda file: (
        file.force == (force.lower() or file.force)
        and (first or file.month) <= file.month <= (last or file.month)
    )


def _check_month(option: str, month: str) -> None:
    try:
        month_span(month)
    except InputError as error:
        raise InputError(f"{option}: {error}") from error
