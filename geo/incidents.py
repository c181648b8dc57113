"""The incident table: its columns, its times, and what an import consists of.

One row is one reported event. Times are stored in UTC; months, days and hours are those of
Europe/London, as users expect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError

LONDON: Final = "Europe/London"

COLUMNS: Final = (
    "incident_id",
    "source",
    "category",
    "occurred_from",
    "occurred_to",
    "precision",
    "x",
    "y",
    "location",
    "reference",
)
"""Columns of an incident frame.

`occurred_from` and `occurred_to` are UTC timestamps, both inclusive; `precision` is one of
`PRECISIONS`; `x` and `y` are metres in the store's working CRS; `location` is the text of the
place; `reference` is an id given by the source that need not be unique.
"""

ANSWER_COLUMNS: Final = tuple(name for name in COLUMNS if name not in ("incident_id", "reference"))
"""The columns that answers need: about 40 bytes an incident in memory."""

COUNT_COLUMNS: Final = ("source", "category", "occurred_from", "precision", "x", "y")
"""Those of them that counting needs. Names of places take the longest of all to read."""

PRECISIONS: Final = ("instant", "interval", "day", "month")

REJECT_COLUMNS: Final = ("line", "reason", "row")

SQUARE_M: Final = 5_000
"""Side of the squares in which a summary counts incidents."""


@dataclass(frozen=True)
class Unplaced:
    """Rows of records that are rejected only because they state neither a place nor an area.

    A store accepts those whose records it knows: they are where they were.

    Attributes
    ----------
    incidents
        n rows whose `x` and `y` are NaN.
    lives
        Their lives, in the same order.
    lines
        Their n line numbers, by which they are among the rejected rows.
    """

    incidents: pd.DataFrame
    lives: pd.DataFrame
    lines: NDArray[np.int64]

    @classmethod
    def join(cls, parts: Sequence[Unplaced]) -> Unplaced:
        """All of one or more parts as one."""
        return cls(
            pd.concat([part.incidents for part in parts], ignore_index=True),
            pd.concat([part.lives for part in parts]),
            np.concatenate([part.lines for part in parts]),
        )


@dataclass(frozen=True)
class Batch:
    """Some rows of a file.

    Attributes
    ----------
    accepted
        An incident frame.
    rejected
        `REJECT_COLUMNS`: line number, reason, and the raw fields as a tuple.
    notices
        What a reader should know of how the file was read so far, a line each.
    placeless
        Rows without a place that state their area: an incident frame whose `x` and `y` are NaN.
    lives
        The life of each accepted row and of each without a place, indexed by `incident_id`; see
        `geo.records.life`. None where the source has none.
    rejected_ids
        The ids that rejected rows of records bear: these are not missing from their extract.
    unplaced
        Which rejected rows lack a place alone; None where none does.
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    notices: tuple[str, ...] = ()
    placeless: pd.DataFrame | None = None
    lives: pd.DataFrame | None = None
    rejected_ids: frozenset[str] = frozenset()
    unplaced: Unplaced | None = None

    @property
    def rows_placeless(self) -> int:
        """How many rows have no place."""
        return 0 if self.placeless is None else len(self.placeless)

    @classmethod
    def join(cls, batches: Iterable[Batch]) -> Batch:
        """All batches as one."""
        parts = list(batches)
        if not parts:
            return cls(empty_incidents(), pd.DataFrame(columns=list(REJECT_COLUMNS)))
        placeless = [part.placeless for part in parts if part.placeless is not None]
        lives = [part.lives for part in parts if part.lives is not None]
        unplaced = [part.unplaced for part in parts if part.unplaced is not None]
        return cls(
            pd.concat([part.accepted for part in parts], ignore_index=True),
            pd.concat([part.rejected for part in parts], ignore_index=True),
            placeless=pd.concat(placeless, ignore_index=True) if placeless else None,
            lives=pd.concat(lives) if lives else None,
            rejected_ids=frozenset().union(*(part.rejected_ids for part in parts)),
            unplaced=Unplaced.join(unplaced) if unplaced else None,
        )


NOTES_SETTING: Final = "source {}"
"""Name of the setting in which a store holds the notes of a source."""


@dataclass(frozen=True)
class SourceNotes:
    """Title, licence and caveats of a source, shown with its incidents.

    Attributes
    ----------
    title, attribution, licence, caveats
        Texts for people.
    snapped
        Points are moved to anonymous ones, so incidents at one point can have happened at
        different places.
    """

    title: str
    attribution: str
    licence: str
    caveats: tuple[str, ...] = field(default=())
    snapped: bool = False

    @classmethod
    def read(cls, setting: Mapping[str, Any]) -> SourceNotes:
        """The notes that `as_dict` wrote."""
        return cls(**{**setting, "caveats": tuple(setting["caveats"])})

    def as_dict(self) -> dict[str, Any]:
        """The notes as the JSON of a setting."""
        return asdict(self) | {"caveats": list(self.caveats)}


COVERS_SETTING: Final = "covers {}"
"""Name of the setting in which a store holds what the partitions of a source cover."""


@dataclass(frozen=True)
class Covers:
    """What a file covers, as its mapping states: there a month without rows is zero.

    Attributes
    ----------
    first, last
        Months, as `YYYY-MM`; '' for the first or last one seen.
    categories
        Covered beside those that occur.
    """

    first: str = ""
    last: str = ""
    categories: tuple[str, ...] = ()

    @classmethod
    def read(cls, setting: Mapping[str, Any]) -> Covers:
        """What `as_dict` wrote."""
        return cls(setting["from"], setting["to"], tuple(setting["categories"]))

    def as_dict(self) -> dict[str, Any]:
        """Return it as the JSON of a setting."""
        return {"from": self.first, "to": self.last, "categories": list(self.categories)}


@dataclass(frozen=True)
class Extract:
    """That a file is an extract of a council's records, and how it is to be read.

    Attributes
    ----------
    day
        Of which day it is a snapshot.
    whole
        Whether it holds all records: one that is missing from it has vanished. Else it holds those
        that changed.
    counts_reopened
        Whether it states itself how often each record was reopened.
    """

    day: date
    whole: bool
    counts_reopened: bool = False


@dataclass(frozen=True)
class Partition:
    """The part of a source that one file covers: importing it again replaces all of it.

    Attributes
    ----------
    source
        Id of the source.
    name
        The police force, or a name that the user chose.
    month
        `YYYY-MM` if the file covers one month, else ''.
    file, sha256
        Name of the file and the hash of its content.
    fields
        Names of the raw fields of rejected rows.
    batches
        Reads the file from its beginning, some rows at a time.
    keyed
        Whether rows have the source's own ids: they then update the rows with the same id and
        leave the others of the partition unchanged.
    notes
        Title, licence and caveats, if the file came with them.
    covers
        What its mapping says it covers; None where it says nothing.
    extract
        How it is an extract of records with lives; None where its rows have none. It is keyed.
    """

    source: str
    name: str
    month: str
    file: str
    sha256: str
    fields: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]
    keyed: bool = False
    notes: SourceNotes | None = None
    covers: Covers | None = None
    extract: Extract | None = None

    @property
    def partition_id(self) -> str:
        """Source, name and month as one word."""
        return "/".join(part for part in (self.source, self.name, self.month) if part)


@dataclass(frozen=True)
class IncidentSummary:
    """Counts and range of a set of incidents, stored with every import.

    Attributes
    ----------
    categories
        Number of incidents by category.
    precisions
        Those that occur, sorted.
    first, last
        Earliest and latest `occurred_from`, UTC; None if there are no incidents.
    squares
        Number of incidents by square of `SQUARE_M` metres, named `column:row`.
    days
        Number of incidents by the London day of `occurred_from`, as `YYYY-MM-DD`.
    """

    categories: dict[str, int]
    precisions: tuple[str, ...]
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    squares: dict[str, int]
    days: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, incidents: pd.DataFrame) -> IncidentSummary:
        """Summarise an incident frame."""
        return cls.by_group(incidents, np.zeros(len(incidents), dtype=np.int64), 1)[0]

    @classmethod
    def by_group(
        cls, incidents: pd.DataFrame, groups: NDArray[np.int64], count: int
    ) -> list[IncidentSummary]:
        """Summarise parts of an incident frame, all of them in one pass.

        Parameters
        ----------
        incidents
            n rows.
        groups
            The part of each row, from 0 to `count` − 1.
        count
            Number of parts; one without rows has an empty summary.

        Returns
        -------
        summaries
            One of each part.
        """
        occurred = incidents["occurred_from"]
        column, row = (np.floor(incidents[axis].to_numpy() / SQUARE_M) for axis in ("x", "y"))
        placed = ~np.isnan(column)
        # As complex numbers they sort by column, then row, many times faster than as pairs.
        square, at = np.unique((column + 1j * row)[placed], return_inverse=True)
        squares = [f"{int(one.real)}:{int(one.imag)}" for one in square]
        local = np.asarray(occurred.dt.tz_convert(LONDON).dt.tz_localize(None), "datetime64[D]")
        days, day = np.unique(local, return_inverse=True)
        kind, kinds = pd.factorize(incidents["category"].astype(str), sort=True)
        exact, precisions = pd.factorize(incidents["precision"].astype(str), sort=True)
        moments = occurred.dt.tz_convert(None).to_numpy()
        first, last = (_ends(which, moments, groups, count) for which in (np.fmin, np.fmax))
        return [
            cls(
                categories=categories,
                precisions=tuple(by_precision),
                first=first[group],
                last=last[group],
                squares=by_square,
                days=by_day,
            )
            for group, (categories, by_precision, by_square, by_day) in enumerate(
                zip(
                    _counts(groups, count, kind, kinds.tolist()),
                    _counts(groups, count, exact, precisions.tolist()),
                    _counts(groups[placed], count, at, squares),
                    _counts(groups, count, day, days.astype(str).tolist()),
                    strict=True,
                )
            )
        ]

    def __or__(self, other: IncidentSummary) -> IncidentSummary:
        """Both sets together."""
        moments = [self.first, other.first], [self.last, other.last]
        first, last = ([moment for moment in pair if moment is not None] for pair in moments)
        return IncidentSummary(
            _added(self.categories, other.categories),
            tuple(sorted({*self.precisions, *other.precisions})),
            min(first, default=None),
            max(last, default=None),
            _added(self.squares, other.squares),
            _added(self.days, other.days),
        )

    def without(self, removed: IncidentSummary) -> IncidentSummary:
        """Return what is left without some of these incidents, whose exact times it then hides.

        Parameters
        ----------
        removed
            Some of the incidents.
        """
        days = _subtracted(self.days, removed.days)
        categories = _subtracted(self.categories, removed.categories)
        first, last = self.first, self.last
        if not categories:
            return EMPTY_SUMMARY
        if days and removed.first is not None and removed.first == first:
            first = pd.Timestamp(min(days), tz=LONDON).tz_convert("UTC").as_unit("s")
        if days and removed.last is not None and removed.last == last:
            ends = pd.Timestamp(max(days), tz=LONDON) + pd.DateOffset(days=1)
            last = (ends.tz_convert("UTC") - pd.Timedelta(seconds=1)).as_unit("s")
        squares = _subtracted(self.squares, removed.squares)
        return IncidentSummary(categories, self.precisions, first, last, squares, days)


def _subtracted(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    left = {name: n - other.get(name, 0) for name, n in one.items()}
    return {name: n for name, n in left.items() if n > 0}


def _ends(
    which: np.ufunc, moments: NDArray[np.datetime64], groups: NDArray[np.int64], count: int
) -> list[pd.Timestamp | None]:
    """The first or last moment of each group, by `np.fmin` or `np.fmax`; None where it has none."""
    ends = np.full(count, np.datetime64("NaT"), dtype=moments.dtype)
    which.at(ends, groups, moments)
    return [None if pd.isna(end) else end for end in pd.DatetimeIndex(ends, tz="UTC")]


def _counts(
    groups: NDArray[np.int64], count: int, codes: NDArray[np.int64], names: Sequence[str]
) -> list[dict[str, int]]:
    """How many rows of each group have each code, by its name, in the order of the codes."""
    counts: list[dict[str, int]] = [{} for _ in range(count)]
    pairs, n = np.unique(groups * len(names) + codes, return_counts=True)
    for pair, rows in zip(pairs.tolist(), n.tolist(), strict=True):
        group, code = divmod(pair, len(names))
        counts[group][names[code]] = rows
    return counts


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


EMPTY_SUMMARY = IncidentSummary({}, (), None, None, {})


def empty_incidents() -> pd.DataFrame:
    """An incident frame without rows, with the right types."""
    frame = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})
    for name in ("occurred_from", "occurred_to"):
        frame[name] = pd.Series(dtype="datetime64[s, UTC]")
    for name in ("x", "y"):
        frame[name] = pd.Series(dtype="float64")
    return frame


def category_slug(label: str) -> str:
    """The slug of a published category: `Anti-social behaviour` gives `anti-social-behaviour`."""
    return re.sub(r"[^a-z0-9]+", "-", label.strip().lower()).strip("-")


def category_title(slug: str) -> str:
    """The title of a slug: `anti-social-behaviour` gives `Anti-social behaviour`."""
    text = slug.replace("-", " ").replace("anti social", "anti-social")
    return text[:1].upper() + text[1:]


def month_span(month: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and last second of a `YYYY-MM` month in London, as UTC.

    Raises
    ------
    InputError
        If the text is not a month.
    """
    if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month):
        raise InputError(f"{month!r} is not a month; write it as 2024-01")
    start = pd.Timestamp(f"{month}-01", tz=LONDON)
    end = start + pd.DateOffset(months=1)
    return start.tz_convert("UTC"), end.tz_convert("UTC") - pd.Timedelta(seconds=1)


def london_months(occurred: pd.Series) -> NDArray[np.datetime64]:
    """The London month of each UTC timestamp, as `datetime64[M]`."""
    local = occurred.dt.tz_convert(LONDON).dt.tz_localize(None)
    return np.asarray(local, dtype="datetime64[M]")


def in_months(occurred: pd.Series, months: Collection[str]) -> NDArray[np.bool_]:
    """Which incidents occurred in some months.

    Parameters
    ----------
    occurred
        n UTC timestamps.
    months
        London months, as `YYYY-MM`.

    Returns
    -------
    n flags.
    """
    return np.isin(london_months(occurred), np.array(sorted(months), dtype="datetime64[M]"))


def months_between(first: str, last: str) -> list[str]:
    """All months from `first` to `last` inclusive, as `YYYY-MM`.

    Parameters
    ----------
    first, last
        As `YYYY-MM`.

    Returns
    -------
    The months in order.
    """
    span = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return [str(month) for month in span]


def london_hours(occurred: pd.Series) -> NDArray[np.int64]:
    """The hour of the day in London of each UTC timestamp, 0 to 23."""
    return np.asarray(occurred.dt.tz_convert(LONDON).dt.hour, dtype=np.int64)
