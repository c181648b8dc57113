"""Locating few points by shapely alone, which defines the right answer."""

from __future__ import annotations

import hashlib

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.locate.layout import OUTSIDE
from geo.prepared import prepared_for_points
from geo.properties import cached_property

Floats = NDArray[np.float64]


class TouchingAreas:
    """Finds for each point the touching area with the lowest code, by `shapely.intersects`.

    Parameters
    ----------
    areas
        Geometries of any kind, indexed by code. Codes are compared as text; of equal codes the
        first counts as the lowest.

    Attributes
    ----------
    geometries
        The areas' geometries in the order given.
    codes
        Their codes as text.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self.geometries = areas.geometry.to_numpy()
        self.codes = areas.index.to_numpy().astype(str)
        self._by_code = np.argsort(self.codes, kind="stable")

    @cached_property
    def digest(self) -> bytes:
        """64 bytes that differ when a code, a geometry or their order does."""
        digest = hashlib.blake2b("\0".join(self.codes).encode())
        for shape in shapely.to_wkb(self.geometries):
            digest.update(shape or b"none")
        return digest.digest()

    @cached_property
    def _sorted(self) -> NDArray[np.object_]:
        return prepared_for_points(self.geometries[self._by_code])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._sorted)

    def locate(self, x: Floats, y: Floats) -> NDArray[np.int32]:
        """The position of each point's area.

        Parameters
        ----------
        x, y
            n coordinates in the CRS of the areas.

        Returns
        -------
        positions
            n positions in the order given, −1 outside all areas; NaN and infinity are outside.
        """
        positions = np.full(len(x), OUTSIDE, dtype=np.int32)
        finite = np.isfinite(x) & np.isfinite(y)
        # Published points are snapped, so there are far fewer distinct points than incidents.
        # As complex numbers they sort many times faster than as pairs.
        points = np.column_stack([x[finite], y[finite]]).view(np.complex128).ravel()
        distinct, index = np.unique(points, return_inverse=True)
        positions[finite] = self._locate_distinct(distinct.real, distinct.imag)[index]
        return positions

    def touches(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every area that each point touches.

        Parameters
        ----------
        x, y
            n finite coordinates in the CRS of the areas.

        Returns
        -------
        point, position
            One pair a row, by point and then by code; positions are in the order given.
        """
        point, rank = self._touches(x, y)
        order = np.lexsort((rank, point))
        return point[order], self._by_code[rank[order]]

    def _touches(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        point, near = self._tree.query(shapely.points(x, y))
        touches = shapely.intersects_xy(self._sorted[near], x[point], y[point])
        return point[touches], near[touches]

    def _locate_distinct(self, x: Floats, y: Floats) -> NDArray[np.int32]:
        point, near = self._touches(x, y)
        lowest = np.full(len(x), len(self._by_code))
        np.minimum.at(lowest, point, near)
        positions: NDArray[np.int32] = np.append(self._by_code, OUTSIDE)[lowest].astype(np.int32)
        return positions
