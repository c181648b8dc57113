"""What is known of each area, and why another is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage.published import Coverage, ImportCoverage, Publisher, span_words
from geo.coverage.territories import doubtful, publishers_of, shares_by_rows, shares_by_squares

Ints = NDArray[np.int64]


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
        """What is known of areas whose publishers are given, one entry for each area.

        Parameters
        ----------
        coverage
            What each publisher has published.
        categories
            The categories asked for; empty for all.
        publishers
            Those of each area.

        Returns
        -------
        What is known of each area.
        """
        ordered = [part for part, _ in Counter(publishers).most_common()]
        number = {part: position for position, part in enumerate(ordered)}
        of_area = np.array([number[part] for part in publishers], dtype=np.int64)
        return cls(coverage, categories, tuple(ordered), of_area)

    @classmethod
    def everywhere(
        cls, coverage: Coverage, categories: tuple[str, ...], *, areas: int
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

        Returns
        -------
        What is known of each area.
        """
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
        known = [self.months(part) & some for part in range(len(self.territories))]
        best = max(known, key=len)
        alike = np.array([own == best for own in known], dtype=bool)
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

    Returns
    -------
    What is known of each area, in the order of the layer.
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

    Returns
    -------
    True where areas need not be distinguished.
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
