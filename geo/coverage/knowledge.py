"""What is known of each area, and why another is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage.published import Coverage, ImportCoverage, Publisher, span_words
from geo.coverage.territories import doubtful, publishers_of, shares_by_rows, shares_by_squares
from geo.incidents import category_title
from geo.locate import AreaLocator
from geo.properties import cached_property

Ints = NDArray[np.int64]
ShortMonths = Mapping[Publisher, frozenset[str]]
"""Months that look incomplete, by who published them."""

NONE_SHORT: Final[ShortMonths] = MappingProxyType({})


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
    short
        Months of a publisher that look incomplete.
    """

    coverage: Coverage
    categories: tuple[str, ...]
    territories: tuple[tuple[Publisher, ...], ...]
    of_area: Ints
    short: ShortMonths = field(default_factory=dict)

    @classmethod
    def of_areas(
        cls,
        coverage: Coverage,
        categories: tuple[str, ...],
        publishers: Sequence[tuple[Publisher, ...]],
        *,
        short: ShortMonths = NONE_SHORT,
    ) -> Knowledge:
        """What is known of areas whose publishers are given, one entry for each area.

        Parameters
        ----------
        coverage
            What each publisher has published.
        categories
            The categories asked for; empty for all.
        publishers
            Those of each area.
        short
            Months of a publisher that look incomplete.

        Returns
        -------
        What is known of each area.
        """
        ordered = [part for part, _ in Counter(publishers).most_common()]
        number = {part: position for position, part in enumerate(ordered)}
        of_area = np.array([number[part] for part in publishers], dtype=np.int64)
        return cls(coverage, categories, tuple(ordered), of_area, short)

    @classmethod
    def everywhere(
        cls,
        coverage: Coverage,
        categories: tuple[str, ...],
        *,
        areas: int,
        short: ShortMonths = NONE_SHORT,
    ) -> Knowledge:
        """What is known where everyone publishes everywhere, or all publish the same.

        Parameters
        ----------
        coverage
            What each publisher has published.
        categories
            The categories asked for; empty for all.
        areas
            The number of areas.
        short
            Months of a publisher that look incomplete.

        Returns
        -------
        What is known of each area.
        """
        publishers = tuple(coverage.publishers)
        of_area = np.zeros(areas, dtype=np.int64)
        return cls(coverage, categories, (publishers,), of_area, short)

    @property
    def uniform(self) -> bool:
        """Whether the same is known of all areas."""
        return len(self.territories) < 2

    def strata(self, territory: int) -> Mapping[tuple[str, str], frozenset[str]]:
        """The months known of each source and category in a territory."""
        return self._strata[territory]

    @cached_property
    def _strata(self) -> list[Mapping[tuple[str, str], frozenset[str]]]:
        # Asked for once for each part of time that counts are split into.
        return [self._strata_of(publishers) for publishers in self.territories]

    def _strata_of(
        self, publishers: Sequence[Publisher]
    ) -> Mapping[tuple[str, str], frozenset[str]]:
        known: defaultdict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
        for publisher in publishers:
            for category in self.coverage.categories_of(publisher, self.categories):
                known[publisher.source, category] |= self.coverage.known(
                    publisher, category, one_of_all=not self.categories
                )
        return dict(known)

    def months(self, territory: int) -> set[str]:
        """The months in which anything that was asked for is known in a territory."""
        return set().union(*self.strata(territory).values())

    def months_of_each(self, territory: int) -> set[str]:
        """The months that every publisher of a territory knows, of those with what is asked for.

        A sum over several sources is one of all of them in these months only.
        """
        categories = self.categories
        known = [
            self.coverage.months_known(one, categories)
            for one in self.territories[territory]
            if self.coverage.categories_of(one, categories)
        ]
        return set[str].intersection(*known) if known else set()

    @property
    def all_months(self) -> set[str]:
        """The months in which anything that was asked for is known of some area."""
        return self.months_of(np.ones(len(self.of_area), dtype=bool))

    def months_of(self, areas: NDArray[np.bool_]) -> set[str]:
        """The months in which anything that was asked for is known of one of some areas.

        Parameters
        ----------
        areas
            Which of the n areas.

        Returns
        -------
        Months, `YYYY-MM`.
        """
        return set().union(*map(self.months, np.unique(self.of_area[areas]).tolist()))

    def short_months(self, territory: int) -> frozenset[str]:
        """The months that look incomplete in a territory."""
        publishers = self.territories[territory]
        return frozenset().union(*(self.short.get(one, frozenset()) for one in publishers))

    @cached_property
    def all_short(self) -> frozenset[str]:
        """The months that look incomplete in some territory."""
        return frozenset().union(*map(self.short_months, range(len(self.territories))))

    def absent(self, territory: int, months: Iterable[str]) -> dict[str, set[str]]:
        """Categories that a territory lacks in months in which another one knows them.

        Only those count that are a notable part of their publisher's incidents: of a force, a
        month without the rarest kind of crime is as good as any.

        Parameters
        ----------
        territory
            Its number.
        months
            As `YYYY-MM`.

        Returns
        -------
        Months by category, of those in which the publisher published other categories.
        """
        some, own = set(months), self.strata(territory)
        lacking: dict[str, set[str]] = {}
        for publisher in self.territories[territory]:
            published = self.coverage.months_of(publisher) & some
            for category in self.coverage.notable(publisher, self.categories):
                stratum = publisher.source, category
                elsewhere = self._anywhere.get(stratum, frozenset())
                if missing := (published & elsewhere) - own.get(stratum, frozenset()):
                    lacking.setdefault(category, set()).update(missing)
        return lacking

    @cached_property
    def _anywhere(self) -> Mapping[tuple[str, str], Set[str]]:
        """The months in which some territory knows a category of a source."""
        months: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for strata in self._strata:
            for stratum, own in strata.items():
                months[stratum] |= own
        return months

    def like(self, months: Iterable[str]) -> tuple[set[str], NDArray[np.bool_]]:
        """The most of some months that are known together, and the areas of which they are known.

        Parameters
        ----------
        months
            As `YYYY-MM`.

        Returns
        -------
        Months of the largest territory of which most are known, and whether each of n areas has
        just these.
        """
        some = set(months)
        parts = range(len(self.territories))
        known = [self.months(part) & some for part in parts]
        best = max(known, key=len)
        alike = np.array([known[part] == best and not self.absent(part, some) for part in parts])
        return best, alike[self.of_area]

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
        n texts, '' where as many months are known as of any area, and the same categories.
        """
        some = sorted(set(months))
        known = [self.months(part) for part in range(len(self.territories))]
        best = set().union(*known) & set(some)
        texts = []
        for part, own in enumerate(known):
            names = ", ".join(one.title for one in self.territories[part]) or "no source"
            words = []
            if missing := sorted(best - own):
                if n := len(own & best):
                    words.append(f"only {n} of {len(best)} months are known")
                words.append(f"no data from {names}: {span_words(missing)}")
            if absent := self.absent(part, own & best):
                kinds = "; ".join(
                    f"{category_title(kind)} in {span_words(sorted(lacks))}"
                    for kind, lacks in sorted(absent.items())
                )
                words.append(f"without {kinds}: no data from {names}")
            texts.append("; ".join(words))
        return np.array(texts, dtype=object)[self.of_area]


Value = TypeVar("Value")

Owners = list[tuple[Publisher, ...]] | None
"""Whose each of n areas is: its publishers; None where nobody has any incident in them."""


class Once(Protocol):
    """Makes a value, or takes it from who has made it before."""

    def __call__(self, name: str, make: Callable[[], Value]) -> Value:
        """The value of a name; it must not be changed."""


def at_once(name: str, make: Callable[[], Value]) -> Value:
    """Make a value, which nobody has from before.

    Parameters
    ----------
    name
        Its name, which is of no use here.
    make
        Makes it.

    Returns
    -------
    The value.
    """
    del name
    return make()


def knowledge_of(
    areas: gpd.GeoDataFrame,
    parts: Sequence[ImportCoverage],
    categories: tuple[str, ...],
    *,
    months: Iterable[str],
    past: Callable[[], pd.DataFrame] | None = None,
    short: ShortMonths = NONE_SHORT,
    locator: AreaLocator | None = None,
    once: Once = at_once,
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
    short
        Months of a publisher that look incomplete.
    locator
        The locator of the areas, where there is one already.
    once
        Makes what depends neither on the categories nor on the months, or has it from before.

    Returns
    -------
    What is known of each area, in the order of the layer.
    """
    coverage, some = Coverage(parts), set(months)
    if alike(coverage, categories, some, short=short):
        return Knowledge.everywhere(coverage, categories, areas=len(areas), short=short)
    owners = once("owners", lambda: _owners(areas, parts, past, locator))
    if owners is None:
        # Nobody has any incident here: nobody's territory it is.
        return Knowledge.everywhere(coverage, categories, areas=len(areas), short=short)
    return Knowledge.of_areas(coverage, categories, owners, short=short)


def _owners(
    areas: gpd.GeoDataFrame,
    parts: Sequence[ImportCoverage],
    past: Callable[[], pd.DataFrame] | None,
    locator: AreaLocator | None,
) -> Owners:
    """Whose each area is."""
    shares = shares_by_squares(areas, parts)
    if not shares.rows.any():
        return None
    doubts = doubtful(shares)
    if past is not None and doubts.any():
        rows = shares_by_rows(areas, past(), shares.publishers, locator=locator)
        # An area without past rows is as the squares have it.
        better = doubts & rows.any(axis=1)
        shares.rows[better] = rows[better]
    return publishers_of(shares)


def alike(
    coverage: Coverage,
    categories: tuple[str, ...],
    months: set[str],
    *,
    short: ShortMonths = NONE_SHORT,
) -> bool:
    """Whether all publishers know the same of some months.

    Parameters
    ----------
    coverage
        What each publisher covers.
    categories
        Those of the Question; none means all.
    months
        As `YYYY-MM`.
    short
        Months of a publisher that look incomplete.

    Returns
    -------
    True where areas need not be distinguished.
    """
    signatures = {
        _signature(coverage, publisher, categories, months=months, short=short)
        for publisher in coverage.publishers
    }
    return len(signatures) < 2


def _signature(
    coverage: Coverage,
    publisher: Publisher,
    categories: tuple[str, ...],
    *,
    months: set[str],
    short: ShortMonths,
) -> tuple[frozenset[object], ...]:
    """What a publisher knows of some months: which, which in part, and of which categories not."""
    known = coverage.months_known(publisher, categories) & months
    gaps = {
        category: known - coverage.known(publisher, category, one_of_all=not categories)
        for category in coverage.categories_of(publisher, categories)
    }
    return (
        frozenset(known),
        frozenset(short.get(publisher, frozenset()) & months),
        frozenset((category, frozenset(gap)) for category, gap in gaps.items() if gap),
    )
