"""The checks that every reader of GeoJSON needs: a collection of features, its CRS, a geometry.

GeoJSON is never given to GDAL, which decides by a file's content what it is and reads whatever
other files that content names.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson
import shapely
from shapely.errors import GEOSException

from geo.crs import LONLAT, crs_name
from geo.errors import InputError
from geo.formats.esri_json import esri_to_geojson, is_esri
from geo.text import refuse_control_escapes

POINTS: Final = ("Point",)
POLYGONS: Final = ("Polygon", "MultiPolygon")
LINES: Final = ("LineString", "MultiLineString")


def feature_collection(content: bytes, file: str) -> dict[str, Any]:
    """Parse a FeatureCollection that holds at least one feature, all of them objects.

    A single Feature, a sequence of features (one a line, RFC 8142) and Esri JSON are read as one.

    Parameters
    ----------
    content
        The file's bytes, UTF-8 with or without a byte order mark.
    file
        Its name, for messages.

    Returns
    -------
    collection
        The whole JSON object; geometries are not checked yet.

    Raises
    ------
    InputError
        If it is something else; the line begins with the name of the file.
    """
    with _without_collector():
        collection = _parsed(content.removeprefix(b"\xef\xbb\xbf"), file)
    refuse_control_escapes(content, file)
    if is_esri(collection):
        collection = esri_to_geojson(collection, file=file)
    if isinstance(collection, dict) and collection.get("type") == "Feature":
        collection = {"type": "FeatureCollection", "features": [collection]} | _crs_of(collection)
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        kind = collection.get("type") if isinstance(collection, dict) else None
        raise InputError(
            f"{file} is not a GeoJSON FeatureCollection" + (f" but a {kind}" if kind else "")
        )
    features = collection.get("features")
    if not isinstance(features, list) or not features:
        raise InputError(f"{file} holds no features")
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise InputError(f"{file}, feature {number} is not a GeoJSON Feature")
    return collection


def _parsed(content: bytes, file: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        features = _sequence(content)
        if features is None:
            raise InputError(f"{file} is not GeoJSON: {error}") from error
        return features


def _sequence(content: bytes) -> dict[str, Any] | None:
    """A collection of the features of a sequence; None if it is none."""
    # RFC 8142 puts this mark before each text; others write a line for each.
    texts = content.split(b"\x1e" if content.startswith(b"\x1e") else b"\n")
    try:
        values = [orjson.loads(text) for text in texts if text.strip()]
    except orjson.JSONDecodeError:
        return None
    if not values or not all(isinstance(value, dict) for value in values):
        return None
    features: list[Any] = []
    for value in values:
        is_collection = value.get("type") == "FeatureCollection"
        features += value.get("features") or [] if is_collection else [value]
    return {"type": "FeatureCollection", "features": features} | _crs_of(values[0])


def _crs_of(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"crs": value["crs"]} if value.get("crs") is not None else {}


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold the garbage collector: it scans millions of new lists in vain, four times the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collection_crs(collection: Mapping[str, Any], file: str) -> str:
    """The CRS that the `crs` member of a collection names.

    Parameters
    ----------
    collection
        A parsed FeatureCollection.
    file
        Its name, for messages.

    Returns
    -------
    name
        As `geo.crs.crs_name` writes it; CRS84 if there is no `crs` member, as RFC 7946 says.

    Raises
    ------
    InputError
        If the member names no known CRS.
    """
    member = collection.get("crs")
    if member is None:
        return LONLAT
    try:
        properties = member["properties"]
        # As GeoJSON was before 2008: {"type": "EPSG", "properties": {"code": …}}.
        if member.get("type") == "EPSG":
            return crs_name(f"EPSG:{properties['code']}")
        return crs_name(str(properties["name"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file}: its crs member does not name a coordinate reference system"
        ) from error


def read_geometry(
    feature: Mapping[str, Any], where: str, *, kinds: Collection[str]
) -> shapely.Geometry:
    """The geometry of a feature, without heights.

    Parameters
    ----------
    feature
        A parsed Feature.
    where
        How messages name the feature.
    kinds
        The types that it may have, of `POINTS`, `LINES` and `POLYGONS`.

    Returns
    -------
    geometry
        Not empty, in the CRS of its collection; it can still be invalid.

    Raises
    ------
    InputError
        If it has another type, or is broken or empty.
    """
    geometry = one_point(feature.get("geometry"))
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    called = " or ".join(
        name
        for name, types in (("point", POINTS), ("line", LINES), ("polygon", POLYGONS))
        if types[0] in kinds
    )
    if kind not in kinds:
        raise InputError(f"{where} must be a {called}; it is {kind or 'without a geometry'}")
    try:
        shape = shapely.force_2d(shapely.from_geojson(_dumped(geometry)))
    except (GEOSException, ValueError) as error:
        reason = str(error).removeprefix("IllegalArgumentException: ").strip()
        if reason.startswith("ParseException"):  # the parser's words are for programmers
            reason = f"its coordinates are not those of a {kind}"
        raise InputError(f"{where} cannot be read: {reason}") from error
    if shapely.is_empty(shape):
        raise InputError(f"{where} is an empty {called}")
    return shape


def one_point(geometry: Any) -> Any:
    """A MultiPoint of one point as that point; anything else unchanged."""
    if not isinstance(geometry, dict) or geometry.get("type") != "MultiPoint":
        return geometry
    points = geometry.get("coordinates")
    if not isinstance(points, list) or len(points) != 1:
        return geometry
    return {"type": "Point", "coordinates": points[0]}


def _dumped(geometry: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(geometry | {"coordinates": _two_or_three(geometry["coordinates"])})
    except (KeyError, TypeError, RecursionError):
        return orjson.dumps(geometry)


def _two_or_three(coordinates: Any) -> Any:
    """Coordinates without measures, which come fourth and which shapely refuses."""
    first = coordinates
    while isinstance(first, list) and first and isinstance(first[0], list):
        first = first[0]
    if not isinstance(first, list) or len(first) < 4:
        return coordinates
    if first is coordinates:
        return coordinates[:2]
    return [_two_or_three(part) for part in coordinates]
