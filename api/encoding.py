"""Frames as GeoJSON, CSV, GeoPackage and GeoParquet; those that are no layer, as tables."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyogrio
import shapely

from geo.crs import Projection
from geo.errors import InputError, StoreError

DEGREES_DECIMALS = 6
_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_KEYS = (
    ("cell_id",),
    ("officer", "round", "stop"),
    ("hotspot_id",),
    ("rank",),
    ("plan", "area_code"),
    ("area_code", "month"),
    ("area_code",),
)
"""Columns that tell the rows of a frame apart; the first that are all there."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_json(value: object) -> bytes:
    """JSON of plain values and numpy scalars; NaN is null."""
    return orjson.dumps(value, option=_JSON)


def lonlat_geometries(
    frame: gpd.GeoDataFrame, projection: Projection, *, decimals: int = DEGREES_DECIMALS
) -> np.ndarray:
    """Geometries as RFC 7946 wants them: rounded degrees, outer rings counter-clockwise."""
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
    """Each row as a GeoJSON Feature, in the order of the frame."""
    geometries = shapely.to_geojson(lonlat_geometries(frame, projection, decimals=decimals))
    records = _records(frame)
    return [
        to_json(
            {
                "type": "Feature",
                "id": feature_id,
                "geometry": orjson.Fragment(geometry),
                "properties": properties,
            }
        )
        for feature_id, geometry, properties in zip(ids, geometries, records, strict=True)
    ]


def feature_collection(features: Iterable[bytes], members: Mapping[str, object]) -> bytes:
    """Join encoded features, with more members of the collection after them."""
    body = b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]"
    more = to_json(members)
    return body + (b"," + more[1:] if members else b"}")


def feature_ids(frame: pd.DataFrame) -> list[str]:
    """The id of each row, of the columns that tell rows apart."""
    for names in _KEYS:
        if set(names) <= set(frame.columns):
            return [":".join(map(str, key)) for key in zip(*(frame[n] for n in names), strict=True)]
    return [str(code) for code in frame.index]


def safe_cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula; numbers stay as they are."""
    if (
        isinstance(value, str)
        and value.startswith(_FORMULA_STARTS)
        and not _NUMBER.fullmatch(value)
    ):
        return f"'{value}"
    return value


def to_csv(frame: pd.DataFrame, *, header: bool = True) -> str:
    """A frame without its geometry as CSV, formula-safe in its header too."""
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    texts = plain.select_dtypes(include=["object", "string", "category"]).columns
    for name in texts:
        plain[name] = plain[name].astype(object).map(safe_cell)
    plain.columns = plain.columns.map(safe_cell)
    return str(plain.to_csv(index=False, header=header, lineterminator="\n"))


def to_table(frame: pd.DataFrame, members: Mapping[str, object]) -> bytes:
    """A frame that is no layer as JSON: its `rows`, and more members beside them."""
    return to_json({"rows": _records(frame), **members})


def write_frame(
    frame: pd.DataFrame,
    path: Path,
    *,
    projection: Projection,
    members: Mapping[str, object],
) -> None:
    """Write a frame in the format that the file's ending names; whole or not at all.

    Raises
    ------
    InputError
        If the ending names no format that the frame can have.
    """
    check_ending(path, layer=isinstance(frame, gpd.GeoDataFrame))
    ending = path.suffix.lower()
    if ending == ".geojson":
        write_whole(path, lambda part: _write_geojson(frame, part, projection, members))
    else:
        write_whole(path, lambda part: _WRITERS[ending](frame, part, members))


def check_ending(path: Path, *, layer: bool) -> None:
    """Refuse a file whose ending names no format that a layer, or a table, can have.

    Raises
    ------
    InputError
        With the endings there are.
    """
    known = LAYER_ENDINGS if layer else TABLE_ENDINGS
    if path.suffix.lower() not in known:
        why = "" if layer else " (this answer is a table, not a layer)"
        raise InputError(f"{path.name}: the ending must be one of {', '.join(known)}{why}")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".patchmap-") as folder:
            part = Path(folder) / path.name
            write(part)
            os.replace(part, path)  # noqa: PTH105 - says what it does: it overwrites
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    records: list[dict[str, Any]] = (
        plain.astype(object).where(plain.notna(), None).to_dict("records")
    )
    return records


def _write_geojson(
    frame: gpd.GeoDataFrame, path: Path, projection: Projection, members: Mapping[str, object]
) -> None:
    features = encode_features(frame, feature_ids(frame), projection=projection)
    path.write_bytes(feature_collection(features, members))


def _write_csv(frame: pd.DataFrame, path: Path, _members: Mapping[str, object]) -> None:
    path.write_text(to_csv(frame), encoding="utf-8")


def _write_json(frame: pd.DataFrame, path: Path, members: Mapping[str, object]) -> None:
    path.write_bytes(to_table(frame, members))


def _write_geopackage(frame: pd.DataFrame, path: Path, members: Mapping[str, object]) -> None:
    metadata = {name: to_json(value).decode() for name, value in members.items()}
    pyogrio.write_dataframe(frame, path, driver="GPKG", layer=path.stem, layer_metadata=metadata)


def _write_parquet(frame: pd.DataFrame, path: Path, members: Mapping[str, object]) -> None:
    kept = frame.copy(deep=False)
    kept.attrs |= {name: to_json(value).decode() for name, value in members.items()}
    kept.to_parquet(path, index=False)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path, Mapping[str, object]], None]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".gpkg": _write_geopackage,
    ".parquet": _write_parquet,
}
LAYER_ENDINGS = (".geojson", ".csv", ".gpkg", ".parquet")
TABLE_ENDINGS = (".csv", ".json", ".gpkg", ".parquet")
