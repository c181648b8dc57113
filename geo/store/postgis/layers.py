"""The layers of a PostGIS store: a plain spatial table each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
from psycopg import sql

from geo.crs import Projection
from geo.errors import StoreError
from geo.geometry_types import GeometryType, code_column
from geo.store.attributes import Kind, attribute_kind, attribute_rows, is_boolean
from geo.store.backend import LayerTables
from geo.store.postgis.copy import binary_of
from geo.store.postgis.server import SCHEMA, Server

# PostgreSQL cuts longer names off, without an error.
_LONGEST_NAME_BYTES = 63
# Layers' tables have the first three, or `code`; the others are system columns of PostgreSQL.
_TAKEN: Final = frozenset(
    ("fid", "geom", "area_code", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
)
# The type in SQL, and what makes a value of numpy or pandas one that psycopg can send as it.
_TYPES: Final[dict[str, tuple[sql.SQL, Callable[[Any], object]]]] = {
    "bool": (sql.SQL("boolean"), bool),
    "int8": (sql.SQL("bigint"), int),
    "float8": (sql.SQL("double precision"), float),
    "text": (sql.SQL("text"), lambda value: str(int(value) if is_boolean(value) else value)),
}

# How PostgreSQL names the types; stores of every release have these names in their metadata.
_KINDS: Final[dict[Kind, str]] = {
    "boolean": "bool",
    "integer": "int8",
    "number": "float8",
    "text": "text",
}


@dataclass(frozen=True)
class _Column:
    """An attribute, the name of its column in the table, and the column's type."""

    attribute: str
    stored: str
    kind: str


class PostgisLayers(LayerTables):
    """Reads and writes the tables of layers."""

    def __init__(self, server: Server, projection: Projection) -> None:
        self._server = server
        self._projection = projection

    def read(self, table: str, geometry_type: GeometryType) -> gpd.GeoDataFrame:
        codes = code_column(geometry_type)
        relation, listed = self._server.rows(
            "SELECT relation::oid, columns FROM patchmap.patchmap_layers WHERE layer_id = %s", table
        )[0]
        columns = [_Column(*column) for column in json.loads(listed)]
        rows = self._server.rows(
            sql.SQL("SELECT ST_AsBinary(geom), {code}{stored} FROM {table} ORDER BY {code}").format(
                code=sql.Identifier(codes),
                stored=_stored(columns),
                table=sql.Identifier(SCHEMA, table),
            )
        )
        if self._relation(table) != relation:
            # The table was dropped and made again, and the rows of this state went with it.
            raise StoreError(f"the layer {table} was replaced while it was read; try again")
        frame = pd.DataFrame(rows, columns=range(len(columns) + 2)).set_axis(
            ["geometry", codes, *(column.attribute for column in columns)], axis=1
        )
        geometry = shapely.from_wkb(frame.pop("geometry").to_numpy())
        for column in columns:
            if column.kind == "bool":
                frame[column.attribute] = frame[column.attribute].astype("boolean")
        features = frame.set_index(codes)
        return gpd.GeoDataFrame(features, geometry=geometry, crs=self._projection.crs)

    def write(
        self,
        table: str,
        features: gpd.GeoDataFrame,
        *,
        title: str,
        metadata: str,
        geometry_type: GeometryType,
    ) -> None:
        named = sql.Identifier(SCHEMA, table)
        columns = _columns(features, geometry_type)
        listed = json.dumps([[column.attribute, column.stored, column.kind] for column in columns])
        if self._has_table(table, listed, geometry_type):
            # The rows only, because to drop the table would wait for everyone who reads it.
            self._server.execute(sql.SQL("DELETE FROM {}").format(named))
        else:
            self._server.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(named))
            self._create(table, columns, geometry_type)
        self._fill(named, columns, features, geometry_type)
        self._server.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(named, title))
        self._server.execute(
            "INSERT INTO patchmap.patchmap_layers (layer_id, added, papers, relation, columns)"
            " VALUES (%s, (SELECT coalesce(max(added), 0) + 1 FROM patchmap.patchmap_layers), %s,"
            " %s::oid::regclass, %s) ON CONFLICT (layer_id) DO UPDATE SET papers = excluded.papers,"
            " relation = excluded.relation, columns = excluded.columns",
            table,
            metadata,
            self._relation(table),
            listed,
        )

    def remove(self, table: str) -> None:
        self._server.execute(
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(SCHEMA, table))
        )
        self._server.execute("DELETE FROM patchmap.patchmap_layers WHERE layer_id = %s", table)

    def _has_table(self, table: str, listed: str, geometry_type: GeometryType) -> bool:
        """Whether the layer has a table with exactly these columns and this type of geometry."""
        rows = self._server.rows(
            "SELECT columns = %s AND format_type(atttypid, atttypmod) = %s"
            " FROM patchmap.patchmap_layers"
            " JOIN pg_attribute ON attrelid = relation::oid AND attname = 'geom'"
            " WHERE layer_id = %s AND relation::oid = to_regclass(%s)::oid",
            listed,
            f"geometry({geometry_type},{self._projection.code})",
            table,
            _regclass(table),
        )
        return bool(rows and rows[0][0])

    def _create(self, table: str, columns: list[_Column], geometry_type: GeometryType) -> None:
        # Indexes and sequences share a namespace with tables, so their names are ones that no
        # layer may have.
        number = self._server.rows("SELECT nextval('patchmap.patchmap_names')")[0][0]
        names = {
            part: sql.Identifier(f"patchmap_layer_{number}_{part}")
            for part in ("key", "code", "geom")
        }
        declared = [
            sql.SQL(", {} {}").format(sql.Identifier(column.stored), _TYPES[column.kind][0])
            for column in columns
        ]
        self._server.execute(
            sql.SQL(
                "CREATE TABLE {table} (fid bigint GENERATED BY DEFAULT AS IDENTITY"
                " (SEQUENCE NAME {sequence}) CONSTRAINT {key} PRIMARY KEY,"
                " geom geometry({geometry_type}, {srid}) NOT NULL,"
                ' {code_column} text COLLATE "C" NOT NULL CONSTRAINT {code} UNIQUE{declared});'
                " CREATE INDEX {geom} ON {table} USING gist (geom)"
            ).format(
                table=sql.Identifier(SCHEMA, table),
                sequence=sql.Identifier(SCHEMA, f"patchmap_layer_{number}_fid"),
                geometry_type=sql.SQL(geometry_type),
                srid=self._projection.code,
                code_column=sql.Identifier(code_column(geometry_type)),
                declared=sql.Composed(declared),
                **names,
            )
        )

    def _fill(
        self,
        table: sql.Identifier,
        columns: list[_Column],
        features: gpd.GeoDataFrame,
        geometry_type: GeometryType,
    ) -> None:
        converters = [_TYPES[column.kind][1] for column in columns]
        statement = sql.SQL("COPY {} (geom, {}{}) FROM STDIN (FORMAT binary)").format(
            table, sql.Identifier(code_column(geometry_type)), _stored(columns)
        )
        blobs = binary_of(features.geometry.to_numpy(), geometry_type, srid=self._projection.code)
        rows = zip(blobs, features.index, attribute_rows(features), strict=True)
        with (
            self._server.connection() as connection,
            connection.cursor().copy(statement) as copy,
        ):
            copy.set_types(["bytea", "text", *(column.kind for column in columns)])
            for blob, code, row in rows:
                known = (
                    None if value is None else convert(value)
                    for convert, value in zip(converters, row, strict=True)
                )
                copy.write_row((blob, str(code), *known))

    def _relation(self, table: str) -> int | None:
        """The number by which PostgreSQL knows the layer's present table."""
        ((oid,),) = self._server.rows("SELECT to_regclass(%s)::oid", _regclass(table))
        return None if oid is None else int(oid)


def _regclass(table: str) -> str:
    # No quote to escape: a layer's id cannot have one.
    return f'{SCHEMA}."{table}"'


def _stored(columns: list[_Column]) -> sql.Composed:
    return sql.Composed(
        [sql.SQL(", {}").format(sql.Identifier(column.stored)) for column in columns]
    )


def _columns(features: gpd.GeoDataFrame, geometry_type: GeometryType) -> list[_Column]:
    attributes = features.drop(columns=features.geometry.name)
    own = _TAKEN | {code_column(geometry_type)}
    taken = set(own) | set(attributes.columns)
    columns = []
    for number, name in enumerate(attributes.columns, start=1):
        stored = name
        if not name or name in own or len(name.encode()) > _LONGEST_NAME_BYTES or "\0" in name:
            stored = f"attribute_{number}"
            while stored in taken:
                stored += "_"
            taken.add(stored)
        columns.append(_Column(name, stored, _KINDS[attribute_kind(attributes[name])]))
    return columns
