"""What is known: which months, categories and areas each source has published.

Outside its coverage a count is unknown, never zero. Coverage is of a publisher, which is a police
force of a source, or a source that is one publisher itself. It is read from the records of
imports alone, before any incident is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.incidents import (
    LONDON,
    SQUARE_M,
    Covers,
    IncidentSummary,
    months_between,
)
from geo.locate import AreaLocator
from geo.store.contract import ImportRecord

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STRAYS: Final = 0.05
"""A force with less than this share of the busiest force's rows has only strays in a place."""

EXPECTED: Final = 5.0
"""A category without rows is unknown where so many, or more, were to be expected, else zero."""

OTHER_LIST: Final = 12
"""A category absent from the first or last so many months belongs to another list of categories.

police.uk replaced "Violent crime" in 2013: all incidents together stay comparable then.
"""

ALL: Final[tuple[str, ...]] = ()
"""The categories of a Question that names none."""


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
    """

    source: str
    name: str
    summary: IncidentSummary
    months: tuple[str, ...]
    categories: tuple[str, ...] = ()
    force: str = ""

    @classmethod
    def of_import(cls, record: ImportRecord, covers: Covers | None = None) -> ImportCoverage:
        """The coverage that an import's record states, and its mapping where that states one."""
        if record.month:
            months: tuple[str, ...] = (record.month,)
            return cls(record.source, record.name, record.summary, months, force=record.name)
        months = _months(record.summary, covers)
        categories = covers.categories if covers else ()
        return cls(record.source, record.name, record.summary, months, categories)

    @classmethod
    def of_frame(cls, incidents: pd.DataFrame) -> list[ImportCoverage]:
        """The coverage of incidents without a record, by source and month."""
        local = incidents["occurred_from"].dt.tz_convert(LONDON).dt.strftime("%Y-%m")
        grouped = incidents.groupby([incidents["source"].astype(str), local], observed=True)
        return [
            cls(str(source), "", IncidentSummary.of(rows), (str(month),))
            for (source, month), rows in grouped
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


def _months(summary: IncidentSummary, covers: Covers | None) -> tuple[str, ...]:
    """From the first to the last month seen, unless the mapping says otherwise."""
    first, last = (covers.first, covers.last) if covers else ("", "")
    if summary.first is not None and summary.last is not None:
        rows = (
            moment.tz_convert(LONDON).strftime("%Y-%m") for moment in (summary.first, summary.last)
        )
        first, last = (stated or month for stated, month in zip((first, last), rows, strict=True))
    return tuple(months_between(first, last)) if first and last and first <= last else ()


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
        """
        own = self._categories[publisher]
        if not categories:
            return sorted(own)
        return sorted(categories) if publisher.force else sorted(own & set(categories))

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
        """
        months = self._months[publisher]
        absence = self._absences.get((publisher, category))
        if absence is None:
            return frozenset(months)
        unknown = absence.gaps if one_of_all else absence.gaps | absence.unlisted
        return frozenset(months - unknown)

    def months_known(self, publisher: Publisher, categories: Sequence[str]) -> set[str]:
        """The months in which a publisher's count of some of the categories is known."""
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


def near(parts: Sequence[ImportCoverage], study: gpd.GeoDataFrame) -> list[ImportCoverage]:
    """The imports of incidents in a study area, beyond strays; all where none has any.

    Parameters
    ----------
    parts
        What was imported.
    study
        The study area's polygons, in metres.
    """
    squares = sorted({square for part in parts for square in part.summary.squares})
    if not squares:
        return list(parts)
    boxes = _boxes(squares)
    touched = np.unique(shapely.STRtree(study.geometry).query(boxes, predicate="intersects")[0])
    inside = {squares[position] for position in touched}
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        n = sum(count for square, count in part.summary.squares.items() if square in inside)
        counts[part.source, part.name] += n
    most: Counter[str] = Counter()
    for (source, _), n in counts.items():
        most[source] = max(most[source], n)
    nearby = [
        part
        for part in parts
        if counts[part.source, part.name] >= max(STRAYS * most[part.source], 1)
    ]
    return nearby or list(parts)


def _boxes(squares: Sequence[str]) -> NDArray[np.object_]:
    corners = np.array([[int(number) for number in square.split(":")] for square in squares])
    west, south = corners.T * float(SQUARE_M)
    boxes: NDArray[np.object_] = shapely.box(west, south, west + SQUARE_M, south + SQUARE_M)
    return boxes


class Shares(NamedTuple):
    """How many past rows of each publisher lie in each area.

    Attributes
    ----------
    publishers
        p of them.
    rows
        n areas × p; estimated from squares, so not whole numbers.
    """

    publishers: list[Publisher]
    rows: NDArray[np.float64]


def shares_by_squares(areas: gpd.GeoDataFrame, parts: Sequence[ImportCoverage]) -> Shares:
    """Estimate the past rows of each publisher in each area from the squares of the summaries.

    Parameters
    ----------
    areas
        n polygons in metres.
    parts
        What was imported.

    Returns
    -------
    A square's rows are shared among the areas in it by their land.
    """
    publishers = sorted({part.publisher for part in parts})
    squares = sorted({square for part in parts for square in part.summary.squares})
    rows = np.zeros((len(areas), len(publishers)))
    if not squares:
        return Shares(publishers, rows)
    counts = np.zeros((len(squares), len(publishers)))
    number = {square: position for position, square in enumerate(squares)}
    for part in parts:
        column = publishers.index(part.publisher)
        for square, n in part.summary.squares.items():
            counts[number[square], column] += n
    boxes, shapes = _boxes(squares), areas.geometry.to_numpy()
    box, area = shapely.STRtree(shapes).query(boxes, predicate="intersects")
    land = shapely.area(shapely.intersection(boxes[box], shapes[area])) / SQUARE_M**2
    np.add.at(rows, area, counts[box] * land[:, np.newaxis])
    return Shares(publishers, rows)


def publishers_of(shares: Shares) -> list[tuple[Publisher, ...]]:
    """Who publishes each area: of each source the force of most of its past rows.

    A force covers its land where nothing happened too. A source that is one publisher, such as a
    council, covers the areas that have some of its rows.

    Parameters
    ----------
    shares
        Past rows of each publisher in each of n areas.

    Returns
    -------
    For each area its publishers.
    """
    own: list[list[Publisher]] = [[] for _ in range(len(shares.rows))]
    for source in sorted({publisher.source for publisher in shares.publishers}):
        columns = [i for i, one in enumerate(shares.publishers) if one.source == source]
        rows = shares.rows[:, columns]
        # Where nobody has any rows, it is whoever has most elsewhere.
        most = np.where(rows.any(axis=1), rows.argmax(axis=1), rows.sum(axis=0).argmax())
        for area, column in enumerate(most.tolist()):
            publisher = shares.publishers[columns[column]]
            if publisher.force or rows[area, column] > 0:
                own[area].append(publisher)
    return [tuple(publishers) for publishers in own]


def doubtful(shares: Shares) -> Bools:
    """Which areas have so many rows of two forces of a source that squares cannot tell whose.

    Parameters
    ----------
    shares
        Past rows of each publisher in each of n areas.
    """
    unsure = np.zeros(len(shares.rows), dtype=bool)
    for source in {publisher.source for publisher in shares.publishers}:
        columns = [i for i, one in enumerate(shares.publishers) if one.source == source]
        if len(columns) > 1:
            second, most = np.sort(shares.rows[:, columns], axis=1)[:, -2:].T
            unsure |= (second > 0) & (second >= STRAYS * most)
    return unsure


@dataclass(frozen=True)
class Knowledge:
    """What is known where: the areas by who publishes them.

    Attributes
    ----------
    coverage
        What each publisher covers.
    categories
        Those of the Question; none means all.
    territories
        The publishers of each territory, the one with most areas first.
    of_area
        The territory of each of n areas.
    """

    coverage: Coverage
    categories: tuple[str, ...]
    territories: tuple[tuple[Publisher, ...], ...]
    of_area: Ints

    @classmethod
    def of_areas(
        cls,
        coverage: Coverage,
        categories: tuple[str, ...],
        publishers: Sequence[tuple[Publisher, ...]],
    ) -> Knowledge:
        """What is known of areas whose publishers are given, one entry for each area."""
        ordered = [part for part, _ in Counter(publishers).most_common()]
        number = {part: position for position, part in enumerate(ordered)}
        of_area = np.array([number[part] for part in publishers], dtype=np.int64)
        return cls(coverage, categories, tuple(ordered), of_area)

    @classmethod
    def everywhere(
        cls, coverage: Coverage, categories: tuple[str, ...], *, areas: int
    ) -> Knowledge:
        """What is known where everyone publishes everywhere, or all publish the same."""
        publishers = tuple(coverage.publishers)
        return cls(coverage, categories, (publishers,), np.zeros(areas, dtype=np.int64))

    @property
    def uniform(self) -> bool:
        """Whether the same is known of all areas."""
        return len(self.territories) < 2

    def strata(self, territory: int) -> dict[tuple[str, str], frozenset[str]]:
        """The months known of each source and category in a territory."""
        one_of_all = not self.categories
        return {
            (publisher.source, category): self.coverage.known(
                publisher, category, one_of_all=one_of_all
            )
            for publisher in self.territories[territory]
            for category in self.coverage.categories_of(publisher, self.categories)
        }

    def months(self, territory: int) -> set[str]:
        """The months in which anything that was asked for is known in a territory."""
        return set().union(*self.strata(territory).values())

    @property
    def all_months(self) -> set[str]:
        """The months in which anything that was asked for is known of some area."""
        return set().union(*(self.months(part) for part in range(len(self.territories))))

    def counted(self, months: Iterable[str]) -> Ints:
        """How many of some months are known of each area.

        Parameters
        ----------
        months
            As `YYYY-MM`.

        Returns
        -------
        n numbers; 0 where the area is unknown.
        """
        some = set(months)
        if not self.coverage.publishers:
            # Without any import nothing is said of a month: no incident is none.
            return np.full(len(self.of_area), len(some))
        known = [len(self.months(part) & some) for part in range(len(self.territories))]
        return np.array(known, dtype=np.int64)[self.of_area]

    def why(self, months: Iterable[str]) -> NDArray[np.object_]:
        """Why an area's count cannot be compared with the others', or is unknown.

        Parameters
        ----------
        months
            The period's, as `YYYY-MM`.

        Returns
        -------
        n texts, '' where as many months are known as of any area.
        """
        some = sorted(set(months))
        known = [self.months(part) for part in range(len(self.territories))]
        best = set().union(*known) & set(some)
        texts = []
        for publishers, own in zip(self.territories, known, strict=True):
            missing = sorted(best - own)
            if not missing:
                texts.append("")
                continue
            names = ", ".join(publisher.title for publisher in publishers) or "no source"
            text = f"not published by {names}: {span_words(missing)}"
            if part := len(own & best):
                text = f"only {part} of {len(best)} months are known; {text}"
            texts.append(text)
        return np.array(texts, dtype=object)[self.of_area]


def knowledge_of(
    areas: gpd.GeoDataFrame,
    parts: Sequence[ImportCoverage],
    categories: tuple[str, ...],
    *,
    months: Iterable[str],
    past: Callable[[], pd.DataFrame] | None = None,
) -> Knowledge:
    """What is known of each area in some months.

    Parameters
    ----------
    areas
        n polygons in metres.
    parts
        What was imported.
    categories
        Those of the Question; none means all.
    months
        The months that matter, as `YYYY-MM`. Where all publishers know the same of them, nobody
        need know whose an area is.
    past
        Reads past rows: `x` and `y` in metres, `source` and `force`. They decide whose an area is
        where the squares of the summaries leave a doubt.
    """
    coverage, some = Coverage(parts), set(months)
    if alike(coverage, categories, some):
        return Knowledge.everywhere(coverage, categories, areas=len(areas))
    shares = shares_by_squares(areas, parts)
    doubts = doubtful(shares)
    if past is not None and doubts.any():
        rows = shares_by_rows(areas, past(), shares.publishers)
        # An area without past rows is as the squares have it.
        better = doubts & rows.any(axis=1)
        shares.rows[better] = rows[better]
    return Knowledge.of_areas(coverage, categories, publishers_of(shares))


def shares_by_rows(
    areas: gpd.GeoDataFrame, past: pd.DataFrame, publishers: Sequence[Publisher]
) -> NDArray[np.float64]:
    """Count the past rows of each publisher in each area.

    Parameters
    ----------
    areas
        n polygons in metres.
    past
        Rows: `x` and `y` in metres, `source` and `force`.
    publishers
        p of them.

    Returns
    -------
    n × p counts.
    """
    area = AreaLocator(areas).locate(past["x"], past["y"])
    rows = np.zeros((len(areas), len(publishers)))
    for column, publisher in enumerate(publishers):
        own = (past["source"] == publisher.source).to_numpy(dtype=bool)
        if publisher.force:
            own = own & (past["force"] == publisher.force).to_numpy(dtype=bool)
        at = area[own & (area >= 0)]
        rows[:, column] = np.bincount(at, minlength=len(areas))
    return rows


def alike(coverage: Coverage, categories: tuple[str, ...], months: set[str]) -> bool:
    """Whether all publishers know the same of some months.

    Parameters
    ----------
    coverage
        What each publisher covers.
    categories
        Those of the Question; none means all.
    months
        As `YYYY-MM`.
    """
    one_of_all = not categories
    signatures = {
        frozenset(
            coverage.known(publisher, category, one_of_all=one_of_all) & months
            for category in coverage.categories_of(publisher, categories)
        )
        for publisher in coverage.publishers
    }
    return len(signatures) < 2


@dataclass(frozen=True)
class Comparison:
    """What two periods have in common.

    Attributes
    ----------
    now, before
        The months of the period and of the compared one that are compared.
    common
        The sources and categories that both cover, by territory; a territory without any is not
        compared.
    left_out
        What only one of the periods covers, in words.
    """

    now: tuple[str, ...]
    before: tuple[str, ...]
    common: Mapping[int, frozenset[tuple[str, str]]]
    left_out: tuple[str, ...]

    @classmethod
    def of(
        cls, knowledge: Knowledge, now: Sequence[str], before: Sequence[str]
    ) -> Comparison | None:
        """What two periods have in common; None where that is nothing.

        Months are those that are known of the largest territory that can be compared. Another
        territory is compared if the same months are known of it: unequal lengths would look like
        a change.

        Parameters
        ----------
        knowledge
            What is known of each area.
        now, before
            The months of the period, and of the compared one.
        """
        shared = {
            part: each
            for part in range(len(knowledge.territories))
            if (each := _common(knowledge.strata(part), set(now), set(before)))
        }
        if not shared:
            return None
        months = shared[min(shared)][1:]
        common = {part: each[0] for part, each in shared.items() if each[1:] == months}
        left_out: dict[str, None] = {}
        for part, strata in common.items():
            words = _left_out(knowledge, part, strata, periods=({*now}, {*before}), compared=months)
            left_out |= dict.fromkeys(words)
        return cls(tuple(sorted(months[0])), tuple(sorted(months[1])), common, tuple(left_out))

    def compares(self, knowledge: Knowledge) -> Bools:
        """Which of n areas are compared."""
        parts = [part in self.common for part in range(len(knowledge.territories))]
        return np.array(parts, dtype=bool)[knowledge.of_area]


_Common = tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str]]


def _common(
    strata: Mapping[tuple[str, str], frozenset[str]], now: set[str], before: set[str]
) -> _Common | None:
    """The sources and categories that both periods cover, and the months in which all do."""
    common = {
        stratum: (months & now, months & before)
        for stratum, months in strata.items()
        if months & now and months & before
    }
    while common:
        both = [
            frozenset.intersection(*(pair[side] for pair in common.values())) for side in (0, 1)
        ]
        if all(both):
            return frozenset(common), both[0], both[1]
        # No month is known of all: whatever is known of the fewest months is left out.
        fewest = min(common, key=lambda one: (len(common[one][0]) + len(common[one][1]), one))
        del common[fewest]
    return None


def partly_covered(knowledge: Knowledge, months: Sequence[str]) -> list[str]:
    """What is known of some months only where others are known of more: sources, else categories.

    Parameters
    ----------
    knowledge
        What is known of each area.
    months
        The months of the period, as `YYYY-MM`.
    """
    words: dict[str, None] = {}
    for part in range(len(knowledge.territories)):
        strata = {one: known & {*months} for one, known in knowledge.strata(part).items()}
        everything = frozenset().union(*strata.values())
        partly = {one: known for one, known in strata.items() if known < everything}
        words |= dict.fromkeys(_in_words(partly, strata.keys() - partly.keys()))
    return list(words)


def _left_out(
    knowledge: Knowledge,
    territory: int,
    strata: frozenset[tuple[str, str]],
    *,
    periods: tuple[set[str], set[str]],
    compared: tuple[frozenset[str], frozenset[str]],
) -> list[str]:
    """What is left out of a territory: sources, else categories, then months."""
    known = knowledge.strata(territory)
    either = periods[0] | periods[1]
    out = {one: known[one] & either for one in known.keys() - strata if known[one] & either}
    words = _in_words(out, strata)
    everything = frozenset().union(*(known[one] for one in strata))
    partly = sorted((everything & either) - compared[0] - compared[1])
    if partly:
        words.append(f"{span_words(partly)} (some categories or sources lack it)")
    return words


def _in_words(
    out: Mapping[tuple[str, str], frozenset[str]], others: Set[tuple[str, str]]
) -> list[str]:
    """Sources and categories with the months that they cover; a source as one where it can be."""
    words = []
    for source in sorted({source for source, _ in out}):
        own = {category: months for (one, category), months in out.items() if one == source}
        if len({*own.values()}) == 1 and not any(one == source for one, _ in others):
            words.append(f"{source} ({_covers(next(iter(own.values())))})")
        else:
            words += [
                f"{category} of {source} ({_covers(months)})"
                for category, months in sorted(own.items())
            ]
    return words


def _covers(months: frozenset[str]) -> str:
    return f"covers {span_words(sorted(months))} only" if months else "covers none of it"


def span_words(months: Sequence[str]) -> str:
    """Months as people read them: `2024-01 to 2024-03, 2024-05`.

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
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
