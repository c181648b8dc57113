r"""The mapping file: which columns of a spreadsheet hold the category, the place and the time.

It is TOML. An example with every key::

    source = "council"                   # the id of the source, used in Questions
    id = "Ref"                           # optional: a row updates the row with the same id
    sheet = "Cases"                      # optional: sheet of a workbook (default: the first)
    address = ["House number", "Street"] # optional: joined with commas
    reference = "Outcome"                # optional: one column or several

    [when]
    from = ["Date reported", "Time"]     # one column, or a column of dates and one of times
    to = ["Date ended", "Time ended"]    # optional: makes each row an interval
    format = "dd/mm/yyyy HH:MM"          # or "iso"; see geo.sources.dates

    [where]                              # choose one of the three ways
    easting = "Easting"
    northing = "Northing"
    crs = "EPSG:29903"                   # optional (default: British National Grid)
    # longitude = "Lon"
    # latitude = "Lat"
    # postcode = "Postcode"
    # lookup = "codepo.csv"              # Code-Point Open or ONS Postcode Directory

    [what]
    column = "Category"                  # or: category = "anti-social-behaviour" for every row
    vocabulary = "codes.csv"             # optional: a CSV with the columns code,category
    unknown = "reject"                   # or "keep": for codes in neither list

    [categories]                         # optional: the council's code = the category
    N01 = "noise"

    [covers]                             # optional: a month without rows is then zero
    from = "2024-01"                     # optional (default: the first month seen)
    to = "2024-12"                       # optional (default: the last month seen)
    categories = ["noise", "litter"]     # optional: covered beside those that occur

    [life]                               # optional: rows are records with a life; needs id
    kind = "Case type"                   # or: every_kind = "request"; see geo.records.life.KINDS
    channel = "Source"                   # or: every_channel = "resident"; see CHANNELS there
    received = "Date logged"             # optional, like all columns of dates (default: when.from)
    due = "Target date"
    answered = "Date of reply"
    closed = "Date closed"
    format = "dd/mm/yyyy"                # optional (default: when.format)
    outcome = "Outcome"
    withdrawn = ["Withdrawn", "Duplicate"]  # outcomes of records that nobody needs to answer
    service = "Team"
    stated_area = "Ward"                 # code or name of the area that the council states
    stated_layer = "wards-2025"          # of which layer; needed with stated_area
    reopened = "Times reopened"          # optional (default: counted from extract to extract)
    extract = "whole"                    # whole: what is missing has vanished; or "changes"
    extracted = "Extract date"           # optional: the column that dates the extract

    [kinds]                              # optional: the council's code = the kind
    MEM = "enquiry"

    [channels]                           # optional: the council's code = the channel
    Cllr = "member"

    [metadata]                           # optional: shown on pages and in answers
    title = "Derby City Council, ASB cases"
    attribution = "Derby City Council"
    licence = "Internal use only"
    caveats = ["Cases are dated by the day they were reported."]
    snapped = false                      # true if points are moved to anonymous ones

Files named in a mapping must lie in its folder. Codes are compared without regard to capitals;
`[categories]` takes precedence over the vocabulary file. With neither of them a row's own text is
its category, and `unknown` has no effect. With an id column an import adds and updates rows;
without one the file is a partition that replaces the partition of the same name. Outside what
the file covers a count is unknown, not zero.

With `[life]` no column may hold anything of a person: columns that are named like names, telephone
numbers, e-mail addresses or dates of birth, or whose texts look like them, are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, crs_name
from geo.errors import InputError
from geo.formats.bounded import open_input, sha256_of
from geo.incidents import Covers, SourceNotes, month_span
from geo.personal_texts import personal_column
from geo.sources import police_uk
from geo.sources.dates import DateFormat
from geo.sources.life_mapping import Life, read_life
from geo.sources.sections import METADATA, METADATA_DEPRECATED, Section, read_toml
from geo.sources.vocabulary import checked_slug, read_vocabulary

_WAYS: Final = (("easting", "northing"), ("longitude", "latitude"), ("postcode", "lookup"))
_POSTCODES: Final = (
    "Locations are the centres of postcodes, so a hotspot can lie beside the true place."
)
_SOURCE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,48}[a-z0-9])?")


@dataclass(frozen=True)
class When:
    """Columns of the start and, optionally, of the end; each a date, or a date and a time."""

    start: tuple[str, ...]
    end: tuple[str, ...]
    form: DateFormat


@dataclass(frozen=True)
class Where:
    """Two columns of coordinates in a CRS, or one of postcodes with their lookup file.

    Attributes
    ----------
    columns
        One or two.
    crs
        Of the coordinates.
    lookup
        The file of postcodes, None for coordinates.
    stated
        Whether the mapping file names the CRS.
    """

    columns: tuple[str, ...]
    crs: str
    lookup: Path | None
    stated: bool = False


@dataclass(frozen=True)
class What:
    """How a row gets its category.

    Attributes
    ----------
    column
        The column of categories or codes, '' if every row has the same category.
    category
        The category of every row, '' if there is a column.
    vocabulary
        Category by case-folded code; None if the text of the column is the category.
    unknown
        What to do with a code that is not in the vocabulary.
    """

    column: str
    category: str
    vocabulary: Dictionary[str, str] | None
    unknown: Literal["reject", "keep"]


@dataclass(frozen=True)
class Mapping:
    """A checked mapping file; `digest` changes with it and with the files it names."""

    source: str
    id_column: str
    sheet: str
    address: tuple[str, ...]
    reference: tuple[str, ...]
    when: When
    where: Where
    what: What
    notes: SourceNotes
    covers: Covers | None
    life: Life | None
    digest: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a sheet must have, each once."""
        named = (
            *((self.id_column,) if self.id_column else ()),
            *self.when.start,
            *self.when.end,
            *self.where.columns,
            *((self.what.column,) if self.what.column else ()),
            *self.address,
            *self.reference,
            *(self.life.columns if self.life else ()),
        )
        return tuple(dict.fromkeys(named))


def read_mapping(content: bytes, *, file: str, folder: Path | None) -> Mapping:
    """Read a mapping file.

    Parameters
    ----------
    content
        TOML in UTF-8.
    file
        Its name, for messages.
    folder
        The folder of the files that it names; None if there is none, as for an upload.

    Returns
    -------
    mapping
        With the vocabulary read and every value checked.

    Raises
    ------
    InputError
        If a key is unknown or missing, a value is wrong, or a file it names cannot be read; the
        line names the key.
    """
    top = read_toml(content, file=file)
    top.check_keys()
    what = _what(top, folder)
    where = _where(top.section("where"), folder)
    when = _when(top.section("when"))
    life = read_life(top, when.form) if "life" in top.values else None
    digest = hashlib.sha256(content + repr(what).encode())
    for path in _lookup_files(where.lookup):
        with open_input(path) as stream:
            digest.update(sha256_of(stream, file=path.name).encode())
    mapping = Mapping(
        source=_source(top),
        id_column=top.text("id"),
        sheet=top.text("sheet"),
        address=top.columns("address"),
        reference=top.columns("reference"),
        when=when,
        where=where,
        what=what,
        notes=_notes(top, where),
        covers=_covers(top),
        life=life,
        digest=digest.hexdigest(),
    )
    _check_life(top, mapping)
    return mapping


def _check_life(top: Section, mapping: Mapping) -> None:
    """Refuse a mapping of records that could not be followed, or that names personal columns."""
    if mapping.life is None:
        for name in ("kinds", "channels"):
            if name in top.values:
                raise top.error(name, "is for records with a table [life]")
        return
    if not mapping.id_column:
        raise top.error("life", "needs id: the column by which a record is known in each extract")
    for column in mapping.columns:
        if what := personal_column(column):
            raise InputError(
                f"{top.file}: the mapping names {column!r}, which looks like {what}; leave it out: "
                "Patchmap keeps nothing of people, and the cases stay in your own system"
            )


def in_crs(mapping: Mapping, crs: str, *, file: str) -> Mapping:
    """A mapping for a file that knows its own CRS, such as one of points.

    Parameters
    ----------
    mapping
        Of the file.
    crs
        The CRS of the file's columns `easting` and `northing`, '' if it knows none.
    file
        Its name, for messages.

    Returns
    -------
    mapping
        With the CRS of the file, if it reads these columns.

    Raises
    ------
    InputError
        If the mapping names another CRS.
    """
    where = mapping.where
    if where.columns != _WAYS[0] or crs in ("", where.crs):
        return mapping
    if where.stated:
        raise InputError(
            f"{file} is in {crs}, but the mapping says {where.crs}; remove crs from the mapping"
        )
    digest = hashlib.sha256(f"{mapping.digest} {crs}".encode()).hexdigest()
    return replace(mapping, where=replace(where, crs=crs), digest=digest)


def _source(top: Section) -> str:
    source = top.text("source", needed=True)
    if not _SOURCE.fullmatch(source):
        raise top.error("source", f"must be a word like council or fire-service, not {source!r}")
    if source == police_uk.SOURCE:
        raise top.error("source", f"cannot be {source}: import its files without a mapping")
    return source


def _notes(top: Section, where: Where) -> SourceNotes:
    if METADATA in top.values and METADATA_DEPRECATED in top.values:
        raise top.error(
            METADATA_DEPRECATED, f"is the former name of {METADATA}; use [{METADATA}] alone"
        )
    # Mapping files written for earlier versions have the former name, and must be read for ever.
    name = METADATA_DEPRECATED if METADATA_DEPRECATED in top.values else METADATA
    metadata = top.optional_section(name)
    return SourceNotes(
        title=metadata.text("title") or top.text("source"),
        attribution=metadata.text("attribution"),
        licence=metadata.text("licence"),
        caveats=((_POSTCODES,) if where.lookup else ()) + metadata.texts("caveats"),
        # All incidents of a postcode lie at its centre.
        snapped=where.lookup is not None or metadata.flag("snapped"),
    )


def _covers(top: Section) -> Covers | None:
    if "covers" not in top.values:
        return None
    section = top.section("covers")
    first, last = (_month(section, key) for key in ("from", "to"))
    if first and last and last < first:
        raise section.error("to", "is before from; swap them")
    categories = (checked_slug(section, "categories", name) for name in section.texts("categories"))
    return Covers(first, last, tuple(sorted(set(categories))))


def _month(section: Section, key: str) -> str:
    text = section.text(key)
    try:
        if text:
            month_span(text)
    except InputError as error:
        raise section.error(key, f"is wrong: {error}") from error
    return text


def _when(section: Section) -> When:
    start, end = section.columns("from", most=2), section.columns("to", most=2)
    if not start:
        raise section.error("from", "is missing; add it")
    text = section.text("format", needed=True)
    try:
        form = DateFormat.read(text)
    except InputError as error:
        raise section.error("format", f"is wrong: {error}") from error
    if form.date and not form.time and max(len(start), len(end)) > 1:
        raise section.error("format", "has no time of day, but two columns are named")
    return When(start, end, form)


def _where(section: Section, folder: Path | None) -> Where:
    keys = set(section.values) - {"crs"}
    way = next((way for way in _WAYS if set(way) == keys), None)
    if way is None:
        raise section.error(
            "", "must have easting and northing, or longitude and latitude, or postcode and lookup"
        )
    if "crs" in section.values and way != _WAYS[0]:
        raise section.error("crs", "can only be used with easting and northing")
    if way == _WAYS[2]:
        lookup = section.file_named("lookup", folder)
        return Where((section.text("postcode"),), BRITISH_NATIONAL_GRID, lookup)
    columns = section.text(way[0]), section.text(way[1])
    if columns[0] == columns[1]:
        raise section.error(way[1], f"names the same column as {way[0]}")
    crs = LONLAT if way == _WAYS[1] else _crs(section)
    return Where(columns, crs, None, stated="crs" in section.values)


def _crs(section: Section) -> str:
    name = section.text("crs")
    try:
        return crs_name(name) if name else BRITISH_NATIONAL_GRID
    except InputError as error:
        raise section.error("crs", f"is wrong: {error}") from error


def _lookup_files(lookup: Path | None) -> list[Path]:
    if lookup is None:
        return []
    return sorted(lookup.glob("*.csv")) if lookup.is_dir() else [lookup]


def _what(top: Section, folder: Path | None) -> What:
    section = top.section("what")
    column, category = section.text("column"), section.text("category")
    if bool(column) == bool(category):
        raise section.error("", "must have either a column, or one category for every row")
    if category and (section.values.keys() - {"category"} or "categories" in top.values):
        raise section.error("category", "is for every row and cannot be used with a code list")
    vocabulary = read_vocabulary(top, section, folder)
    unknown = section.text("unknown") or "reject"
    if unknown not in ("reject", "keep"):
        raise section.error("unknown", f"must be reject or keep, not {unknown!r}")
    if "unknown" in section.values and vocabulary is None:
        raise section.error("unknown", "needs a code list: [categories] or what.vocabulary")
    slug = checked_slug(section, "category", category) if category else ""
    return What(column, slug, vocabulary, "keep" if unknown == "keep" else "reject")
