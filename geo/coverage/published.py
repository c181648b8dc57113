"""What each publisher covers, as the records of imports and mappings state it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from geo.incidents import LONDON, Covers, IncidentSummary, london_months, months_between
from geo.period import Period
from geo.properties import cached_property
from geo.store.contract import PAST_RETENTION, ImportRecord

EXPECTED: Final = 5.0
"""A category without rows is unknown where so many, or more, were to be expected, else zero."""

NOTABLE: Final = 0.05
"""A category with a smaller share of its publisher's incidents is no notable part of them."""

OTHER_LIST: Final = 12
"""A category absent from the first or last so many months belongs to another list of categories.

police.uk replaced "Violent crime" in 2013: all incidents together stay comparable then.
"""


SILENT: Final = 12
"""So many months without a row inside a file are unknown, unless its mapping states its months.

One row with a mistyped year would otherwise make known zeros of all the months up to the others.
"""


class Publisher(NamedTuple):
    """A police force of a source; '' where the source is one publisher itself."""

    source: str
    force: str

    @property
    def title(self) -> str:
        """The force where there is one, else the source."""
        return self.force or self.source


@dataclass(frozen=True)
class ImportCoverage:
    """What one import covers: known before any of its incidents is read.

    Attributes
    ----------
    source
        Who published it.
    name
        The part of the source, such as a police force; '' where there is none.
    summary
        Counts, categories, times and places of its incidents.
    months
        The months that it publishes, as `YYYY-MM`.
    categories
        The categories that its mapping says it covers, beside those that occur.
    force
        The police force of one month of files; '' where the source is one publisher itself.
    until
        The day of an extract of all records: what it does not hold did not happen by then. None of
        any other import.
    """

    source: str
    name: str
    summary: IncidentSummary
    months: tuple[str, ...]
    categories: tuple[str, ...] = ()
    force: str = ""
    until: date | None = None

    @classmethod
    def of_import(cls, record: ImportRecord, covers: Covers | None = None) -> ImportCoverage:
        """The coverage that an import's record states, and its mapping where that states one.

        Parameters
        ----------
        record
            The record.
        covers
            What a mapping says that its file covers.

        Returns
        -------
        The coverage.
        """
        if record.month:
            # All of its rows were too old to be kept: that is no month without incidents.
            expired = PAST_RETENTION in record.rejected_by_reason and not record.rows_accepted
            months: tuple[str, ...] = () if expired else (record.month,)
            return cls(record.source, record.name, record.summary, months, force=record.name)
        is_whole = bool(record.extracted and record.whole)
        until = date.fromisoformat(record.extracted) if is_whole else None
        months = _months(record.summary, covers, until=_last_whole_month(until))
        categories = covers.categories if covers else ()
        return cls(record.source, record.name, record.summary, months, categories, until=until)

    @classmethod
    def of_frame(cls, incidents: pd.DataFrame) -> list[ImportCoverage]:
        """The coverage of incidents without a record, by source and month."""
        source, sources = pd.factorize(incidents["source"].astype(str), sort=True)
        months, month = np.unique(london_months(incidents["occurred_from"]), return_inverse=True)
        parts, part = np.unique(source * len(months) + month, return_inverse=True)
        return [
            cls(str(sources[one // len(months)]), "", summary, (str(months[one % len(months)]),))
            for one, summary in zip(
                parts.tolist(), IncidentSummary.by_group(incidents, part, len(parts)), strict=True
            )
        ]

    @property
    def publisher(self) -> Publisher:
        """Who published it."""
        return Publisher(self.source, self.force)

    def has(self, categories: Sequence[str]) -> bool:
        """Whether it covers some of the categories; none means all."""
        return not categories or not set(categories).isdisjoint(
            {*self.summary.categories, *self.categories}
        )


def _last_whole_month(until: date | None) -> str:
    """The last month that is over by the end of a day; '' without a day.

    An extract of all records knows that nothing was received in a month, once that is over.
    """
    if until is None:
        return ""
    after = until + timedelta(days=1)
    return f"{after.replace(day=1) - timedelta(days=1):%Y-%m}"


def _months(summary: IncidentSummary, covers: Covers | None, *, until: str = "") -> tuple[str, ...]:
    """From the first to the last month seen, or known `until`, unless the mapping says otherwise.

    Between them, `SILENT` months without a row are left out where the mapping does not state both.
    """
    first, last = (covers.first, covers.last) if covers else ("", "")
    silent = set() if first and last else _silent(summary, until)
    if summary.first is not None and summary.last is not None:
        rows = (
            moment.tz_convert(LONDON).strftime("%Y-%m") for moment in (summary.first, summary.last)
        )
        first_row, last_row = rows
        first, last = first or first_row, last or max(last_row, until)
    if not (first and last and first <= last):
        return ()
    return tuple(month for month in months_between(first, last) if month not in silent)


def _silent(summary: IncidentSummary, until: str) -> set[str]:
    """Months of the long stretches in which no day has a row."""
    having = sorted({day[:7] for day in summary.days})
    between = [months_between(*pair)[1:-1] for pair in pairwise(having)]
    if having and until > having[-1]:
        # A file of old cases whose day was never stated counts as an extract of today.
        between.append(months_between(having[-1], until)[1:])
    return {month for months in between if len(months) >= SILENT for month in months}


class _Absence(NamedTuple):
    """Months in which a category has no rows although some were to be expected.

    `gaps` are within the time in which its publisher has it; `unlisted` are the long stretches
    before and after.
    """

    gaps: frozenset[str]
    unlisted: frozenset[str]


class Coverage:
    """Which months and categories each publisher covers.

    Parameters
    ----------
    parts
        What was imported.
    """

    def __init__(self, parts: Iterable[ImportCoverage]) -> None:
        self._months: defaultdict[Publisher, set[str]] = defaultdict(set)
        self._categories: defaultdict[Publisher, set[str]] = defaultdict(set)
        self._counts: defaultdict[Publisher, Counter[tuple[str, str]]] = defaultdict(Counter)
        for part in parts:
            own = part.publisher
            self._months[own].update(part.months)
            self._categories[own].update(part.summary.categories, part.categories)
            if part.force:
                for category, n in part.summary.categories.items():
                    self._counts[own][category, part.months[0]] += n

    @property
    def publishers(self) -> list[Publisher]:
        """Everyone who published, in the order of the alphabet."""
        return sorted(self._months)

    def months_of(self, publisher: Publisher) -> set[str]:
        """The months that a publisher published, whatever the category."""
        return self._months[publisher]

    def categories_of(self, publisher: Publisher, categories: Sequence[str]) -> list[str]:
        """The categories that a publisher can say something about.

        A force publishes all kinds of crime, so one that it never had is zero. A council's list
        says nothing about kinds that it does not have.

        Parameters
        ----------
        publisher
            One of `publishers`.
        categories
            Those of the Question; none means all.

        Returns
        -------
        Categories in order.
        """
        own = self._categories[publisher]
        if not categories:
            return sorted(own)
        return sorted(categories) if publisher.force else sorted(own & set(categories))

    def notable(self, publisher: Publisher, categories: Sequence[str]) -> list[str]:
        """Those of `categories_of` that are a notable part of a publisher's incidents.

        Parameters
        ----------
        publisher
            One of `publishers`.
        categories
            Those of the Question; none means all.

        Returns
        -------
        Categories in order: with several named, each of them.
        """
        own = self.categories_of(publisher, categories)
        if categories:
            return own
        rows: Counter[str] = Counter()
        for (category, _), n in self._counts[publisher].items():
            rows[category] += n
        return [category for category in own if rows[category] >= NOTABLE * rows.total()]

    def known(self, publisher: Publisher, category: str, *, one_of_all: bool) -> frozenset[str]:
        """The months in which a publisher's count of a category is known.

        Parameters
        ----------
        publisher
            One of `publishers`.
        category
            One of `categories_of`.
        one_of_all
            Whether all categories are counted together: a category that its publisher has
            replaced by others is then none that is missing.

        Returns
        -------
        Months, `YYYY-MM`.
        """
        months = self._months[publisher]
        absence = self._absences.get((publisher, category))
        if absence is None:
            return frozenset(months)
        unknown = absence.gaps if one_of_all else absence.gaps | absence.unlisted
        return frozenset(months - unknown)

    def months_known(self, publisher: Publisher, categories: Sequence[str]) -> set[str]:
        """The months in which a publisher's count of some of the categories is known.

        Parameters
        ----------
        publisher
            The publisher.
        categories
            The categories.

        Returns
        -------
        Months, `YYYY-MM`.
        """
        one_of_all = not categories
        months: set[str] = set()
        for category in self.categories_of(publisher, categories):
            months |= self.known(publisher, category, one_of_all=one_of_all)
        return months

    def zeros(
        self, publisher: Publisher, categories: Sequence[str], months: Iterable[str]
    ) -> list[tuple[str, str]]:
        """Categories and months without rows that count as zero, as few were to be expected.

        Parameters
        ----------
        publisher
            One of `publishers`.
        categories, months
            Those of the Question.

        Returns
        -------
        Pairs of category and month.
        """
        if not publisher.force:
            return []
        counts = self._counts[publisher]
        return [
            (category, month)
            for category in categories
            for month in sorted(self._months[publisher].intersection(months))
            if not counts[category, month]
            and month in self.known(publisher, category, one_of_all=False)
        ]

    @cached_property
    def _absences(self) -> dict[tuple[Publisher, str], _Absence]:
        absences = {}
        for publisher, counts in self._counts.items():
            months = sorted(self._months[publisher])
            present: defaultdict[str, set[str]] = defaultdict(set)
            total: Counter[str] = Counter()
            for (category, month), n in counts.items():
                if n:
                    present[category].add(month)
                    total[category] += n
            for category, having in present.items():
                # The mean of its other months: those of absence add nothing to the total.
                if len(having) < len(months) and total[category] / (len(months) - 1) >= EXPECTED:
                    absences[publisher, category] = _absence(months, having)
        return absences


def _absence(months: list[str], having: set[str]) -> _Absence:
    first, last = min(having), max(having)
    before = [month for month in months if month < first]
    after = [month for month in months if month > last]
    unlisted = {
        month for stretch in (before, after) if len(stretch) >= OTHER_LIST for month in stretch
    }
    return _Absence(frozenset(set(months) - having - unlisted), frozenset(unlisted))


def no_data_words(missing: Sequence[str], months: Sequence[str]) -> str:
    """Of how many months there is no data: `no data imported for 58 of 67 months`.

    A store cannot know whether such a month was published: only that it was not imported.

    Parameters
    ----------
    missing
        The months without data, as `YYYY-MM`.
    months
        All months of the period.

    Returns
    -------
    Part of a sentence.
    """
    plural = "" if len(months) == 1 else "s"
    return f"no data imported for {len(missing)} of {len(months)} month{plural}"


def span_words(months: Sequence[str]) -> str:
    """Months as people read them: `January 2024 to March 2024, May 2024`.

    Parameters
    ----------
    months
        As `YYYY-MM`, in order.
    """
    return ", ".join(spans_of(months))


def spans_of(months: Sequence[str]) -> list[str]:
    """Months in a row as people read them, each row on its own: `January 2024 to March 2024`.

    Parameters
    ----------
    months
        As `YYYY-MM`, in order.
    """
    runs: list[list[str]] = []
    for month in months:
        if runs and months_between(runs[-1][-1], month) == [runs[-1][-1], month]:
            runs[-1].append(month)
        else:
            runs.append([month])
    return [Period.of_months(run[0], run[-1]).title for run in runs]
