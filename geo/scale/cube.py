"""Counts as a block: category × month × place, of which any period is summed in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
        Slugs, in order.
    months
        Successive months, as `2024-01`.
    """

    counts: NDArray[np.uint32]
    categories: tuple[str, ...]
    months: tuple[str, ...]

    @classmethod
    def of(
        cls,
        category: NDArray[np.integer[Any]],
        month: NDArray[np.integer[Any]],
        place: NDArray[np.integer[Any]],
        n: NDArray[np.integer[Any]],
        *,
        categories: Sequence[str],
        months: Sequence[str],
        places: int,
    ) -> Cube:
        """Put rows into the block: numbers of categories, of months and of places, and how many.

        Rows of the same three are added up.
        """
        flat = (category.astype(np.int64) * len(months) + month) * places + place
        counts = np.zeros(len(categories) * len(months) * places, dtype=np.uint32)
        np.add.at(counts, flat, n.astype(np.uint32))
        shape = (len(categories), len(months), places)
        return cls(counts.reshape(shape), tuple(categories), tuple(months))

    def by_place(self, months: Sequence[str], categories: Sequence[str] = ()) -> Ints:
        """How many each place holds in some months, of some categories or of all."""
        chosen = [self.months.index(month) for month in months if month in self.months]
        total = np.zeros(self.counts.shape[2], dtype=np.int64)
        for number in self._numbers(categories):
            for month in chosen:
                total += self.counts[number, month]
        return total

    def by_month(self, categories: Sequence[str] = (), *, place: int | None = None) -> Ints:
        """How many there are in each month, in one place or in all."""
        kept = self.counts[self._numbers(categories)]
        if place is not None:
            return np.asarray(kept[:, :, place].sum(axis=0, dtype=np.int64))
        return np.asarray(kept.sum(axis=(0, 2), dtype=np.int64))

    def by_category(self, months: Sequence[str], *, place: int | None = None) -> dict[str, int]:
        """How many there are of each category in some months, in one place or in all."""
        chosen = [self.months.index(month) for month in months if month in self.months]
        kept = self.counts[:, chosen] if place is None else self.counts[:, chosen, place]
        sums = kept.reshape(len(self.categories), -1).sum(axis=1, dtype=np.int64)
        return dict(zip(self.categories, sums.tolist(), strict=True))

    def _numbers(self, categories: Sequence[str]) -> list[int]:
        return [
            number
            for number, slug in enumerate(self.categories)
            if not categories or slug in categories
        ]
