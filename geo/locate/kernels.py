"""The compiled loops of the join; `geo.locate.grid` explains the method.

Every test is either exact (comparing two numbers) or bounds its own rounding and returns `UNSURE`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled
from geo.locate.layout import (
    FIRST_LIST,
    OUTSIDE,
    SEVERAL,
    UNSURE,
    AreaGrid,
    Edges,
    Lattice,
    Listing,
)

ONE_AREA: Final = 1 << 32
"""An area weighs this plus its position: a sum shows the number of areas and, if one, which."""

MARGIN: Final = 1e-6
"""Share of a cell. Rounding moves a coordinate by less than a tenth of it (`grid.lattice_over`)."""

ROUNDING: Final = (3 + 16 * 2**-53) * 2**-53
"""Largest rounding error of a turn, as a share of its two products (Shewchuk 1997, eq. 22)."""

UNDERFLOW: Final = 1e-300
"""Below this a product can have lost its last digits."""

MOST_EDGES: Final = 64
"""Most edges listed in a cell; with more, shapely's own index is faster."""

Edge = tuple[float, float, float, float]
Point = tuple[float, float]
Counts = NDArray[np.int32]
Sums = NDArray[np.int64]
Floats = NDArray[np.float64]


@compiled
def edge_of(edges: Edges, number: int) -> Edge:
    """The two ends of an edge.

    Parameters
    ----------
    edges
        All edges.
    number
        The position of one.

    Returns
    -------
    x and y of its start and end.
    """
    return edges.x[number], edges.y[number], edges.x[number + 1], edges.y[number + 1]


@compiled
def rows_of(lattice: Lattice, edge: Edge) -> tuple[int, int]:
    """The first and last row that an edge touches.

    Parameters
    ----------
    lattice
        The grid.
    edge
        Two ends, in metres.

    Returns
    -------
    Both inclusive.
    """
    _, ay, _, by = edge
    first = int((min(ay, by) - lattice.south) * lattice.rows_per_unit - MARGIN)
    last = int((max(ay, by) - lattice.south) * lattice.rows_per_unit + MARGIN)
    return first, min(last, lattice.rows - 1)


@compiled
def columns_of(lattice: Lattice, row: int, edge: Edge) -> tuple[int, int]:
    """The first and last column that an edge touches in a row, widened by a margin.

    Parameters
    ----------
    lattice
        The grid.
    row
        A row of it.
    edge
        Two ends, in metres.

    Returns
    -------
    Both inclusive.
    """
    ax, ay, bx, by = edge
    u = (ax - lattice.west) * lattice.columns_per_unit
    v = (ay - lattice.south) * lattice.rows_per_unit
    across = (bx - lattice.west) * lattice.columns_per_unit - u
    up = (by - lattice.south) * lattice.rows_per_unit - v
    start, stop = 0.0, 1.0  # the part of the edge that is in the row
    if up != 0.0:
        bottom, top = (row - MARGIN - v) / up, (row + 1 + MARGIN - v) / up
        start = min(max(min(bottom, top), 0.0), 1.0)
        stop = min(max(bottom, top, 0.0), 1.0)
    one, other = u + start * across, u + stop * across
    return int(min(one, other) - MARGIN), min(int(max(one, other) + MARGIN), lattice.columns - 1)


@compiled
def count_edges(edges: Edges, lattice: Lattice, counts: Counts, sums: Sums) -> None:
    """Count the edges that enter each cell, and add the weight of crossing them on a row's line.

    The weight goes into `sums` at the first cell that lies wholly east of the edge.

    Parameters
    ----------
    edges
        All edges.
    lattice
        The grid.
    counts
        Written: edges by cell.
    sums
        Written: weights by cell.
    """
    for number in range(len(edges.area) - 1):
        if edges.area[number] < 0:
            continue
        edge = edge_of(edges, number)
        _, ay, _, by = edge
        first_row, last_row = rows_of(lattice, edge)
        for row in range(first_row, last_row + 1):
            first, last = columns_of(lattice, row, edge)
            for column in range(first, last + 1):
                counts[row, column] += 1
            line = lattice.lines[row]
            if (ay > line) != (by > line) and last + 1 < lattice.columns:
                weight = ONE_AREA + edges.area[number]
                sums[row, last + 1] += weight if by < ay else -weight


@compiled
def fill_cells(cells: Counts, sums: Sums, listing: Listing) -> int:
    """Replace the counts of edges in `cells` by areas, or by the numbers of lists.

    For now, the cell of list n holds `FIRST_LIST` − n. Returns the number of lists.

    Parameters
    ----------
    cells
        Edges by cell; written in place.
    sums
        Weights by cell.
    listing
        Written: the cell of each list.

    Returns
    -------
    The number of lists.
    """
    number = 0
    for row in range(cells.shape[0]):
        west = 0
        for column in range(cells.shape[1]):
            west += sums[row, column]
            count = cells[row, column]
            if count == 0:
                cells[row, column] = area_of(west)
            elif count > MOST_EDGES:
                cells[row, column] = UNSURE
            else:
                cells[row, column] = FIRST_LIST - number
                listing.west[number] = west
                listing.free[number] = listing.start[number]
                listing.start[number + 1] = listing.start[number] + count
                number += 1
    return number


@compiled
def list_edges(edges: Edges, lattice: Lattice, cells: Counts, listing: Listing) -> None:
    """Write the number of each edge into the list of every cell that it enters.

    Parameters
    ----------
    edges
        All edges.
    lattice
        The grid.
    cells
        As `fill_cells` leaves them.
    listing
        Written: the edges of each list.
    """
    for number in range(len(edges.area) - 1):
        if edges.area[number] < 0:
            continue
        edge = edge_of(edges, number)
        first_row, last_row = rows_of(lattice, edge)
        for row in range(first_row, last_row + 1):
            first, last = columns_of(lattice, row, edge)
            for column in range(first, last + 1):
                at = FIRST_LIST - cells[row, column]
                if at >= 0:
                    listing.edges[listing.free[at]] = number
                    listing.free[at] += 1


@compiled
def write_lists(edges: Edges, listing: Listing, heads: Sums, lists: Floats) -> int:
    """Write the lists as in `AreaGrid.lists`, and where each begins into `heads`.

    An edge that two areas share appears in both directions; it is written once, with the
    difference of their weights. Returns the number of rows used.

    Parameters
    ----------
    edges
        All edges.
    listing
        The edges of each list.
    heads
        Written: where each list begins.
    lists
        Written: the lists.

    Returns
    -------
    The number of rows used.
    """
    used = 0
    for at in range(len(heads)):
        heads[at] = used
        head = lists[used]
        head[:] = 0
        used += 1
        for number in listing.edges[listing.start[at] : listing.start[at + 1]]:
            ax, ay, bx, by = edge_of(edges, number)
            weight = float(ONE_AREA + edges.area[number])
            for row in lists[heads[at] + 1 : used]:
                if row[0] == bx and row[1] == by and row[2] == ax and row[3] == ay:
                    row[4] -= weight
                    break
            else:
                row = lists[used]
                row[0], row[1], row[2], row[3], row[4] = ax, ay, bx, by, weight
                used += 1
        head[0], head[1] = used - heads[at] - 1, listing.west[at]
    return used


@compiled
def area_of(total: int) -> int:
    """The area that a sum of weights stands for."""
    if total == 0:
        return OUTSIDE
    if 0 <= total - ONE_AREA < ONE_AREA:
        return total - ONE_AREA
    return SEVERAL


@compiled
def side(edge: Edge, x: float, y: float) -> int:
    """1 if a point is left of an edge's line, −1 if right of it, 0 if rounding hides it.

    Parameters
    ----------
    edge
        Two ends, in metres.
    x, y
        A point, in metres.

    Returns
    -------
    1, −1 or 0.
    """
    ax, ay, bx, by = edge
    one, other = (bx - ax) * (y - ay), (by - ay) * (x - ax)
    turn = one - other
    doubt = ROUNDING * (abs(one) + abs(other)) + UNDERFLOW
    if turn > doubt:
        return 1
    if turn < -doubt:
        return -1
    return 0


@compiled
def walk(lists: Floats, head: int, line: float, point: Point) -> int:
    """The area at a point: walk along the row's line to below or above the point, then up or down.

    Crossing an edge to its left, where its area is, adds its weight; to its right subtracts it.

    Parameters
    ----------
    lists
        The edges of all lists.
    head
        Where the cell's list begins.
    line
        y of the row's line, in metres.
    point
        In metres.

    Returns
    -------
    The position of the area, or `UNSURE`.
    """
    x, y = point
    total = lists[head, 1]
    for row in range(head + 1, head + 1 + int(lists[head, 0])):
        ax, ay, bx, by = edge = lists[row, 0], lists[row, 1], lists[row, 2], lists[row, 3]
        meets_line = (ay > line) != (by > line)
        reaches_x = min(ax, bx) <= x <= max(ax, bx)
        if not (meets_line or reaches_x):
            continue
        foot = side(edge, x, line)
        if foot == 0:
            return UNSURE
        if meets_line and (foot > 0) == (by < ay):  # the foot is east of the edge
            total += foot * lists[row, 4]
        if reaches_x:
            end = side(edge, x, y)
            if end == 0:
                return UNSURE
            if end != foot and (ax > x) != (bx > x):
                total += end * lists[row, 4]
    area = area_of(int(total))
    return UNSURE if area == SEVERAL else area


@compiled
def locate(grid: AreaGrid, x: Floats, y: Floats, positions: Counts) -> int:
    """Write the position of each point's area; return how many are `UNSURE`.

    Parameters
    ----------
    grid
        The index.
    x, y
        n points, in metres.
    positions
        Written: the position of each point's area.

    Returns
    -------
    How many are `UNSURE`.
    """
    lattice, unsure = grid.lattice, 0
    for i in range(len(x)):
        u = (x[i] - lattice.west) * lattice.columns_per_unit
        v = (y[i] - lattice.south) * lattice.rows_per_unit
        # NaN fails this comparison too.
        if not (0 <= u < lattice.columns and 0 <= v < lattice.rows):
            positions[i] = OUTSIDE
            continue
        cell = grid.cells[int(v), int(u)]
        if cell <= FIRST_LIST:
            cell = walk(grid.lists, FIRST_LIST - cell, lattice.lines[int(v)], (x[i], y[i]))
        unsure += cell == UNSURE
        positions[i] = cell
    return unsure
