"""The compiled loops of the search for nearest lines; `geo.locate.nearest` explains the method."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARGIN_M = 1e-6
"""Rounding moves a coordinate in metres by less than this."""


class Pieces(NamedTuple):
    """The straight pieces that lines are made of: both ends in metres, and whose line they are.

    Attributes
    ----------
    per_squared_length
        1 over the square of the length; 0 where that is none. A product is quicker than a quotient.
    """

    ax: Floats
    ay: Floats
    bx: Floats
    by: Floats
    per_squared_length: Floats
    line: Ints


class PieceGrid(NamedTuple):
    """Square cells, each with the pieces that come near enough to one of its points.

    Attributes
    ----------
    west, south, width
        Its corner and the width of a cell, in metres.
    columns, rows
        How many there are.
    start
        Where the list of each cell begins in `piece`, row by row; one more for the end.
    piece
        Numbers of pieces, cell after cell.
    """

    west: float
    south: float
    width: float
    columns: int
    rows: int
    start: Ints
    piece: NDArray[np.int32]


@compiled
def _rows_near(pieces: Pieces, grid: PieceGrid, number: int, reach: float) -> tuple[int, int]:
    """The first and last row with a point within reach of a piece."""
    low = min(pieces.ay[number], pieces.by[number]) - reach
    high = max(pieces.ay[number], pieces.by[number]) + reach
    first = int((low - grid.south) / grid.width)
    last = int((high - grid.south) / grid.width)
    return max(first, 0), min(last, grid.rows - 1)


@compiled
def _columns_near(
    pieces: Pieces, grid: PieceGrid, at: tuple[int, int], reach: float
) -> tuple[int, int]:
    """The first and last column with a point within reach of a piece, by its number and a row."""
    number, row = at
    ax, ay, bx, by = pieces.ax[number], pieces.ay[number], pieces.bx[number], pieces.by[number]
    start, stop = 0.0, 1.0  # the part of the piece that is within reach of the row
    if ay != by:
        bottom = (grid.south + row * grid.width - reach - ay) / (by - ay)
        top = (grid.south + (row + 1) * grid.width + reach - ay) / (by - ay)
        start = min(max(min(bottom, top), 0.0), 1.0)
        stop = min(max(bottom, top, 0.0), 1.0)
    one, other = ax + start * (bx - ax), ax + stop * (bx - ax)
    first = int((min(one, other) - reach - grid.west) / grid.width)
    last = int((max(one, other) + reach - grid.west) / grid.width)
    return max(first, 0), min(last, grid.columns - 1)


@compiled
def list_pieces(pieces: Pieces, grid: PieceGrid, within: float) -> tuple[Ints, NDArray[np.int32]]:
    """List for each cell the pieces within a distance of any of its points.

    Parameters
    ----------
    pieces
        All pieces.
    grid
        The cells; their lists are not read.
    within
        Metres.

    Returns
    -------
    `PieceGrid.start` and `PieceGrid.piece`.
    """
    reach = within + MARGIN_M
    start = np.zeros(grid.rows * grid.columns + 1, np.int64)
    for number in range(len(pieces.ax)):
        first, last = _rows_near(pieces, grid, number, reach)
        for row in range(first, last + 1):
            west, east = _columns_near(pieces, grid, (number, row), reach)
            for cell in range(row * grid.columns + west, row * grid.columns + east + 1):
                start[cell + 1] += 1
    start = np.cumsum(start)
    listed, free = np.empty(start[-1], np.int32), start[:-1].copy()
    for number in range(len(pieces.ax)):
        first, last = _rows_near(pieces, grid, number, reach)
        for row in range(first, last + 1):
            west, east = _columns_near(pieces, grid, (number, row), reach)
            for cell in range(row * grid.columns + west, row * grid.columns + east + 1):
                listed[free[cell]] = number
                free[cell] += 1
    return start, listed


@compiled
def _squared_distance(pieces: Pieces, number: int, x: float, y: float) -> float:
    """The square of the distance from a point to a piece."""
    ax, ay = pieces.ax[number], pieces.ay[number]
    across, up = pieces.bx[number] - ax, pieces.by[number] - ay
    right, above = x - ax, y - ay
    along = (right * across + above * up) * pieces.per_squared_length[number]
    # Beyond its ends the distance is that of an end itself: lines that meet there are equally
    # near to the last bit.
    if along >= 1.0:
        right, above = x - pieces.bx[number], y - pieces.by[number]
    elif along > 0.0:
        right, above = right - along * across, above - along * up
    squared: float = right * right + above * above
    return squared


@compiled
def _two_nearest(
    pieces: Pieces, grid: PieceGrid, cell: int, point: tuple[float, float]
) -> tuple[float, float, int]:
    """The squared distances to the nearest line and to any other one, and which the nearest is."""
    x, y = point
    shortest, other, own = np.inf, np.inf, -1
    for k in range(grid.start[cell], grid.start[cell + 1]):
        number = grid.piece[k]
        squared = _squared_distance(pieces, number, x, y)
        if squared < shortest:
            if pieces.line[number] != own:
                other, own = shortest, pieces.line[number]
            shortest = squared
        elif squared < other and pieces.line[number] != own:
            other = squared
    return shortest, other, own


@compiled
def _first_within(
    pieces: Pieces, grid: PieceGrid, at: tuple[int, tuple[float, float]], limit: float
) -> int:
    """The first line, by its position, with a squared distance up to a limit.

    Parameters
    ----------
    at
        The cell, and the point in it.
    """
    cell, (x, y) = at
    first = -1
    for k in range(grid.start[cell], grid.start[cell + 1]):
        number = grid.piece[k]
        if _squared_distance(pieces, number, x, y) <= limit:
            own = pieces.line[number]
            first = own if first < 0 else min(first, own)
    return first


@compiled
def find_nearest(
    pieces: Pieces, grid: PieceGrid, points: tuple[Floats, Floats], limits: tuple[float, float]
) -> tuple[Ints, Floats, Bools]:
    """Find the nearest line to each point.

    Parameters
    ----------
    pieces, grid
        All pieces, and where they are.
    points
        n coordinates east and n north, in metres; NaN where a place is not known.
    limits
        The farthest that a line may be, and by how much less than another one it must be away to
        be the nearest alone, in metres.

    Returns
    -------
    The line of each point, −1 where none is near enough, the distance to it, NaN where there is
    none, and whether another line is equally near.
    """
    (x, y), (within, alike) = points, limits
    line, distance = np.full(len(x), -1, np.int64), np.full(len(x), np.nan)
    tied = np.zeros(len(x), np.bool_)
    for i in range(len(x)):
        column, row = (x[i] - grid.west) / grid.width, (y[i] - grid.south) / grid.width
        # Also false where a place is not known.
        if not (0.0 <= column < grid.columns and 0.0 <= row < grid.rows):
            continue
        cell, point = int(row) * grid.columns + int(column), (x[i], y[i])
        shortest, other, own = _two_nearest(pieces, grid, cell, point)
        if not np.sqrt(shortest) <= within:
            continue
        line[i], distance[i] = own, np.sqrt(shortest)
        # Rounding may not leave out the nearest one itself.
        limit = max(min(distance[i] + alike, within) ** 2, shortest)
        if other <= limit:
            tied[i] = True
            line[i] = _first_within(pieces, grid, (cell, point), limit)
    return line, distance, tied
