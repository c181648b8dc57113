"""What a grid is made of, in arrays that compiled code can read.

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
"""Only shapely can tell: the cell holds too many edges, or rounding hides the answer."""
SEVERAL: Final = -3
"""Areas overlap here; none is left once a grid is built."""
FIRST_LIST: Final = -4
"""This and everything below is a list: `FIRST_LIST - number` is where it begins in `lists`."""


class Edges(NamedTuple):
    """Rings as one chain: edge i leads from vertex i to vertex i + 1, its area to the left.

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
    """Where the cells lie: (x − west) × columns_per_unit, cut to a whole number, is a column.

    Attributes
    ----------
    lines
        y of the line along which each row is walked.
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
        Where each list begins in `edges`, and so where the one before ends.
    free
        Where the next edge of each list goes.
    west
        The sum west of each list's cell.
    edges
        Numbers of edges.
    """

    start: NDArray[np.int64]
    free: NDArray[np.int64]
    west: NDArray[np.int64]
    edges: NDArray[np.int32]


class Grid(NamedTuple):
    """A built index.

    Attributes
    ----------
    lattice
        Where the cells lie.
    cells
        rows × columns: an area's position, or one of the codes above.
    lists
        n × 5. A list begins with a row (edges in the list, sum west of the cell, 0, 0, 0) and
        goes on with a row for each edge: from x, y to x, y, and its weight.
    """

    lattice: Lattice
    cells: NDArray[np.int32]
    lists: NDArray[np.float64]
