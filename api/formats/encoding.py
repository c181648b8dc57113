"""Frames as JSON and GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.calendar_parts import CALENDAR_UNITS, column_of
from geo.crs import Projection

DEGREES_DECIMALS = 6
"""A sixth decimal of a degree is about a decimetre."""

_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_KEYS = (
    ("incident_id",),
    ("area_code", "measure_id", "first_day", "last_day"),
    *(("area_code", column_of(unit), "activity") for unit in CALENDAR_UNITS),
    ("area_code", "activity"),
    ("area_code", "priority"),
    ("area_code", "step"),
    ("cell_id",),
    ("cluster_id",),
    ("officer", "round", "stop"),
    ("hotspot_id",),
    ("street_id",),
    ("rank",),
    ("plan", "area_code"),
    *(
        ("area_code", column_of(unit), name)
        for unit in CALENDAR_UNITS
        for name in ("category", "kind")
    ),
    *(("area_code", column_of(unit)) for unit in CALENDAR_UNITS),
    ("area_code", "category"),
    ("area_code", "kind"),
    ("area_code",),
)
"""Columns that identify a row; the first group whose columns a frame all has makes its ids."""


def to_json(value: object) -> bytes:
    """Encode plain values and numpy scalars as JSON; NaN becomes null."""
    return orjson.dumps(value, option=_JSON)


def lonlat_geometries(
    frame: gpd.GeoDataFrame, projection: Projection, *, decimals: int = DEGREES_DECIMALS
) -> NDArray[np.object_]:
    """Return geometries as RFC 7946 asks: rounded degrees, outer rings counter-clockwise."""
    moved = projection.geometries_to_lonlat(frame.geometry.to_numpy())
    rounded = shapely.transform(moved, lambda xy: np.round(xy, decimals))
    return np.asarray(shapely.orient_polygons(rounded, exterior_cw=False), dtype=object)


def encode_features(
    frame: gpd.GeoDataFrame,
    ids: Iterable[str],
    *,
    projection: Projection,
    decimals: int = DEGREES_DECIMALS,
) -> list[bytes]:
    """Encode each row as a GeoJSON Feature, in the order of the frame.

    Parameters
    ----------
    frame
        In metres of the working CRS.
    ids
        The id of each feature.
    """
    geometries = shapely.to_geojson(lonlat_geometries(frame, projection, decimals=decimals))
    return [
        encode_feature(feature_id, geometry, properties)
        for feature_id, geometry, properties in zip(ids, geometries, records(frame), strict=True)
    ]


def encode_feature(
    feature_id: str | int, geometry: str | bytes, properties: Mapping[str, object]
) -> bytes:
    """Encode one GeoJSON Feature around a geometry that is GeoJSON already."""
    return to_json(
        {
            "type": "Feature",
            "id": feature_id,
            "geometry": orjson.Fragment(geometry),
            "properties": properties,
        }
    )


def feature_collection(
    features: Iterable[bytes],
    members: Mapping[str, object],
    *,
    before: Mapping[str, object] = MappingProxyType({}),
) -> bytes:
    """Join encoded features into a FeatureCollection, its further members after them.

    Parameters
    ----------
    before
        Members that a reader must know before the features: their reference system.
    """
    body = collection_head(before) + b",".join(features) + b"]"
    more = to_json(members)
    return body + (b"," + more[1:] if members else b"}")


def collection_head(members: Mapping[str, object]) -> bytes:
    """Return a FeatureCollection with some members, up to its features."""
    return to_json({"type": "FeatureCollection", **members})[:-1] + b',"features":['


def feature_ids(frame: pd.DataFrame) -> list[str]:
    """Return the id of each row, made of the columns that identify it."""
    for names in _KEYS:
        if set(names) <= set(frame.columns):
            return [":".join(map(str, key)) for key in zip(*(frame[n] for n in names), strict=True)]
    return [str(code) for code in frame.index]


def to_table(frame: pd.DataFrame, members: Mapping[str, object]) -> bytes:
    """Encode a frame that is not a layer as JSON: its `rows`, and further members."""
    return to_json({"rows": records(frame), **members})


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return each row without its geometry as a dict; missing values are None."""
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    names = [str(name) for name in plain]
    # Column by column, which is quicker than to make objects of the whole frame first.
    columns = [_plain_values(column) for _, column in plain.items()]
    rows = zip(*columns, strict=True) if columns else [()] * len(plain)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _plain_values(column: pd.Series) -> list[object]:
    """The values of a column as Python's own types, None where they are missing."""
    values: list[object] = column.tolist()
    if column.dtype == object:
        values = [one.item() if isinstance(one, np.generic) else one for one in values]
    missing = column.isna().to_numpy()
    if missing.any():
        values = [None if gone else one for one, gone in zip(values, missing, strict=True)]
    return values
