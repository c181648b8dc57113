"""Street-level files of data.police.uk: one month, a folder, or an archive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

from api.look.counting import count_rows
from api.look.facts import ROWS_CHECKED, Dates, FileFacts, Part
from api.look.fields import describe_fields, table_columns
from api.look.options import Options
from api.look.tally import Tally, missing_months
from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.errors import InputError
from geo.formats.csv_table import Table, read_tables
from geo.incidents import category_slug
from geo.sources.police_uk import read_points
from geo.sources.sample import SAMPLE
from geo.sources.street_files import StreetFile, street_files

STREET_KIND: Final = "street-level files of data.police.uk"
"""How the facts name these files."""

STREET_COLUMNS: Final = frozenset({"Month", "Location", "Crime type"})
"""Columns that every street-level file has."""

MOST_FILES: Final = 24
"""Files of an archive whose rows are checked, the latest ones."""


def look_at_street_files(path: Path, options: Options) -> FileFacts:
    """Look at an archive, a folder or a file of incidents of data.police.uk.

    Raises
    ------
    InputError
        If it holds no such file, or none of them can be read.
    """
    partition = ""
    try:
        files = street_files(path)
    except InputError:
        if path.is_dir() or not (partition := _partition_of(path)):
            raise
        files = street_files(path, partition=partition)
    checked = files[-MOST_FILES:]
    tally, counted, problems = _tallied(checked, options)
    sample = _sample(checked[-1])
    rows, exact = _rows(path, files, counted)
    parts = tuple(Part(file.name, counted.get(file.name)) for file in files)
    named = ("--partition", partition) if partition else ()
    place_crs = LONLAT if "Longitude" in sample.header else BRITISH_NATIONAL_GRID
    return FileFacts(
        path.name or str(path),
        STREET_KIND,
        None if path.is_dir() else path.stat().st_size,
        title=_title(files),
        parts=parts if len(files) > 1 else (),
        rows=rows,
        rows_exact=exact,
        fields=describe_fields(table_columns(sample)),
        place=tally.place(place_crs),
        dates=_months(files),
        check=replace(tally.check, problem="; ".join(problems)),
        categories=tally.categories,
        notices=_left_out(files, checked),
        commands=(options.command("ingest", path, *named),),
        use="incidents",
        proposal={"partition": partition} if partition else {},
    )


def _partition_of(path: Path) -> str:
    """FORCE:YYYY-MM by the rows of a file whose name does not say it; '' if they do not either."""
    with path.open("rb") as stream:
        table = next(read_tables(stream, file=path.name, rows=SAMPLE))
    named = next((name for name in ("Falls within", "Reported by") if name in table.header), "")
    if not named:
        return ""
    force, month = (table.text(name).mode().iloc[0] for name in (named, "Month"))
    slug = category_slug(force)
    for ending in ("-police", "-constabulary"):
        slug = slug.removesuffix(ending)
    return f"{slug}:{month}"


def _title(files: list[StreetFile]) -> str:
    forces = sorted({file.force for file in files})
    named = ", ".join(forces[:3]) + (f" and {len(forces) - 3} more forces" * (len(forces) > 3))
    if len(files) == 1:
        return f"incidents of {named}, {files[0].month}"
    return f"{len(files)} months of incidents of {named}"


def _months(files: list[StreetFile]) -> Dates:
    """By the names of all files; a month is missing of a force that has months around it."""
    ordered = sorted(files, key=lambda file: file.force)
    missing = {
        month
        for _, own in groupby(ordered, key=lambda file: file.force)
        for month in missing_months(file.month for file in own)
    }
    note = "months only, without days"
    return Dates(files[0].month, files[-1].month, tuple(sorted(missing)), note)


def _tallied(
    files: Iterable[StreetFile], options: Options
) -> tuple[Tally, dict[str, int | None], list[str]]:
    """The first rows of each file, the rows of those read to the end, and what refuses a file."""
    tally = Tally(options.projection)
    counted: dict[str, int | None] = {}
    problems: list[str] = []
    for file in files:
        before = tally.read
        counted[file.name] = None
        try:
            tables = read_points(file, options.projection)
            for points in tables:
                tally.add_points(points)
                if tally.read - before >= ROWS_CHECKED:
                    break
            if next(iter(tables), None) is None:
                counted[file.name] = tally.read - before
        except InputError as error:
            problems.append(str(error))
    return tally, counted, problems[:3]


def _rows(
    path: Path, files: list[StreetFile], counted: dict[str, int | None]
) -> tuple[int | None, bool]:
    """The rows of all files, and whether that is exact; None where it is not known."""
    known = [rows for rows in counted.values() if rows is not None]
    if len(known) == len(files):
        return sum(known), True
    alone = path.is_file() and path.suffix.lower() == ".csv"
    return (count_rows(path), False) if alone else (None, True)


def _sample(file: StreetFile) -> Table:
    with file.open() as stream:
        return next(read_tables(stream, file=file.name, rows=SAMPLE))


def _left_out(files: list[StreetFile], checked: list[StreetFile]) -> tuple[str, ...]:
    if len(files) == len(checked):
        return ()
    return (f"of {len(files):,} files the latest {len(checked)} were checked",)
