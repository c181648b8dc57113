"""Whose an area is: of each source the force of most of its past rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.coverage.published import ImportCoverage, Publisher
from geo.incidents import SQUARE_M
from geo.locate import AreaLocator

Bools = NDArray[np.bool_]

STRAYS: Final = 0.05
"""A force with less than this share of the busiest force's rows has only strays in a place."""


def near(parts: Sequence[ImportCoverage], study: gpd.GeoDataFrame) -> list[ImportCoverage]:
    """The imports of incidents in a study area, beyond strays; all where none has any.

    Parameters
    ----------
    parts
        What was imported.
    study
        The study area's polygons, in metres.

    Returns
    -------
    Those imports, in the order given.
    """
    squares = sorted({square for part in parts for square in part.summary.squares})
    if not squares:
        return list(parts)
    boxes = _boxes(squares)
    touched = np.unique(shapely.STRtree(study.geometry).query(boxes, predicate="intersects")[0])
    inside = {squares[position] for position in touched}
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        n = sum(count for square, count in part.summary.squares.items() if square in inside)
        counts[part.source, part.name] += n
    most: Counter[str] = Counter()
    for (source, _), n in counts.items():
        most[source] = max(most[source], n)
    nearby = [
        part
        for part in parts
        if counts[part.source, part.name] >= max(STRAYS * most[part.source], 1)
    ]
    return nearby or list(parts)


def _boxes(squares: Sequence[str]) -> NDArray[np.object_]:
    corners = np.array([[int(number) for number in square.split(":")] for square in squares])
    west, south = corners.T * float(SQUARE_M)
    boxes: NDArray[np.object_] = shapely.box(west, south, west + SQUARE_M, south + SQUARE_M)
    return boxes


class Shares(NamedTuple):
    """How many past rows of each publisher lie in each area.

    Attributes
    ----------
    publishers
        p of them.
    rows
        n areas × p; estimated from squares, so not whole numbers.
    """

    publishers: list[Publisher]
    rows: NDArray[np.float64]


def shares_by_squares(areas: gpd.GeoDataFrame, parts: Sequence[ImportCoverage]) -> Shares:
    """Estimate the past rows of each publisher in each area from the squares of the summaries.

    Parameters
    ----------
    areas
        n polygons in metres.
    parts
        What was imported.

    Returns
    -------
    A square's rows are shared among the areas in it by their land.
    """
    publishers = sorted({part.publisher for part in parts})
    squares = sorted({square for part in parts for square in part.summary.squares})
    rows = np.zeros((len(areas), len(publishers)))
    if not squares:
        return Shares(publishers, rows)
    counts = np.zeros((len(squares), len(publishers)))
    number = {square: position for position, square in enumerate(squares)}
    for part in parts:
        column = publishers.index(part.publisher)
        for square, n in part.summary.squares.items():
            counts[number[square], column] += n
    boxes, shapes = _boxes(squares), areas.geometry.to_numpy()
    box, area = shapely.STRtree(shapes).query(boxes, predicate="intersects")
    land = shapely.area(shapely.intersection(boxes[box], shapes[area])) / SQUARE_M**2
    np.add.at(rows, area, counts[box] * land[:, np.newaxis])
    return Shares(publishers, rows)


def publishers_of(shares: Shares) -> list[tuple[Publisher, ...]]:
    """Who publishes each area: of each source the force of most of its past rows.

    A force covers its land where nothing happened too. A source that is one publisher, such as a
    council, covers the areas that have some of its rows.

    Parameters
    ----------
    shares
        Past rows of each publisher in each of n areas.

    Returns
    -------
    For each area its publishers.
    """
    own: list[list[Publisher]] = [[] for _ in range(len(shares.rows))]
    for source in sorted({publisher.source for publisher in shares.publishers}):
        columns = [i for i, one in enumerate(shares.publishers) if one.source == source]
        rows = shares.rows[:, columns]
        # Where nobody has any rows, it is whoever has most elsewhere.
        most = np.where(rows.any(axis=1), rows.argmax(axis=1), rows.sum(axis=0).argmax())
        for area, column in enumerate(most.tolist()):
            publisher = shares.publishers[columns[column]]
            if publisher.force or rows[area, column] > 0:
                own[area].append(publisher)
    return [tuple(publishers) for publishers in own]


def doubtful(shares: Shares) -> Bools:
    """Which areas have so many rows of two forces of a source that squares cannot tell whose.

    Parameters
    ----------
    shares
        Past rows of each publisher in each of n areas.
    """
    unsure = np.zeros(len(shares.rows), dtype=bool)
    for source in {publisher.source for publisher in shares.publishers}:
        columns = [i for i, one in enumerate(shares.publishers) if one.source == source]
        if len(columns) > 1:
            second, most = np.sort(shares.rows[:, columns], axis=1)[:, -2:].T
            unsure |= (second > 0) & (second >= STRAYS * most)
    return unsure


def shares_by_rows(
    areas: gpd.GeoDataFrame,
    past: pd.DataFrame,
    publishers: Sequence[Publisher],
    *,
    locator: AreaLocator | None = None,
) -> NDArray[np.float64]:
    """Count the past rows of each publisher in each area.

    Parameters
    ----------
    areas
        n polygons in metres.
    past
        Rows: `x` and `y` in metres, `source` and `force`.
    publishers
        p of them.
    locator
        The locator of the areas, where there is one already.

    Returns
    -------
    n × p counts.
    """
    area = (locator or AreaLocator(areas)).locate(past["x"], past["y"])
    rows = np.zeros((len(areas), len(publishers)))
    for column, publisher in enumerate(publishers):
        own = (past["source"] == publisher.source).to_numpy(dtype=bool)
        if publisher.force:
            own = own & (past["force"] == publisher.force).to_numpy(dtype=bool)
        at = area[own & (area >= 0)]
        rows[:, column] = np.bincount(at, minlength=len(areas))
    return rows
