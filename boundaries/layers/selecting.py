"""Select features of a boundary file before it is read: those of one place in a national file."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from geo.crs import Projection
from geo.errors import InputError
from geo.formats.geojson import POLYGONS, collection_crs, feature_collection, read_geometry


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
        raise InputError(f"{file}: no area has {field} {', '.join(values)[:100]}")
    return _those(collection, wanted, content)


def features_within(
    content: bytes, outer: gpd.GeoDataFrame, *, projection: Projection, file: str, layer: str
) -> bytes:
    """Keep the features that lie in the areas of another layer: by a point inside each.

    Parameters
    ----------
    content
        A GeoJSON FeatureCollection of polygons.
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
        If it is no FeatureCollection of polygons, or none of them lies inside.
    """
    collection = feature_collection(content, file)
    near = _near(collection, outer, projection, collection_crs(collection, file))
    if not near.any():
        raise InputError(f"{file}: no area lies in {layer}")
    shapes = [
        read_geometry(feature, f"{file}, feature {number}", kinds=POLYGONS)
        for number, (feature, is_near) in enumerate(
            zip(collection["features"], near, strict=True), start=1
        )
        if is_near
    ]
    # Invalid polygons have no surface to put a point on; they are refused or repaired later.
    points = projection.geometries_to_metres(
        shapely.point_on_surface(shapely.make_valid(shapes)),
        source=collection_crs(collection, file),
    )
    land = shapely.union_all(outer.geometry.to_numpy())
    shapely.prepare(land)
    wanted = np.zeros(len(near), bool)
    wanted[near] = shapely.contains(land, points)
    if not wanted.any():
        raise InputError(f"{file}: no area lies in {layer}")
    return _those(collection, wanted.tolist(), content)


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
