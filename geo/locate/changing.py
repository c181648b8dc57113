"""Areas that change while points are asked one by one: a plan being edited, a click on the map."""

from __future__ import annotations

import math
from itertools import count

import geopandas as gpd
import shapely
from rtree.index import Index

from geo.errors import ConflictError, NotFoundError


class ChangingAreas:
    """Areas by code, any of which may come, go or move between two questions.

    The rule is that of `geo.locate`: a point belongs to the touching area with the lowest code.

    Parameters
    ----------
    areas
        What to begin with: geometries indexed by code.
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
        """The code of the area at a point, None outside all of them.

        Parameters
        ----------
        x, y
            In the CRS of the areas; NaN and infinity are outside.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        near = (self._codes[number] for number in self._tree.intersection((x, y, x, y)))
        touching = (code for code in near if shapely.intersects_xy(self._areas[code][1], x, y))
        return min(touching, default=None)

    def insert(self, code: str, geometry: shapely.Geometry) -> None:
        """Add an area.

        Raises
        ------
        ConflictError
            If there is one of this code.
        """
        if code in self._areas:
            raise ConflictError(f"there is an area {code} already")
        shapely.prepare(geometry)
        number = next(self._numbers)
        self._areas[code], self._codes[number] = (number, geometry), code
        if not geometry.is_empty:
            self._tree.insert(number, geometry.bounds)

    def remove(self, code: str) -> None:
        """Take an area away.

        Raises
        ------
        NotFoundError
            If there is none of this code.
        """
        if code not in self._areas:
            raise NotFoundError(f"there is no area {code}")
        number, geometry = self._areas.pop(code)
        del self._codes[number]
        if not geometry.is_empty:
            self._tree.delete(number, geometry.bounds)

    def replace(self, code: str, geometry: shapely.Geometry) -> None:
        """Give an area another geometry.

        Raises
        ------
        NotFoundError
            If there is none of this code.
        """
        self.remove(code)
        self.insert(code, geometry)
