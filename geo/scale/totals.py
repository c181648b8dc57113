"""The counts of all parts together, and where every row went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from geo.incidents import months_between
from geo.scale.counting import PartCounts, Tally
from geo.scale.parts import Broken

MOST_WAITING: Final = 4_000_000
"""Rows of counts that wait until they are added up: a matter of memory."""


class Totals:
    """Adds parts up as they come, in whatever order.

    Parameters
    ----------
    broken
        What was found to be broken before any part was read.
    """

    def __init__(self, broken: Sequence[Broken] = ()) -> None:
        self._sum = Tally.join([])
        self._waiting: list[Tally] = []
        self._reports = [PartCounts.of_broken(file, file.reason) for file in broken]

    def add(self, part: PartCounts) -> None:
        """Add one part."""
        self._waiting.append(part.tally)
        # What it counted is in the sum, and not kept twice.
        self._reports.append(part.without_tally())
        if sum(map(len, self._waiting)) > MOST_WAITING:
            self._settle()

    def counted(self, codes: Sequence[str]) -> Counted:
        """All that was added, by places of these codes."""
        self._settle()
        return Counted(
            list(codes), self._sum, sorted(self._reports, key=lambda part: (part.month, part.name))
        )

    def _settle(self) -> None:
        self._sum = Tally.join([self._sum, *self._waiting])
        self._waiting = []


@dataclass(frozen=True)
class Counted:
    """Counts by place × category × month, with where every row went.

    Attributes
    ----------
    codes
        The codes of all places.
    tally
        The counts, where there are any.
    reports
        What was found in each part, the earliest month first; without its counts.
    """

    codes: list[str]
    tally: Tally
    reports: list[PartCounts] = field(repr=False)

    def frame(self, code: str = "area_code") -> pd.DataFrame:
        """A row for each place, category and month that holds incidents, in that order.

        Columns are the code's (`area_code` or `cell_id`), `category`, `month` (`2024-01`) and `n`.
        A row that is missing is a zero only where the month was published.
        """
        tally = self.tally
        months = np.unique(tally.month)
        names = months.astype("datetime64[M]").astype(str)
        at = np.searchsorted(months, tally.month)
        return pd.DataFrame(
            {
                code: pd.Categorical.from_codes(tally.place, self.codes),
                "category": pd.Categorical.from_codes(tally.category, list(tally.categories)),
                "month": pd.Categorical.from_codes(at, names.tolist()),
                "n": tally.n,
            }
        )

    def by_month(self, categories: Sequence[str] = ()) -> pd.DataFrame:
        """Incidents of each place in each month: n × m, as the hotspot methods take them.

        Parameters
        ----------
        categories
            Slugs to count; all if none are named.

        Returns
        -------
        A row for each place, zeros included, and a column for each month from the first to the
        last, as `2024-01`. NaN in a month that was not published, or of which a part is broken.
        """
        tally, months = self.tally, self.months
        if not months:
            return pd.DataFrame(index=self.codes)
        named = [not categories or slug in categories for slug in tally.categories]
        kept = np.array([*named, False])[tally.category]
        first = int(np.datetime64(months[0], "M").astype(np.int64))
        cube = np.zeros((len(self.codes), len(months)))
        np.add.at(cube, (tally.place[kept], tally.month[kept] - first), tally.n[kept])
        frame = pd.DataFrame(cube, index=self.codes, columns=months)
        frame.loc[:, ~frame.columns.isin(self.whole_months)] = np.nan
        return frame

    def by_place(self) -> np.ndarray:
        """All incidents of each place, as whole numbers, zeros included."""
        return np.bincount(
            self.tally.place, weights=self.tally.n, minlength=len(self.codes)
        ).astype(np.int64)

    @property
    def broken(self) -> list[Broken]:
        """What could not be read."""
        return [
            Broken(part.name, part.broken, part.force, part.month)
            for part in self.reports
            if part.broken
        ]

    @property
    def rejected(self) -> Counter[str]:
        """Rows that could not be taken, by reason."""
        return sum((part.rejected for part in self.reports), Counter())

    @property
    def months(self) -> list[str]:
        """Every month from the first to the last that has rows, as `2024-01`."""
        published = sorted({month for part in self.reports for month in part.months})
        if not published:
            return []
        first, last = (str(np.datetime64(end, "M")) for end in (published[0], published[-1]))
        return months_between(first, last)

    @property
    def whole_months(self) -> list[str]:
        """The months that have rows, and of which nothing broken can be a part."""
        published = {month for part in self.reports for month in part.months}
        torn = {part.month for part in self.reports if part.broken}
        names = [str(np.datetime64(month, "M")) for month in sorted(published)]
        # A broken file that does not tell its months can be of any.
        return [name for name in names if torn.isdisjoint({name, ""})]

    @property
    def published(self) -> dict[str, list[str]]:
        """The months that each force has published, by its name."""
        found: dict[str, list[str]] = {}
        for part in self.reports:
            if part.force and not part.broken:
                found.setdefault(part.force, []).append(part.month)
        return dict(sorted(found.items()))

    def accounts(self) -> dict[str, int]:
        """Where every row went: read = rejected + not asked + outside + counted."""
        parts = {
            "rejected": self.rejected.total(),
            "not_asked": sum(part.not_asked for part in self.reports),
            "outside": sum(part.outside for part in self.reports),
            "counted": int(self.tally.n.sum()),
        }
        return {"read": sum(parts.values()), **parts}
