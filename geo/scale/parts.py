"""Finding the parts of the data: files of data.police.uk, and row groups of GeoParquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from geo.crs import Projection
from geo.errors import InputError
from geo.sources.geoparquet import parquet_parts, read_parquet_points
from geo.sources.points import IncidentPoints
from geo.sources.police_uk import read_points
from geo.sources.street_files import StreetFile, street_files

PARQUET = ".parquet"


@dataclass(frozen=True)
class Part:
    """A piece of the data that one process reads by itself. It can be pickled.

    `force` and `month` are '' if the name of the file does not contain them.
    """

    name: str
    read: Callable[[Projection], Iterator[IncidentPoints]]
    force: str = ""
    month: str = ""


@dataclass(frozen=True)
class BrokenPart:
    """A part that could not be read, with the reason; a whole file if `month` is ''."""

    name: str
    reason: str
    force: str = ""
    month: str = ""


@dataclass(frozen=True)
class DataParts:
    """The parts to read, the broken ones, and the names of parts that a later file replaces."""

    parts: list[Part]
    broken: list[BrokenPart] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def find_parts(
    paths: Iterable[Path], *, halves: Mapping[tuple[str, str], str] = MappingProxyType({})
) -> DataParts:
    """Find the parts of archives, folders and files, without reading them.

    Published archives overlap: of several files with the same force and month, the last one is
    used, as when files are imported one after the other.

    Parameters
    ----------
    paths
        Archives and folders in the layout of data.police.uk, their CSV files, GeoParquet files
        and folders of them. Every process that counts must find them at the same path.
    halves
        Categories that were published twice, by (force, month).

    Returns
    -------
    parts
        Sorted by month, then force, then the parts without a month; at least one.

    Raises
    ------
    InputError
        If a path does not exist, or nothing can be read.
    """
    months: dict[tuple[str, str], Part] = {}
    tables: dict[str, Part] = {}
    broken, replaced = [], []
    for path in paths:
        absolute = path.resolve()
        if not absolute.exists():
            raise InputError(f"there is no file {path}")
        try:
            parts = _tables(absolute) or _months(absolute, halves)
        except InputError as error:
            broken.append(BrokenPart(path.name, str(error)))
            continue
        for part in parts:
            if not part.month:
                tables[part.name] = part
                continue
            if earlier := months.pop((part.month, part.force), None):
                replaced.append(earlier.name)
            months[part.month, part.force] = part
    unused = set(halves) - {(force, month) for month, force in months}
    if unused:
        raise InputError(f"--halve {':'.join(min(unused))} does not match any of the files")
    parts = [*(months[key] for key in sorted(months)), *tables.values()]
    if not parts:
        raise InputError(
            f"no file can be read: {broken[0].reason}" if broken else "no files; name some"
        )
    return DataParts(parts, broken, replaced)


def _tables(path: Path) -> list[Part]:
    """The parts of a GeoParquet file, or of a folder that holds some."""
    files = sorted(path.rglob(f"*{PARQUET}")) if path.is_dir() else [path]
    return [
        Part(str(part.path.parent / part.name), partial(read_parquet_points, part))
        for file in files
        if file.suffix.lower() == PARQUET
        for part in parquet_parts(file)
    ]


def _months(path: Path, halves: Mapping[tuple[str, str], str]) -> list[Part]:
    return [
        _month(replace(file, halved=halves.get((file.force, file.month), "")))
        for file in street_files(path)
    ]


def _month(file: StreetFile) -> Part:
    return Part(file.name, partial(read_points, file), file.force, file.month)
