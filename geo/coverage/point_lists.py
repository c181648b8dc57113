"""Lists of snap points: when a source replaced the anonymous points that incidents are moved to.

police.uk moves each incident to the nearest of a list of points, and replaced the list in July
2022: of Leicester's points that month 96 % were new. Across such a change a point, a cell or a
small area holds other incidents than before, although nothing happened differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.distinct_points import PointCounts, point_codes
from geo.incidents import SQUARE_M, london_months

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIST_COLUMNS: Final = ("source", "occurred_from", "x", "y")
"""What is read of incidents to tell the lists of their points."""

FEWEST_ROWS: Final = 100
"""Fewer rows of a month, or before it, cannot tell a new list from chance."""

MOST: Final = 0.5
"""A list is new where less than this share of a month's rows stand on known points.

It is also asked of what chance leaves: the share must be less than half of the rows that share
their point with another one of their own month, because few rows repeat few points.
"""

SMALL_AREA_M2: Final = 1_000_000.0
"""An area with less land is not compared across a change of points.

Points move by about a hundred metres, so of 1 km² about a tenth of the incidents change sides.
"""


@dataclass(frozen=True)
class PointList:
    """The points that a source moved its incidents to in some months.

    Attributes
    ----------
    source
        Whose list it is.
    months
        The months with an incident, as `YYYY-MM`, in order.
    x, y
        The distinct points with an incident of whatever category, in metres. A point without any
        incident so far is unknown: the longer the list is in use, the fewer these are.
    """

    source: str
    months: tuple[str, ...]
    x: Floats
    y: Floats


def point_counts(incidents: pd.DataFrame) -> PointCounts:
    """Count incidents by point and month: here one by one, because that needs no sorting.

    Parameters
    ----------
    incidents
        Incidents: `LIST_COLUMNS`.

    Returns
    -------
    A count for each incident.
    """
    # A source of months has few distinct moments.
    moment, moments = pd.factorize(incidents["occurred_from"])
    return PointCounts(
        pd.Categorical(incidents["source"]),
        london_months(pd.Series(moments))[moment],
        incidents["x"].to_numpy(float),
        incidents["y"].to_numpy(float),
        np.ones(len(incidents), dtype=np.int64),
    )


def point_lists(counts: PointCounts) -> list[PointList]:
    """The lists of points of each source, from the oldest to the newest.

    Parameters
    ----------
    counts
        Of incidents of all categories.

    Returns
    -------
    A list for each source, and one more for each month from which it uses other points.
    """
    lists = []
    for source in sorted(map(str, counts.source.unique())):
        own = counts.of_sources([source])
        starts = np.array(_changes(own), dtype="datetime64[M]")
        of_list = np.searchsorted(starts, own.month, side="right")
        for number in np.unique(of_list):
            here = own.where(of_list == number)
            points = np.unique(here.x + 1j * here.y)
            months = tuple(np.unique(here.month).astype(str).tolist())
            lists.append(PointList(source, months, points.real, points.imag))
    return lists


def new_lists(counts: PointCounts) -> tuple[str, ...]:
    """The months from which a source uses other points than before.

    Parameters
    ----------
    counts
        Of incidents at snap points of all categories.

    Returns
    -------
    Months, as `YYYY-MM`, of any source, in order.
    """
    months: set[str] = set()
    for source in map(str, counts.source.unique()):
        months.update(str(month) for month in _changes(counts.of_sources([source])))
    return tuple(sorted(months))


def _changes(counts: PointCounts) -> list[np.datetime64]:
    number, months = pd.factorize(counts.month, sort=True)
    if len(months) < 2:
        return []
    x, y = counts.x, counts.y
    point = point_codes(x, y)
    # All rows of a point lie in its square, and there are few points: rows would take far longer.
    first = np.empty(point.max() + 1, dtype=np.intp)
    first[point] = np.arange(len(point))
    square_of = point_codes(np.floor(x[first] / SQUARE_M), np.floor(y[first] / SQUARE_M))
    # Months are few: numbers of 16 bits are sorted without comparing them.
    order = np.argsort(number.astype(np.int16), kind="stable")
    ends = np.flatnonzero(np.diff(number[order])) + 1
    n_in_order = counts.n[order].astype(float)
    parts = list(zip(np.split(point[order], ends), np.split(n_in_order, ends), strict=True))
    usual = min(_repeats(np.bincount(part, rows)) for part, rows in parts)
    limit = min(MOST, usual / 2)
    changes = []
    known = np.zeros(len(first))
    for each, (part, rows) in zip(months, parts, strict=True):
        n = np.bincount(part, rows, minlength=len(first))
        # Where no row was before, as of another force, every point is new without a new list.
        here = np.where(_share_a_square(square_of, known > 0), n, 0)
        there = np.where(_share_a_square(square_of, n > 0), known, 0)
        # Both ways: after a short month most points are new, but its own are among them.
        if (
            min(here.sum(), there.sum()) >= FEWEST_ROWS
            and here[known > 0].sum() / here.sum() < limit
            and there[n > 0].sum() / there.sum() < limit
        ):
            changes.append(each)
            known[:] = 0
        known += n
    return changes


def _share_a_square(square_of: Ints, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which points lie in the square of one of some points."""
    among = np.zeros(square_of.max() + 1, dtype=bool)
    among[square_of[some]] = True
    return np.asarray(among[square_of])


def _repeats(rows: NDArray[np.number]) -> float:
    """Of the rows of each point the share that shares it with another."""
    return float(rows[rows > 1].sum() / rows.sum())
