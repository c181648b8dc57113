"""Counting one part of the data: a pure function of the part and of what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.crs import Projection
from geo.errors import InputError
from geo.scale.criteria import Wanted
from geo.scale.parts import Broken, Part
from geo.scale.units import Places

Ints = NDArray[np.int64]

MOST_SLOTS: Final = 2_000_000
"""Keys up to which a slot for each costs less than to sort them."""


@dataclass(frozen=True)
class Tally:
    """How many incidents of each category each place holds in each month, where there are any.

    Attributes
    ----------
    place, category, month
        Numbers of places, of `categories`, and months since January 1970, in that order.
    n
        How many; never 0.
    categories
        Slugs, in order.
    """

    place: NDArray[np.int32]
    category: NDArray[np.int32]
    month: NDArray[np.int32]
    n: Ints
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.n)

    @classmethod
    def of(
        cls,
        place: NDArray[np.integer],
        category: NDArray[np.integer],
        month: NDArray[np.integer],
        *,
        n: NDArray[np.integer] | None = None,
        categories: tuple[str, ...],
    ) -> Tally:
        """Add up what is of the same place, category and month; without `n` each is one incident.

        A slug may stand twice among the categories.
        """
        slugs = tuple(sorted(set(categories)))
        same = np.array([slugs.index(slug) for slug in categories], dtype=np.int64)
        first, last = (int(month.min()), int(month.max())) if len(month) else (0, 0)
        months = last - first + 1
        # One number for all three: it is sorted many times faster than rows of three.
        key = (place.astype(np.int64) * len(slugs) + same[category]) * months + (month - first)
        key, n = _added(key, n)
        rest, month = np.divmod(key, months)
        place, category = np.divmod(rest, max(len(slugs), 1))
        return cls(
            place.astype(np.int32),
            category.astype(np.int32),
            (month + first).astype(np.int32),
            n=n,
            categories=slugs,
        )

    @classmethod
    def join(cls, tallies: Iterable[Tally]) -> Tally:
        """All tallies as one."""
        all_of = list(tallies)
        if len(all_of) == 1:
            return all_of[0]
        before = np.cumsum([0, *(len(one.categories) for one in all_of)])
        none = np.zeros(0, dtype=np.int32)
        return cls.of(
            np.concatenate([none, *(one.place for one in all_of)]),
            np.concatenate(
                [none, *(one.category + at for one, at in zip(all_of, before, strict=False))]
            ),
            np.concatenate([none, *(one.month for one in all_of)]),
            n=np.concatenate([none, *(one.n for one in all_of)]),
            categories=tuple(slug for one in all_of for slug in one.categories),
        )


@dataclass(frozen=True)
class Job:
    """What is asked of every part: it travels to each process once."""

    places: Places
    projection: Projection
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class PartCounts:
    """What was found in one part: all that travels back.

    Attributes
    ----------
    tally, counted
        The counts, and their sum.
    rejected
        Rows that could not be taken, by reason.
    not_asked, outside
        How many more rows are not counted, as in the accounts of an Answer.
    months
        Months that its accepted rows are of, since January 1970.
    broken
        Why it could not be read; it then counts nothing, not even what was read before that.
    """

    name: str
    force: str
    month: str
    tally: Tally
    counted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    not_asked: int = 0
    outside: int = 0
    months: tuple[int, ...] = ()
    broken: str = ""

    def without_tally(self) -> PartCounts:
        """All but the counts."""
        return replace(self, tally=Tally.join([]))

    @classmethod
    def of_broken(cls, part: Part | Broken, reason: str) -> PartCounts:
        """What cannot be read counts nothing."""
        return cls(part.name, part.force, part.month, Tally.join([]), broken=reason)


def count_part(part: Part, job: Job) -> PartCounts:
    """Read, locate and count one part."""
    tallies, months = [], set()
    rejected: Counter[str] = Counter()
    not_asked = outside = 0
    try:
        for points in part.read(job.projection):
            wanted = job.wanted.of_points(points)
            place = job.places.positions(points.x[wanted], points.y[wanted])
            held = place >= 0
            tallies.append(
                Tally.of(
                    place[held],
                    points.category[wanted][held],
                    points.month[wanted][held],
                    categories=points.categories,
                )
            )
            rejected += points.rejected
            not_asked += int((~wanted).sum())
            outside += int((~held).sum())
            months |= _different(points.month)
    except (InputError, OSError) as error:
        return PartCounts.of_broken(part, getattr(error, "strerror", None) or str(error))
    tally = Tally.join(tallies)
    return PartCounts(
        part.name,
        part.force,
        part.month,
        tally,
        counted=int(tally.n.sum()),
        rejected=rejected,
        not_asked=not_asked,
        outside=outside,
        months=tuple(sorted(months)),
    )


def _different(months: Ints) -> set[int]:
    """The different months; there are many points and few months, near one another."""
    if not len(months):
        return set()
    first = int(months.min())
    return set((first + np.flatnonzero(np.bincount(months - first))).tolist())


def _added(key: Ints, n: NDArray[np.integer] | None) -> tuple[Ints, Ints]:
    """The different keys in order, and the sum of `n` of each."""
    if key.max(initial=0) < MOST_SLOTS:
        sums = np.bincount(key, weights=n).astype(np.int64)
        found = np.flatnonzero(sums)
        return found, sums[found]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    each = np.ones(len(key), dtype=np.int64) if n is None else n[order].astype(np.int64)
    return ordered[starts], np.add.reduceat(each, starts)
