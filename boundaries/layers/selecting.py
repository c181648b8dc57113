"""Select features of a boundary file before it is read: those of one place in a national file."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import geopandas as gpd
import orjson
import shapely

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
    shapes = [
        read_geometry(feature, f"{file}, feature {number}", kinds=POLYGONS)
        for number, feature in enumerate(collection["features"], start=1)
    ]
    # Invalid polygons have no surface to put a point on; they are refused or repaired later.
    points = projection.geometries_to_metres(
        shapely.point_on_surface(shapely.make_valid(shapes)),
        source=collection_crs(collection, file),
    )
    land = shapely.union_all(outer.geometry.to_numpy())
    shapely.prepare(land)
    wanted = shapely.contains(land, points).tolist()
    if not any(wanted):
        raise InputError(f"{file}: no area lies in {layer}")
    return _those(collection, wanted, content)


def _those(collection: dict[str, Any], wanted: list[bool], content: bytes) -> bytes:
    if all(wanted):
        return content
    pairs = zip(collection["features"], wanted, strict=True)
    return orjson.dumps(collection | {"features": [feature for feature, keep in pairs if keep]})
