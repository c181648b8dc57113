"""Styles in a GeoPackage, so that QGIS opens its layer in the colours of the map.

Source: the table `layer_styles` as QGIS itself writes it into a GeoPackage.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from api.ogc.items import Items
from api.ogc.styles.qml import to_qml
from api.ogc.styles.symbology import symbology_of

_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
"""


def add_style(path: Path, layer: str, items: Items) -> None:
    """Add the QGIS style that fits its features to a GeoPackage's layer.

    Parameters
    ----------
    layer
        Name of the layer in the file.
    items
        Its features.
    """
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(_TABLE)
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        file.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
            " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner)"
            " SELECT '', '', ?, column_name, 'Patchmap', ?, '', 1, 'As on the map', ''"
            " FROM gpkg_geometry_columns WHERE table_name = ?",
            (layer, to_qml(symbology_of(items)), layer),
        )
