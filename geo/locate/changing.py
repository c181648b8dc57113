"""Locating single points among areas that change, as when a plan is edited on a map."""

from __future__ import annotations

import math
from itertools import count

import geopandas as gpd
import numpy as np
import shapely
from rtree.index import Index

from geo.errors import ConflictError, NotFoundError
from geo.prepared import prepared_for_points


class ChangingAreas:
    """Areas by code that can be added, removed and replaced between two look-ups.

    As in `geo.locate`, a point belongs to the touching area with the lowest code.

    Parameters
    ----------
    areas
        The first areas, indexed by code; None for none.
    """

    def __init__(self, areas: gpd.GeoDataFrame | None = None) -> None:
        self._areas: dict[str, tuple[int, shapely.Geometry]] = {}
        self._numbers = count()  # the tree knows areas by number only
        self._codes: dict[int, str] = {}
        self._tree = Index()
        if areas is not None:
            for code, geometry in zip(areas.index.astype(str), areas.geometry, strict=True):
                self.insert(code, geometry)

    def __len__(self) -> int:
        return len(self._areas)

    def at(self, x: float, y: float) -> str | None:
        """The code of the area at a point.

        Parameters
        ----------
        x, y
            Coordinates in the CRS of the areas; NaN and infinity are outside.

        Returns
        -------
        code
            None outside all areas.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        near = (self._codes[number] for number in self._tree.intersection((x, y, x, y)))
        touching = (code for code in near if shapely.intersects_xy(self._areas[code][1], x, y))
        return min(touching, default=None)

    def insert(self, code: str, geometry: shapely.Geometry) -> None:
        """Add an area.

        Parameters
        ----------
        code
            A new code.
        geometry
            Of any kind, in the CRS of the other areas; an empty one holds no point.

        Raises
        ------
        ConflictError
            If an area has this code already.
        """
        if code in self._areas:
            raise ConflictError(f"area {code} exists already; use another code")
        number = next(self._numbers)
        copy = prepared_for_points(np.array([geometry]))[0]
        self._areas[code], self._codes[number] = (number, copy), code
        if not shapely.is_empty(geometry):
            self._tree.insert(number, shapely.bounds(geometry))

    def remove(self, code: str) -> None:
        """Remove an area.

        Raises
        ------
        NotFoundError
            If no area has this code.
        """
        if code not in self._areas:
            raise NotFoundError(f"there is no area {code}")
        number, geometry = self._areas.pop(code)
        del self._codes[number]
        if not shapely.is_empty(geometry):
            # The tree finds an entry by its bounds, so they must be those it was inserted with.
            self._tree.delete(number, shapely.bounds(geometry))

    def replace(self, code: str, geometry: shapely.Geometry) -> None:
        """Replace the geometry of an area.

        Parameters
        ----------
        code
            The code of an existing area.
        geometry
            The new geometry, in the CRS of the other areas.

        Raises
        ------
        NotFoundError
            If no area has this code.
        """
        self.remove(code)
        self.insert(code, geometry)
