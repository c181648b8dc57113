"""Grids of hexagons and squares over a study area.

The origin of a grid is (0, 0) of the working CRS, so a cell has the same id in every study area.
The width of a cell is the distance in metres between opposite sides of a hexagon (with a corner at
the top), or the side of a square. Cells are half-open: a point on an edge is in one cell only.

Source of the hexagon arithmetic: axial coordinates and cube rounding as described by
Amit Patel, https://www.redblobgames.com/grids/hexagons/.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.overlap_areas import overlap_areas
from geo.prepared import prepared, prepared_array
from geo.properties import cached_property

Shape = Literal["hexagon", "square"]
Positions = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_CELLS = 200_000
"""Limit of one study area: more take minutes to draw and to test."""
_ROW_HEIGHT = math.sqrt(3) / 2  # of hexagons of width 1, from the centres of a row to the next
_SPECK = 1e-9  # share of a cell below which its overlap with the mask is rounding

_NEIGHBOURS = {
    "hexagon": ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)),
    "square": tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)),
}


@dataclass(frozen=True)
class Grid:
    """An endless grid of cells `width` metres wide."""

    width: int
    shape: Shape = "hexagon"

    def positions(self, x: ArrayLike, y: ArrayLike) -> Positions:
        """The cell of each point.

        Parameters
        ----------
        x, y
            n finite coordinates each, in metres.

        Returns
        -------
        positions
            n × 2 whole numbers: (q, r) of hexagons, or (column, row) of squares.
        """
        across, up = np.asarray(x, float) / self.width, np.asarray(y, float) / self.width
        if self.shape == "square":
            return np.column_stack([np.floor(across), np.floor(up)]).astype(np.int64)
        r = up / _ROW_HEIGHT
        q = across - r / 2
        return _round_axial(q, r)

    def centres(self, positions: Positions) -> tuple[Floats, Floats]:
        """X and y of the centres of cells, in metres."""
        first, second = positions.astype(float).T
        if self.shape == "square":
            return (first + 0.5) * self.width, (second + 0.5) * self.width
        return (first + second / 2) * self.width, second * (_ROW_HEIGHT * self.width)

    def polygons(self, positions: Positions) -> NDArray[np.object_]:
        """The outlines of whole cells; neighbours share their corners to the last bit."""
        first, second = positions[:, :1], positions[:, 1:]
        if self.shape == "square":
            # In whole numbers first, so that neighbours compute the same corners.
            x = first + np.array([0, 1, 1, 0])
            y = second + np.array([0, 0, 1, 1])
            corners = np.stack([x * float(self.width), y * float(self.width)], axis=-1)
        else:
            # Corners in half widths across, and in half sides up.
            x = 2 * first + second + np.array([1, 0, -1, -1, 0, 1])
            y = 3 * second + np.array([1, 2, 1, -1, -2, -1])
            half_side = self.width / np.sqrt(12)
            corners = np.stack([x * (self.width / 2), y * half_side], axis=-1)
        return np.asarray(shapely.polygons(corners), dtype=object)

    def ids(self, positions: Positions) -> list[str]:
        """Names of cells: `h150:q:r` or `s150:column:row`."""
        prefix = f"{self.shape[0]}{self.width}"
        return [f"{prefix}:{first}:{second}" for first, second in positions.tolist()]

    @property
    def cell_area(self) -> float:
        """Square metres of one whole cell."""
        return self.width**2 * (1.0 if self.shape == "square" else _ROW_HEIGHT)

    def refuse_too_many(self, bounds: tuple[float, float, float, float]) -> None:
        """Refuse cells that would be too many, before any is made.

        Parameters
        ----------
        bounds
            West, south, east and north of the study area, in metres.

        Raises
        ------
        InputError
            If there would be more than `MOST_CELLS`, or the study area is empty.
        """
        west, south, east, north = bounds
        if math.isnan(west):
            raise InputError("the study area is empty: there is no land to lay cells over")
        expected = (east - west) * (north - south) / self.cell_area
        if not expected <= MOST_CELLS:
            raise InputError(
                f"cells of {self.width} m would be about {expected:,.0f} over this study area, "
                f"more than {MOST_CELLS:,}; choose wider cells"
            )

    def covering(self, bounds: tuple[float, float, float, float]) -> Positions:
        """Every cell that a box can touch, and some around it, row by row.

        Parameters
        ----------
        bounds
            West, south, east and north in metres.

        Returns
        -------
        positions
            n × 2 whole numbers, as from `positions`.

        Raises
        ------
        InputError
            If there are more than `MOST_CELLS`, or the box is that of an empty geometry.
        """
        self.refuse_too_many(bounds)
        west, south, east, north = bounds
        height = self.width * (_ROW_HEIGHT if self.shape == "hexagon" else 1.0)
        rows = np.arange(math.floor(south / height) - 1, math.ceil(north / height) + 2)
        # In axial coordinates each row of hexagons begins half a cell left of the row below.
        lean = rows / 2 if self.shape == "hexagon" else np.zeros(len(rows))
        begin = np.floor(west / self.width - lean).astype(np.int64) - 1
        across = np.arange(math.ceil((east - west) / self.width) + 4)
        first = begin[:, None] + across[None, :]
        return np.column_stack([first.ravel(), np.repeat(rows, len(across))])


def finest_width(
    bounds: tuple[float, float, float, float], shape: Shape, *, most: int = MOST_CELLS
) -> int:
    """The smallest round width whose cells over a study area are not too many.

    Parameters
    ----------
    bounds
        West, south, east and north of the study area, in metres.
    shape
        Of the cells.
    most
        How many are not too many.

    Returns
    -------
    Metres: a multiple of 5 below 100 m, of 10 below 1 km, of 100 beyond.
    """
    west, south, east, north = bounds
    least = math.sqrt((east - west) * (north - south) / most / Grid(1, shape).cell_area)
    step = 5 if least <= 100 else 10 if least <= 1_000 else 100
    return math.ceil(least / step) * step


@dataclass(frozen=True)
class Cells:
    """The cells of a grid that lie at least partly in a mask, row by row.

    Attributes
    ----------
    grid
        Their grid.
    positions
        n × 2 whole numbers, as from `Grid.positions`.
    geometry
        n outlines of whole cells.
    inside_area
        Square metres of each cell inside the mask.
    """

    grid: Grid
    positions: Positions
    geometry: NDArray[np.object_]
    inside_area: Floats

    def __len__(self) -> int:
        return len(self.positions)

    @classmethod
    def over(cls, mask: shapely.Geometry, grid: Grid) -> Cells:
        """The cells that overlap a mask.

        Parameters
        ----------
        mask
            Polygon or multipolygon in metres.
        grid
            Shape and width of the cells.

        Returns
        -------
        cells
            Row by row.

        Raises
        ------
        InputError
            If there would be more than `MOST_CELLS`, or the mask is empty.
        """
        west, south, east, north = shapely.bounds(mask).tolist()
        positions = grid.covering((west, south, east, north))
        geometry = grid.polygons(positions)
        land = prepared(mask)
        touching = shapely.intersects(land, geometry)
        positions, geometry = positions[touching], geometry[touching]
        area = np.full(len(positions), grid.cell_area)
        cut = ~shapely.contains(land, geometry)
        area[cut] = overlap_areas(mask, geometry[cut])
        # Rounding leaves specks where a cell and the mask only share an edge.
        overlapping = area > _SPECK * grid.cell_area
        return cls(grid, positions[overlapping], geometry[overlapping], area[overlapping])

    @property
    def ids(self) -> list[str]:
        """The names of the cells."""
        return self._columns["cell_id"].tolist()

    @property
    def inside_share(self) -> Floats:
        """The share of each cell inside the mask, from 0 to 1."""
        return np.minimum(self.inside_area / self.grid.cell_area, 1.0)

    def index_of(self, positions: Positions) -> Positions:
        """The numbers of cells at m × 2 positions of the grid; -1 where there is none of these."""
        wanted = _keys(positions)
        keys, order = self._sorted_keys
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, order[at], -1)

    def assign(self, x: ArrayLike, y: ArrayLike) -> Positions:
        """The cell of each point of the mask.

        Parameters
        ----------
        x, y
            n coordinates each, in metres, inside the mask.

        Returns
        -------
        index
            n numbers of cells. A point exactly on the edge of the mask can fall into a cell that
            only touches the mask; it gets the nearest cell instead, so that no point is lost.
        """
        index = self.index_of(self.grid.positions(x, y))
        stray = np.flatnonzero(index < 0)
        if len(stray):
            strays = shapely.points(np.asarray(x, float)[stray], np.asarray(y, float)[stray])
            index[stray] = shapely.STRtree(self.geometry).nearest(strays)
        return index

    def count(self, x: ArrayLike, y: ArrayLike) -> Positions:
        """The number of points in each cell; for x and y see `assign`.

        Parameters
        ----------
        x, y
            Metres, as for `assign`.

        Returns
        -------
        A count for each cell.
        """
        return np.bincount(self.assign(x, y), minlength=len(self))

    def shares_of(self, polygons: NDArray[np.object_]) -> scipy.sparse.csr_array:
        """Which share of each polygon's land lies in each cell.

        Parameters
        ----------
        polygons
            M polygons inside the mask, in metres.

        Returns
        -------
        M × n matrix; a row adds up to 1, or is empty for a polygon without an area.
        """
        tree = shapely.STRtree(self.geometry)
        shares, columns, sizes = [np.zeros(0)], [np.zeros(0, np.intp)], [0]
        for polygon in prepared_array(polygons):
            touched = tree.query(polygon, predicate="intersects")
            area = np.full(len(touched), self.grid.cell_area)
            cut = ~shapely.contains(polygon, self.geometry[touched])
            area[cut] = overlap_areas(polygon, self.geometry[touched[cut]])
            if area.sum() > 0:
                shares.append(area / area.sum())
                columns.append(touched)
                sizes.append(len(touched))
            else:
                sizes.append(0)
        return scipy.sparse.csr_array(
            (np.concatenate(shares), np.concatenate(columns), np.cumsum(sizes)),
            shape=(len(polygons), len(self)),
        )

    def spread(self, polygons: NDArray[np.object_], amounts: Floats) -> Floats:
        """Carry amounts of polygons to the cells by area: as if spread evenly over each polygon.

        Parameters
        ----------
        polygons
            M polygons inside the mask, in metres.
        amounts
            Of each of them.

        Returns
        -------
        The amount of each cell; together they are what the polygons have, those without an area
        left out.

        Source: areal weighting (Goodchild & Lam 1980).
        """
        return self.shares_of(polygons).T @ amounts

    @cached_property
    def neighbours(self) -> scipy.sparse.csr_array:
        """N × n matrix of 0 and 1: each cell, and those with a common edge (squares: or corner)."""
        rows, columns = [], []
        keys, order = self._sorted_keys
        for step in _NEIGHBOURS[self.grid.shape]:
            beside = _keys(self.positions + np.array(step))
            at = np.minimum(np.searchsorted(keys, beside), len(keys) - 1)
            existing = np.flatnonzero(keys[at] == beside)
            rows.append(existing)
            columns.append(order[at[existing]])
        row, column = np.concatenate(rows), np.concatenate(columns)
        return scipy.sparse.csr_array(
            (np.ones(len(row)), (row, column)), shape=(len(self), len(self))
        )

    @cached_property
    def _sorted_keys(self) -> tuple[Positions, Positions]:
        keys = _keys(self.positions)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def frame(self, crs: str) -> gpd.GeoDataFrame:
        """The cells as a frame: `cell_id`, `inside_share` and the whole cell."""
        return gpd.GeoDataFrame(self._columns, geometry=self.geometry, crs=crs)

    @cached_property
    def _columns(self) -> pd.DataFrame:
        ids = self.grid.ids(self.positions)
        return pd.DataFrame({"cell_id": ids, "inside_share": self.inside_share})


def _round_axial(q: Floats, r: Floats) -> Positions:
    """Round to the nearest hexagon: of the three cube coordinates, correct the least exact one."""
    s = -q - r
    near = np.floor(np.stack([q, r, s], axis=-1) + 0.5)
    error = np.abs(near - np.stack([q, r, s], axis=-1))
    q_worst = (error[:, 0] > error[:, 1]) & (error[:, 0] > error[:, 2])
    r_worst = ~q_worst & (error[:, 1] > error[:, 2])
    q_round = np.where(q_worst, -near[:, 1] - near[:, 2], near[:, 0])
    r_round = np.where(r_worst, -near[:, 0] - near[:, 2], near[:, 1])
    return np.column_stack([q_round, r_round]).astype(np.int64)


def _keys(positions: Positions) -> Positions:
    """One whole number for each position, unique within any projected CRS."""
    return (positions[:, 0] << 32) + positions[:, 1]
