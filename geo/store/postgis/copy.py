"""Incident frames to and from PostgreSQL with COPY, millions of rows at a time.

Rows are sent in COPY's binary format, assembled column by column, and read as CSV, which Arrow
parses in parallel.

Sources: PostgreSQL manual, COPY, "Binary Format"; PostGIS manual, "Extended WKB".
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import shapely
from numpy.typing import NDArray
from psycopg import sql

from geo.geometry_types import GeometryType, of_type
from geo.incidents import empty_incidents
from geo.partitioned import PartitionedIncidents

TEXTS = ("incident_id", "source", "category", "precision", "location", "reference")
TIMES = ("occurred_from", "occurred_to")
SENT = ("geom", "import_id", *TIMES, "partition_id", *TEXTS)
"""The columns of an incident as they are sent, those of fixed length first."""

_REPEATED = ("source", "category", "precision", "location")
_READ: Final = {
    "x": sql.SQL("ST_X(geom)"),
    "y": sql.SQL("ST_Y(geom)"),
    # As seconds, which Arrow reads many times faster than the text of a time.
    "occurred_from": sql.SQL("floor(date_part('epoch', occurred_from))::bigint"),
    "occurred_to": sql.SQL("floor(date_part('epoch', occurred_to))::bigint"),
}
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
# The first columns of a row: the number of its values, then each value after its length.
_FIXED = np.dtype(
    [
        ("values", ">i2"),
        ("geom_bytes", ">i4"),
        ("byte_order", "u1"),
        ("geometry_type", "<u4"),
        ("srid", "<u4"),
        ("x", "<f8"),
        ("y", "<f8"),
        ("import_bytes", ">i4"),
        ("import_id", ">i8"),
        ("from_bytes", ">i4"),
        ("occurred_from", ">i8"),
        ("to_bytes", ">i4"),
        ("occurred_to", ">i8"),
    ]
)
# Of extended well-known binary: its type, and its length from the byte order to y.
_POINT_WITH_SRID = 0x20000001
_POINT_BYTES = 25
# Of a bigint, and of a time, which is sent as microseconds since `_EPOCH`.
_NUMBER_BYTES = 8
# Few enough that a column's texts stay below the 2 GB that an Arrow array can hold.
_ROWS_PER_WRITE = 100_000
_EPOCH = np.datetime64("2000-01-01", "us")


def send_incidents(
    connection: psycopg.Connection, table: sql.Composable, frame: pd.DataFrame, *, srid: int
) -> None:
    """Copy incidents into a table.

    Parameters
    ----------
    connection
        A connection inside a transaction.
    table
        A table with the columns `SENT`.
    frame
        An incident frame with `import_id` and `partition_id`; `x` and `y` in metres.
    srid
        The EPSG code of the working CRS.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, SENT))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, columns)
    with connection.cursor().copy(statement) as copy:
        copy.write(_HEADER)
        for start in range(0, len(frame), _ROWS_PER_WRITE):
            copy.write(_rows(frame.iloc[start : start + _ROWS_PER_WRITE], srid))
        copy.write(_END)


def read_incidents(
    connection: psycopg.Connection,
    columns: Sequence[str],
    condition: sql.Composable,
    *values: object,
) -> pd.DataFrame:
    """Read the incidents that a condition selects.

    Parameters
    ----------
    connection
        Any connection.
    columns
        Some of `geo.incidents.COLUMNS`.
    condition, values
        Which rows, as after WHERE, and a value for each `%s` in it.

    Returns
    -------
    pandas.DataFrame
        These columns, by partition and in the order in which the rows were written.
    """
    return _read(connection, columns, condition, *values)[list(columns)]


def read_numbered(
    connection: psycopg.Connection,
    columns: Sequence[str],
    condition: sql.Composable,
    *values: object,
) -> pd.DataFrame:
    """Read the incidents that a condition selects, with their `fid`, in its order.

    Parameters
    ----------
    connection, columns, condition, values
        As `read_incidents` takes them.

    Returns
    -------
    pandas.DataFrame
        These columns and `fid`.
    """
    frame = _read(connection, columns, condition, *values)
    return frame[["fid", *columns]].sort_values("fid", kind="stable", ignore_index=True)


def read_partitioned(
    connection: psycopg.Connection,
    columns: Sequence[str],
    condition: sql.Composable,
    *values: object,
) -> PartitionedIncidents:
    """Read the incidents that a condition selects, in the order of their partitions.

    Parameters
    ----------
    connection, columns, condition, values
        As `read_incidents` takes them.

    Returns
    -------
    incidents
        With these columns.
    """
    frame = _read(connection, columns, condition, *values)
    return PartitionedIncidents.grouped(frame[list(columns)], frame["partition_id"])


def _read(
    connection: psycopg.Connection,
    columns: Sequence[str],
    condition: sql.Composable,
    *values: object,
) -> pd.DataFrame:
    """`fid`, these columns and the partition of the incidents that a condition selects."""
    statement = sql.SQL(
        "COPY (SELECT fid, partition_id, {} FROM patchmap.incidents AS i WHERE {})"
        " TO STDOUT (FORMAT csv)"
    ).format(
        sql.SQL(", ").join(_READ.get(name, sql.Identifier(name)) for name in columns), condition
    )
    with connection.cursor().copy(statement, values) as copy:
        data = b"".join(copy)
    if data:
        return _frame(data, columns)
    none = empty_incidents()[list(columns)]
    return none.assign(fid=np.array([], dtype=np.int64), partition_id=pd.Series(dtype="str"))


def binary_of(
    geometries: NDArray[np.object_], geometry_type: GeometryType, *, srid: int
) -> list[bytes]:
    """The geometries of a layer as extended well-known binary of one type.

    Parameters
    ----------
    geometries
        Of the kind of the type, single or multiple.
    geometry_type
        The type of all.
    srid
        The EPSG code of their reference system.

    Returns
    -------
    list of bytes
        One for each geometry, without heights.
    """
    typed = shapely.set_srid(of_type(geometries, geometry_type), srid)
    return list(shapely.to_wkb(typed, byte_order=1, include_srid=True, output_dimension=2))


def _rows(frame: pd.DataFrame, srid: int) -> memoryview:
    fixed = np.zeros(len(frame), dtype=_FIXED)
    fixed["values"], fixed["geom_bytes"] = len(SENT), _POINT_BYTES
    fixed["byte_order"], fixed["geometry_type"], fixed["srid"] = 1, _POINT_WITH_SRID, srid
    fixed["import_bytes"] = fixed["from_bytes"] = fixed["to_bytes"] = _NUMBER_BYTES
    for name in ("x", "y", "import_id"):
        fixed[name] = frame[name].to_numpy()
    for name in TIMES:
        fixed[name] = _microseconds(frame[name])
    pieces = [_bytes(fixed)]
    for name in ("partition_id", *TEXTS):
        pieces += _text(frame[name])
    joined = pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.large_binary()))
    return memoryview(joined.buffers()[2])


def _microseconds(times: pd.Series) -> NDArray[np.int64]:
    naive = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return np.asarray(naive.astype("datetime64[us]") - _EPOCH, dtype=np.int64)


def _bytes(records: NDArray) -> pa.Array:
    """Each record as its bytes."""
    kind = pa.binary(records.dtype.itemsize)
    array = pa.Array.from_buffers(kind, len(records), [None, pa.py_buffer(records.tobytes())])
    return array.cast(pa.large_binary())


def _text(column: pd.Series) -> Iterator[pa.Array]:
    texts = pa.array(column.astype(object), pa.large_string()).cast(pa.large_binary())
    yield _bytes(np.asarray(pc.binary_length(texts), dtype=">i4"))
    yield texts


def _frame(data: bytes, columns: Sequence[str]) -> pd.DataFrame:
    repeated = pa.dictionary(pa.int32(), pa.string())
    types = {"x": pa.float64(), "y": pa.float64(), **dict.fromkeys(TEXTS, pa.string())}
    types |= dict.fromkeys(("fid", *TIMES), pa.int64())
    types |= dict.fromkeys((*_REPEATED, "partition_id"), repeated)
    # Texts as they are: an empty one is no null, and one may span lines.
    table = pa.csv.read_csv(
        io.BytesIO(data),
        read_options=pa.csv.ReadOptions(column_names=["fid", "partition_id", *columns]),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )
    order = np.lexsort([table["fid"].to_numpy(), _categories(table["partition_id"]).codes])
    names = dict.fromkeys(["fid", *columns, "partition_id"])
    return pd.DataFrame({name: _column(name, table[name])[order] for name in names})


def _column(name: str, values: pa.ChunkedArray) -> pd.api.extensions.ExtensionArray | NDArray:
    if name in (*_REPEATED, "partition_id"):
        return _categories(values)
    moments = values.cast(pa.timestamp("s", "UTC")) if name in TIMES else values
    array: pd.api.extensions.ExtensionArray = moments.to_pandas().array
    return array


def _categories(values: pa.ChunkedArray) -> pd.Categorical:
    """Repeated texts as categories in the order of Unicode."""
    array = values.unify_dictionaries().combine_chunks()
    texts = pd.Index(array.dictionary.to_pandas())
    ordered = np.argsort(texts.to_numpy(dtype=object), kind="stable")
    rank = np.empty_like(ordered)
    rank[ordered] = np.arange(len(ordered))
    return pd.Categorical.from_codes(rank[np.asarray(array.indices)], texts[ordered])
