"""The line of a layer that is nearest to each point: the street of an incident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class NearestLines:
    """The nearest line of each of n points.

    Attributes
    ----------
    positions
        n positions of lines, -1 where there is none near enough.
    distances_m
        n distances in metres, NaN where there is none.
    """

    positions: NDArray[np.int64]
    distances_m: NDArray[np.float64]


def nearest_lines(
    lines: NDArray[np.object_], x: ArrayLike, y: ArrayLike, *, within_m: float
) -> NearestLines:
    """Find the nearest line to each point, with an index of the lines' boxes.

    Parameters
    ----------
    lines
        m lines or multilines in metres, none of them empty.
    x, y
        n coordinates each, in metres of the same CRS; NaN where a place is not known.
    within_m
        The farthest that a line may be, in metres, above 0; one at just this distance is near
        enough.

    Returns
    -------
    The nearest line of each point; of equally near ones the first.

    Raises
    ------
    ValueError
        If `within_m` is not above 0.
    """
    if not within_m > 0:
        raise ValueError(f"within_m must be above 0; it is {within_m}")
    east, north = np.asarray(x, float), np.asarray(y, float)
    positions = np.full(east.shape, -1, dtype=np.int64)
    distances = np.full(east.shape, np.nan)
    known = np.flatnonzero(np.isfinite(east) & np.isfinite(north))
    # A little farther, because the index leaves out what is at the distance itself.
    (point, line), metres = shapely.STRtree(lines).query_nearest(
        shapely.points(east[known], north[known]),
        max_distance=within_m * (1 + 1e-9),
        return_distance=True,
    )
    near = metres <= within_m
    point, line, metres = point[near], line[near], metres[near]
    order = np.lexsort((line, point))
    first = order[np.unique(point[order], return_index=True)[1]]
    positions[known[point[first]]] = line[first]
    distances[known[point[first]]] = metres[first]
    return NearestLines(positions, distances)
