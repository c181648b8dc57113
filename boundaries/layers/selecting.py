"""Select features of a file before it is read as a layer: those of one place in a national file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geo.crs import Projection
from geo.errors import InputError
from geo.formats.geojson import LINES, POLYGONS, collection_crs, feature_collection, read_geometry
from geo.prepared import prepared

_POINTS_AND_LINES: Final = ("Point", "MultiPoint", *LINES)


def features_where(content: bytes, field: str, values: Collection[str], *, file: str) -> bytes:
    """Keep the features with one of some values in a field.

    Parameters
    ----------
    content
        A GeoJSON FeatureCollection.
    field
        The name of the field.
    values
        Its values, as text.
    file
        The name of the file, for messages.

    Returns
    -------
    content
        The FeatureCollection with these features; as it was where all of them have such a value.

    Raises
    ------
    InputError
        If it is no FeatureCollection, has no such field, or no feature has such a value.
    """
    collection = feature_collection(content, file)
    properties = [feature.get("properties") or {} for feature in collection["features"]]
    if not any(field in each for each in properties):
        names = ", ".join(dict.fromkeys(name for each in properties for name in each))
        raise InputError(f"{file} has no field {field!r}; it has: {names[:200] or 'none'}")
    wanted = [str(each.get(field, "")).strip() in values for each in properties]
    if not any(wanted):
        raise InputError(f"{file}: no {_noun(collection)} has {field} {', '.join(values)[:100]}")
    return _those(collection, wanted, content)


def features_within(
    content: bytes, outer: gpd.GeoDataFrame, *, projection: Projection, file: str, layer: str
) -> bytes:
    """Keep the features that lie in the areas of another layer.

    Areas do by a point inside each; points and lines do where they touch an area.

    Parameters
    ----------
    content
        A GeoJSON FeatureCollection of polygons, of points or of lines. Points and lines without a
        geometry that can be read are kept: the reader of the layer counts and names them.
    outer
        The other layer, in metres.
    projection
        To metres.
    file, layer
        The names of the file and of the other layer, for messages.

    Returns
    -------
    content
        The FeatureCollection with these features; as it was where all of them lie inside.

    Raises
    ------
    InputError
        If it is no FeatureCollection, polygons cannot be read, or no feature lies inside.
    """
    collection = feature_collection(content, file)
    crs = collection_crs(collection, file)
    near = _near(collection, outer, projection, crs)
    land = prepared(shapely.union_all(outer.geometry.to_numpy()))
    wanted = np.zeros(len(near), bool)
    if _holds_areas(collection):
        places = _points_inside(collection, near, file)
        metres = projection.geometries_to_metres(places, source=crs)
        wanted[near] = shapely.contains(land, metres)
        is_empty = not wanted.any()
    else:
        # Not `near`, which looks at the first point only: a line may begin far away.
        places = _readable(collection)
        metres = projection.geometries_to_metres(places, source=crs)
        inside = shapely.intersects(land, metres)
        wanted = inside | shapely.is_missing(places)
        is_empty = not inside.any()
    if is_empty:
        raise InputError(f"{file}: no {_noun(collection)} lies in {layer}")
    return _those(collection, wanted.tolist(), content)


def _holds_areas(collection: Mapping[str, Any]) -> bool:
    return not any(_type_of(feature) in _POINTS_AND_LINES for feature in collection["features"])


def _noun(collection: Mapping[str, Any]) -> str:
    return "area" if _holds_areas(collection) else "feature"


def _type_of(feature: Mapping[str, Any]) -> object:
    geometry = feature.get("geometry")
    return geometry.get("type") if isinstance(geometry, dict) else None


def _points_inside(
    collection: Mapping[str, Any], near: NDArray[np.bool_], file: str
) -> NDArray[np.object_]:
    """A point on the surface of each polygon that is near."""
    shapes = [
        read_geometry(feature, f"{file}, feature {number}", kinds=POLYGONS)
        for number, (feature, is_near) in enumerate(
            zip(collection["features"], near, strict=True), start=1
        )
        if is_near
    ]
    # Invalid polygons have no surface to put a point on; they are refused or repaired later.
    valid = np.asarray(shapely.make_valid(shapes), dtype=object)
    return np.asarray(shapely.point_on_surface(valid), dtype=object)


def _readable(collection: Mapping[str, Any]) -> NDArray[np.object_]:
    """The geometry of each feature, None where there is none that can be read."""
    shapes = np.full(len(collection["features"]), None, dtype=object)
    for row, feature in enumerate(collection["features"]):
        with suppress(InputError):
            shapes[row] = read_geometry(feature, "it", kinds=_POINTS_AND_LINES)
    return shapes


def _near(
    collection: dict[str, Any], outer: gpd.GeoDataFrame, projection: Projection, crs: str
) -> NDArray[np.bool_]:
    """Which features begin no farther from a layer than it is wide; others are no part of it.

    A national file has tens of thousands of areas, of which only those near need to be read.
    """
    first = np.array([_first_point(feature) for feature in collection["features"]])
    x, y = projection.to_metres(first[:, 0], first[:, 1], source=crs)
    west, south, east, north = outer.total_bounds
    margin = max(east - west, north - south)
    beside = (x < west - margin) | (x > east + margin)
    return ~(beside | (y < south - margin) | (y > north + margin))


def _first_point(feature: dict[str, Any]) -> tuple[float, float]:
    """The first point of a geometry; NaN if it has none, which reading it refuses."""
    geometry = feature.get("geometry")
    part = geometry.get("coordinates") if isinstance(geometry, dict) else None
    while isinstance(part, list) and part and isinstance(part[0], list):
        part = part[0]
    numbers = part[:2] if isinstance(part, list) else []
    if len(numbers) < 2 or not all(isinstance(number, int | float) for number in numbers):
        return np.nan, np.nan
    return float(numbers[0]), float(numbers[1])


def _those(collection: dict[str, Any], wanted: list[bool], content: bytes) -> bytes:
    if all(wanted):
        return content
    pairs = zip(collection["features"], wanted, strict=True)
    return orjson.dumps(collection | {"features": [feature for feature, keep in pairs if keep]})
