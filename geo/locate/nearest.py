"""The line of a layer that is nearest to each point: the street of an incident.

Lines are cut into their straight pieces, and square cells list the pieces that come near enough to
any point in them. A point then looks at the few pieces of its own cell alone, however many lines
there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from geo.locate.nearest_compiled import PieceGrid, Pieces

EQUALLY_NEAR_M: Final = 0.001
"""Lines whose distances differ by no more than a millimetre are equally near: less is rounding."""

MOST_CELLS: Final = 2**22
"""Cells of a grid; wider ones are taken where there would be more."""


MANY_POINTS: Final = 50_000
"""From so many points on they are sorted by place first, which then takes less than it saves."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NearestLines:
    """The nearest line of each of n points.

    Attributes
    ----------
    positions
        n positions of lines, -1 where there is none near enough.
    distances_m
        n distances in metres, NaN where there is none.
    tied
        n flags: whether another line is equally near, by `EQUALLY_NEAR_M`.
    """

    positions: NDArray[np.int64]
    distances_m: NDArray[np.float64]
    tied: NDArray[np.bool_]


class LineLocator:
    """Finds the nearest of some lines to points, for as many points as wanted.

    Parameters
    ----------
    lines
        m lines or multilines in metres, none of them empty.
    within_m
        The farthest that a line may be, in metres, above 0; one at just this distance is near
        enough.

    Raises
    ------
    ValueError
        If `within_m` is not above 0.
    """

    def __init__(self, lines: NDArray[np.object_], *, within_m: float) -> None:
        if not within_m > 0:
            raise ValueError(f"within_m must be above 0; it is {within_m}")
        self._within_m = float(within_m)
        self._pieces = _pieces_of(lines)
        self._grid = _grid_over(self._pieces, self._within_m)

    def nearest(self, x: ArrayLike, y: ArrayLike) -> NearestLines:
        """Find the nearest line to each point.

        Parameters
        ----------
        x, y
            n coordinates each, in metres of the lines' CRS; NaN where a place is not known.

        Returns
        -------
        The nearest line of each point; of equally near ones the first.
        """
        east, north = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if len(east) < MANY_POINTS:
            return self._nearest(east, north)
        # Points that lie together look at the same pieces, which the processor then has at hand.
        order = np.argsort(self._cells(east, north), kind="stable")
        together = self._nearest(east[order], north[order])
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return NearestLines(
            together.positions[back], together.distances_m[back], together.tied[back]
        )

    def _nearest(self, east: Floats, north: Floats) -> NearestLines:
        from geo.locate.nearest_compiled import find_nearest  # noqa: PLC0415 - it brings numba

        limits = (self._within_m, EQUALLY_NEAR_M)
        return NearestLines(*find_nearest(self._pieces, self._grid, (east, north), limits))

    def _cells(self, east: Floats, north: Floats) -> Floats:
        """A number for each point by which those of one cell come together."""
        grid = self._grid
        column = np.floor((east - grid.west) / grid.width)
        return np.floor((north - grid.south) / grid.width) * (grid.columns + 1) + column


def nearest_lines(
    lines: NDArray[np.object_], x: ArrayLike, y: ArrayLike, *, within_m: float
) -> NearestLines:
    """Find the nearest line to each point.

    Parameters
    ----------
    lines, within_m
        As for `LineLocator`.
    x, y
        n coordinates each, in metres of the same CRS; NaN where a place is not known.

    Returns
    -------
    The nearest line of each point; of equally near ones the first.

    Raises
    ------
    ValueError
        If `within_m` is not above 0.
    """
    return LineLocator(lines, within_m=within_m).nearest(x, y)


def _pieces_of(lines: NDArray[np.object_]) -> Pieces:
    from geo.locate.nearest_compiled import Pieces  # noqa: PLC0415 - it brings numba

    parts, line = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    starts = np.flatnonzero(np.diff(part) == 0)
    # The loops take arrays without gaps between their numbers.
    x, y = (np.ascontiguousarray(values) for values in xy.T)
    owner = line[part[starts]].astype(np.int64)
    squared = (x[starts + 1] - x[starts]) ** 2 + (y[starts + 1] - y[starts]) ** 2
    inverse = np.divide(1.0, squared, out=np.zeros(len(starts)), where=squared > 0)
    return Pieces(x[starts], y[starts], x[starts + 1], y[starts + 1], inverse, owner)


def _grid_over(pieces: Pieces, within_m: float) -> PieceGrid:
    from geo.locate.nearest_compiled import PieceGrid, list_pieces  # noqa: PLC0415 - it brings numba

    if not len(pieces.ax):
        return PieceGrid(0.0, 0.0, 1.0, 0, 0, np.zeros(1, np.int64), np.zeros(0, np.int32))
    # A little more, so that what lies at the distance itself is not beyond the last cell.
    aside = within_m * (1 + 1e-9) + 1e-3
    west = min(pieces.ax.min(), pieces.bx.min()) - aside
    south = min(pieces.ay.min(), pieces.by.min()) - aside
    across = max(pieces.ax.max(), pieces.bx.max()) + aside - west
    up = max(pieces.ay.max(), pieces.by.max()) + aside - south
    width = max(within_m, np.sqrt(across * up / MOST_CELLS))
    columns, rows = int(across / width) + 1, int(up / width) + 1
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int32)
    grid = PieceGrid(float(west), float(south), float(width), columns, rows, *nothing)
    start, piece = list_pieces(pieces, grid, within_m)
    return grid._replace(start=start, piece=piece)
