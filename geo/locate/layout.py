"""The arrays of a grid over areas, as compiled code reads them.

+-----+-----+-----+      Each cell holds one number: the position of the area that covers it,
|  3  |  3 /|  -5 |      or one of the codes below. -5 stands for a list, here of the edges
+-----+---/-+-----+      that enter the cell; it begins at row 5 - 4 = 1 of `lists`.
|  3  |  /  |  7  |
+-----+-----+-----+
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTSIDE: Final = -1
UNSURE: Final = -2
"""Needs shapely: the cell holds too many edges, or rounding hides the answer."""
SEVERAL: Final = -3
"""Areas overlap here; replaced before a grid is finished."""
FIRST_LIST: Final = -4
"""This and any lower number is a list that begins at row `FIRST_LIST - number` of `lists`."""


class Edges(NamedTuple):
    """Rings as one chain: edge i runs from vertex i to vertex i + 1, with its area to the left.

    Attributes
    ----------
    x, y
        Coordinates of n vertices.
    area
        Position of each edge's area; −1 where a ring ends and the next begins.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: NDArray[np.int32]


class Lattice(NamedTuple):
    """The position of the cells: the integer part of (x − west) × columns_per_unit is a column.

    Attributes
    ----------
    west, south
        The lower left corner, in the CRS of the areas.
    columns_per_unit, rows_per_unit
        Cells per unit of the CRS.
    lines
        y of the line along which each row is walked.
    columns, rows
        Number of cells.
    """

    west: float
    south: float
    columns_per_unit: float
    rows_per_unit: float
    lines: NDArray[np.float64]
    columns: int
    rows: int


class Listing(NamedTuple):
    """The lists of the cells while a grid is built.

    Attributes
    ----------
    start
        The position in `edges` where each list begins and the one before ends.
    free
        The position for the next edge of each list.
    west
        The sum of weights west of each list's cell.
    edges
        Numbers of edges.
    """

    start: NDArray[np.int64]
    free: NDArray[np.int64]
    west: NDArray[np.int64]
    edges: NDArray[np.int32]


class AreaGrid(NamedTuple):
    """A finished grid.

    Attributes
    ----------
    lattice
        The position of the cells.
    cells
        rows × columns: an area's position, or one of the codes above.
    lists
        n × 5. A list begins with a row (edges in the list, sum west of the cell, 0, 0, 0), followed
        by a row for each edge: from x, y to x, y, and its weight.
    """

    lattice: Lattice
    cells: NDArray[np.int32]
    lists: NDArray[np.float64]
