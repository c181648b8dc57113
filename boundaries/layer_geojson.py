"""The GeoJSON of a layer: its features, CRS, code and name fields, polygons and attributes.

It is parsed here and never by GDAL, which decides by a file's content what it is and reads
whatever other files that content names.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from shapely.errors import GEOSException

from boundaries.attributes import free_name
from geo.crs import LONLAT, crs_name
from geo.errors import InputError
from geo.store.contract import LayerPapers

# ONS fields: WD25CD and WD25NM, LSOA11CD, OA11CD … of any vintage.
_ONS_CODE = re.compile(r"([A-Z]{2,6})(\d{2})CD", re.IGNORECASE)
_PLAIN_CODES = ("area_code", "code", "ward_code", "gss_code", "block_code")
_PLAIN_NAMES = ("area_name", "name", "ward_name")


def areas_of(content: bytes, papers: LayerPapers) -> tuple[LayerPapers, gpd.GeoDataFrame]:
    """Read the areas as the file has them.

    Parameters
    ----------
    papers
        What is known of the layer; empty code and name fields are found in the file.

    Returns
    -------
    The papers with their fields, and the areas in the order and the CRS of the file, indexed by
    `area_code`, with `area_name` and the other attributes: rings and codes are unchecked.

    Raises
    ------
    InputError
        If this is no FeatureCollection of polygons with codes.
    """
    file = papers.file or papers.layer_id
    collection = _collection(content, file)
    features = collection["features"]
    properties = pd.DataFrame([feature.get("properties") or {} for feature in features])
    papers = _with_fields(papers, properties, file)
    codes = _codes(properties[papers.code_field], file, papers.code_field)
    crs = _crs(collection, file)
    geometries = [
        _polygon(feature, f"{file}, feature {number} ({code})")
        for number, (feature, code) in enumerate(zip(features, codes, strict=True), start=1)
    ]
    frame = _attributes(properties, papers, codes)
    return papers, gpd.GeoDataFrame(frame, geometry=geometries, crs=crs)


def _collection(content: bytes, file: str) -> dict[str, Any]:
    try:
        collection = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is no GeoJSON: {error}") from error
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        kind = collection.get("type") if isinstance(collection, dict) else None
        raise InputError(
            f"{file} is no GeoJSON FeatureCollection" + (f" but a {kind}" if kind else "")
        )
    features = collection.get("features")
    if not isinstance(features, list) or not features:
        raise InputError(f"{file} holds no features")
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise InputError(f"{file}, feature {number} is no GeoJSON Feature")
    return collection


def _crs(collection: dict[str, Any], file: str) -> str:
    member = collection.get("crs")
    if member is None:
        return LONLAT
    try:
        return crs_name(str(member["properties"]["name"]))
    except (KeyError, TypeError) as error:
        raise InputError(f"{file}: its crs member names no coordinate system") from error


def _with_fields(papers: LayerPapers, properties: pd.DataFrame, file: str) -> LayerPapers:
    columns = [str(name) for name in properties.columns]
    for wanted in (papers.code_field, papers.name_field):
        if wanted and wanted not in columns:
            raise InputError(f"{file} has no field {wanted!r}; it has: {', '.join(columns)}")
    code = papers.code_field or _find_code(properties, columns)
    if not code:
        raise InputError(
            f"{file}: no field looks like a code; name it with --code-field, "
            f"one of: {', '.join(columns) or 'none, its features have no properties'}"
        )
    name = papers.name_field or _find_name(code, columns)
    return replace(papers, code_field=code, name_field=name)


def _find_code(properties: pd.DataFrame, columns: list[str]) -> str:
    """The ONS code field with the most distinct values: the finest areas that the file names."""
    ons = [name for name in columns if _ONS_CODE.fullmatch(name)]
    if ons:
        return max(ons, key=lambda name: properties[name].nunique())
    lower = {name.lower(): name for name in reversed(columns)}
    return next((lower[name] for name in _PLAIN_CODES if name in lower), "")


def _find_name(code_field: str, columns: list[str]) -> str:
    lower = {name.lower(): name for name in reversed(columns)}
    paired = code_field[:-2].lower() + "nm"
    if _ONS_CODE.fullmatch(code_field) and paired in lower:
        return lower[paired]
    return next((lower[name] for name in _PLAIN_NAMES if name in lower), "")


def _codes(values: pd.Series, file: str, code_field: str) -> list[str]:
    codes = [_code(value) for value in values]
    for number, code in enumerate(codes, start=1):
        if not code:
            raise InputError(f"{file}, feature {number}: {code_field} is empty")
        if "," in code:
            raise InputError(
                f"{file}, feature {number}: the code {code!r} holds a comma, which stands between "
                "codes in a Question"
            )
    return codes


def _code(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _polygon(feature: dict[str, Any], where: str) -> shapely.Geometry:
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(f"{where} is no polygon but {kind or 'without a geometry'}")
    try:
        polygon = shapely.force_2d(shapely.from_geojson(orjson.dumps(geometry)))
    except (GEOSException, ValueError) as error:
        reason = str(error).removeprefix("IllegalArgumentException: ").strip()
        raise InputError(f"{where} cannot be read: {reason}") from error
    if shapely.is_empty(polygon):
        raise InputError(f"{where} is an empty polygon")
    return polygon


def _attributes(properties: pd.DataFrame, papers: LayerPapers, codes: list[str]) -> pd.DataFrame:
    index = pd.Index(codes, name="area_code", dtype="str")
    frame = pd.DataFrame(index=index)
    names = properties[papers.name_field] if papers.name_field else pd.Series([""] * len(codes))
    frame["area_name"] = [_code(name) or code for name, code in zip(names, codes, strict=True)]
    others = properties.columns.difference([papers.code_field, papers.name_field], sort=False)
    for column in others:
        frame[free_name(str(column), frame.columns)] = _storable(properties[column]).to_numpy()
    return frame


def _storable(values: pd.Series) -> pd.Series:
    """Values that any store can hold: lists and objects, and numbers beyond 64 bits, as text."""
    odd = values.map(
        lambda value: (
            isinstance(value, dict | list)
            or (isinstance(value, int) and not -(2**63) <= value < 2**63)
        )
    )
    if not odd.any():
        return values
    return values.map(lambda value: None if value is None else json.dumps(value))
