"""Locating points among the areas of a layer: few by shapely, many by a grid."""

from __future__ import annotations

import hashlib
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

from geo.locate.layout import UNSURE, AreaGrid
from geo.locate.overlaps import Memberships, Pairs, every_area, overlapping_pairs
from geo.locate.touching import TouchingAreas
from geo.properties import cached_property

Floats = NDArray[np.float64]

FEW: Final = 100_000
"""Points that shapely locates in less time than loading the compiled code takes."""

RULE: Final = b"lowest code on borders, 1"
"""Raise it whenever a point may lie in another area than before: what was located is kept."""

VERTICES_PER_POINT: Final = 10
"""Vertices that building a grid takes in while shapely locates one point."""

FEWEST_PER_THREAD: Final = 100_000
"""Points for which starting a thread is worth its time."""


class AreaLocator:
    """Finds the area of points among the areas of one layer.

    Parameters
    ----------
    areas
        Valid polygons indexed by code, in any one CRS. They may overlap and leave gaps. Codes are
        compared as text.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self._areas = areas
        self._touching = TouchingAreas(areas)
        vertices = int(shapely.get_num_coordinates(self._touching.geometries).sum())
        self._few = max(FEW, vertices // VERTICES_PER_POINT)
        self._points_so_far = 0
        self._grid: AreaGrid | None = None
        self._make_grid: Callable[[], AreaGrid | None] = partial(_build, self._touching)

    def locate(
        self, x: ArrayLike, y: ArrayLike, *, workers: int | None = None
    ) -> NDArray[np.int32]:
        """Find the area of each point.

        Parameters
        ----------
        x, y
            n coordinates each in the CRS of the areas; NaN and infinity are outside.
        workers
            Threads that share the work; None means one per processor.

        Returns
        -------
        positions
            n positions in `areas.index`, −1 outside all areas.

        Raises
        ------
        ValueError
            If `x` and `y` are not one-dimensional and of equal length.
        """
        xs, ys = (np.ascontiguousarray(axis, dtype=float) for axis in (x, y))
        if xs.shape != ys.shape or xs.ndim != 1:
            raise ValueError("x and y must have one dimension and be of equal length")
        # Many small calls add up to many points too.
        self._points_so_far += len(xs)
        grid = self._grid_for(self._points_so_far)
        if grid is None:
            return self._touching.locate(xs, ys)
        positions = np.empty(len(xs), dtype=np.int32)
        if _locate(grid, xs, ys, positions, workers=workers or os.cpu_count() or 1):
            unsure = np.flatnonzero(positions == UNSURE)
            positions[unsure] = self._touching.locate(xs[unsure], ys[unsure])
        return positions

    @property
    def digest(self) -> str:
        """A text that differs when an area, a code, their order or the rule of borders does."""
        return hashlib.blake2b(RULE + self._touching.digest).hexdigest()

    @cached_property
    def overlaps(self) -> Pairs:
        """The areas that overlap; see `geo.locate.overlaps.overlapping_pairs`."""
        return overlapping_pairs(self._areas)

    def locate_all(self, x: ArrayLike, y: ArrayLike, *, workers: int | None = None) -> Memberships:
        """Find every area of each point: one, except where areas overlap.

        Parameters
        ----------
        x, y, workers
            As `locate`, in metres.

        Returns
        -------
        memberships
            A pair of positions for each point and area; points outside all areas have none.
        """
        lowest = self.locate(x, y, workers=workers)
        if len(self.overlaps):
            xs, ys = (np.asarray(axis, dtype=float) for axis in (x, y))
            return every_area(self._touching, self.overlaps, xs, ys, lowest=lowest)
        inside = np.flatnonzero(lowest >= 0)
        return Memberships(inside, lowest[inside])

    def save(self, path: Path) -> None:
        """Write the index to a file, so that other processes need not build it.

        Raises
        ------
        InputError
            If there is no index: numba is not installed, or not all areas are polygons.
        """
        from geo.locate.saved import write_grid  # noqa: PLC0415 - it brings numba

        write_grid(path, self._grid_for(None), of=self._touching)

    @classmethod
    def open(cls, path: Path, areas: gpd.GeoDataFrame) -> AreaLocator:
        """A locator with the index that `save` wrote.

        Parameters
        ----------
        path
            The file.
        areas
            The same areas as then.

        Returns
        -------
        locator
            It reads the index from disk when it first needs it.

        Raises
        ------
        InputError
            If the file is not an index of exactly these areas, written by this version.
        """
        from geo.locate.saved import read_grid  # noqa: PLC0415 - it brings numba

        locator = cls(areas)
        grid = read_grid(path, of=locator._touching)
        locator._make_grid, locator._few = (lambda: grid), FEW
        return locator

    def _grid_for(self, points: int | None) -> AreaGrid | None:
        """The grid; built only once it is worth it for so many points, or for None at once."""
        many = points is None or points >= self._few
        if self._grid is None and many and find_spec("numba"):
            self._grid = self._make_grid()
        return self._grid


def warm_up() -> None:
    """Load the compiled code now, so that the first large join need not wait a second for it."""
    if not find_spec("numba"):
        return
    square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], index=["square"])
    locator = AreaLocator(square)
    locator._few = 0
    locator.locate([0.5], [0.5])


def _build(touching: TouchingAreas) -> AreaGrid | None:
    from geo.locate.grid import build_grid  # noqa: PLC0415 - it brings numba

    return build_grid(touching)


def _locate(grid: AreaGrid, x: Floats, y: Floats, out: NDArray[np.int32], *, workers: int) -> int:
    """Write the position of each point's area; return how many points need shapely."""
    from geo.locate.kernels import locate  # noqa: PLC0415 - it brings numba

    workers = max(1, min(workers, len(x) // FEWEST_PER_THREAD))
    if workers == 1:
        # To start a thread takes longer than to locate a few hundred points.
        return locate(grid, x, y, out)
    ends = np.linspace(0, len(x), workers + 1).astype(int)
    parts = [slice(start, stop) for start, stop in pairwise(ends)]
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(lambda part: locate(grid, x[part], y[part], out[part]), parts))
