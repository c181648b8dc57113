"""Layers of a PostGIS store: a plain spatial table each, and their metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg import sql

from geo.crs import Projection
from geo.errors import StoreError
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import find_layer, id_to_store, metadata_text, stored_metadata
from geo.store.postgis.copy import multipolygons
from geo.store.postgis.server import SCHEMA, Server

_LONGEST_NAME = 63
# Every table has the first three; the others are columns that PostgreSQL keeps for itself.
_TAKEN: Final = frozenset(
    ("fid", "geom", "area_code", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
)
_TYPES: Final[dict[str, tuple[sql.SQL, Callable[[Any], object]]]] = {
    "bool": (sql.SQL("boolean"), bool),
    "int8": (sql.SQL("bigint"), int),
    "float8": (sql.SQL("double precision"), float),
    "text": (sql.SQL("text"), lambda value: str(int(value) if _is_boolean(value) else value)),
}


@dataclass(frozen=True)
class _Column:
    """An attribute, the column that holds it, and the column's type."""

    attribute: str
    stored: str
    kind: str


def read_metadata(server: Server) -> list[LayerMetadata]:
    """The metadata of every layer, in the order they were added."""
    rows = server.rows("SELECT papers FROM patchmap.patchmap_layers ORDER BY added")
    return stored_metadata(text for (text,) in rows)


def read_layer(
    server: Server, layer_id: str, projection: Projection
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """A layer's metadata and areas. Runs inside `server.reading()`."""
    metadata = find_layer(read_metadata(server), layer_id)
    table = metadata.stored_as or metadata.layer_id
    ((relation, listed),) = server.rows(
        "SELECT relation::oid, columns FROM patchmap.patchmap_layers WHERE layer_id = %s", table
    )
    columns = [_Column(*column) for column in json.loads(listed)]
    rows = server.rows(
        sql.SQL("SELECT ST_AsBinary(geom), area_code{} FROM {} ORDER BY area_code").format(
            _stored(columns), sql.Identifier(SCHEMA, table)
        )
    )
    if _relation(server, table) != relation:
        # Its table was made anew, and what this state of the store held went with the old one.
        raise StoreError(f"the layer {layer_id} was replaced while it was read; ask again")
    frame = pd.DataFrame(rows, columns=range(len(columns) + 2)).set_axis(
        ["geometry", "area_code", *(column.attribute for column in columns)], axis=1
    )
    geometry = np.asarray(shapely.from_wkb(frame.pop("geometry").to_numpy()), dtype=object)
    for column in columns:
        if column.kind == "bool":
            frame[column.attribute] = frame[column.attribute].astype("boolean")
    areas = gpd.GeoDataFrame(frame.set_index("area_code"), geometry=geometry, crs=projection.crs)
    return metadata, areas


def put_layer(
    server: Server, metadata: LayerMetadata, areas: gpd.GeoDataFrame, projection: Projection
) -> None:
    """Add a layer, or replace the one of the same id. Runs inside `server.changing()`."""
    table_id = id_to_store(read_metadata(server), metadata.layer_id)
    table = sql.Identifier(SCHEMA, table_id)
    attributes = areas.drop(columns=areas.geometry.name)
    columns = _columns(attributes)
    listed = json.dumps([[column.attribute, column.stored, column.kind] for column in columns])
    before = server.rows(
        "SELECT columns = %s FROM patchmap.patchmap_layers"
        " WHERE layer_id = %s AND relation::oid = to_regclass(%s)::oid",
        listed,
        table_id,
        f'{SCHEMA}."{table_id}"',
    )
    if before and before[0][0]:
        # In place, because nobody waits for that: dropping a table stops all who read it.
        server.execute(sql.SQL("DELETE FROM {}").format(table))
    else:
        server.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        _create(server, table_id, columns, projection)
    _fill(server, table, columns, areas=areas, srid=projection.code)
    server.execute(
        sql.SQL("COMMENT ON TABLE {} IS {}").format(table, metadata.title or metadata.layer_id)
    )
    server.execute(
        "INSERT INTO patchmap.patchmap_layers (layer_id, added, papers, relation, columns)"
        " VALUES (%s, (SELECT coalesce(max(added), 0) + 1 FROM patchmap.patchmap_layers), %s,"
        " %s::oid::regclass, %s) ON CONFLICT (layer_id) DO UPDATE SET papers = excluded.papers,"
        " relation = excluded.relation, columns = excluded.columns",
        table_id,
        metadata_text(metadata, table_id),
        _relation(server, table_id),
        listed,
    )
    server.count("layers")


def _create(server: Server, layer_id: str, columns: list[_Column], projection: Projection) -> None:
    # Indexes and sequences share their names with tables, so they bear names no layer can have.
    number = server.rows("SELECT nextval('patchmap.patchmap_names')")[0][0]
    names = [sql.Identifier(f"patchmap_layer_{number}_{part}") for part in ("key", "code", "geom")]
    declared = [
        sql.SQL(", {} {}").format(sql.Identifier(column.stored), _TYPES[column.kind][0])
        for column in columns
    ]
    server.execute(
        sql.SQL(
            "CREATE TABLE {table} (fid bigint GENERATED BY DEFAULT AS IDENTITY"
            " (SEQUENCE NAME {sequence}) CONSTRAINT {key} PRIMARY KEY,"
            " geom geometry(MultiPolygon, {srid}) NOT NULL,"
            ' area_code text COLLATE "C" NOT NULL CONSTRAINT {code} UNIQUE{declared});'
            " CREATE INDEX {geom} ON {table} USING gist (geom)"
        ).format(
            table=sql.Identifier(SCHEMA, layer_id),
            sequence=sql.Identifier(SCHEMA, f"patchmap_layer_{number}_fid"),
            srid=projection.code,
            declared=sql.Composed(declared),
            **dict(zip(("key", "code", "geom"), names, strict=True)),
        )
    )


def _fill(
    server: Server,
    table: sql.Identifier,
    columns: list[_Column],
    *,
    areas: gpd.GeoDataFrame,
    srid: int,
) -> None:
    attributes = areas.drop(columns=areas.geometry.name)
    values = attributes.astype(object).where(attributes.notna(), None).to_numpy().tolist()
    converters = [_TYPES[column.kind][1] for column in columns]
    statement = sql.SQL("COPY {} (geom, area_code{}) FROM STDIN (FORMAT binary)")
    blobs = multipolygons(areas.geometry.to_numpy(), srid=srid)
    with (
        server.connection() as connection,
        connection.cursor().copy(statement.format(table, _stored(columns))) as copy,
    ):
        copy.set_types(["bytea", "text", *(column.kind for column in columns)])
        for blob, code, row in zip(blobs, areas.index, values, strict=True):
            known = (
                None if value is None else convert(value)
                for convert, value in zip(converters, row, strict=True)
            )
            copy.write_row((blob, str(code), *known))


def _relation(server: Server, layer_id: str) -> int | None:
    # A layer's id holds no quote.
    found: int | None = server.rows("SELECT to_regclass(%s)::oid", f'{SCHEMA}."{layer_id}"')[0][0]
    return found


def _stored(columns: list[_Column]) -> sql.Composed:
    return sql.Composed([sql.SQL(", {}").format(sql.Identifier(c.stored)) for c in columns])


def _columns(attributes: pd.DataFrame) -> list[_Column]:
    taken = set(_TAKEN) | set(attributes.columns)
    columns = []
    for number, name in enumerate(attributes.columns, start=1):
        stored = name
        if not name or name in _TAKEN or len(name.encode()) > _LONGEST_NAME or "\0" in name:
            stored = f"attribute_{number}"
            while stored in taken:
                stored += "_"
            taken.add(stored)
        columns.append(_Column(name, stored, _kind(attributes[name])))
    return columns


def _kind(column: pd.Series) -> str:
    known = column.dropna()
    if len(known) and known.map(_is_boolean).all():
        return "bool"
    if pd.api.types.is_integer_dtype(column):
        return "int8"
    return "float8" if pd.api.types.is_numeric_dtype(column) else "text"


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool | np.bool_)
