"""Counts as an array of category × month × place, which sums any period in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cube:
    """The counts of all places.

    Attributes
    ----------
    counts
        Categories × months × places.
    categories
        Slugs, sorted.
    months
        Consecutive months, as `2024-01`.
    """

    counts: NDArray[np.uint32]
    categories: tuple[str, ...]
    months: tuple[str, ...]

    @classmethod
    def of(
        cls,
        category: NDArray[np.integer],
        month: NDArray[np.integer],
        place: NDArray[np.integer],
        n: NDArray[np.integer],
        *,
        categories: Sequence[str],
        months: Sequence[str],
        places: int,
    ) -> Cube:
        """Add up rows.

        Parameters
        ----------
        category, month, place
            Positions of each row in `categories`, `months` and among the places.
        n
            Incidents of each row.
        categories, months
            See `Cube`.
        places
            How many places there are.

        Returns
        -------
        cube
            Zero where there is no row.
        """
        flat = (category.astype(np.int64) * len(months) + month) * places + place
        counts = np.zeros(len(categories) * len(months) * places, dtype=np.uint32)
        np.add.at(counts, flat, n.astype(np.uint32))
        shape = (len(categories), len(months), places)
        return cls(counts.reshape(shape), tuple(categories), tuple(months))

    def by_place(self, months: Sequence[str], categories: Sequence[str] = ()) -> Ints:
        """Incidents of each place in some months; without `categories`, of all of them.

        Parameters
        ----------
        months
            As `YYYY-MM`.
        categories
            Empty for all.

        Returns
        -------
        A count for each place.
        """
        chosen = [self.months.index(month) for month in months if month in self.months]
        total = np.zeros(self.counts.shape[2], dtype=np.int64)
        for number in self._numbers(categories):
            for month in chosen:
                total += self.counts[number, month]
        return total

    def by_month(self, categories: Sequence[str] = (), *, place: int | Ints | None = None) -> Ints:
        """Incidents in each month, in one place, some, or, without `place`, in all of them.

        Parameters
        ----------
        categories
            Empty for all.
        place
            The number of one place, or of several; None for all.

        Returns
        -------
        A count for each month.
        """
        counts = self.counts[self._numbers(categories)]
        if place is not None:
            counts = counts[:, :, np.atleast_1d(place)]
        sums: Ints = counts.sum(axis=(0, 2), dtype=np.int64)
        return sums

    def by_category(self, months: Sequence[str], *, place: int | None = None) -> dict[str, int]:
        """Incidents of each category in some months, in one place or, without `place`, in all.

        Parameters
        ----------
        months
            As `YYYY-MM`.
        place
            The number of one place; None for all.

        Returns
        -------
        A count by category.
        """
        chosen = [self.months.index(month) for month in months if month in self.months]
        counts = self.counts[:, chosen] if place is None else self.counts[:, chosen, place]
        sums = counts.reshape(len(self.categories), -1).sum(axis=1, dtype=np.int64)
        return dict(zip(self.categories, sums.tolist(), strict=True))

    def _numbers(self, categories: Sequence[str]) -> list[int]:
        return [
            number
            for number, slug in enumerate(self.categories)
            if not categories or slug in categories
        ]
