"""The join: which area holds each point.

The rule is that a point belongs to the touching area with the lowest code, exactly as
`shapely.intersects` decides touching. Nothing is stored: the join is made when a Question
is asked, so a draft boundary is joined as easily as a real one.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

OUTSIDE = -1


class AreaLocator:
    """Finds the area of points among the areas of one layer.

    Parameters
    ----------
    areas
        Valid polygons indexed by code, in a projected CRS. They may overlap and leave gaps.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self._geometries = areas.geometry.to_numpy()
        self._bounds = shapely.bounds(self._geometries)
        codes = areas.index.to_numpy().astype(str)
        # From the highest code to the lowest, so that the last to claim a point is the lowest.
        self._order = np.argsort(codes, kind="stable")[::-1]
        shapely.prepare(self._geometries)

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int32]:
        """The position in `areas.index` of each point's area, −1 outside all of them.

        Parameters
        ----------
        x, y
            Coordinates in the CRS of the areas, of equal length; NaN and infinity are outside.

        Returns
        -------
        Array of int32, as long as `x`.
        """
        points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
        # Published points are snapped: far fewer places than incidents. Sorted by x as well,
        # so that an area's candidates are one slice.
        places, back = np.unique(points, axis=0, return_inverse=True)
        found = np.full(len(places), OUTSIDE, dtype=np.int32)
        for position in self._order:
            west, south, east, north = self._bounds[position]
            start = np.searchsorted(places[:, 0], west, side="left")
            stop = np.searchsorted(places[:, 0], east, side="right")
            near_y = places[start:stop, 1]
            near = start + np.flatnonzero((near_y >= south) & (near_y <= north))
            held = shapely.intersects_xy(
                self._geometries[position], places[near, 0], places[near, 1]
            )
            found[near[held]] = position
        return found[back.ravel()]
