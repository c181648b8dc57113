"""The door to the join: few points go to shapely, many through a grid."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.locate.layout import UNSURE, Grid
from geo.locate.touching import TouchingAreas

Floats = NDArray[np.float64]

FEW: Final = 100_000
"""Points that shapely locates in less time than it takes to load what is compiled."""

VERTICES_PER_POINT: Final = 10
"""Vertices that a grid takes in while shapely locates a point."""

FEWEST_PER_THREAD: Final = 100_000


class AreaLocator:
    """Finds the area of points among the areas of one layer.

    Parameters
    ----------
    areas
        Valid polygons indexed by code, in any one CRS. They may overlap and leave gaps. Codes are
        compared as text.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self._touching = TouchingAreas(areas)
        vertices = int(shapely.get_num_coordinates(self._touching.geometries).sum())
        self._few = max(FEW, vertices // VERTICES_PER_POINT)
        self._asked = 0
        self._grid: Grid | None = None
        self._make_grid: Callable[[], Grid | None] = partial(_build, self._touching)

    def locate(
        self, x: ArrayLike, y: ArrayLike, *, workers: int | None = None
    ) -> NDArray[np.int32]:
        """The position in `areas.index` of each point's area, −1 outside all of them.

        Parameters
        ----------
        x, y
            Coordinates in the CRS of the areas, of equal length; NaN and infinity are outside.
        workers
            How many threads share the work; as many as there are processors if not given.

        Returns
        -------
        Array of int32, as long as `x`.
        """
        xs, ys = (np.ascontiguousarray(axis, dtype=float) for axis in (x, y))
        if xs.shape != ys.shape or xs.ndim != 1:
            raise ValueError("x and y must have one dimension and be of equal length")
        # In many small calls as well there come to be many points.
        self._asked += len(xs)
        grid = self._grid_for(self._asked)
        if grid is None:
            return self._touching.locate(xs, ys)
        found = np.empty(len(xs), dtype=np.int32)
        if _locate(grid, xs, ys, found, workers=workers or os.cpu_count() or 1):
            unsure = np.flatnonzero(found == UNSURE)
            found[unsure] = self._touching.locate(xs[unsure], ys[unsure])
        return found

    def save(self, path: Path) -> None:
        """Write the index to a file, for a process that shall not build it again.

        Raises
        ------
        InputError
            If the areas have none: numba is not installed, or they are not all polygons.
        """
        from geo.locate.saved import write_grid  # noqa: PLC0415 - it brings numba

        write_grid(path, self._grid_for(None), of=self._touching)

    @classmethod
    def open(cls, path: Path, areas: gpd.GeoDataFrame) -> AreaLocator:
        """A locator of the same areas, with the index that `save` wrote.

        Raises
        ------
        InputError
            If the file is no index of these very areas, written by this version.
        """
        from geo.locate.saved import read_grid  # noqa: PLC0415 - it brings numba

        locator = cls(areas)
        grid = read_grid(path, of=locator._touching)
        locator._make_grid, locator._few = (lambda: grid), FEW
        return locator

    def _grid_for(self, points: int | None) -> Grid | None:
        """The grid, made once so many points are worth it, or in any case for None."""
        many = points is None or points >= self._few
        if self._grid is None and many and find_spec("numba"):
            self._grid = self._make_grid()
        return self._grid


def warm_up() -> None:
    """Load what joins many points; else the first who joins so many waits a second for it."""
    if not find_spec("numba"):
        return
    square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], index=["square"])
    locator = AreaLocator(square)
    locator._few = 0
    locator.locate([0.5], [0.5])


def _build(touching: TouchingAreas) -> Grid | None:
    from geo.locate.grid import build_grid  # noqa: PLC0415 - it brings numba

    return build_grid(touching)


def _locate(grid: Grid, x: Floats, y: Floats, found: NDArray[np.int32], *, workers: int) -> int:
    """Write the area of each point, and return how many of them only shapely can tell."""
    from geo.locate.kernels import locate  # noqa: PLC0415 - it brings numba

    workers = max(1, min(workers, len(x) // FEWEST_PER_THREAD))
    ends = np.linspace(0, len(x), workers + 1).astype(int)
    parts = [slice(start, stop) for start, stop in pairwise(ends)]
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(lambda part: locate(grid, x[part], y[part], found[part]), parts))
