"""CSV files and XLSX workbooks of incidents, read as a mapping file describes them.

Every row becomes an incident or is rejected with its line number and a reason. Mapping files are
described in `geo.sources.mapping`, dates in `geo.sources.dates` and `geo.sources.when`, postcodes
in `geo.sources.postcodes`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import LONLAT, Projection, implausible
from geo.errors import InputError
from geo.formats.bounded import open_input, sha256_of
from geo.formats.csv_table import Table
from geo.incidents import COLUMNS, LONDON, Batch, Extract, Partition, Unplaced, category_slug
from geo.properties import cached_property
from geo.records.life import LIFE_TIME_TYPE
from geo.sources.dates import DateFormat
from geo.sources.lives import ReadLives, read_lives, refuse_personal, stated_day
from geo.sources.mapping import Mapping, What
from geo.sources.notices import MergedLabels, RecordNotices
from geo.sources.postcodes import Postcodes
from geo.sources.sheets import ROWS, CellTable, read_sheet
from geo.sources.when import (
    Moments,
    Occurrences,
    all_midnight,
    implausible_times,
    midnights_as_days,
    occurrences,
    read_moments,
)

LONGEST_ID: Final = 200
LONGEST_CATEGORY: Final = 200
"""Characters of a category: a longer text is what somebody wrote of a case."""

WITH_COMMA: Final = "coordinates hold a comma; write them as 52.918 or 436101"
"""Why a row has no place whose coordinates could be decimals or thousands."""

_COMMA = r"[+-]?\d+(,\d+)+(\.\d+)?"
_NAME = re.compile(r"\w[\w .()+-]{0,99}")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Reasons = NDArray[np.object_]


class ReadTables(Protocol):
    """Reads a file from its beginning."""

    def __call__(self, *, rows: int) -> Iterator[Table]:
        """Tables of at most so many rows, the first one even of none."""


def read_spreadsheet(
    path: Path,
    mapping: Mapping,
    projection: Projection,
    *,
    name: str = "",
    extracted: date | None = None,
) -> Partition:
    """Read a CSV or XLSX file as a mapping describes it.

    Parameters
    ----------
    path
        The file.
    mapping
        Which columns hold what.
    projection
        Converts the points to metres.
    name
        The name of the partition. A file without an id column needs one, because importing it
        again under the same name replaces it.
    extracted
        Of which day it is an extract, for a mapping with `[life]`; else as the file states it, or
        today.

    Returns
    -------
    partition
        Its `sha256` covers the file, the mapping and the files that the mapping names, so that a
        file is imported again even if only its mapping has changed.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column of the mapping, or needs a name. Reading its
        batches raises it too.
    """
    if not name and not mapping.id_column:
        raise InputError(
            f"{path.name} has no id column in its mapping; name the partition by --partition NAME"
        )
    with open_input(path) as stream:
        digest = sha256_of(stream, file=path.name)
    return read_mapped_tables(
        partial(read_sheet, path, sheet=mapping.sheet),
        mapping,
        projection,
        file=path.name,
        sha256=digest,
        name=name,
        extracted=extracted,
    )


def read_mapped_tables(
    tables: ReadTables,
    mapping: Mapping,
    projection: Projection,
    *,
    file: str,
    sha256: str,
    name: str = "",
    extracted: date | None = None,
) -> Partition:
    """Read a file that is no sheet, but comes as tables, as a mapping describes them.

    Parameters
    ----------
    tables
        Reads the file from its beginning as tables of at most so many `rows`.
    mapping, projection, name, extracted
        As for `read_spreadsheet`.
    file, sha256
        Its name, and the hash of its content.

    Returns
    -------
    partition
        As `read_spreadsheet`.

    Raises
    ------
    InputError
        As `read_spreadsheet`.
    """
    if name and not _NAME.fullmatch(name):
        raise InputError(
            f"--partition {name!r}: use letters, digits, spaces, dots, - (at most 100)"
        )
    first = next(tables(rows=1))
    first.require(*mapping.columns)
    extract = _extract(first, mapping, extracted, file=file)
    reader = _Reader(file, tables, mapping, projection, name, extract)
    return Partition(
        source=mapping.source,
        name=name,
        month="",
        file=file,
        sha256=hashlib.sha256(f"{sha256} {mapping.digest}".encode()).hexdigest(),
        fields=tuple(first.header),
        batches=reader.batches,
        keyed=bool(mapping.id_column),
        notes=mapping.notes,
        covers=mapping.covers,
        extract=extract,
    )


def _extract(
    first: Table, mapping: Mapping, extracted: date | None, *, file: str
) -> Extract | None:
    """How a file is an extract; None where its mapping has no `[life]`."""
    life = mapping.life
    if life is None:
        if extracted is not None:
            raise InputError(
                f"{file}: only an extract of records has a day; its mapping has no [life]"
            )
        return None
    read = partial(_moments_of, first, life.form)
    stated = stated_day(life, moments=read, file=file)
    today = pd.Timestamp.now(LONDON).date()
    day = extracted or stated or today
    if day > today:
        raise InputError(f"{file}: an extract of {day} is one of a day to come")
    return Extract(day, life.whole, "reopened" in life.texts)


def _moments_of(table: Table, form: DateFormat, names: tuple[str, ...]) -> Moments:
    epoch = table.epoch if isinstance(table, CellTable) else None
    return read_moments([table.text(name) for name in names], form, epoch=epoch)


@dataclass(frozen=True)
class _Reader:
    """A file with everything needed to read it."""

    file: str
    tables: ReadTables
    mapping: Mapping
    projection: Projection
    name: str
    extract: Extract | None

    @cached_property
    def postcodes(self) -> Postcodes | None:
        lookup = self.mapping.where.lookup
        return Postcodes.read(lookup) if lookup else None

    def batches(self) -> Iterator[Batch]:
        """Read the file from its beginning."""
        accepted, unplaced = 0, 0
        reasons, earlier_ids = Counter[str](), set[str]()
        days_only: bool | None = None
        merged, notes = MergedLabels(), RecordNotices()
        for table in self.tables(rows=ROWS):
            if days_only is None:  # the first rows decide for all
                days_only = self._knows_days_only(table)
            batch = self._batch(table, earlier_ids, notes, days_only=days_only)
            if self.mapping.what.column and self.mapping.what.vocabulary is None:
                notices = merged.add(table.text(self.mapping.what.column), file=self.file)
                batch = replace(batch, notices=batch.notices + notices)
            accepted += len(batch.accepted) + batch.rows_placeless
            unplaced += 0 if batch.unplaced is None else len(batch.unplaced.lines)
            for reason, n in batch.rejected["reason"].value_counts().items():
                reasons[str(reason)] += int(n)
            yield batch
        # Of rows that lack a place alone a store may know the records.
        if not accepted and not unplaced:
            raise InputError(
                f"{self.file}: all of its {reasons.total():,} rows are rejected, mostly: "
                f"{reasons.most_common(1)[0][0]}"
            )

    def _batch(
        self, table: Table, earlier_ids: set[str], notes: RecordNotices, *, days_only: bool
    ) -> Batch:
        when = self._occurrences(table, days_only=days_only)
        x, y, place_faults = self._points(table)
        notices = table.notices + (self.postcodes.notices if self.postcodes else ())
        if days_only:
            notices += (f"{self.file}: all times are 00:00, so they are read as days",)
        category, code_faults = _categories(table, self.mapping.what)
        impossible = implausible_times(when, now=np.datetime64("now", "s"))
        faults = when.reason, impossible, place_faults, code_faults
        lives = self._lives(table, when)
        own: tuple[Reasons, ...] = ()
        placeless, unplaced = np.zeros((2, len(table)), dtype=bool)
        if lives is not None:
            # Whose area is stated counts there, whatever is wrong with its point.
            stated = (lives.lives["stated_area"] != "").to_numpy(bool)
            placeless = stated & (place_faults != "")
            own = (lives.reasons, *self._personal(table))
            others = _first_reason(when.reason, impossible, code_faults, *own)
            unplaced = ~stated & (place_faults != "") & (others == "")
            faults = (faults[0], impossible, np.where(placeless, "", place_faults), code_faults)
        reasons = _first_reason(_shape_faults(table, when.reason), *faults, *own)
        ids = self._ids(table, reasons, earlier_ids=earlier_ids)
        accepted = reasons == ""
        values = {
            "incident_id": ids,
            "source": self.mapping.source,
            "category": category,
            "occurred_from": pd.DatetimeIndex(when.first, tz="UTC"),
            "occurred_to": pd.DatetimeIndex(when.last, tz="UTC"),
            "precision": when.precision.astype("str"),
            "x": x,
            "y": y,
            "location": _joined(table, self.mapping.address),
            "reference": _joined(table, self.mapping.reference),
        }
        incidents = pd.DataFrame(values, columns=list(COLUMNS))
        rejected = _rejects(table, reasons)
        if lives is None:
            return Batch(incidents[accepted].reset_index(drop=True), rejected, notices)
        known = lives.lives.set_axis(pd.Index(ids, dtype="str", name="incident_id"))
        notes.add(place_faults[accepted & placeless], lives.dues_left_out[accepted])
        return Batch(
            incidents[accepted & ~placeless].reset_index(drop=True),
            rejected,
            notices + notes.lines(self.file),
            incidents[accepted & placeless].assign(x=np.nan, y=np.nan).reset_index(drop=True),
            known[accepted],
            frozenset(known.index[~accepted]),
            self._unplaced(table, unplaced, incidents, known),
        )

    def _unplaced(
        self, table: Table, rows: Mask, incidents: pd.DataFrame, lives: pd.DataFrame
    ) -> Unplaced | None:
        """Those of some rows, which lack a place, that are whole but for it; None without any."""
        own = table.text(self.mapping.id_column)
        rows = rows & ~table.wrong_width & ((own != "") & (own.str.len() <= LONGEST_ID)).to_numpy()
        if not rows.any():
            return None
        return Unplaced(
            incidents[rows].assign(x=np.nan, y=np.nan).reset_index(drop=True),
            lives[rows],
            np.asarray(table.lines)[rows].astype(np.int64),
        )

    def _lives(self, table: Table, when: Occurrences) -> ReadLives | None:
        life, extract = self.mapping.life, self.extract
        if life is None or extract is None:
            return None
        occurred = np.where(when.reason == "", when.first, np.datetime64("NaT"))
        received = pd.Series(pd.DatetimeIndex(occurred, tz="UTC"), dtype=LIFE_TIME_TYPE)
        read = partial(_moments_of, table, life.form)
        return read_lives(table, life, received, moments=read, extracted=extract.day)

    def _personal(self, table: Table) -> list[Reasons]:
        """Why rows are refused whose texts lead to people."""
        columns = dict.fromkeys((*self.mapping.address, *self.mapping.reference))
        return [refuse_personal(name, table.text(name)) for name in columns]

    def _knows_days_only(self, table: Table) -> bool:
        return not self.mapping.when.end and all_midnight(*self._moments(table))

    def _moments(self, table: Table) -> list[Moments]:
        """The start and, if there is one, the end of each row."""
        when = self.mapping.when
        return [_moments_of(table, when.form, names) for names in (when.start, when.end) if names]

    def _occurrences(self, table: Table, *, days_only: bool) -> Occurrences:
        start, *end = self._moments(table)
        return occurrences(midnights_as_days(start) if days_only else start, *end)

    def _points(self, table: Table) -> tuple[Floats, Floats, Reasons]:
        """X and y of each row in metres, and why it has none."""
        where = self.mapping.where
        if self.postcodes:
            first, second, reasons = self.postcodes.points(table.text(where.columns[0]))
        else:
            first, second = (table.numbers(column) for column in where.columns)
            reasons = implausible(first, second, source=where.crs, projection=self.projection)
            unread = np.isnan(first + second)
            reasons[_with_comma(table, where.columns, unread)] = WITH_COMMA
            reasons[_both_empty(table, where.columns, unread)] = "no location"
        good = reasons == ""
        x, y = np.full((2, len(table)), np.nan)
        x[good], y[good] = self.projection.to_metres(first[good], second[good], source=where.crs)
        if where.crs not in (LONLAT, self.projection.crs):
            # Of other systems only the working CRS knows the area of use.
            crs = self.projection.crs
            reasons[good] = implausible(x[good], y[good], source=crs, projection=self.projection)
        return x, y, reasons

    def _ids(self, table: Table, reasons: Reasons, *, earlier_ids: set[str]) -> pd.Series:
        """Ids of the rows; adds a reason where a row's own id is missing, long or repeated."""
        # With the partition's name, because two lists of one source can number their rows alike.
        start = f"{self.mapping.source}/{self.name}:" if self.name else f"{self.mapping.source}:"
        if not self.mapping.id_column:
            return pd.Series([f"{start}{line}" for line in table.lines], dtype="str")
        own = table.text(self.mapping.id_column)
        accepted = reasons == ""
        reasons[accepted & np.asarray(own == "")] = "no id"
        reasons[accepted & np.asarray(own.str.len() > LONGEST_ID)] = (
            f"the id is longer than {LONGEST_ID} characters"
        )
        # Rejected rows do not use up their id: a corrected row may follow.
        accepted = reasons == ""
        for row, own_id in zip(np.flatnonzero(accepted), own[accepted].tolist(), strict=True):
            if own_id in earlier_ids:
                reasons[row] = "the id is that of an earlier row"
            earlier_ids.add(own_id)
        return start + own


def _first_reason(*faults: Reasons) -> Reasons:
    """The first fault of each row, '' if it has none."""
    reasons = np.full(len(faults[0]), "", dtype=object)
    for fault in faults:
        reasons = np.where(reasons == "", fault, reasons)
    return reasons


def _shape_faults(table: Table, date_faults: Reasons) -> Reasons:
    """Faults of whole rows; an empty row has no date, so only rows without one are checked."""
    reasons = np.full(len(table), "", dtype=object)
    reasons[table.wrong_width] = f"not {len(table.header)} columns wide"
    for row in np.flatnonzero(date_faults != ""):
        if not any(map(str.strip, table.rows[row])):
            reasons[row] = "the row is empty"
    return reasons


def _both_empty(table: Table, columns: tuple[str, ...], among: Mask) -> Mask:
    if not among.any():
        return among
    first, second = (np.asarray(table.text(column) == "") for column in columns)
    empty: Mask = among & first & second
    return empty


def _with_comma(table: Table, columns: tuple[str, ...], among: Mask) -> Mask:
    """Which rows write a coordinate as `52,918`, a latitude, or `436,101`, an easting."""
    if not among.any():
        return among
    first, second = (table.text(name).str.fullmatch(_COMMA).to_numpy(bool) for name in columns)
    comma: Mask = among & (first | second)
    return comma


def _categories(table: Table, what: What) -> tuple[pd.Series, Reasons]:
    """The category of each row, and why it has none."""
    if what.category:
        same = pd.Series(what.category, index=range(len(table)), dtype="str")
        return same, np.full(len(table), "", dtype=object)
    codes = table.text(what.column)
    slugs = {code: _category(code, what) for code in codes.unique()}
    faults = {
        code: "" if slug else f"unknown category code {code[:60]!r}" for code, slug in slugs.items()
    }
    too_long = f"the category is longer than {LONGEST_CATEGORY} characters"
    faults |= {code: too_long for code in faults if len(code) > LONGEST_CATEGORY}
    faults[""] = "no category"
    return codes.map(slugs), np.asarray(codes.map(faults), dtype=object)


def _category(code: str, what: What) -> str:
    if not code:
        return ""
    known = (what.vocabulary or {}).get(code.casefold(), "")
    strict = what.vocabulary is not None and what.unknown == "reject"
    return known or ("" if strict else category_slug(code))


def _joined(table: Table, columns: tuple[str, ...]) -> pd.Series | str:
    if not columns:
        return ""
    if len(columns) == 1:
        return table.text(columns[0])
    parts = zip(*(table.text(column) for column in columns), strict=True)
    return pd.Series([", ".join(filter(None, row)) for row in parts], dtype="str")


def _rejects(table: Table, reasons: Reasons) -> pd.DataFrame:
    rows = np.flatnonzero(reasons != "")
    values = {
        "line": table.lines[rows],
        "reason": reasons[rows],
        "row": [tuple(table.rows[i]) for i in rows],
    }
    return pd.DataFrame(values)
