r"""The mapping file: which columns of a sheet say what, where and when.

It is TOML. An example with everything that there is::

    source = "council"                   # who recorded it, as Questions name it
    id = "Ref"                           # optional: rows update those of the same id
    sheet = "Cases"                      # optional: of a workbook; else its first
    address = ["House number", "Street"] # optional: joined with commas
    reference = "Outcome"                # optional: one column or several

    [when]
    from = ["Date reported", "Time"]     # a column, or one of dates and one of times
    to = ["Date ended", "Time ended"]    # optional: then a row is an interval
    format = "dd/mm/yyyy HH:MM"          # or "iso"; see geo.sources.dates

    [where]                              # one of the three ways
    easting = "Easting"
    northing = "Northing"
    crs = "EPSG:29903"                   # optional: if not the British National Grid
    # longitude = "Lon"
    # latitude = "Lat"
    # postcode = "Postcode"
    # lookup = "codepo.csv"              # Code-Point Open or ONS Postcode Directory

    [what]
    column = "Category"                  # or: category = "anti-social-behaviour" for every row
    vocabulary = "codes.csv"             # optional: a CSV with the columns code,category
    unknown = "reject"                   # or "keep": what to do with a code in neither list

    [categories]                         # optional: the council's code = the category
    N01 = "noise"

    [metadata]                             # optional: what pages and answers say of the source
    title = "Derby City Council, ASB cases"
    attribution = "Derby City Council"
    licence = "Internal use only"
    caveats = ["Cases are dated by the day they were reported."]
    snapped = false                      # whether points are moved to anonymous ones

Files that it names are looked up from the folder that the mapping lies in. Codes are compared
without regard to capitals; `[categories]` overrules the vocabulary file. With neither of them a
row's own text is its category, and `unknown` has no say. With an id column the import adds and
updates; without one the file is a partition that replaces the one of the same name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, crs_name
from geo.errors import InputError
from geo.formats.bounded import sha256_of
from geo.incidents import SourceNotes
from geo.sources import police_uk
from geo.sources.dates import DateFormat
from geo.sources.sections import Section, read_toml
from geo.sources.sheets import opened
from geo.sources.vocabulary import read_vocabulary, slug

_WAYS: Final = (("easting", "northing"), ("longitude", "latitude"), ("postcode", "lookup"))
_POSTCODES: Final = (
    "Locations are the middles of postcodes, so a hotspot can sit beside the place it speaks of."
)
_SOURCE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,48}[a-z0-9])?")


@dataclass(frozen=True)
class When:
    """Columns of the start and, if there are any, of the end; each a date, or date and time."""

    start: tuple[str, ...]
    end: tuple[str, ...]
    form: DateFormat


@dataclass(frozen=True)
class Where:
    """Two columns of coordinates in a CRS, or one of postcodes with their lookup."""

    columns: tuple[str, ...]
    crs: str
    lookup: Path | None


@dataclass(frozen=True)
class What:
    """How a row gets its category.

    Attributes
    ----------
    column
        Its column, '' where every row is of one category.
    category
        The category of every row, '' where a column says it.
    vocabulary
        Category by folded code; None where the text of the column is the category.
    unknown
        What becomes of a code that the vocabulary lacks.
    """

    column: str
    category: str
    vocabulary: Dictionary[str, str] | None
    unknown: Literal["reject", "keep"]


@dataclass(frozen=True)
class Mapping:
    """A mapping file that was read. `digest` changes with it and with the files it names."""

    source: str
    id_column: str
    sheet: str
    address: tuple[str, ...]
    reference: tuple[str, ...]
    when: When
    where: Where
    what: What
    notes: SourceNotes
    digest: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a sheet must have, each once."""
        named = (
            *((self.id_column,) if self.id_column else ()),
            *self.when.start,
            *self.when.end,
            *self.where.columns,
            *((self.what.column,) if self.what.column else ()),
            *self.address,
            *self.reference,
        )
        return tuple(dict.fromkeys(named))


def read_mapping(content: bytes, *, file: str, folder: Path | None) -> Mapping:
    """Read a mapping file.

    Parameters
    ----------
    content
        What is in it: TOML in UTF-8.
    file
        Its name, for the messages.
    folder
        Where the files lie that it names; None refuses to look for any.

    Raises
    ------
    InputError
        If a key is unknown, missing or absurd, or a file it names cannot be read; the line
        names the key.
    """
    top = read_toml(content, file=file)
    top.check_keys()
    what = _what(top, folder)
    where = _where(top.section("where"), folder)
    digest = hashlib.sha256(content + repr(what).encode())
    for path in _lookup_files(where.lookup):
        with opened(path) as stream:
            digest.update(sha256_of(stream, file=path.name).encode())
    return Mapping(
        source=_source(top),
        id_column=top.text("id"),
        sheet=top.text("sheet"),
        address=top.columns("address"),
        reference=top.columns("reference"),
        when=_when(top.section("when")),
        where=where,
        what=what,
        notes=_notes(top, where),
        digest=digest.hexdigest(),
    )


def _source(top: Section) -> str:
    source = top.text("source", needed=True)
    if not _SOURCE.fullmatch(source):
        raise top.refuse("source", f"must be a word like council or fire-service, not {source!r}")
    if source == police_uk.SOURCE:
        raise top.refuse("source", f"cannot be {source}, whose own files are read without mapping")
    return source


def _notes(top: Section, where: Where) -> SourceNotes:
    metadata = Section(top.file, "metadata", top.table("metadata"))
    metadata.check_keys()
    return SourceNotes(
        title=metadata.text("title") or top.text("source"),
        attribution=metadata.text("attribution"),
        licence=metadata.text("licence"),
        caveats=((_POSTCODES,) if where.lookup else ()) + metadata.texts("caveats"),
        # Those of a postcode lie at its middle, whoever the incidents happened to.
        snapped=where.lookup is not None or metadata.flag("snapped"),
    )


def _when(section: Section) -> When:
    start, end = section.columns("from", most=2), section.columns("to", most=2)
    if not start:
        raise section.refuse("from", "is missing")
    try:
        form = DateFormat.read(section.text("format", needed=True))
    except InputError as error:
        if str(error).startswith(section.file):
            raise
        raise section.refuse("format", f"cannot be taken: {error}") from error
    if form.date and not form.time and max(len(start), len(end)) > 1:
        raise section.refuse("format", "has no time of day, but two columns are named")
    return When(start, end, form)


def _where(section: Section, folder: Path | None) -> Where:
    given = set(section.values) - {"crs"}
    way = next((way for way in _WAYS if set(way) == given), None)
    if way is None:
        raise section.refuse(
            "", "must have easting and northing, or longitude and latitude, or postcode and lookup"
        )
    if "crs" in section.values and way != _WAYS[0]:
        raise section.refuse("crs", "goes with easting and northing only")
    if way == _WAYS[2]:
        lookup = section.file_named("lookup", folder)
        return Where((section.text("postcode"),), BRITISH_NATIONAL_GRID, lookup)
    columns = section.text(way[0]), section.text(way[1])
    if columns[0] == columns[1]:
        raise section.refuse(way[1], f"names the same column as {way[0]}")
    return Where(columns, LONLAT if way == _WAYS[1] else _crs(section), None)


def _crs(section: Section) -> str:
    name = section.text("crs")
    try:
        return crs_name(name) if name else BRITISH_NATIONAL_GRID
    except InputError as error:
        raise section.refuse("crs", f"cannot be taken: {error}") from error


def _lookup_files(lookup: Path | None) -> list[Path]:
    if lookup is None:
        return []
    return sorted(lookup.glob("*.csv")) if lookup.is_dir() else [lookup]


def _what(top: Section, folder: Path | None) -> What:
    section = top.section("what")
    column, category = section.text("column"), section.text("category")
    if bool(column) == bool(category):
        raise section.refuse("", "must have a column, or one category for every row")
    if category and (section.values.keys() - {"category"} or "categories" in top.values):
        raise section.refuse("category", "is that of every row: no code list goes with it")
    vocabulary = read_vocabulary(top, section, folder)
    unknown = section.text("unknown") or "reject"
    if unknown not in ("reject", "keep"):
        raise section.refuse("unknown", f"must be reject or keep, not {unknown!r}")
    if "unknown" in section.values and vocabulary is None:
        raise section.refuse("unknown", "needs a code list: [categories] or what.vocabulary")
    word = slug(section, "category", category) if category else ""
    return What(column, word, vocabulary, "keep" if unknown == "keep" else "reject")
