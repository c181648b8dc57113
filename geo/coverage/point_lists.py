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

from geo.distinct_points import point_codes
from geo.incidents import SQUARE_M, london_months

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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


def point_lists(incidents: pd.DataFrame) -> list[PointList]:
    """The lists of points of each source, from the oldest to the newest.

    Parameters
    ----------
    incidents
        Incidents of all categories: `source`, `occurred_from`, `x`, `y`.

    Returns
    -------
    A list for each source, and one more for each month from which it uses other points.
    """
    lists = []
    for source in sorted(incidents["source"].astype(str).unique()):
        rows = incidents[(incidents["source"] == source).to_numpy(dtype=bool)]
        moment, moments = pd.factorize(rows["occurred_from"])
        month = london_months(pd.Series(moments))[moment]
        x, y = (rows[axis].to_numpy(float) for axis in ("x", "y"))
        starts = np.array(_changes(x, y, month), dtype="datetime64[M]")
        of_list = np.searchsorted(starts, month, side="right")
        for number in np.unique(of_list):
            here = of_list == number
            points = np.unique(x[here] + 1j * y[here])
            months = tuple(np.unique(month[here]).astype(str).tolist())
            lists.append(PointList(source, months, points.real, points.imag))
    return lists


def new_lists(incidents: pd.DataFrame) -> tuple[str, ...]:
    """The months from which a source uses other points than before.

    Parameters
    ----------
    incidents
        Incidents at snap points of all categories: `source`, `occurred_from`, `x`, `y`.

    Returns
    -------
    Months, as `YYYY-MM`, of any source, in order.
    """
    months: set[str] = set()
    for source in incidents["source"].unique():
        rows = incidents[incidents["source"] == source]
        # A source of months has few distinct moments.
        moment, moments = pd.factorize(rows["occurred_from"])
        month = london_months(pd.Series(moments))[moment]
        x, y = (rows[axis].to_numpy(float) for axis in ("x", "y"))
        months.update(str(month) for month in _changes(x, y, month))
    return tuple(sorted(months))


def _changes(x: Floats, y: Floats, month: NDArray[np.datetime64]) -> list[np.datetime64]:
    number, months = pd.factorize(month, sort=True)
    if len(months) < 2:
        return []
    point = point_codes(x, y)
    square = point_codes(np.floor(x / SQUARE_M), np.floor(y / SQUARE_M))
    order = np.argsort(number, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    usual = min(_repeats(point[rows]) for rows in parts)
    changes = []
    points = np.zeros(point.max() + 1, dtype=bool)
    squares = np.zeros(square.max() + 1, dtype=bool)
    known = np.empty(0, dtype=np.int64)
    for each, rows in zip(months, parts, strict=True):
        # Where no row was before, as of another force, every point is new without a new list.
        here = rows[squares[square[rows]]]
        there = known[_in(square[known], square[rows])]
        limit = min(MOST, usual / 2)
        # Both ways: after a short month most points are new, but its own are among them.
        if (
            min(len(here), len(there)) >= FEWEST_ROWS
            and points[point[here]].mean() < limit
            and _in(point[there], point[rows]).mean() < limit
        ):
            changes.append(each)
            points[:], squares[:], known = False, False, known[:0]
        points[point[rows]], squares[square[rows]] = True, True
        known = np.concatenate([known, rows])
    return changes


def _in(codes: Ints, some: Ints) -> NDArray[np.bool_]:
    among = np.zeros(max(codes.max(initial=0), some.max(initial=0)) + 1, dtype=bool)
    among[some] = True
    return np.asarray(among[codes])


def _repeats(point: Ints) -> float:
    """The share of rows that share their point with another."""
    counts = np.bincount(point)
    return float((counts[point] > 1).mean())
