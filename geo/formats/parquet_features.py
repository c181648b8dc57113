"""GeoParquet files of any features as GeoJSON.

Source: https://geoparquet.org/releases/v1.1.0/ (metadata, encodings, order of coordinates).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.crs import LONLAT, crs_name, is_lonlat
from geo.errors import InputError
from geo.formats.bounded import LARGEST_WHOLE, check_size, open_input

MOST_UNPACKED: Final = 2 * 2**30
"""Bytes of all columns, as the file states them."""


def parquet_to_geojson(path: Path, *, notify: Callable[[str], None] | None = None) -> bytes:
    """Read a GeoParquet file as a GeoJSON FeatureCollection.

    Parameters
    ----------
    path
        The file; its geometry as WKB.
    notify
        Called with a line where heights are left out.

    Returns
    -------
    content
        UTF-8 JSON in the CRS of the file, which a `crs` member names unless it is CRS84.

    Raises
    ------
    InputError
        If it is no GeoParquet, too large, or damaged.
    """
    with open_input(path) as stream:
        check_size(stream, path.name)
        try:
            file = pq.ParquetFile(stream)
            _refuse_large(file.metadata, path.name)
            geometry, crs = geometry_column(file.schema_arrow, path.name)
            table = file.read(use_threads=False)
            shapes = _shapes(table.column(geometry), path.name)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0][:200]
            raise InputError(f"{path.name} cannot be read as Parquet: {reason}") from error
    if notify and shapely.has_z(shapes).any():
        notify(f"{path.name}: its heights (Z) and measures (M) are left out")
    columns = {
        name: [_scalar(value) for value in table.column(name).to_pylist()]
        for name in table.column_names
        if name != geometry and not pa.types.is_binary(table.schema.field(name).type)
    }
    features = [
        {
            "type": "Feature",
            "properties": {name: values[row] for name, values in columns.items()},
            "geometry": None if shape is None else orjson.Fragment(shape),
        }
        for row, shape in enumerate(shapely.to_geojson(shapely.force_2d(shapes)))
    ]
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if not is_lonlat(crs):
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    return orjson.dumps(collection)


def geometry_column(schema: pa.Schema, file: str) -> tuple[str, str]:
    """The geometry column of a GeoParquet file, and the CRS of its coordinates.

    Parameters
    ----------
    schema
        Of the file, with its metadata.
    file
        Its name, for messages.

    Returns
    -------
    column, crs
        Names of both.

    Raises
    ------
    InputError
        If there is none, or its CRS is unknown.
    """
    metadata = (schema.metadata or {}).get(b"geo")
    if metadata is None:
        raise InputError(f"{file} is Parquet, but not GeoParquet: it has no geometry")
    try:
        geo = json.loads(metadata)
        column = str(geo["primary_column"])
        # Without a `crs` GeoParquet means CRS84; an explicit null means unknown.
        crs = geo["columns"][column].get("crs", LONLAT)
        if isinstance(crs, dict):
            known = crs.get("id")
            crs = f"{known['authority']}:{known['code']}" if known else json.dumps(crs)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} has damaged GeoParquet metadata") from error
    if crs is None:
        raise InputError(f"{file} does not name its coordinate reference system")
    if column not in schema.names:
        raise InputError(f"{file} has damaged GeoParquet metadata: no column {column[:60]!r}")
    return column, crs_name(str(crs))


def _refuse_large(metadata: pq.FileMetaData, file: str) -> None:
    groups = range(metadata.num_row_groups)
    if sum(metadata.row_group(group).total_byte_size for group in groups) > MOST_UNPACKED:
        raise InputError(f"{file} is larger than {LARGEST_WHOLE:,} bytes; split or simplify it")


def _shapes(column: pa.ChunkedArray, file: str) -> np.ndarray[Any, np.dtype[np.object_]]:
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        raise InputError(f"{file} has a geometry that is not WKB; write it with WKB geometries")
    try:
        shapes = shapely.from_wkb(column.to_numpy())
    except shapely.errors.ShapelyError as error:
        raise InputError(f"{file} has a damaged geometry: {error}") from error
    except NotImplementedError as error:
        raise InputError(f"{file} has circular arcs; save it as GeoPackage") from error
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise InputError(f"{file} has coordinates that are not finite numbers")
    return np.asarray(shapes, dtype=object)


def _scalar(value: object) -> object:
    """What JSON can hold: dates as ISO text, lists and records as they are."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
