"""The reference systems that features are served in, and boxes and filters are read in.

Source: OGC 18-058r1, OGC API – Features Part 2: Coordinate Reference Systems by Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from api.formats.encoding import DEGREES_DECIMALS
from api.query import BoundingBox, degrees_box, four_numbers
from geo.crs import LONLAT, WGS84, Projection, crs_uri, crs_urn, northing_first
from geo.errors import QuestionError
from geo.properties import cached_property

METRES_DECIMALS = 2
_PIECE_DEGREES = 0.01
"""Degrees, about a kilometre: the longest piece of a line that is projected as straight."""


@dataclass(frozen=True)
class Axes:
    """A reference system with the order of its axes.

    Attributes
    ----------
    name
        `AUTHORITY:CODE`.
    in_degrees
        Whether its unit is degrees; else metres of the working CRS.
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
    def members(self) -> dict[str, object]:
        """The member of GeoJSON that names it; none for longitude and latitude."""
        return crs_members(self.name)

    @property
    def in_file(self) -> Axes:
        """It with easting or longitude first: files have no order of axes."""
        if self.in_degrees:
            return Axes(LONLAT, in_degrees=True, swapped=False)
        return replace(self, swapped=False)

    @property
    def decimals(self) -> int:
        """Decimals to write: a decimetre at least in degrees, a centimetre in metres."""
        return DEGREES_DECIMALS if self.in_degrees else METRES_DECIMALS

    def write(
        self, geometries: NDArray[np.object_], projection: Projection, *, ordered: bool = True
    ) -> NDArray[np.object_]:
        """Return geometries in this system, rounded; outer rings counter-clockwise (RFC 7946).

        Parameters
        ----------
        geometries
            In metres of the working CRS.
        ordered
            Whether to follow the authority's order of axes; files have easting first anyway.
        """
        moved = projection.geometries_to_lonlat(geometries) if self.in_degrees else geometries
        rounded = shapely.transform(moved, lambda xy: np.round(xy, self.decimals))
        oriented = np.asarray(shapely.orient_polygons(rounded, exterior_cw=False), dtype=object)
        return _swap(oriented) if ordered and self.swapped else oriented

    def write_points(
        self, x: NDArray[np.float64], y: NDArray[np.float64], projection: Projection
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points in metres as this system writes them, easting first."""
        first, second = projection.to_lonlat(x, y) if self.in_degrees else (x, y)
        return np.round(first, self.decimals), np.round(second, self.decimals)

    def read(self, geometry: shapely.Geometry, projection: Projection) -> shapely.Geometry:
        """Return a geometry of this system in metres of the working CRS; empty if far away."""
        if self.swapped:
            geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
        if not self.in_degrees:
            return geometry
        west, south, east, north = projection.area_of_use
        # Beyond the area of use the projection folds over; nothing of the store lies there.
        near = shapely.intersection(geometry, shapely.box(west - 1, south - 1, east + 1, north + 1))
        # A straight line in degrees is a curve in metres: short pieces follow it closely.
        pieces = np.array([shapely.segmentize(near, _PIECE_DEGREES)], dtype=object)
        moved: shapely.Geometry = projection.geometries_to_metres(pieces, source=LONLAT)[0]
        return moved

    def read_box(self, text: str, projection: Projection) -> shapely.Geometry:
        """Return a `bbox` of this system as an area in metres of the working CRS.

        Raises
        ------
        QuestionError
            If it is not a box.
        """
        west, south, east, north = four_numbers(text)
        if self.swapped:
            west, south, east, north = south, west, north, east
        if self.in_degrees:
            return Axes(LONLAT, in_degrees=True, swapped=False).read(
                degrees_box((west, south, east, north), text), projection
            )
        if west > east or south > north:
            raise QuestionError("bbox", f"{text!r} is not a box: give its south-west corner first")
        return shapely.box(west, south, east, north)


@lru_cache(maxsize=8)
def offered(projection: Projection) -> Mapping[str, Axes]:
    """Return every system that is served, by its address; the default comes first."""
    listed = (
        Axes(LONLAT, in_degrees=True, swapped=False),
        Axes(WGS84, in_degrees=True, swapped=True),
        Axes(projection.crs, in_degrees=False, swapped=northing_first(projection.crs)),
    )
    return {axes.uri: axes for axes in listed}


def axes_of(query: Mapping[str, str], option: str, projection: Projection) -> Axes:
    """Return the system that a parameter names by its address or as `AUTHORITY:CODE`.

    Parameters
    ----------
    option
        Name of the parameter; without it the system is CRS84.

    Raises
    ------
    QuestionError
        If that system is not served.
    """
    known = offered(projection)
    if option not in query:
        return next(iter(known.values()))
    name = query[option].strip("[]")  # a safe CURIE, [AUTHORITY:CODE], is a name too
    by_name = {axes.name: axes for axes in known.values()}
    axes = known.get(name) or by_name.get(name)
    if axes is None:
        raise QuestionError(
            option, f"unknown reference system {name!r}; choose one of: {', '.join(known)}"
        )
    return axes


def box_in_metres(box: BoundingBox, projection: Projection) -> BoundingBox:
    """Return the box in metres of the working CRS around a box in longitude and latitude."""
    axes = Axes(LONLAT, in_degrees=True, swapped=False)
    west, south, east, north = shapely.bounds(axes.read(shapely.box(*box), projection)).tolist()
    return west, south, east, north


def _swap(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(geometries, lambda xy: xy[:, ::-1]), dtype=object)


def crs_members(name: str) -> dict[str, object]:
    """The member of GeoJSON that names a CRS; none for longitude and latitude (RFC 7946)."""
    if name == LONLAT:
        return {}
    return {"crs": {"type": "name", "properties": {"name": crs_urn(name)}}}
