"""Faults of the data to know before believing an answer: gaps, doubles, snap points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.distinct_points import mixed
from geo.incidents import LONDON, category_title, london_months, months_between
from geo.store.contract import ImportRecord

NO_PLACE = "no location"
"""The reason by which rows without a place are rejected."""

FEWEST_TO_JUDGE = 20
"""Fewer identical rows, or incidents, may be even, or far away, by chance."""

SHORT_SHARE = 0.5
"""A month with less than this share of its source's median month looks incomplete."""

FEWEST_MONTHS = 3
"""Fewer months have no median to judge one of them by."""

FAR = 3
"""Points beyond so many times the 99th percentile of distance look misplaced."""

FAR_DAYS = 366
"""Incidents within a year of the middle are not far away in time."""

MIDNIGHT_SHARE = 0.2
"""More times of 00:00 than this stand for times that nobody knew; one in 1,440 is chance."""

BUSIEST = 10
"""How many points are counted together as the busiest."""

_COMPARED = ["source", "category", "x", "y", "location"]

_AT_ONCE = 250_000
"""Rows whose points are numbered at a time: of all of a country's they would take gigabytes."""

_Part = tuple[str, str, str]
"""What is published at once: the rows of a source, month and category."""


@dataclass(frozen=True)
class Note:
    """One fault: its kind, the source and month, and a sentence for people."""

    kind: str
    source: str
    month: str
    text: str


def quality(incidents: pd.DataFrame, imports: Sequence[ImportRecord]) -> list[Note]:
    """List the faults of a store's incidents, by kind, source and month.

    Parameters
    ----------
    incidents
        An incident frame: all that the store accepted.
    imports
        The records of the current imports.

    Returns
    -------
    A note for each fault; none for a store without incidents.
    """
    if not len(incidents):
        return []
    return [
        *_without_place(imports),
        *_missing_months(imports),
        *(
            Note(
                "short month",
                short.source,
                short.month,
                f"{short.name} has {short.n:,} rows, its median month {short.usual:,.0f}: the "
                "month may be incomplete",
            )
            for short in short_months(imports)
        ),
        *_published_twice(incidents),
        *_moving_references(incidents),
        *_identical_rows(incidents),
        *_far_away(incidents),
        *_far_in_time(incidents),
        *_midnights(incidents),
        *_alike_categories(incidents),
        *_busiest_points(incidents),
    ]


@dataclass(frozen=True)
class Double:
    """A month of one category in which every group of identical rows has an even count."""

    source: str
    month: str
    category: str
    n: int

    @property
    def category_words(self) -> str:
        """Its category within a sentence: `anti-social behaviour`."""
        title = category_title(self.category)
        return title[:1].lower() + title[1:]

    @property
    def text(self) -> str:
        """The suspicion as a sentence."""
        return (
            f"each of the {self.n:,} rows of {self.category_words} occurs 2, 4, 6 … times: the "
            f"month looks published twice, with about {self.n // 2:,} true incidents"
        )


def months_published_twice(
    incidents: pd.DataFrame, complete: Callable[[Sequence[str]], pd.DataFrame] | None = None
) -> list[Double]:
    """List those of `published_twice` among the incidents that are known by their month alone.

    Parameters
    ----------
    incidents
        An incident frame.
    complete
        Reads those of some months, `YYYY-MM` in order, again where they have no `location`. By
        source, category and point alone nearly all months are cleared.

    Returns
    -------
    The doubles, by source, month and category.
    """
    monthly = (incidents["precision"] == "month").to_numpy()
    compared = incidents[incidents.columns.intersection([*_COMPARED, "occurred_from"])]
    rows = compared if monthly.all() else compared[monthly]
    suspected = _suspected(rows)
    if suspected and complete is not None and "location" not in rows:
        return months_published_twice(complete(sorted({month for _, month, _ in suspected})))
    return _doubles(rows, suspected)


def published_twice(incidents: pd.DataFrame) -> list[Double]:
    """List months that look published twice, by source and category.

    A month of incidents at shared points has groups of one, two, three and more identical rows.
    That all of its groups are even does not happen by chance.

    Parameters
    ----------
    incidents
        An incident frame.
    """
    return _doubles(incidents, _suspected(incidents))


def _doubles(incidents: pd.DataFrame, suspected: Set[_Part]) -> list[Double]:
    """Those of suspected parts in which the rows themselves have even counts."""
    if not suspected:
        return []
    groups = _identical(incidents[_are_of(incidents, suspected)])
    table = groups.groupby(["source", "month", "category"], observed=True)[["n", "odd"]].sum()
    doubled = table[(table["odd"] == 0) & (table["n"] >= FEWEST_TO_JUDGE)]
    return [
        Double(str(source), str(month), str(category), int(n))
        for (source, month, category), n in zip(
            doubled.index.to_list(), doubled["n"].tolist(), strict=True
        )
    ]


def _published_twice(incidents: pd.DataFrame) -> list[Note]:
    """Months published twice; also of one force, whose even counts those of another hide."""
    of_all = published_twice(incidents)
    notes = [Note("published twice", one.source, one.month, one.text) for one in of_all]
    # Rows without ids of their own are named by their partition and line.
    partition = incidents["incident_id"].astype(str).str.rpartition(":")[0]
    known = {(one.source, one.month, one.category) for one in of_all}
    for name, rows in incidents.groupby(partition.to_numpy(), sort=True):
        if len(rows) == len(incidents):
            continue
        notes += [
            Note("published twice", one.source, one.month, f"{name}: {one.text}")
            for one in published_twice(rows)
            if (one.source, one.month, one.category) not in known
        ]
    return notes


def _suspected(incidents: pd.DataFrame) -> set[_Part]:
    """The parts of which all points may have even counts.

    In nearly all parts some point has an odd count: it costs far less to see that than to compare
    the rows. A number for each point, all joined by XOR, leaves zero where all counts are even, and
    hardly ever where they are not.
    """
    left: defaultdict[_Part, int] = defaultdict(int)
    for rows in _some_at_a_time(incidents):
        part, parts = _parts_of(rows)
        numbers = np.zeros(len(parts), dtype=np.uint64)
        x, y = (rows[axis].to_numpy(float) for axis in ("x", "y"))
        np.bitwise_xor.at(numbers, part, mixed(x, y))
        for one, number in zip(parts, numbers.tolist(), strict=True):
            left[one] ^= number
    return {one for one, number in left.items() if not number}


def _are_of(incidents: pd.DataFrame, chosen: Set[_Part]) -> NDArray[np.bool_]:
    """Which rows are of some parts."""
    masks = []
    for rows in _some_at_a_time(incidents):
        part, parts = _parts_of(rows)
        masks.append(np.array([one in chosen for one in parts])[part])
    return np.concatenate(masks)


def _some_at_a_time(incidents: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(incidents), _AT_ONCE):
        yield incidents[start : start + _AT_ONCE]


def _parts_of(incidents: pd.DataFrame) -> tuple[NDArray[np.intp], list[_Part]]:
    """The number of each row's part, and the parts."""
    month, months = _months_of(incidents)
    source, sources = pd.factorize(incidents["source"])
    category, categories = pd.factorize(incidents["category"])
    part, numbers = pd.factorize((month * len(sources) + source) * len(categories) + category)
    number, of_category = np.divmod(numbers, len(categories))
    of_month, of_source = np.divmod(number, len(sources))
    names = (
        np.asarray(values).astype(str)[at].tolist()
        for values, at in (
            (sources, of_source),
            (months, of_month),
            (categories, of_category),
        )
    )
    return part, list(zip(*names, strict=True))


def _months_of(incidents: pd.DataFrame) -> tuple[NDArray[np.signedinteger], NDArray[np.str_]]:
    """The number of each row's London month, and the months, as `YYYY-MM`."""
    # Of incidents that are known by their month alone there are few moments.
    moment, moments = pd.factorize(incidents["occurred_from"])
    month, months = pd.factorize(london_months(pd.Series(moments)).astype(str))
    return month[moment], months


def _identical(incidents: pd.DataFrame) -> pd.DataFrame:
    """The groups of identical rows: `source`, `month`, `category`, `n` rows, `odd` 0 or 1."""
    month, months = _months_of(incidents)
    group = month
    # Number by number: many times faster than grouping by texts.
    for name in _COMPARED:
        value, values = pd.factorize(incidents[name], use_na_sentinel=False)
        group, _ = pd.factorize(group * len(values) + value)
    first = np.flatnonzero(~pd.Series(group).duplicated().to_numpy())
    n = np.bincount(group, minlength=len(first))
    groups = incidents[["source", "category"]].iloc[first].reset_index(drop=True)
    return groups.assign(month=months[month[first]], n=n, odd=n % 2)


class DoubleWatch:
    """Watches an import for months that were published twice; holds the needed columns only."""

    def __init__(self) -> None:
        self._rows: list[pd.DataFrame] = []

    def add(self, accepted: pd.DataFrame) -> None:
        """Add accepted rows of the same file."""
        self._rows.append(accepted[[*_COMPARED, "occurred_from"]])

    def doubles(self) -> list[Double]:
        """The months that look published twice among all rows added."""
        return published_twice(pd.concat(self._rows)) if self._rows else []


def _without_place(imports: Sequence[ImportRecord]) -> list[Note]:
    notes = []
    for record in imports:
        lost = record.rejected_by_reason.get(NO_PLACE, 0)
        if lost:
            share = lost / record.rows_read
            text = f"{lost:,} of {record.rows_read:,} rows have no place ({share:.1%})"
            notes.append(Note("without a place", record.source, record.month, text))
    return notes


def _missing_months(imports: Sequence[ImportRecord]) -> list[Note]:
    notes = []
    for source, name in sorted({(record.source, record.name) for record in imports}):
        months = sorted(record.month for record in imports if record.name == name and record.month)
        if not months:
            continue
        for first, last in _gaps(months):
            span = first if first == last else f"{first} to {last}"
            text = f"no data imported from {name}: unknown, not zero"
            notes.append(Note("missing months", source, span, text))
    return notes


def _gaps(months: list[str]) -> list[tuple[str, str]]:
    """The first and last month of each run that is missing between the first and last given."""
    missing = [month for month in months_between(months[0], months[-1]) if month not in months]
    gaps: list[tuple[str, str]] = []
    for month in missing:
        if gaps and months_between(gaps[-1][1], month) == [gaps[-1][1], month]:
            gaps[-1] = (gaps[-1][0], month)
        else:
            gaps.append((month, month))
    return gaps


@dataclass(frozen=True)
class ShortMonth:
    """A month that looks incomplete against the median month of its force."""

    source: str
    name: str
    month: str
    n: int
    usual: float


def short_months(imports: Sequence[ImportRecord]) -> list[ShortMonth]:
    """Months with less than `SHORT_SHARE` of the rows of a median month, by source and force."""
    short = []
    for source, name in sorted({(record.source, record.name) for record in imports}):
        monthly = {
            record.month: record.rows_read
            for record in imports
            if (record.source, record.name) == (source, name) and record.month
        }
        if len(monthly) < FEWEST_MONTHS:
            continue
        usual = float(np.median(list(monthly.values())))
        short += [
            ShortMonth(source, name, month, n, usual)
            for month, n in sorted(monthly.items())
            if n < SHORT_SHARE * usual
        ]
    return short


def _moving_references(rows: pd.DataFrame) -> list[Note]:
    named = rows[rows["reference"] != ""]
    places = named.groupby(["source", "reference"], observed=True)[["x", "y"]].nunique()
    moving = places[(places > 1).any(axis=1)]
    return [
        Note(
            "references that repeat",
            str(source),
            "",
            f"{n:,} references occur at more than one place: a reference names a crime, not a row",
        )
        for source, n in moving.groupby(level="source", observed=True).size().items()
        if n
    ]


def _identical_rows(rows: pd.DataFrame) -> list[Note]:
    """Rows that repeat another with the same reference in every respect."""
    named = rows[rows["reference"] != ""]
    repeats = named[named.duplicated([*_COMPARED, "occurred_from", "reference"])]
    return [
        Note(
            "identical rows",
            str(source),
            "",
            f"{n:,} rows repeat another with the same reference, category, place and time: each "
            "of them counts",
        )
        for source, n in repeats.groupby("source", observed=True).size().items()
        if n
    ]


def _far_in_time(rows: pd.DataFrame) -> list[Note]:
    """Incidents beyond `FAR` times the 99th percentile of days from the middle."""
    notes = []
    for source, part in rows.groupby("source", observed=True):
        days = (part["occurred_from"] - part["occurred_from"].median()).abs().dt.days
        far = days > max(FAR * float(days.quantile(0.99)), FAR_DAYS)
        if far.any():
            moments = part.loc[far, "occurred_from"].dt.tz_convert(LONDON)
            text = (
                f"{int(far.sum()):,} incidents lie far from all others in time, from "
                f"{moments.min():%d %B %Y} to {moments.max():%d %B %Y}"
            )
            notes.append(Note("far in time", str(source), "", text))
    return notes


def _midnights(rows: pd.DataFrame) -> list[Note]:
    """Times of 00:00 that are too many to be true."""
    notes = []
    timed = rows[rows["precision"] == "instant"]
    for source, part in timed.groupby("source", observed=True):
        moments = part["occurred_from"].dt.tz_convert(LONDON)
        midnight = int((moments == moments.dt.normalize()).sum())
        if midnight >= FEWEST_TO_JUDGE and midnight > MIDNIGHT_SHARE * len(part):
            text = (
                f"{midnight:,} of {len(part):,} times are 00:00, which often stands for no time "
                "known: what is said of hours counts them at midnight"
            )
            notes.append(Note("times of 00:00", str(source), "", text))
    return notes


def _alike_categories(rows: pd.DataFrame) -> list[Note]:
    """Categories that differ by a sign or a space only, such as fly-tipping and flytipping."""
    notes = []
    pairs = rows[["source", "category"]].astype(str).drop_duplicates()
    letters = pairs["category"].str.replace("-", "", regex=False)
    for (source, _), names in pairs.groupby([pairs["source"], letters])["category"]:
        if len(names) > 1:
            text = f"the categories {', '.join(sorted(names))} differ by signs or spaces only"
            notes.append(Note("categories that are alike", str(source), "", text))
    return notes


def _far_away(rows: pd.DataFrame) -> list[Note]:
    """Points beyond `FAR` times the 99th percentile of distance from the middle."""
    notes = []
    for source, part in rows.groupby("source", observed=True):
        distance = np.hypot(part["x"] - part["x"].median(), part["y"] - part["y"].median())
        limit = FAR * float(np.quantile(distance, 0.99))
        far = int((distance > limit).sum())
        if far:
            text = (
                f"{far:,} points lie more than {limit / 1000:,.0f} km from the middle of the rest"
            )
            notes.append(Note("far away", str(source), "", text))
    return notes


def _busiest_points(rows: pd.DataFrame) -> list[Note]:
    notes = []
    for source, part in rows.groupby("source", observed=True):
        share = part.groupby(["x", "y"]).size().nlargest(BUSIEST).sum() / len(part)
        text = f"the {BUSIEST} busiest points hold {share:.1%} of {len(part):,} incidents"
        notes.append(Note("busiest points", str(source), "", text))
    return notes
