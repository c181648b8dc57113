"""Read a boundary layer from GeoJSON, checked and in metres."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.layers.attributes import free_name
from boundaries.layers.rings import invalid_rings, repair_rings
from geo.crs import Projection, crs_name, implausible
from geo.errors import InputError
from geo.formats.geojson import POLYGONS, collection_crs, feature_collection, read_geometry
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import check_layer_id

# Fields as the Office for National Statistics names them, of any year: WD25CD with WD25NM,
# LSOA11CD, OA11CD …
_ONS_CODE = re.compile(r"([A-Z]{2,6})(\d{2})CD", re.IGNORECASE)
# The columns by which Patchmap's own files name their features: an export of an ONS layer has the
# codes of larger areas beside them, under their ONS names.
_OWN_CODES = ("cell_id", "hotspot_id", "plan_id", "area_code")
_PLAIN_CODES = ("area_code", "code", "ward_code", "gss_code", "census_code", "block_code")
_PLAIN_NAMES = ("area_name", "name", "ward_name")

_NAMED_FAULTS = 3
NOTE_LENGTH = 2000
"""Characters of a layer's note; the full list of changes is in `Layer.changes`."""


@dataclass(frozen=True)
class Layer:
    """A layer with its metadata.

    Attributes
    ----------
    metadata
        The layer's metadata, with the fields that were read.
    areas
        Indexed by `area_code`, sorted, in metres of the working CRS, with `area_name`, the
        file's other attributes and the geometry.
    changes
        What was repaired on the way in, one line each.
    """

    metadata: LayerMetadata
    areas: gpd.GeoDataFrame
    changes: list[str] = field(default_factory=list)


def read_layer(
    content: bytes, metadata: LayerMetadata, *, projection: Projection, repair: bool = False
) -> Layer:
    """Read a GeoJSON FeatureCollection of polygons.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS of its `crs` member.
    metadata
        The layer's metadata; code and name fields left empty are found in the file.
    projection
        To the working CRS.
    repair
        Repair invalid polygons instead of refusing them.

    Returns
    -------
    The layer in metres.

    Raises
    ------
    InputError
        If the id, the file, its fields, codes, places or polygons are unusable: one line with
        the feature and the place of the first faults.
    """
    check_layer_id(metadata.layer_id)
    file = metadata.file or metadata.layer_id
    metadata, areas = _read_areas(content, metadata, projection=projection)
    _refuse_repeated(areas.index, file)
    areas, changes = _repair_or_refuse(areas, file, repair=repair)
    note = "; ".join(changes)[:NOTE_LENGTH]
    metadata = replace(metadata, sha256=hashlib.sha256(content).hexdigest(), note=note)
    return Layer(metadata, _in_metres(areas, projection).sort_index(), changes)


def read_faulty(
    content: bytes, metadata: LayerMetadata, *, projection: Projection
) -> gpd.GeoDataFrame:
    """Read the areas of a file in order to check them: polygons may be invalid, codes repeated.

    Parameters
    ----------
    content, metadata, projection
        As for `read_layer`.

    Returns
    -------
    As `Layer.areas`, but in the order of the file.

    Raises
    ------
    InputError
        If the file is no layer, or its coordinates are implausible.
    """
    return _in_metres(_read_areas(content, metadata, projection=projection)[1], projection)


def code_field_of(properties: pd.DataFrame) -> str:
    """Find the field of area codes by its name.

    Parameters
    ----------
    properties
        The properties of all features, a column for each field.

    Returns
    -------
    That of Patchmap's own files; else the ONS code field with the most distinct values: the
    smallest areas that the file names; else the first field named like a code that differs for
    each area (in Boundary-Line `area_code` is the kind of area, and `code` or `census_code` its
    code), else that with the most distinct values; '' if there is none.
    """
    columns = [str(name) for name in properties.columns]
    for name in _OWN_CODES:
        # Of an answer by month, say, an area has several rows: then another field is its code.
        if _is_own(name, columns) and properties[name].astype(str).is_unique:
            return name
    ons = [name for name in columns if _ONS_CODE.fullmatch(name)]
    if ons:
        # As text: a value can be a list, which nothing counts.
        return max(ons, key=lambda name: properties[name].dropna().astype(str).nunique())
    named = [name for name in (first_of((code,), columns) for code in _PLAIN_CODES) if name]
    # Of equally many the first.
    return max(named, key=lambda name: properties[name].astype(str).nunique(), default="")


def _is_own(name: str, columns: list[str]) -> bool:
    # Boundary-Line has an `area_code` as well, but no `area_name`.
    return name in columns and (name != "area_code" or "area_name" in columns)


def _read_areas(
    content: bytes, metadata: LayerMetadata, *, projection: Projection
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Areas in the order and CRS of the file, and metadata with the fields they were read from."""
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
    areas = gpd.GeoDataFrame(frame, geometry=geometries, crs=crs)
    _check_places(areas, file, projection)
    return metadata, areas


def _with_fields(metadata: LayerMetadata, properties: pd.DataFrame, file: str) -> LayerMetadata:
    columns = [str(name) for name in properties.columns]
    for required in (metadata.code_field, metadata.name_field):
        if required and required not in columns:
            raise InputError(f"{file} has no field {required!r}; choose one of: {_listed(columns)}")
    code = metadata.code_field or code_field_of(properties)
    if not code:
        raise InputError(
            f"{file}: no field looks like a code; name it with --code-field, "
            f"one of: {_listed(columns)}"
        )
    name = metadata.name_field or _find_name(code, columns)
    return replace(metadata, code_field=code, name_field=name)


def _listed(columns: list[str]) -> str:
    return ", ".join(columns) or "none, its features have no properties"


def _find_name(code_field: str, columns: list[str]) -> str:
    if code_field == "plan_id":
        return first_of(("title",), columns)
    paired = code_field[:-2].lower() + "nm"
    names = (paired, *_PLAIN_NAMES) if _ONS_CODE.fullmatch(code_field) else _PLAIN_NAMES
    return first_of(names, columns)


def first_of(names: tuple[str, ...], columns: list[str]) -> str:
    """Find a column by the names that it may have.

    Parameters
    ----------
    names
        In small letters, the likeliest first.
    columns
        All columns.

    Returns
    -------
    The column of the first name that there is, in any capitals; '' if there is none.
    """
    lower = {name.lower(): name for name in reversed(columns)}  # of equal ones, the first
    return next((lower[name] for name in names if name in lower), "")


def _codes(values: pd.Series, file: str, code_field: str) -> list[str]:
    codes = [text_of(value) for value in values]
    for number, (code, value) in enumerate(zip(codes, values, strict=True), start=1):
        if isinstance(value, list | dict):
            raise InputError(f"{file}, feature {number}: {code_field} is no text; give it a code")
        if not code:
            raise InputError(f"{file}, feature {number}: {code_field} is empty; give it a code")
        if "," in code:
            raise InputError(
                f"{file}, feature {number}: the code {code!r} has a comma, but commas separate "
                "codes in a question; use another code"
            )
    return codes


def text_of(value: object) -> str:
    """A code or name of a file as text; '' where it is missing."""
    if _is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        # A column of whole numbers with a gap comes as floats; its codes are 7, not 7.0.
        return str(int(value))
    return str(value).strip()


def _attributes(
    properties: pd.DataFrame, metadata: LayerMetadata, codes: list[str]
) -> pd.DataFrame:
    frame = pd.DataFrame(index=pd.Index(codes, name="area_code", dtype="str"))
    names = properties[metadata.name_field] if metadata.name_field else pd.Series([""] * len(codes))
    frame["area_name"] = [text_of(name) or code for name, code in zip(names, codes, strict=True)]
    others = properties.columns.difference([metadata.code_field, metadata.name_field], sort=False)
    for column in others:
        frame[free_name(str(column), frame.columns)] = storable(properties[column]).to_numpy()
    return frame


def storable(values: pd.Series) -> pd.Series:
    """Values that any store can hold: lists, objects and integers beyond 64 bits become text."""
    odd = values.map(
        lambda value: (
            isinstance(value, dict | list)
            or (isinstance(value, int) and not -(2**63) <= value < 2**63)
        )
    )
    if not odd.any():
        return values
    return values.map(lambda value: None if _is_missing(value) else json.dumps(value))


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _in_metres(areas: gpd.GeoDataFrame, projection: Projection) -> gpd.GeoDataFrame:
    source = crs_name(str(areas.crs))
    metres = projection.geometries_to_metres(areas.geometry.to_numpy(), source=source)
    return areas.set_geometry(metres).set_crs(projection.crs, allow_override=True)


def _refuse_repeated(codes: pd.Index, file: str) -> None:
    if codes.has_duplicates:
        second = int(codes.duplicated().argmax())
        first = int((codes == codes[second]).argmax())
        raise InputError(
            f"{file}, feature {second + 1}: the code {codes[second]} is already used by feature "
            f"{first + 1}; give each area its own code, or name another field with --code-field"
        )


def _check_places(areas: gpd.GeoDataFrame, file: str, projection: Projection) -> None:
    xy, owner = shapely.get_coordinates(areas.geometry.to_numpy(), return_index=True)
    source = crs_name(str(areas.crs))
    reasons = implausible(xy[:, 0], xy[:, 1], source=source, projection=projection)
    for first in np.flatnonzero(reasons != "")[:1].tolist():
        x, y = xy[first]
        raise InputError(
            f"{file}, area {areas.index[int(owner[first])]}, at {x:.6g}, {y:.6g}: {reasons[first]}"
        )


def _repair_or_refuse(
    areas: gpd.GeoDataFrame, file: str, *, repair: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    if repair:
        try:
            return repair_rings(areas)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    faults = invalid_rings(areas)
    if faults:
        named = "; ".join(map(str, faults[:_NAMED_FAULTS]))
        more = len(faults) - _NAMED_FAULTS
        raise InputError(
            f"{file} has invalid polygons: {named}"
            + (f"; and {more} more" if more > 0 else "")
            + ". Repair the file, or add it with --repair"
        )
    return areas, []
