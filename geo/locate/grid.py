"""Building the index of the join: a grid over the areas, with the edges that enter each cell.

The idea. Every ring runs so that its area lies to the left of its edges, and every area has a
weight. Walk from far outside to a point and keep a sum: crossing an edge into an area adds the
area's weight, crossing out takes it off. At the point the sum is the weight of the areas that hold
it, and a shared edge, crossed out of one area and into another, needs no care.

Each row of cells has a line, somewhere across it. The walk to a point goes east along the line of
its row until it stands below or above the point, its foot, and then straight up or down to it:

    ----------+-----------+----
              |   * point |
    ==========|===+ foot ---- line      only edges that enter the cell can be met from here on
              |           |
    ----------+-----------+----

What the walk meets before it comes to a cell is the same for all of the cell's points, so it is
summed beforehand, row by row. In a cell that no edge enters, that sum is the answer: one look-up.
In any other the walk goes on among the few edges listed there.

Nothing here is exact arithmetic. An edge within a margin of a cell is listed in it, and a point
too close to an edge is `UNSURE` and is asked of shapely, as are points where areas overlap. So the
grid never says anything but what shapely says.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.locate import kernels
from geo.locate.layout import FIRST_LIST, SEVERAL, Edges, Grid, Lattice, Listing
from geo.locate.touching import TouchingAreas

FEWEST_CELLS: Final = 2**17
MOST_CELLS: Final = 2**24
CELLS_PER_VERTEX: Final = 4
MOST_SIDE: Final = 2**14

# Gaps between one number and the next, where coordinates are largest: in a cell as wide as this,
# rounding stays below a tenth of the margin that the kernels keep.
NARROWEST_CELL: Final = 2**24

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

LINE_AT: Final = 0.618
"""How far up its row a line lies: not where boundaries of round numbers would lie along it."""


def build_grid(touching: TouchingAreas) -> Grid | None:
    """The grid over areas; None where shapely has to serve: no polygons, or no room for cells."""
    edges = edges_of(touching.geometries)
    lattice = lattice_over(edges) if edges else None
    if edges is None or lattice is None:
        return None
    cells, listing = _settled(edges, lattice)
    lists = _lists(edges, lattice, cells, listing)
    _settle_overlaps(cells, lattice, touching)
    return Grid(lattice, cells, lists)


def edges_of(geometries: NDArray[np.object_]) -> Edges | None:
    """The edges of polygons; None if there are none, or geometries of another kind."""
    nothing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    kinds = shapely.get_type_id(geometries[~nothing])
    if not len(kinds) or not np.isin(kinds, _POLYGONS).all():
        return None
    # Each step copies all vertices: one name for all lets the copy before go.
    shapes = shapely.orient_polygons(geometries)
    shapes, area_of_part = shapely.get_parts(shapes, return_index=True)
    shapes, part_of_ring = shapely.get_rings(shapes, return_index=True)
    xy, ring_of_vertex = shapely.get_coordinates(shapes, return_index=True)
    del shapes
    area = area_of_part[part_of_ring][ring_of_vertex].astype(np.int32)
    area[np.flatnonzero(np.diff(ring_of_vertex, append=-1))] = -1
    return Edges(xy[:, 0].copy(), xy[:, 1].copy(), area)


def lattice_over(edges: Edges) -> Lattice | None:
    """Cells about as wide as they are high; None where numbers are too coarse or too large."""
    west, south = float(edges.x.min()), float(edges.y.min())
    east, north = float(edges.x.max()), float(edges.y.max())
    width, height = east - west, north - south
    if not (0 < width < np.inf and 0 < height < np.inf):
        return None
    wanted = np.clip(CELLS_PER_VERTEX * len(edges.x), FEWEST_CELLS, MOST_CELLS)
    columns = _cells_along(width, np.sqrt(wanted) * np.sqrt(width / height), max(-west, east))
    rows = _cells_along(height, wanted / columns, max(-south, north))
    # The eastern and northern rims lie in the last column and row, not beyond.
    columns_per_unit, rows_per_unit = (columns - 0.5) / width, (rows - 0.5) / height
    if not np.isfinite([columns_per_unit, rows_per_unit]).all():
        return None
    lines = np.asarray(south + (np.arange(rows) + LINE_AT) / rows_per_unit, dtype=np.float64)
    return Lattice(west, south, columns_per_unit, rows_per_unit, lines, columns, rows)


def _cells_along(length: float, wanted: float, furthest: float) -> int:
    room = length / (NARROWEST_CELL * np.spacing(furthest))
    return int(max(1.0, min(wanted, room, MOST_SIDE)))


def _settled(edges: Edges, lattice: Lattice) -> tuple[NDArray[np.int32], Listing]:
    """The cells, with numbers of lists where edges enter; and the lists, of no edges as yet."""
    cells = np.zeros((lattice.rows, lattice.columns), dtype=np.int32)
    sums = np.zeros(cells.shape, dtype=np.int64)
    kernels.count_edges(edges, lattice, cells, sums)
    most, numbers = np.count_nonzero(cells), np.empty(cells.sum(dtype=np.int64), dtype=np.int32)
    start, free, west = np.zeros((3, most + 1), dtype=np.int64)
    listing = Listing(start, free, west, numbers)
    count = kernels.settle_cells(cells, sums, listing)
    return cells, listing._replace(start=start[: count + 1], free=free[:count], west=west[:count])


def _lists(
    edges: Edges, lattice: Lattice, cells: NDArray[np.int32], listing: Listing
) -> NDArray[np.float64]:
    """The lists of all cells as `Grid.lists` has them; the cells learn where theirs begins."""
    kernels.list_edges(edges, lattice, cells, listing)
    heads = np.empty(len(listing.free), dtype=np.int64)
    lists = np.empty((listing.start[-1] + len(heads), 5))
    used = kernels.write_lists(edges, listing, heads, lists)
    cells[cells <= FIRST_LIST] = FIRST_LIST - heads  # both in the order of the cells
    return lists[:used]


def _settle_overlaps(cells: NDArray[np.int32], lattice: Lattice, touching: TouchingAreas) -> None:
    """Give cells that lie in several areas to the lowest code."""
    row, column = np.nonzero(cells == SEVERAL)
    # Side by side, with no edge between them, cells lie in the same areas: the first is asked.
    starts = (np.diff(row, prepend=-1) != 0) | (np.diff(column, prepend=-1) != 1)
    x = lattice.west + (column[starts] + 0.5) / lattice.columns_per_unit
    y = lattice.south + (row[starts] + 0.5) / lattice.rows_per_unit
    cells[row, column] = touching.locate(x, y)[np.cumsum(starts) - 1]
