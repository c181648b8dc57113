"""The GeoJSON of a layer: its code and name fields, polygons and attributes."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.attributes import free_name
from geo.errors import InputError
from geo.formats.geojson import POLYGONS, collection_crs, feature_collection, read_geometry
from geo.store.contract import LayerMetadata

# ONS fields: WD25CD and WD25NM, LSOA11CD, OA11CD … of any vintage.
_ONS_CODE = re.compile(r"([A-Z]{2,6})(\d{2})CD", re.IGNORECASE)
_PLAIN_CODES = ("area_code", "code", "ward_code", "gss_code", "block_code")
_PLAIN_NAMES = ("area_name", "name", "ward_name")


def areas_of(content: bytes, metadata: LayerMetadata) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Read the areas as the file has them.

    Parameters
    ----------
    metadata
        What is known of the layer; empty code and name fields are found in the file.

    Returns
    -------
    The metadata with their fields, and the areas in the order and the CRS of the file, indexed by
    `area_code`, with `area_name` and the other attributes: rings and codes are unchecked.

    Raises
    ------
    InputError
        If this is no FeatureCollection of polygons with codes.
    """
    file = metadata.file or metadata.layer_id
    collection = feature_collection(content, file)
    features = collection["features"]
    properties = pd.DataFrame([feature.get("properties") or {} for feature in features])
    metadata = _with_fields(metadata, properties, file)
    codes = _codes(properties[metadata.code_field], file, metadata.code_field)
    crs = collection_crs(collection, file)
    geometries = [
        read_geometry(feature, f"{file}, feature {number} ({code})", kinds=POLYGONS)
        for number, (feature, code) in enumerate(zip(features, codes, strict=True), start=1)
    ]
    frame = _attributes(properties, metadata, codes)
    return metadata, gpd.GeoDataFrame(frame, geometry=geometries, crs=crs)


def _with_fields(metadata: LayerMetadata, properties: pd.DataFrame, file: str) -> LayerMetadata:
    columns = [str(name) for name in properties.columns]
    for wanted in (metadata.code_field, metadata.name_field):
        if wanted and wanted not in columns:
            raise InputError(f"{file} has no field {wanted!r}; it has: {', '.join(columns)}")
    code = metadata.code_field or _find_code(properties, columns)
    if not code:
        raise InputError(
            f"{file}: no field looks like a code; name it with --code-field, "
            f"one of: {', '.join(columns) or 'none, its features have no properties'}"
        )
    name = metadata.name_field or _find_name(code, columns)
    return replace(metadata, code_field=code, name_field=name)


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


def _attributes(
    properties: pd.DataFrame, metadata: LayerMetadata, codes: list[str]
) -> pd.DataFrame:
    index = pd.Index(codes, name="area_code", dtype="str")
    frame = pd.DataFrame(index=index)
    names = properties[metadata.name_field] if metadata.name_field else pd.Series([""] * len(codes))
    frame["area_name"] = [_code(name) or code for name, code in zip(names, codes, strict=True)]
    others = properties.columns.difference([metadata.code_field, metadata.name_field], sort=False)
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
