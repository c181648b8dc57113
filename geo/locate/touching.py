"""The rule of the join, asked of shapely point by point: right by construction, for few points."""

from __future__ import annotations

from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.locate.layout import OUTSIDE

Floats = NDArray[np.float64]


class TouchingAreas:
    """Finds for each point the touching area with the lowest code, by `shapely.intersects`.

    Parameters
    ----------
    areas
        Geometries of any kind, indexed by code; codes are compared as text, and of equal codes
        the first is the lowest.

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
    def _sorted(self) -> NDArray[np.object_]:
        geometries: NDArray[np.object_] = self.geometries[self._by_code]
        shapely.prepare(geometries)
        return geometries

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._sorted)

    def locate(self, x: Floats, y: Floats) -> NDArray[np.int32]:
        """The position of each point's area, −1 outside all; NaN and infinity are outside."""
        found = np.full(len(x), OUTSIDE, dtype=np.int32)
        finite = np.isfinite(x) & np.isfinite(y)
        # Published points are snapped: far fewer places than incidents.
        points = np.column_stack([x[finite], y[finite]]).view(np.complex128).ravel()
        places, place_of = np.unique(points, return_inverse=True)
        found[finite] = self._locate_places(places.real, places.imag)[place_of]
        return found

    def _locate_places(self, x: Floats, y: Floats) -> NDArray[np.int32]:
        place, near = self._tree.query(shapely.points(x, y))
        touches = shapely.intersects_xy(self._sorted[near], x[place], y[place])
        lowest = np.full(len(x), len(self._by_code))
        np.minimum.at(lowest, place[touches], near[touches])
        return np.asarray(np.append(self._by_code, OUTSIDE)[lowest], dtype=np.int32)
