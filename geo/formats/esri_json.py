"""Esri JSON, as ArcGIS services answer with `f=json`, as GeoJSON.

Source: https://developers.arcgis.com/rest/services-reference/enterprise/geometry-objects/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import shapely

from geo.errors import InputError

_TYPES: Final = {
    "esriGeometryPoint": "Point",
    "esriGeometryMultipoint": "MultiPoint",
    "esriGeometryPolyline": "MultiLineString",
    "esriGeometryPolygon": "MultiPolygon",
}
_LAST_OF_EPSG: Final = 32_767


def is_esri(value: object) -> bool:
    """Whether a parsed JSON value is a set of features as Esri writes it."""
    return isinstance(value, dict) and "geometryType" in value and "features" in value


def esri_to_geojson(value: Mapping[str, Any], *, file: str) -> dict[str, Any]:
    """A feature set as a GeoJSON FeatureCollection.

    Parameters
    ----------
    value
        The parsed JSON.
    file
        Its name, for messages.

    Returns
    -------
    collection
        With a `crs` member; geometries are checked by who reads them.

    Raises
    ------
    InputError
        If it has no spatial reference, curves, or features that are none.
    """
    kind, features = value["geometryType"], value["features"]
    if kind not in _TYPES or not isinstance(features, list):
        raise InputError(f"{file} holds {str(kind)[:40]!r}, which is not read")
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": _crs(value, file)}},
        "features": [
            _feature(feature, _TYPES[kind], f"{file}, feature {number}")
            for number, feature in enumerate(features, start=1)
        ],
    }


def _crs(value: Mapping[str, Any], file: str) -> str:
    reference = value.get("spatialReference")
    reference = reference if isinstance(reference, dict) else {}
    code = reference.get("latestWkid") or reference.get("wkid")
    if not isinstance(code, int):
        raise InputError(f"{file} names no coordinate reference system; export it with its wkid")
    # Numbers of Esri's own begin here, such as its web Mercator, 102100.
    return f"{'ESRI' if code > _LAST_OF_EPSG else 'EPSG'}:{code}"


def _feature(feature: object, kind: str, where: str) -> dict[str, Any]:
    if not isinstance(feature, dict):
        raise InputError(f"{where} is not a feature")
    shape = feature.get("geometry")
    geometry = None
    if isinstance(shape, dict):
        if "curveRings" in shape or "curvePaths" in shape:
            raise InputError(f"{where} has curves; export it with straight edges")
        coordinates = _coordinates(shape, kind, where)
        geometry = {"type": kind, "coordinates": coordinates} if coordinates else None
    return {
        "type": "Feature",
        "properties": feature.get("attributes") or {},
        "geometry": geometry,
    }


def _coordinates(shape: Mapping[str, Any], kind: str, where: str) -> list[Any] | None:
    if kind == "Point":
        x, y = shape.get("x"), shape.get("y")
        return None if x is None or y is None else [x, y]
    parts = shape.get({"MultiPoint": "points", "MultiLineString": "paths"}.get(kind, "rings"))
    return polygons_of_rings(parts, where) if kind == "MultiPolygon" and parts else parts


def polygons_of_rings(rings: list[Any], where: str) -> list[Any]:
    """Rings as polygons: each hole in the smallest outer ring around it.

    Outer rings are clockwise and holes are not, by Esri's definition.

    Parameters
    ----------
    rings
        Lists of positions.
    where
        Names them at the beginning of a message.

    Returns
    -------
    polygons
        The coordinates of a GeoJSON MultiPolygon.

    Raises
    ------
    InputError
        If a ring is none, or a hole lies outside every ring.
    """
    try:
        shapes = [shapely.Polygon([position[:2] for position in ring]) for ring in rings]
    except (TypeError, ValueError, IndexError) as error:
        raise InputError(f"{where} cannot be read: {error}") from error
    clockwise = [not shape.exterior.is_ccw for shape in shapes]
    outer = sorted(
        (n for n, is_outer in enumerate(clockwise) if is_outer), key=lambda n: shapes[n].area
    )
    outer = outer or list(range(len(rings)))  # written by a program that minds no direction
    polygons = {n: [rings[n]] for n in sorted(outer)}
    filled = [shapely.Polygon(shapes[n].exterior) for n in outer]
    tree = shapely.STRtree(filled)
    for hole in (n for n in range(len(rings)) if n not in polygons):
        inside = shapes[hole].representative_point()
        around = tree.query(inside, predicate="intersects")
        if not len(around):
            raise InputError(f"{where} has a hole outside every ring; repair it in ArcGIS")
        # They are sorted by size, so the first is the smallest.
        polygons[outer[int(around.min())]].append(rings[hole])
    return list(polygons.values())
