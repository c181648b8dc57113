"""Counting one part of the data: a pure function of the part and the job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.crs import Projection
from geo.errors import InputError
from geo.scale.criteria import Criteria
from geo.scale.parts import BrokenPart, Part
from geo.scale.units import CountingUnits
from geo.sources.points import IncidentPoints

Ints = NDArray[np.int64]

MOST_SLOTS: Final = 2_000_000
"""Keys up to which an array with a slot for each is faster than sorting them."""


IN_SEVERAL: Final = 0
"""Incidents that lie in two or more units, each once."""
COUNTED_AGAIN: Final = 1
"""Counts of an incident beyond its first: the sum of all units less these is the incidents."""


@dataclass(frozen=True)
class CountTable:
    """Counts of incidents by unit, category and month; combinations without incidents have no row.

    Attributes
    ----------
    unit, category, month
        Number of the unit, position in `categories`, and months since January 1970. Rows are
        sorted by the three, in this order.
    n
        Number of incidents; never 0.
    categories
        Slugs, sorted.
    """

    unit: NDArray[np.int32]
    category: NDArray[np.int32]
    month: NDArray[np.int32]
    n: Ints
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.n)

    @classmethod
    def of(
        cls,
        unit: NDArray[np.integer],
        category: NDArray[np.integer],
        month: NDArray[np.integer],
        *,
        n: NDArray[np.integer] | None = None,
        categories: tuple[str, ...],
    ) -> CountTable:
        """Add up rows of the same unit, category and month.

        Parameters
        ----------
        unit, category, month
            Rows in any order; `category` is a position in `categories`.
        n
            Incidents of each row; None means one each.
        categories
            Slugs; the same slug can appear twice.

        Returns
        -------
        table
            One row for each combination.
        """
        slugs = tuple(sorted(set(categories)))
        position = np.array([slugs.index(slug) for slug in categories], dtype=np.int64)
        first, last = (int(month.min()), int(month.max())) if len(month) else (0, 0)
        months = last - first + 1
        # One number for all three sorts many times faster than rows of three.
        key = (unit.astype(np.int64) * len(slugs) + position[category]) * months + (month - first)
        key, n = _sums_by_key(key, n)
        rest, month = np.divmod(key, months)
        unit, category = np.divmod(rest, max(len(slugs), 1))
        return cls(
            unit.astype(np.int32),
            category.astype(np.int32),
            (month + first).astype(np.int32),
            n=n,
            categories=slugs,
        )

    @classmethod
    def join(cls, tables: Iterable[CountTable]) -> CountTable:
        """The sum of any number of tables."""
        parts = list(tables)
        if len(parts) == 1:
            return parts[0]
        offsets = np.cumsum([0, *(len(part.categories) for part in parts)])
        none = np.zeros(0, dtype=np.int32)  # gives the right type where there are no tables
        return cls.of(
            np.concatenate([none, *(part.unit for part in parts)]),
            np.concatenate(
                [none, *(part.category + at for part, at in zip(parts, offsets, strict=False))]
            ),
            np.concatenate([none, *(part.month for part in parts)]),
            n=np.concatenate([none, *(part.n for part in parts)]),
            categories=tuple(slug for part in parts for slug in part.categories),
        )


@dataclass(frozen=True)
class CountJob:
    """How every part is counted; sent to each process once."""

    units: CountingUnits
    projection: Projection
    criteria: Criteria = field(default_factory=Criteria)


@dataclass(frozen=True)
class PartCounts:
    """The counts of one part.

    Attributes
    ----------
    name, force, month
        Of the part.
    table, counted
        The counts, and how many incidents they are; where units overlap their sum is larger.
    overlaps
        Counts of two kinds in place of units: `IN_SEVERAL` and `COUNTED_AGAIN`.
    rejected
        Number of rejected rows by reason.
    not_matching, outside
        Accepted rows that do not meet the criteria, and those outside all units.
    months
        Months of its accepted rows, since January 1970.
    broken
        Why it could not be read, else ''; a broken part counts nothing, not even the rows read
        before the fault.
    categories
        Number of its accepted rows by category, whether they are counted or not.
    """

    name: str
    force: str
    month: str
    table: CountTable
    counted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    not_matching: int = 0
    outside: int = 0
    months: tuple[int, ...] = ()
    broken: str = ""
    overlaps: CountTable = field(default_factory=lambda: CountTable.join([]))
    categories: Counter[str] = field(default_factory=Counter)

    def without_table(self) -> PartCounts:
        """The same without the counts."""
        return replace(self, table=CountTable.join([]), overlaps=CountTable.join([]))

    @classmethod
    def of_broken(cls, part: Part | BrokenPart, reason: str) -> PartCounts:
        """The empty counts of a part that cannot be read.

        Parameters
        ----------
        part
            The part.
        reason
            Why it cannot be read.

        Returns
        -------
        No counts, with the reason.
        """
        return cls(part.name, part.force, part.month, CountTable.join([]), broken=reason)


def count_part(part: Part, job: CountJob) -> PartCounts:
    """Read, locate and count one part.

    Parameters
    ----------
    part
        Where to read incidents.
    job
        How to count them.

    Returns
    -------
    counts
        With a reason in `broken` if the part cannot be read.
    """
    tables, overlaps, months = [], [], set()
    rejected: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    counted = not_matching = outside = 0
    try:
        for points in part.read(job.projection):
            matching = job.criteria.matches(points)
            point, unit = job.units.memberships(points.x[matching], points.y[matching])
            row = np.flatnonzero(matching)[point]
            tables.append(_table(points, row, unit))
            times = np.bincount(point)
            again = np.diff(point, prepend=-1) == 0
            if again.any():
                several = np.flatnonzero(matching)[np.flatnonzero(times > 1)]
                overlaps += [
                    _table(points, several, np.full(len(several), IN_SEVERAL)),
                    _table(points, row[again], np.full(int(again.sum()), COUNTED_AGAIN)),
                ]
            inside = int(np.count_nonzero(times))
            rejected += points.rejected
            numbers = np.bincount(points.category, minlength=len(points.categories))
            for slug, n in zip(points.categories, numbers.tolist(), strict=True):
                categories[slug] += n
            not_matching += int((~matching).sum())
            counted += inside
            outside += int(matching.sum()) - inside
            months |= _distinct(points.month)
    except (InputError, OSError) as error:
        return PartCounts.of_broken(part, getattr(error, "strerror", None) or str(error))
    table = CountTable.join(tables)
    return PartCounts(
        part.name,
        part.force,
        part.month,
        table,
        counted=counted,
        rejected=rejected,
        not_matching=not_matching,
        outside=outside,
        months=tuple(sorted(months)),
        overlaps=CountTable.join(overlaps),
        categories=categories,
    )


def _table(points: IncidentPoints, row: Ints, unit: NDArray[np.integer]) -> CountTable:
    """The counts of some rows of points, each in its unit."""
    category, month = points.category[row], points.month[row]
    return CountTable.of(unit, category, month, categories=points.categories)


def _distinct(months: Ints) -> set[int]:
    """The distinct months: of many points in few months, faster than `np.unique`."""
    if not len(months):
        return set()
    first = int(months.min())
    return set((first + np.flatnonzero(np.bincount(months - first))).tolist())


def _sums_by_key(key: Ints, n: NDArray[np.integer] | None) -> tuple[Ints, Ints]:
    """The distinct keys, ascending, and the sum of `n` of each."""
    if key.max(initial=0) < MOST_SLOTS:
        sums = np.bincount(key, weights=n).astype(np.int64)
        keys = np.flatnonzero(sums)
        return keys, sums[keys]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    weights = np.ones(len(key), dtype=np.int64) if n is None else n[order].astype(np.int64)
    return ordered[starts], np.add.reduceat(weights, starts)
