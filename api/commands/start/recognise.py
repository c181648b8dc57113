"""What a file of the downloads is, by its content: areas, incidents, figures or a lookup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from api.commands.context import read_vector
from api.commands.start.names import AUTHORITY_CODE, force_named
from boundaries.layers.area_codes import AUTHORITIES, code_columns, code_text, level_and_year
from boundaries.layers.read import code_field_of
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.geojson import feature_collection
from geo.sources.sheets import read_sheet
from geo.sources.street_files import StreetFile, street_files

_AUTHORITY_FIELD = re.compile(r"LAD(\d\d)?CD(_ACTIVE)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"LAD(\d\d)?(CD|NM)(_ACTIVE)?", re.IGNORECASE)
_SAMPLE = 1_000  # rows
_ROWS = 100_000  # read at a time

MOST_AREAS: Final = 1_000_000
"""Different rows of codes that a table by area may have: five times the output areas there are."""

STREET_COLUMNS: Final = frozenset({"Month", "Location", "Crime type"})
"""Columns that every street-level file has."""

_RESIDENTS = re.compile(r"\b(residents?|population)\b")
_TOTAL = re.compile(r"total|count|value|observation|obs value|all persons|all usual residents")
_CENSUS = re.compile(r"residents?|population|ts001")
_ELECTORS = re.compile(r"\b(electors|electorate)\b")
_DEPRIVATION = re.compile(r"\b(imd|deprivation)\b")


@dataclass(frozen=True)
class Source:
    """Where a file is.

    Attributes
    ----------
    path
        Where it is read from.
    by_hand
        The path that a person's command names.
    unpack
        The command that a person runs before; '' where there is none.
    """

    path: Path
    by_hand: Path
    unpack: str = ""

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self.by_hand.name


@dataclass(frozen=True)
class AreaFile:
    """A file of areas.

    Attributes
    ----------
    level, year
        What its areas are, of `LEVELS`, and of which year; '' where nothing says so.
    code_field, by_itself
        The field of their codes, and whether `layers add` finds it by itself.
    codes
        Of all areas.
    authority_field, authorities
        The field of the authority's code, and the name of each authority in it.
    """

    source: Source
    level: str
    year: str
    code_field: str
    by_itself: bool
    codes: list[str]
    authority_field: str
    authorities: Mapping[str, str]

    @property
    def layer_id(self) -> str:
        """The id of the layer that it becomes."""
        return f"{self.level}-{self.year}" if self.year else self.level


@dataclass(frozen=True)
class IncidentFile:
    """A month of a force.

    Attributes
    ----------
    partition
        What `ingest --partition` is given where the file's name does not say it; else ''.
    """

    source: Source
    file: StreetFile
    partition: str = ""


@dataclass(frozen=True)
class FigureFile:
    """A table of figures by area.

    Attributes
    ----------
    key, level, codes
        The column of area codes, what they are codes of, and the codes.
    kinds
        What it holds: `residents`, `electors`, `deprivation`.
    names
        How columns are renamed for answers to use them.
    """

    source: Source
    key: str
    level: str
    codes: frozenset[str]
    kinds: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def sums(self) -> list[str]:
        """Columns that add up over areas."""
        return [kind for kind in ("residents", "electors") if kind in self.kinds]


@dataclass(frozen=True)
class LookupFile:
    """A table that says which authority each area belongs to."""

    source: Source
    authority_of: Mapping[str, str]
    authorities: Mapping[str, str]


Recognised = AreaFile | IncidentFile | FigureFile | LookupFile


def recognise_areas(source: Source) -> AreaFile:
    """Recognise a file of polygons.

    Raises
    ------
    InputError
        If it is none, or its areas have no codes that are known here.
    """
    collection = feature_collection(read_vector(source.path), source.name)
    rows = [feature.get("properties") or {} for feature in collection["features"]]
    properties = pd.DataFrame(rows)
    code_field = code_field_of(properties)
    by_itself = bool(code_field)
    code_field = code_field or next(iter(code_columns(properties)), "")
    if not code_field:
        raise InputError("no field of area codes")
    codes = [code_text(value) for value in properties[code_field]]
    level, year = level_and_year(code_field, codes)
    if not level:
        raise InputError(f"areas of another kind ({code_field})")
    place = f"{collection.get('name', '')} {source.path.stem}"
    year = year or "".join(re.findall(r"(?<!\d)20\d\d(?!\d)", place)[:1])
    authority_field = _authority_field(properties, code_field)
    return AreaFile(
        source,
        level,
        year,
        code_field,
        by_itself,
        codes,
        authority_field,
        _authorities(properties, authority_field),
    )


def recognise_table(source: Source) -> Iterator[Recognised]:
    """Recognise a CSV or a workbook; it can be both figures and a lookup.

    Raises
    ------
    InputError
        If it is nothing that is known here.
    """
    sample = next(read_sheet(source.path, rows=_SAMPLE))
    if set(sample.header) >= STREET_COLUMNS:
        yield _month(source, sample)
        return
    if "Outcome type" in sample.header or "Object of search" in sample.header:
        raise InputError("outcomes or searches, not street-level incidents")
    columns = code_columns(sample.frame())
    if not columns:
        raise InputError("no column of area codes")
    rows = _distinct_rows(source, columns)
    lookup = _lookup(source, rows.frame, columns)
    if lookup:
        yield lookup
    kinds, names = _figures(source, sample.header)
    if kinds:
        yield _figure_file(source, rows, columns, (kinds, names))
    elif not lookup:
        raise InputError("a table by area without residents, electors or deprivation")


@dataclass(frozen=True)
class _DistinctRows:
    """The different rows of a few columns of a table, and how many rows it has."""

    frame: pd.DataFrame
    read: int


def _distinct_rows(source: Source, columns: Mapping[str, str]) -> _DistinctRows:
    """The different codes and authorities of a table, which can be of every postcode there is.

    Raises
    ------
    InputError
        If there are more than areas can have.
    """
    read, distinct = 0, pd.DataFrame()
    for table in read_sheet(source.path, rows=_ROWS):
        names = [name for name in table.header if name in columns or _AUTHORITY.fullmatch(name)]
        part = pd.DataFrame({name: table.text(name) for name in names})
        read += len(part)
        distinct = pd.concat([distinct, part.drop_duplicates()], ignore_index=True)
        distinct = distinct.drop_duplicates(ignore_index=True)
        if len(distinct) > MOST_AREAS:
            raise InputError(f"more than {MOST_AREAS:,} different rows, which areas do not have")
    return _DistinctRows(distinct, read)


def _month(source: Source, sample: Table) -> IncidentFile:
    """A month of a force by its rows, where its name does not say which."""
    try:
        return IncidentFile(source, street_files(source.path)[0])
    except InputError:
        month = sample.text("Month").mode().iloc[0]
    named = next((name for name in ("Falls within", "Reported by") if name in sample.header), "")
    if not named:
        raise InputError("incidents of no force: rename it YYYY-MM-FORCE-street.csv") from None
    partition = f"{force_named(sample.text(named).mode().iloc[0])}:{month}"
    return IncidentFile(source, street_files(source.path, partition=partition)[0], partition)


def _lookup(source: Source, frame: pd.DataFrame, columns: Mapping[str, str]) -> LookupFile | None:
    field_name = _authority_field(frame, "")
    finer = [name for name, level in columns.items() if level != AUTHORITIES]
    if not field_name or not finer:
        return None
    authorities = frame[field_name].map(code_text)
    authority_of = {
        code: authority
        for name in finer
        for code, authority in zip(frame[name].map(code_text), authorities, strict=True)
    }
    return LookupFile(source, authority_of, _authorities(frame, field_name))


def _figures(source: Source, header: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """What a table holds, and how its columns are renamed."""
    words = {name: re.sub(r"[_\W]+", " ", name).lower().strip() for name in header}
    names: dict[str, str] = {}
    kinds = []
    people = [name for name, text in words.items() if _RESIDENTS.search(text)]
    if not people and _CENSUS.search(source.name.lower()):
        people = [name for name, text in words.items() if _TOTAL.fullmatch(text)]
    for kind, matching in (
        ("residents", people),
        ("electors", [name for name, text in words.items() if _ELECTORS.search(text)]),
    ):
        if matching:
            kinds.append(kind)
            if kind not in header:
                names[matching[0]] = kind
    if any(_DEPRIVATION.search(text) for text in words.values()):
        kinds.append("deprivation")
    return tuple(kinds), names


def _figure_file(
    source: Source,
    rows: _DistinctRows,
    columns: Mapping[str, str],
    figures: tuple[tuple[str, ...], dict[str, str]],
) -> FigureFile:
    for key in columns:
        codes = rows.frame[key].map(code_text)
        if len(codes) == rows.read and codes.is_unique:
            return FigureFile(source, key, columns[key], frozenset(codes), *figures)
    raise InputError(f"more than one row for an area ({', '.join(columns)})")


def _authority_field(frame: pd.DataFrame, code_field: str) -> str:
    names = [str(name) for name in frame.columns if str(name) != code_field]
    matching = [name for name in names if _AUTHORITY_FIELD.fullmatch(name)]
    # LAD25CD before LADCD_ACTIVE: its names stand beside it.
    matching.sort(key=lambda name: name.upper().endswith("_ACTIVE"))
    return next((name for name in matching if frame[name].notna().all()), "")


def _authorities(frame: pd.DataFrame, code_field: str) -> dict[str, str]:
    """The name of each authority by its code, '' where the file does not name it."""
    if not code_field:
        return {}
    upper = {str(name).upper(): str(name) for name in frame.columns}
    beside = upper.get(code_field.upper().removesuffix("CD") + "NM", "")
    names = frame[beside] if beside else pd.Series([""] * len(frame))
    pairs = zip(frame[code_field].map(code_text), names.map(code_text), strict=True)
    return {code: name for code, name in dict.fromkeys(pairs) if AUTHORITY_CODE.fullmatch(code)}
