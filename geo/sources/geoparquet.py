"""Incidents in GeoParquet files: points with a category and a month or a timestamp.

Each row group of a file is a part that another process can read by itself.

Source: https://geoparquet.org/releases/v1.1.0/ (metadata, encodings, order of coordinates).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.crs import Projection, implausible
from geo.errors import InputError
from geo.formats.bounded import check_input
from geo.formats.parquet_features import geometry_column
from geo.incidents import category_slug, london_months
from geo.sources.points import IncidentPoints, Ints

ROWS_AT_ONCE: Final = 500_000
"""Rows in one batch: some 20 MB of points."""
NO_MONTH: Final = np.iinfo(np.int64).min
"""Stands for a missing month; numpy's NaT has the same bits."""

_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_WKB_POINT = np.array([1, 1, 0, 0, 0], dtype=np.uint8)
"""The first bytes of a little-endian WKB point; two floats follow."""
_WKB_POINT_BYTES = 21

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ParquetPart:
    """One row group of a GeoParquet file."""

    path: Path
    group: int
    groups: int

    @property
    def name(self) -> str:
        """Its name in messages."""
        if self.groups == 1:
            return self.path.name
        return f"{self.path.name}, row group {self.group + 1}"


def parquet_parts(path: Path) -> list[ParquetPart]:
    """The parts of one file.

    Raises
    ------
    InputError
        If it is not a Parquet file.
    """
    check_input(path)
    try:
        groups = pq.read_metadata(path).num_row_groups
    except pa.ArrowInvalid as error:
        raise InputError(f"{path.name} is not a Parquet file: {error}") from error
    return [ParquetPart(path, group, groups) for group in range(groups)]


def read_parquet_points(part: ParquetPart, projection: Projection) -> Iterator[IncidentPoints]:
    """Read one part, some rows at a time.

    Parameters
    ----------
    part
        Of a file with points in any CRS that the file names, `category`, and either `month` (as
        `2024-01`) or `occurred_from` (timestamps with a time zone, counted in London's month).
    projection
        Converts the points to metres.

    Returns
    -------
    points
        Up to `ROWS_AT_ONCE` rows each.

    Raises
    ------
    InputError
        If a column is missing or of the wrong kind, or the file is damaged.
    """
    try:
        schema = pq.read_schema(part.path)
        place, crs = geometry_column(schema, part.path.name)
        when = _when(schema, part.path.name)
        # Text that repeats is nearly always stored as a dictionary: read it as one.
        repeated = ["category", *(["month"] if when == "month" else [])]
        with pq.ParquetFile(part.path, read_dictionary=repeated) as file:
            batches = file.iter_batches(
                ROWS_AT_ONCE,
                row_groups=[part.group],
                columns=[place, "category", when],
                use_threads=False,  # each processor already has a part of its own
            )
            for batch in batches:
                yield _points(batch, place=place, crs=crs, when=when, projection=projection)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{part.name} cannot be read: {error}") from error


def _when(schema: pa.Schema, name: str) -> str:
    columns = schema.names
    when = [column for column in ("month", "occurred_from") if column in columns]
    if "category" not in columns or not when:
        raise InputError(
            f"{name} needs the columns category, and month or occurred_from; "
            f"it has: {', '.join(columns)[:200]}"
        )
    if when[0] == "occurred_from":
        kind = schema.field("occurred_from").type
        if not pa.types.is_timestamp(kind) or kind.tz is None:
            raise InputError(f"{name}: occurred_from must be a timestamp with a time zone")
    return when[0]


def _points(
    batch: pa.RecordBatch, *, place: str, crs: str, when: str, projection: Projection
) -> IncidentPoints:
    first, second = _coordinates(batch.column(place))
    category, categories = _categories(batch.column("category"))
    month = _months(batch.column(when)) if when == "month" else _london(batch.column(when))
    reasons = implausible(first, second, source=crs, projection=projection)
    reasons[np.isnan(first) & np.isnan(second)] = "no location"
    reasons[category < 0] = "no category"
    reasons[month == NO_MONTH] = "no month"
    accepted = reasons == ""
    x, y = projection.to_metres(first[accepted], second[accepted], source=crs)
    rejected = Counter(reasons[~accepted].tolist())
    return IncidentPoints(x, y, month[accepted], category[accepted], categories, rejected)


def _coordinates(column: pa.Array) -> tuple[Floats, Floats]:
    """X and y of each row; NaN where the geometry is missing or not a point."""
    if pa.types.is_struct(column.type):
        pair = (np.asarray(axis, dtype=float) for axis in column.flatten()[:2])
        return next(pair), next(pair)
    wkb = column.cast(pa.binary())
    offsets, data = (np.frombuffer(part, np.uint8) for part in wkb.buffers()[1:])
    starts = offsets.view(np.int32)[wkb.offset : wkb.offset + len(wkb) + 1]
    if not wkb.null_count and (np.diff(starts) == _WKB_POINT_BYTES).all():
        # Nearly always all are plain points, and reading their bytes is faster than shapely.
        rows = data[starts[0] : starts[-1]].reshape(-1, _WKB_POINT_BYTES)
        if (rows[:, :5] == _WKB_POINT).all():
            x, y = np.ascontiguousarray(rows[:, 5:]).view("<f8").T
            return x, y
    try:
        shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
    except NotImplementedError as error:
        raise InputError("it has circular arcs, which are no points") from error
    return shapely.get_x(shapes), shapely.get_y(shapes)


def _categories(column: pa.Array) -> tuple[Ints, tuple[str, ...]]:
    """The position of each row's category, −1 for none, and the categories."""
    number, values = _encoded(column)
    slugs = tuple(category_slug(str(value)) if value else "" for value in values)
    named = np.array([bool(slug) for slug in slugs] + [False])
    return np.where(named[number], number, -1), slugs


def _months(column: pa.Array) -> Ints:
    number, values = _encoded(column)
    months = [
        np.datetime64(value, "M").astype(np.int64)
        if isinstance(value, str) and _MONTH.fullmatch(value)
        else NO_MONTH
        for value in values
    ]
    return np.array([*months, NO_MONTH], dtype=np.int64)[number]


def _encoded(column: pa.Array) -> tuple[Ints, list[object]]:
    """The position of each row's value, −1 for none, and the distinct values."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    number = pc.fill_null(column.indices.cast(pa.int64()), -1)
    return np.asarray(number), column.dictionary.to_pylist()


def _london(column: pa.Array) -> Ints:
    timestamps = pd.Series(column.to_pandas())
    months = london_months(timestamps).astype(np.int64)
    return np.where(timestamps.isna(), NO_MONTH, months)
