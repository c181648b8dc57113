"""The reference systems in which features are served, and boxes and filters are read.

Source: OGC 18-058r1, OGC API – Features Part 2: Coordinate Reference Systems by Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from api.query import degrees_box, four_numbers
from geo.crs import LONLAT, WGS84, Projection, crs_uri, northing_first
from geo.errors import QuestionError

DEGREES_DECIMALS, METRES_DECIMALS = 6, 2


@dataclass(frozen=True)
class Axes:
    """A reference system as it is written.

    Attributes
    ----------
    name
        `AUTHORITY:CODE`.
    in_degrees
        Whether it is degrees; else metres of the working CRS.
    swapped
        Whether latitude or northing comes first.
    """

    name: str
    in_degrees: bool
    swapped: bool

    @cached_property
    def uri(self) -> str:
        """Its address."""
        return crs_uri(self.name)

    @property
    def decimals(self) -> int:
        """How many decimals are written: a decimetre at least, a centimetre in metres."""
        return DEGREES_DECIMALS if self.in_degrees else METRES_DECIMALS

    def write(
        self, geometries: NDArray[np.object_], projection: Projection, *, ordered: bool = True
    ) -> NDArray[np.object_]:
        """Geometries in metres of the working CRS as this system writes them, rounded.

        Outer rings are counter-clockwise on the map, as RFC 7946 asks.

        Parameters
        ----------
        ordered
            Whether the authority's order of axes counts; files say easting first whatever it is.
        """
        moved = projection.geometries_to_lonlat(geometries) if self.in_degrees else geometries
        rounded = shapely.transform(moved, lambda xy: np.round(xy, self.decimals))
        wound = np.asarray(shapely.orient_polygons(rounded, exterior_cw=False), dtype=object)
        return _swap(wound) if ordered and self.swapped else wound

    def write_points(
        self, x: NDArray[np.float64], y: NDArray[np.float64], projection: Projection
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points in metres as this system writes them, easting first."""
        first, second = projection.to_lonlat(x, y) if self.in_degrees else (x, y)
        return np.round(first, self.decimals), np.round(second, self.decimals)

    def read(self, geometry: shapely.Geometry, projection: Projection) -> shapely.Geometry:
        """A geometry of this system in metres of the working CRS; empty where it is far away."""
        found = np.array([geometry], dtype=object)
        if self.swapped:
            found = _swap(found)
        if not self.in_degrees:
            return found[0]
        west, south, east, north = projection.area_of_use
        # Beyond the area of use the projection folds over; nothing of the store lies there.
        near = shapely.intersection(found, shapely.box(west - 1, south - 1, east + 1, north + 1))
        # A straight line in degrees is a curve in metres: short pieces follow it closely.
        pieces = shapely.segmentize(near, 0.01)
        moved: shapely.Geometry = projection.geometries_to_metres(pieces, source=LONLAT)[0]
        return moved

    def read_box(self, text: str, projection: Projection) -> shapely.Geometry:
        """A `bbox` of this system as an area in metres of the working CRS.

        Raises
        ------
        QuestionError
            If it is none.
        """
        numbers = four_numbers(text)
        if self.swapped:
            numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
        if self.in_degrees:
            return Axes(LONLAT, in_degrees=True, swapped=False).read(
                degrees_box(numbers, text), projection
            )
        if numbers[0] > numbers[2] or numbers[1] > numbers[3]:
            raise QuestionError(
                "bbox", f"{text!r} is none: its second corner lies before its first"
            )
        return shapely.box(*numbers)


@lru_cache(maxsize=8)
def offered(projection: Projection) -> Mapping[str, Axes]:
    """Every system that is served, by its address; the default comes first."""
    listed = (
        Axes(LONLAT, in_degrees=True, swapped=False),
        Axes(WGS84, in_degrees=True, swapped=True),
        Axes(projection.crs, in_degrees=False, swapped=northing_first(projection.crs)),
    )
    return {axes.uri: axes for axes in listed}


def axes_of(query: Mapping[str, str], option: str, projection: Projection) -> Axes:
    """The system that a parameter names by its address or as `AUTHORITY:CODE`; else CRS84.

    Raises
    ------
    QuestionError
        If it is none of those that are served.
    """
    known = offered(projection)
    if option not in query:
        return next(iter(known.values()))
    asked = query[option].strip("[]")
    by_name = {axes.name: axes for axes in known.values()}
    found = known.get(asked) or by_name.get(asked)
    if found is None:
        raise QuestionError(option, f"{asked!r} is none of: {', '.join(known)}")
    return found


def _swap(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(geometries, lambda xy: xy[:, ::-1]), dtype=object)
