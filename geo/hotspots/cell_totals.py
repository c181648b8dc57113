"""How much of a layer lies in each cell of a study area: points, or metres of line.

A count of incidents can be held against either: premises where burglaries are concerned, streets
where street crime is.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cells import Cells

Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]


def points_in_cells(points: Geometries, cells: Cells) -> NDArray[np.int64]:
    """Count the points of a layer in each cell.

    Parameters
    ----------
    points
        m points or multipoints in metres of the cells' CRS; each part of a multipoint counts.
    cells
        The n cells of a study area.

    Returns
    -------
    n counts. Cells are half-open, so a point on an edge is in one of them; points outside of all
    cells are in none.
    """
    x, y = shapely.get_coordinates(points).T
    index = cells.index_of(cells.grid.positions(x, y))
    return np.bincount(index[index >= 0], minlength=len(cells))


def metres_in_cells(lines: Geometries, cells: Cells) -> Floats:
    """Measure the lines of a layer in each cell.

    Parameters
    ----------
    lines
        m lines or multilines in metres of the cells' CRS.
    cells
        The n cells of a study area; they are measured whole, beyond its edge too.

    Returns
    -------
    n lengths in metres. A line along the edge between two cells is half in each, so the lengths
    of lines inside add up to theirs.
    """
    parts = shapely.get_parts(lines)
    cell, part = shapely.STRtree(parts).query(cells.geometry, predicate="intersects")
    within = shapely.length(shapely.intersection(parts[part], cells.geometry[cell]))
    edges = shapely.boundary(cells.geometry)
    along = shapely.length(shapely.intersection(parts[part], edges[cell]))
    totals: Floats = np.zeros(len(cells))
    np.add.at(totals, cell, within - along / 2)
    return totals
