"""Building a grid over areas, with the edges that enter each cell.

Every ring is oriented so that its area lies to the left of its edges, and every area has a weight.
Walk from far outside to a point with a running sum: crossing an edge into an area adds the area's
weight, crossing out subtracts it. At the point, the sum is the weight of the areas that hold it. A
shared edge, which leads out of one area and into another, needs no special treatment.

Each row of cells has a line, somewhere across it. The walk to a point goes east along the line of
its row until it stands below or above the point, its foot, and then straight up or down to it:

    ----------+-----------+----
              |   * point |
    ==========|===+ foot ---- line      only edges that enter the cell can be met from here on
              |           |
    ----------+-----------+----

The part of the walk before it enters a cell is the same for all points of the cell, so it is summed
in advance, row by row. In a cell that no edge enters, that sum is the answer: one look-up. In any
other cell the walk continues among the few edges listed there.

The arithmetic is not exact. An edge within a margin of a cell is listed in it. A point too close
to an edge is `UNSURE` and given to shapely, as are points where areas overlap. So the answers are
always those of shapely.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.locate import kernels
from geo.locate.layout import FIRST_LIST, SEVERAL, AreaGrid, Edges, Lattice, Listing
from geo.locate.touching import TouchingAreas

FEWEST_CELLS: Final = 2**17
MOST_CELLS: Final = 2**24
"""64 MB of numbers."""
CELLS_PER_VERTEX: Final = 4
MOST_SIDE: Final = 2**14

# In gaps between neighbouring floats at the largest coordinate: in a cell of this width, rounding
# stays below a tenth of the kernels' `MARGIN`.
NARROWEST_CELL: Final = 2**24

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

LINE_AT: Final = 0.618
"""Height of a row's line, as a share of the row: boundaries at round numbers rarely lie on it."""


def build_grid(touching: TouchingAreas) -> AreaGrid | None:
    """The grid over areas; None if shapely must be used: no polygons, or no room for cells."""
    edges = edges_of(touching.geometries)
    lattice = lattice_over(edges) if edges else None
    if edges is None or lattice is None:
        return None
    cells, listing = _cells_and_lists(edges, lattice)
    lists = _lists(edges, lattice, cells, listing)
    _resolve_overlaps(cells, lattice, touching)
    return AreaGrid(lattice, cells, lists)


def edges_of(geometries: NDArray[np.object_]) -> Edges | None:
    """The edges of polygons; None if there are none, or geometries of another kind."""
    nothing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    kinds = shapely.get_type_id(geometries[~nothing])
    if not len(kinds) or not np.isin(kinds, _POLYGONS).all():
        return None
    # Each step copies all vertices; reusing one name frees the copy before.
    shapes = shapely.orient_polygons(geometries)
    shapes, area_of_part = shapely.get_parts(shapes, return_index=True)
    shapes, part_of_ring = shapely.get_rings(shapes, return_index=True)
    xy, ring_of_vertex = shapely.get_coordinates(shapes, return_index=True)
    del shapes
    area = area_of_part[part_of_ring][ring_of_vertex].astype(np.int32)
    area[np.flatnonzero(np.diff(ring_of_vertex, append=-1))] = -1
    return Edges(xy[:, 0].copy(), xy[:, 1].copy(), area)


def lattice_over(edges: Edges) -> Lattice | None:
    """Cells about as wide as they are high; None if coordinates are too coarse or too large."""
    west, south = float(edges.x.min()), float(edges.y.min())
    east, north = float(edges.x.max()), float(edges.y.max())
    width, height = east - west, north - south
    if not (0 < width < np.inf and 0 < height < np.inf):
        return None
    target = np.clip(CELLS_PER_VERTEX * len(edges.x), FEWEST_CELLS, MOST_CELLS)
    columns = _cells_along(width, np.sqrt(target) * np.sqrt(width / height), max(-west, east))
    rows = _cells_along(height, target / columns, max(-south, north))
    # Half a cell more, so that the eastern and northern edges lie inside the last column and row.
    columns_per_unit, rows_per_unit = (columns - 0.5) / width, (rows - 0.5) / height
    if not np.isfinite([columns_per_unit, rows_per_unit]).all():
        return None
    lines = np.asarray(south + (np.arange(rows) + LINE_AT) / rows_per_unit, dtype=np.float64)
    return Lattice(west, south, columns_per_unit, rows_per_unit, lines, columns, rows)


def _cells_along(length: float, target: float, furthest: float) -> int:
    most = length / (NARROWEST_CELL * np.spacing(furthest))
    return int(max(1.0, min(target, most, MOST_SIDE)))


def _cells_and_lists(edges: Edges, lattice: Lattice) -> tuple[NDArray[np.int32], Listing]:
    """The cells, with numbers of lists where edges enter, and the lists, still without edges."""
    cells = np.zeros((lattice.rows, lattice.columns), dtype=np.int32)
    sums = np.zeros(cells.shape, dtype=np.int64)
    kernels.count_edges(edges, lattice, cells, sums)
    most, numbers = np.count_nonzero(cells), np.empty(cells.sum(dtype=np.int64), dtype=np.int32)
    start, free, west = np.zeros((3, most + 1), dtype=np.int64)
    listing = Listing(start, free, west, numbers)
    count = kernels.fill_cells(cells, sums, listing)
    return cells, listing._replace(start=start[: count + 1], free=free[:count], west=west[:count])


def _lists(
    edges: Edges, lattice: Lattice, cells: NDArray[np.int32], listing: Listing
) -> NDArray[np.float64]:
    """The lists as in `AreaGrid.lists`; writes into each cell where its list begins."""
    kernels.list_edges(edges, lattice, cells, listing)
    heads = np.empty(len(listing.free), dtype=np.int64)
    lists = np.empty((listing.start[-1] + len(heads), 5))
    used = kernels.write_lists(edges, listing, heads, lists)
    cells[cells <= FIRST_LIST] = FIRST_LIST - heads  # both in the order of the cells
    return lists[:used]


def _resolve_overlaps(cells: NDArray[np.int32], lattice: Lattice, touching: TouchingAreas) -> None:
    """Give cells that lie in several areas to the lowest code."""
    row, column = np.nonzero(cells == SEVERAL)
    # Adjacent cells with no edge between them lie in the same areas: locate only the first.
    starts = (np.diff(row, prepend=-1) != 0) | (np.diff(column, prepend=-1) != 1)
    x = lattice.west + (column[starts] + 0.5) / lattice.columns_per_unit
    y = lattice.south + (row[starts] + 0.5) / lattice.rows_per_unit
    cells[row, column] = touching.locate(x, y)[np.cumsum(starts) - 1]
