"""The counts of all parts together, with accounts of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import months_between
from geo.scale.counting import IN_SEVERAL, CountTable, PartCounts
from geo.scale.coverage import FileCoverage
from geo.scale.parts import BrokenPart
from geo.scale.units import CountingUnits

MOST_WAITING: Final = 4_000_000
"""Rows of counts held in memory before they are added up."""


class Totals:
    """Adds up parts in whatever order they arrive.

    Parameters
    ----------
    broken
        Files that could not be opened when the parts were listed.
    """

    def __init__(self, broken: Sequence[BrokenPart] = ()) -> None:
        self._sum = CountTable.join([])
        self._waiting: list[CountTable] = []
        self._overlaps: list[CountTable] = []
        self._forces: list[CountTable] = []
        self._reports = [PartCounts.of_broken(file, file.reason) for file in broken]

    def add(self, part: PartCounts) -> None:
        """Add one part."""
        self._waiting.append(part.table)
        self._overlaps.append(part.overlaps)
        self._forces.append(_by_force(part))
        # Its counts become part of the sum; holding them here too would double the memory.
        self._reports.append(part.without_table())
        if sum(map(len, self._waiting)) > MOST_WAITING:
            self._add_up()

    def result(self, codes: Sequence[str]) -> CountResult:
        """The sum of all parts, by units with these codes."""
        self._add_up()
        return CountResult(
            list(codes),
            self._sum,
            sorted(self._reports, key=lambda part: (part.month, part.name)),
            CountTable.join(self._overlaps),
            CountTable.join(self._forces),
        )

    def _add_up(self) -> None:
        self._sum = CountTable.join([self._sum, *self._waiting])
        self._waiting = []
        self._forces = [CountTable.join(self._forces)]


def _by_force(part: PartCounts) -> CountTable:
    """The counts of a part by unit alone, with its force in the place of a category."""
    none = np.zeros(len(part.table), dtype=np.int32)
    return CountTable.of(part.table.unit, none, none, n=part.table.n, categories=(part.force,))


@dataclass(frozen=True)
class CountResult:
    """Counts by unit × category × month, with accounts of every row.

    Attributes
    ----------
    codes
        The codes of all units.
    table
        The counts that are not zero.
    reports
        The counts of each part without its table, the earliest month first.
    overlaps
        Incidents in two or more units; see `PartCounts`.
    forces
        Incidents of each unit by force, with forces in the place of categories.
    """

    codes: list[str]
    table: CountTable
    reports: list[PartCounts] = field(repr=False)
    overlaps: CountTable = field(default_factory=lambda: CountTable.join([]), repr=False)
    forces: CountTable = field(default_factory=lambda: CountTable.join([]), repr=False)

    def coverage(self, units: CountingUnits) -> FileCoverage | None:
        """What is known of each unit, if every part names its force and month.

        Parameters
        ----------
        units
            The units by which the parts were counted.

        Returns
        -------
        The coverage; None where a part does not say who published it.
        """
        parts = [part for part in self.reports if not part.broken]
        if not parts or not all(part.force and part.month for part in parts):
            return None
        names = sorted({part.force for part in parts})
        number = {name: position for position, name in enumerate(names)}
        months = tuple((number[part.force], part.month, part.categories) for part in parts)
        table = self.forces
        force = np.array([number.get(name, 0) for name in table.categories], dtype=np.int64)
        of_unit = units.owners(table.unit.astype(np.int64), force[table.category], table.n)
        return FileCoverage(tuple(names), months, of_unit)

    def frame(self, code: str = "area_code") -> pd.DataFrame:
        """A row for each unit, category and month that holds incidents, in that order.

        Columns are `code` (`area_code` or `cell_id`), `category`, `month` (`2024-01`) and `n`.
        A missing row means zero only if the month was published.
        """
        table = self.table
        months = np.unique(table.month)
        names = months.astype("datetime64[M]").astype(str)
        at = np.searchsorted(months, table.month)
        columns = (
            (code, table.unit, self.codes),
            ("category", table.category, table.categories),
            ("month", at, names.tolist()),
        )
        categoricals = {
            name: pd.Categorical.from_codes(numbers, pd.Index(categories, dtype="str"))
            for name, numbers, categories in columns
        }
        return pd.DataFrame({**categoricals, "n": table.n})

    def by_month(self, categories: Sequence[str] = ()) -> pd.DataFrame:
        """Incidents of each unit in each month: n × m, as the hotspot methods take them.

        Parameters
        ----------
        categories
            Slugs to count; empty means all.

        Returns
        -------
        frame
            A row for each unit, zeros included, and a column for each month from the first to the
            last, as `2024-01`. NaN in a month that was not published or has a broken part.
        """
        table, months = self.table, self.months
        if not months:
            return pd.DataFrame(index=self.codes)
        chosen = [not categories or slug in categories for slug in table.categories]
        # The last False makes this an array of booleans even without categories.
        rows = np.array([*chosen, False])[table.category]
        first = int(np.datetime64(months[0], "M").astype(np.int64))
        counts = np.zeros((len(self.codes), len(months)))
        np.add.at(counts, (table.unit[rows], table.month[rows] - first), table.n[rows])
        frame = pd.DataFrame(counts, index=self.codes, columns=months)
        frame.loc[:, ~frame.columns.isin(self.whole_months)] = np.nan
        return frame

    def by_unit(self) -> NDArray[np.int64]:
        """All incidents of each unit, zeros included."""
        return np.bincount(self.table.unit, weights=self.table.n, minlength=len(self.codes)).astype(
            np.int64
        )

    @property
    def broken(self) -> list[BrokenPart]:
        """The parts that could not be read."""
        return [
            BrokenPart(part.name, part.broken, part.force, part.month)
            for part in self.reports
            if part.broken
        ]

    @property
    def categories(self) -> list[str]:
        """The categories of all accepted rows, whether they are counted or not."""
        return sorted(set().union(*(part.categories for part in self.reports)))

    @property
    def rejected(self) -> Counter[str]:
        """Number of rejected rows by reason."""
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
        """The months that have rows and no broken part."""
        published = {month for part in self.reports for month in part.months}
        broken = {part.month for part in self.reports if part.broken}
        names = [str(np.datetime64(month, "M")) for month in sorted(published)]
        # A broken file without a month in its name can be of any month.
        return [name for name in names if broken.isdisjoint({name, ""})]

    @property
    def published(self) -> dict[str, list[str]]:
        """The months that each force has published, by its name."""
        months: dict[str, list[str]] = {}
        for part in self.reports:
            if part.force and not part.broken:
                months.setdefault(part.force, []).append(part.month)
        return dict(sorted(months.items()))

    @property
    def in_several(self) -> int:
        """How many incidents lie in two or more units."""
        return int(self.overlaps.n[self.overlaps.unit == IN_SEVERAL].sum())

    def overlap_rows(self) -> list[tuple[str, str, int, int]]:
        """`category`, `month`, which of both kinds of `overlaps`, and n, for a file of counts."""
        table = self.overlaps
        months = table.month.astype("datetime64[M]").astype(str).tolist()
        slugs = [table.categories[number] for number in table.category]
        return list(zip(slugs, months, table.unit.tolist(), table.n.tolist(), strict=True))

    def accounts(self) -> dict[str, int]:
        """Accounts of every row: read = rejected + not asked + outside + counted."""
        parts = {
            "rejected": self.rejected.total(),
            "not_asked": sum(part.not_matching for part in self.reports),
            "outside": sum(part.outside for part in self.reports),
            "counted": sum(part.counted for part in self.reports),
        }
        return {"read": sum(parts.values()), **parts}
