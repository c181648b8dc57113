"""Styles in a GeoPackage, so that QGIS opens its layer in the colours of the map.

Source: the table `layer_styles` as QGIS itself writes it into a GeoPackage.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pandas as pd

from api.maps.modes import CLASS_STYLES, Style
from api.pages.text import CLASS_WORDS

RAMP = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
"""ColorBrewer's YlOrRd, which colour-blind people can tell apart."""

_GRADED = ("density", "n")
_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
"""


def add_style(path: Path, layer: str, table: pd.DataFrame) -> None:
    """Add the QGIS style that fits its properties to a GeoPackage's layer, if there is one.

    Parameters
    ----------
    layer
        Name of the layer in the file.
    table
        The properties of its features.
    """
    style = style_of(table)
    if style is None:
        return
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
            (layer, style, layer),
        )


def style_of(table: pd.DataFrame) -> str | None:
    """Return the QML of a layer of cells or areas; None for other layers."""
    if "class" in table:
        fills = [(name, CLASS_WORDS[name], CLASS_STYLES[name]) for name in CLASS_WORDS]
        return _categorised("class", fills)
    graded = next((name for name in _GRADED if name in table), None)
    if graded is None or ("cell_id" not in table and "area_code" not in table):
        return None
    return _graduated(graded, table[graded]) if table[graded].notna().any() else None


def _categorised(name: str, fills: Iterable[tuple[str, str, Style]]) -> str:
    qgis, renderer = _renderer("categorizedSymbol", name)
    categories = Xml.SubElement(renderer, "categories")
    symbols = Xml.SubElement(renderer, "symbols")
    for number, (value, label, fill) in enumerate(fills):
        attributes = {"value": value, "label": label, "symbol": str(number), "render": "true"}
        Xml.SubElement(categories, "category", {**attributes, "type": "string"})
        _symbol(symbols, number, fill)
    return Xml.tostring(qgis, encoding="unicode")


def _graduated(name: str, values: pd.Series) -> str:
    """Five classes between quantiles, so that each colour has about as many features."""
    qgis, renderer = _renderer("graduatedSymbol", name)
    renderer.set("graduatedMethod", "GraduatedColor")
    ranges = Xml.SubElement(renderer, "ranges")
    symbols = Xml.SubElement(renderer, "symbols")
    ends = np.unique(np.nanquantile(values.to_numpy(dtype=float), np.linspace(0, 1, 6)))
    pairs = list(pairwise(ends)) or [(ends[0], ends[0])]
    for number, (lower, upper) in enumerate(pairs):
        attributes = {"lower": f"{lower:.9g}", "upper": f"{upper:.9g}", "symbol": str(number)}
        Xml.SubElement(
            ranges,
            "range",
            {**attributes, "label": f"{lower:,.4g} – {upper:,.4g}", "render": "true"},
        )
        _symbol(symbols, number, {"fillColor": RAMP[number], "fillOpacity": 0.8})
    return Xml.tostring(qgis, encoding="unicode")


def _renderer(kind: str, name: str) -> tuple[Xml.Element, Xml.Element]:
    qgis = Xml.Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology"})
    return qgis, Xml.SubElement(qgis, "renderer-v2", {"type": kind, "attr": name})


def _symbol(symbols: Xml.Element, number: int, fill: Style) -> None:
    symbol = Xml.SubElement(symbols, "symbol", {"type": "fill", "name": str(number), "alpha": "1"})
    layer = Xml.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0"})
    options = Xml.SubElement(layer, "Option", {"type": "Map"})
    values = {
        "color": _colour(fill["fillColor"], fill["fillOpacity"]),
        "outline_color": _colour(fill.get("color", "#767676"), 0.8),
        "outline_width": "0.1",
        "outline_style": "solid",
        "style": "solid",
    }
    for name, value in values.items():
        Xml.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})


def _colour(code: str, opacity: float) -> str:
    red, green, blue = (int(code[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
