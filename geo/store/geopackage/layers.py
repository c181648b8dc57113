"""The layers of a GeoPackage: a feature table each."""

from __future__ import annotations

from typing import Final

import geopandas as gpd

from geo.geometry_types import GeometryType, code_column
from geo.store.attributes import Kind, attribute_kind, attribute_rows
from geo.store.backend import LayerTables
from geo.store.geopackage.feature_tables import (
    add_feature_table,
    begin_change,
    drop_feature_table,
    finish_change,
)
from geo.store.geopackage.geometry_blobs import feature_blobs, read_blobs
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.geopackage.triggers import quoted

_SQL_TYPES: Final[dict[Kind, str]] = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "number": "REAL",
    "text": "TEXT",
}


class GeoPackageLayers(LayerTables):
    """Reads and writes the feature tables of layers."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def read(self, table: str, geometry_type: GeometryType) -> gpd.GeoDataFrame:
        codes = code_column(geometry_type)
        frame = self._file.frame(f"SELECT * FROM {quoted(table)} ORDER BY {codes}")
        geometry = read_blobs(frame.pop("geom"))
        for name in self._booleans(table):
            # SQLite returns them as 0 and 1.
            frame[name] = frame[name].map({0: False, 1: True}).astype("boolean")
        features = frame.drop(columns="fid").set_index(codes)
        return gpd.GeoDataFrame(features, geometry=geometry, crs=self._file.projection.crs)

    def write(
        self,
        table: str,
        features: gpd.GeoDataFrame,
        *,
        title: str,
        metadata: str,
        geometry_type: GeometryType,
    ) -> None:
        # Always made anew, which no reader waits for: each sees the state that it began with.
        drop_feature_table(self._file, table)
        self._create(table, features, title=title, geometry_type=geometry_type)
        begin_change(self._file, table)
        self._fill(table, features, geometry_type)
        finish_change(self._file, table)
        self._file.execute(
            "INSERT INTO patchmap_layers (layer_id, added, papers)"
            " VALUES (?, (SELECT coalesce(max(added), 0) + 1 FROM patchmap_layers), ?)"
            " ON CONFLICT (layer_id) DO UPDATE SET papers = excluded.papers",
            table,
            metadata,
        )

    def remove(self, table: str) -> None:
        drop_feature_table(self._file, table)
        self._file.execute("DELETE FROM patchmap_layers WHERE layer_id = ?", table)

    def _create(
        self, table: str, features: gpd.GeoDataFrame, *, title: str, geometry_type: GeometryType
    ) -> None:
        attributes = features.drop(columns=features.geometry.name)
        standard_type, codes = geometry_type.upper(), code_column(geometry_type)
        declared = "".join(
            f", {quoted(name)} {_SQL_TYPES[attribute_kind(attributes[name])]}"
            for name in attributes.columns
        )
        self._file.execute(
            f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
            f" geom {standard_type} NOT NULL, {codes} TEXT NOT NULL UNIQUE{declared})"
        )
        add_feature_table(self._file, table, geometry_type=standard_type, title=title)

    def _fill(self, table: str, features: gpd.GeoDataFrame, geometry_type: GeometryType) -> None:
        blobs = feature_blobs(
            features.geometry.to_numpy(), geometry_type, srs_id=self._file.projection.code
        )
        attributes = features.drop(columns=features.geometry.name).columns
        names = "".join(f", {quoted(name)}" for name in attributes)
        rows = zip(blobs, features.index, attribute_rows(features), strict=True)
        self._file.fill(
            f"INSERT INTO {quoted(table)} (geom, {code_column(geometry_type)}{names})"
            f" VALUES ({', '.join('?' * (len(attributes) + 2))})",
            ([blob, code, *row] for blob, code, row in rows),
        )

    def _booleans(self, table: str) -> list[str]:
        columns = self._file.rows("SELECT name, type FROM pragma_table_info(?)", table)
        return [name for name, kind in columns if kind == "BOOLEAN"]
