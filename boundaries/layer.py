"""Load a layer with its papers and attributes; find its code and name fields.

GeoJSON is parsed here and never by GDAL, which decides by a file's content what it is and
reads whatever other files that content names.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from shapely.errors import GEOSException

from boundaries.checks import invalid_rings, repair_rings
from geo.crs import LONLAT, Projection, crs_name, implausible
from geo.errors import InputError
from geo.store.contract import LayerPapers, check_layer_id
from geo.table import Table

# ONS fields: WD25CD and WD25NM, LSOA11CD, OA11CD … of any vintage.
_ONS_CODE = re.compile(r"([A-Z]{2,6})(\d{2})CD", re.IGNORECASE)
_PLAIN_CODES = ("area_code", "code", "ward_code", "gss_code", "block_code")
_PLAIN_NAMES = ("area_name", "name", "ward_name")
_TAKEN = frozenset({"area_code", "area_name", "fid", "geom", "geometry"})
_NAMED_FAULTS = 3
NUMERIC = frozenset({"residents", "electors", "electors_forecast", "members", "officers"})
"""Attributes that answers reckon with."""


@dataclass(frozen=True)
class Layer:
    """A layer with its papers.

    `areas` is indexed by `area_code`, sorted, in the working CRS in metres, with `area_name`, the
    file's other attributes and the geometry; `changes` says what was mended on the way in.
    """

    papers: LayerPapers
    areas: gpd.GeoDataFrame
    changes: list[str] = field(default_factory=list)


def read_layer(
    content: bytes,
    papers: LayerPapers,
    *,
    projection: Projection,
    repair: bool = False,
) -> Layer:
    """Read a GeoJSON FeatureCollection of polygons.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS that its `crs` member names.
    papers
        What is known of the layer; empty code and name fields are found in the file.
    projection
        Leads to the working CRS.
    repair
        Mend invalid rings instead of refusing them.

    Raises
    ------
    InputError
        With one line that names the feature and the place of the first faults.
    """
    check_layer_id(papers.layer_id)
    file = papers.file or papers.layer_id
    papers, areas = _areas(content, papers, projection=projection)
    _refuse_repeated(areas.index, file)
    areas, changes = _check_rings(areas, file, repair=repair)
    papers = replace(
        papers, sha256=hashlib.sha256(content).hexdigest(), note="; ".join(changes)[:2000]
    )
    return Layer(papers, _in_metres(areas, projection).sort_index(), changes)


def read_faulty(content: bytes, papers: LayerPapers, *, projection: Projection) -> gpd.GeoDataFrame:
    """Read the areas of a file to be checked: with invalid rings, and codes that stand twice.

    Returns
    -------
    As `Layer.areas`, in the order of the file.

    Raises
    ------
    InputError
        If the file is no layer, or lies where no layer can.
    """
    return _in_metres(_areas(content, papers, projection=projection)[1], projection)


def _areas(
    content: bytes, papers: LayerPapers, *, projection: Projection
) -> tuple[LayerPapers, gpd.GeoDataFrame]:
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
    areas = gpd.GeoDataFrame(_attributes(properties, papers, codes), geometry=geometries, crs=crs)
    _check_places(areas, file, projection)
    return papers, areas


def _in_metres(areas: gpd.GeoDataFrame, projection: Projection) -> gpd.GeoDataFrame:
    source = crs_name(str(areas.crs))
    metres = projection.geometries_to_metres(areas.geometry.to_numpy(), source=source)
    return areas.set_geometry(metres).set_crs(projection.crs, allow_override=True)


def join_attributes(
    areas: gpd.GeoDataFrame,
    table: Table,
    *,
    key: str,
    names: Mapping[str, str] | None = None,
) -> tuple[gpd.GeoDataFrame, list[str], list[str]]:
    """Add the columns of a table to a layer, by area code.

    Parameters
    ----------
    key
        The column of the table that holds area codes.
    names
        What to call columns that are to have another name.

    Returns
    -------
    The layer with the new columns (an attribute of the same name is replaced), the codes of the
    table that the layer lacks, and the codes of the layer that the table lacks.

    Raises
    ------
    InputError
        If the key column is missing, names an area twice, or matches no area at all.
    """
    table.require(key)
    codes = table.text(key)
    if (codes == "").any():
        raise InputError(
            f"{table.file}, line {table.lines[(codes == '').argmax()]}: {key} is empty"
        )
    repeated = codes[codes.duplicated()]
    if len(repeated):
        line = table.lines[repeated.index[0]]
        raise InputError(f"{table.file}, line {line}: {key} {repeated.iloc[0]!r} stands twice")
    unknown = [code for code in codes if code not in areas.index]
    if len(unknown) == len(codes):
        raise InputError(f"{table.file}: no value of {key} is a code of this layer")
    joined = areas.copy()
    for name in table.header:
        if name != key:
            values = _typed(table.text(name)).set_axis(codes)
            called = (names or {}).get(name, name)
            if called not in joined.columns or called.lower() in _TAKEN:
                called = _free_name(called, joined.columns)
            _refuse_words(table, name, called)
            joined[called] = values.reindex(areas.index)
    missing = [str(code) for code in areas.index.difference(codes)]
    return joined, unknown, missing


def _refuse_words(table: Table, name: str, called: str) -> None:
    """Columns that answers reckon with must hold numbers."""
    values = table.text(name)
    if called in NUMERIC and not pd.api.types.is_numeric_dtype(_typed(values)):
        wrong = (pd.to_numeric(values.str.replace(",", ""), errors="coerce").isna()) & (
            values != ""
        )
        at = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"{table.file}, line {table.lines[at]}: {name} {values.iloc[at]!r} is no number, and "
            f"{called} must be"
        )


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


def _refuse_repeated(codes: pd.Index, file: str) -> None:
    if codes.has_duplicates:
        again = int(codes.duplicated().argmax())
        first = int((codes == codes[again]).argmax())
        raise InputError(
            f"{file}, feature {again + 1}: the code {codes[again]} is that of feature "
            f"{first + 1} already"
        )


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
        frame[_free_name(str(column), frame.columns)] = _storable(properties[column]).to_numpy()
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


def _free_name(column: str, taken: Iterable[str]) -> str:
    """A name that no other column has, not even in other capitals, as SQLite compares them."""
    name = "".join(letter for letter in column if letter.isprintable()) or "_"
    reserved = _TAKEN | {str(other).lower() for other in taken}
    while name.lower() in reserved:
        name += "_"
    return name


def _typed(values: pd.Series) -> pd.Series:
    """Numbers where every value that is there is one; whole numbers where all are whole.

    Figures that begin with a nought are a code, not a number.
    """
    if values.str.match(r"0\d").any():
        return values
    # 5,432 as people write it; a comma elsewhere is no such mark.
    plain = values.where(
        ~values.str.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), values.str.replace(",", "")
    )
    numbers = pd.to_numeric(plain, errors="coerce")
    if (numbers.isna() & (values != "")).any():
        return values
    if numbers.notna().all() and (numbers % 1 == 0).all():
        return numbers.astype("int64")
    return numbers.astype("float64")


def _check_places(areas: gpd.GeoDataFrame, file: str, projection: Projection) -> None:
    corners = shapely.get_coordinates(areas.geometry.to_numpy(), return_index=True)
    xy, owner = corners
    reasons = implausible(
        xy[:, 0], xy[:, 1], source=crs_name(str(areas.crs)), projection=projection
    )
    faulty = np.flatnonzero(reasons != "")
    if len(faulty):
        first = faulty[0]
        raise InputError(
            f"{file}, area {areas.index[owner[first]]}, at {xy[first, 0]:.6g}, "
            f"{xy[first, 1]:.6g}: {reasons[first]}"
        )


def _check_rings(
    areas: gpd.GeoDataFrame, file: str, *, repair: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    if repair:
        try:
            return repair_rings(areas)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    findings = invalid_rings(areas)
    if findings:
        named = "; ".join(str(finding) for finding in findings[:_NAMED_FAULTS])
        more = len(findings) - _NAMED_FAULTS
        raise InputError(
            f"{file} has invalid polygons: {named}"
            + (f"; and {more} more" if more > 0 else "")
            + ". Mend the file, or add it with --repair"
        )
    return areas, []
