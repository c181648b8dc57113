"""Geometries and spatial references as ArcGIS reads and writes them.

Source: Esri, ArcGIS REST API, "Geometry objects".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException

from api.ogc.coordinates import METRES_DECIMALS, Axes, crs_members, offered
from api.ogc.items import Kind
from geo.crs import LONLAT, WEB_MERCATOR, Projection, crs_of_wkid, wkids
from geo.errors import InputError, QuestionError
from geo.formats.esri_json import polygons_of_rings
from geo.tiles.grid import WORLD_M, to_unit

GEOMETRY_TYPES: Final[Mapping[Kind, str]] = {
    "Point": "esriGeometryPoint",
    "MultiPoint": "esriGeometryMultipoint",
    "MultiLineString": "esriGeometryPolyline",
    "Polygon": "esriGeometryPolygon",
    "MultiPolygon": "esriGeometryPolygon",
}
Geometries = NDArray[np.object_]
Coordinates = NDArray[np.float64]


@dataclass(frozen=True)
class SpatialReference:
    """A reference system with easting or longitude first: the working CRS, WGS 84 or web Mercator.

    Attributes
    ----------
    name
        `AUTHORITY:CODE`.
    """

    name: str
    projection: Projection

    @classmethod
    def read(cls, option: str, text: str, projection: Projection) -> SpatialReference:
        """Read a well-known id or the JSON of a spatial reference.

        Raises
        ------
        QuestionError
            If it is none that is served.
        """
        served = {LONLAT, WEB_MERCATOR, projection.crs}
        name = crs_of_wkid(_wkid(option, text))
        if name not in served:
            codes = ", ".join(sorted(str(wkids(one)["latestWkid"]) for one in served))
            raise QuestionError(
                option, f"unknown spatial reference {text!r}; choose one of: {codes}"
            )
        return cls(name, projection)

    @property
    def document(self) -> dict[str, int]:
        """It as ArcGIS writes it."""
        return wkids(self.name)

    @property
    def members(self) -> dict[str, object]:
        """The member of GeoJSON that names it; none for longitude and latitude."""
        return crs_members(self.name)

    @property
    def _axes(self) -> Axes:
        degrees = self.name != self.projection.crs
        axes = next(one for one in offered(self.projection).values() if one.in_degrees is degrees)
        return axes.in_file

    def write(self, geometries: Geometries) -> Geometries:
        """Return geometries of the working CRS in this system, rounded as the OGC API does."""
        if self.name != WEB_MERCATOR:
            return self._axes.write(geometries, self.projection, ordered=False)
        degrees = self.projection.geometries_to_lonlat(geometries)
        return np.asarray(shapely.transform(degrees, _to_mercator), dtype=object)

    def read_geometry(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return a geometry of this system in metres of the working CRS; empty if far away."""
        if self.name == WEB_MERCATOR:
            geometry = shapely.transform(geometry, _from_mercator)
        return self._axes.read(geometry, self.projection)

    def extent(self, bounds: Sequence[float]) -> dict[str, object]:
        """Return the box around a box of metres of the working CRS."""
        west, south, east, north = shapely.total_bounds(self.write(_boxed(bounds))).tolist()
        sides = {"xmin": west, "ymin": south, "xmax": east, "ymax": north}
        return {**sides, "spatialReference": self.document}


def _boxed(bounds: Sequence[float]) -> Geometries:
    # With points along its sides: they are curves in another system.
    west, south, east, north = bounds
    box = shapely.box(west, south, east, north)
    longest = max(east - west, north - south) / 16
    return np.array([shapely.segmentize(box, longest) if longest else shapely.Point(west, south)])


def _to_mercator(degrees: Coordinates) -> Coordinates:
    x, y = to_unit(degrees[:, 0], degrees[:, 1])
    metres = np.column_stack([(x - 0.5) * 2, (0.5 - y) * 2]) * WORLD_M
    return np.round(metres, METRES_DECIMALS)


def _from_mercator(metres: Coordinates) -> Coordinates:
    unit = np.clip(metres / WORLD_M, -1, 1)
    latitude = np.degrees(np.arctan(np.sinh(unit[:, 1] * np.pi)))
    return np.column_stack([unit[:, 0] * 180, latitude])


def _wkid(option: str, text: str) -> int:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        value = value.get("latestWkid") or value.get("wkid")
    if not isinstance(value, int) or isinstance(value, bool):
        raise QuestionError(option, f"{text[:80]!r} is no well-known id of a spatial reference")
    return value


def read_geometry(text: str, kind: str) -> tuple[shapely.Geometry, object]:
    """Read the parameter `geometry`.

    Parameters
    ----------
    text
        JSON, or numbers with commas between them for a point or an envelope.
    kind
        The parameter `geometryType`.

    Returns
    -------
    geometry, reference
        The geometry in its own system, and the spatial reference that it names itself, if any.

    Raises
    ------
    QuestionError
        If it cannot be read or is invalid.
    """
    if kind not in _READERS:
        raise QuestionError("geometryType", f"unknown type {kind!r}; choose one of: {_KINDS}")
    shape = _shape(text)
    try:
        geometry = _READERS[kind](shape)
    except (KeyError, TypeError, ValueError, IndexError, GEOSException, InputError) as error:
        raise QuestionError("geometry", f"is no {kind}") from error
    if not np.isfinite(shapely.get_coordinates(geometry)).all() or shapely.is_empty(geometry):
        raise QuestionError("geometry", "has coordinates that are not numbers, or none")
    if not shapely.is_valid(geometry):
        raise QuestionError("geometry", f"is invalid: {shapely.is_valid_reason(geometry)}")
    return geometry, shape.get("spatialReference")


def _shape(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError as error:
            raise QuestionError("geometry", f"{text[:80]!r} cannot be read") from error
        names = ("x", "y") if len(numbers) == 2 else ("xmin", "ymin", "xmax", "ymax")
        return dict(zip(names, numbers, strict=False))
    try:
        shape = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise QuestionError("geometry", f"is not JSON: {error}") from error
    return shape if isinstance(shape, dict) else {}


def _envelope(shape: Mapping[str, Any]) -> shapely.Geometry:
    west, south, east, north = (float(shape[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
    return shapely.box(min(west, east), min(south, north), max(west, east), max(south, north))


def _polygon(shape: Mapping[str, Any]) -> shapely.Geometry:
    polygons = polygons_of_rings(shape["rings"], "geometry")
    return shapely.force_2d(
        shapely.geometry.shape({"type": "MultiPolygon", "coordinates": polygons})
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], shapely.Geometry]]] = {
    "esriGeometryEnvelope": _envelope,
    "esriGeometryPoint": lambda shape: shapely.Point(float(shape["x"]), float(shape["y"])),
    "esriGeometryMultipoint": lambda shape: shapely.force_2d(shapely.MultiPoint(shape["points"])),
    "esriGeometryPolyline": lambda shape: shapely.force_2d(shapely.MultiLineString(shape["paths"])),
    "esriGeometryPolygon": _polygon,
}
_KINDS: Final = ", ".join(_READERS)


def esri_geometries(geometries: Geometries) -> list[dict[str, object] | None]:
    """Return geometries as ArcGIS writes them, None for one that is missing or empty.

    Outer rings are clockwise and holes counter-clockwise: nothing else says which is which.
    """
    oriented = shapely.orient_polygons(geometries, exterior_cw=True)
    return [_esri_geometry(geometry) for geometry in oriented]


def _esri_geometry(geometry: shapely.Geometry | None) -> dict[str, object] | None:
    if geometry is None or shapely.is_empty(geometry):
        return None
    if isinstance(geometry, shapely.Point):
        return {"x": geometry.x, "y": geometry.y}
    if isinstance(geometry, shapely.MultiPoint):
        return {"points": shapely.get_coordinates(geometry).tolist()}
    if isinstance(geometry, shapely.MultiLineString):
        paths = shapely.get_parts(geometry)
        return {"paths": [shapely.get_coordinates(path).tolist() for path in paths]}
    rings = shapely.get_rings(shapely.get_parts(geometry))
    return {"rings": [shapely.get_coordinates(ring).tolist() for ring in rings]}


_METRES: Final[Mapping[str, float]] = {
    "esriSRUnit_Meter": 1.0,
    "esriSRUnit_Kilometer": 1000.0,
    "esriSRUnit_Foot": 0.3048,
    "esriSRUnit_StatuteMile": 1609.344,
    "esriSRUnit_NauticalMile": 1852.0,
}
_FARTHEST_M: Final = 1_000_000.0
_QUARTER: Final = 64
"""Corners of a quarter of a circle: its outline is then within 0.008 % of the distance."""


def buffered(geometry: shapely.Geometry, text: str, unit: str) -> shapely.Geometry:
    """Return the area within a distance of a geometry; without a distance the geometry itself.

    Parameters
    ----------
    geometry
        In metres of the working CRS.
    text, unit
        The parameters `distance` and `units`, which is metres where it is ''.

    Raises
    ------
    QuestionError
        If the distance is no number from 0 to 1,000 km, or the unit is unknown.
    """
    if not text:
        return geometry
    if unit and unit not in _METRES:
        units = ", ".join(_METRES)
        raise QuestionError("units", f"unknown unit {unit[:80]!r}; choose one of: {units}")
    try:
        metres = float(text) * _METRES[unit or "esriSRUnit_Meter"]
    except ValueError:
        metres = -1.0
    if not 0 <= metres <= _FARTHEST_M:
        raise QuestionError("distance", f"{text[:80]!r} is no number from 0 to 1,000 km")
    return shapely.buffer(geometry, metres, quad_segs=_QUARTER) if metres else geometry
