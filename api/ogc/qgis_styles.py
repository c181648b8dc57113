"""Styles in a GeoPackage, so that QGIS opens its layer in the colours of the map.

Source: the table `layer_styles` as QGIS itself writes it into a GeoPackage.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pandas as pd

from api.maps.modes import CLASS_STYLES, GROUPS, PATTERN_STYLES, Style
from api.ogc.items import Items
from api.pages.text import CLASS_WORDS
from geo.hotspots.change import BANDS
from geo.hotspots.emerging import PATTERNS
from geo.hotspots.verdict import CERTAINTY

RAMP = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
"""ColorBrewer's YlOrRd, which colour-blind people can tell apart."""

CATEGORIES = (
    "#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#666666",
    "#8dd3c7", "#fb8072", "#80b1d3", "#fdb462",
)  # fmt: skip
"""ColorBrewer's Dark2, and then Set3, for what has no order; more values begin anew."""

_MOST_CATEGORIES = 24
_CLASSED = ("class", "pattern", "certainty", "band", "patch", "officer", "category")
"""Properties that colour features by what they say, the first that a collection has."""

_GRADED = ("density", "posts", "need", "n")
"""Properties that colour features by how much, the first that a collection has."""

_PLAIN: Style = {"fillColor": "#6baed6", "fillOpacity": 0.25, "color": "#08519c"}
_MEANINGS: Mapping[str, Style] = {
    **CLASS_STYLES,
    **{
        pattern: PATTERN_STYLES[group] for group, patterns in GROUPS.items() for pattern in patterns
    },
    **{pattern: PATTERN_STYLES["cold"] for pattern in PATTERNS if pattern.startswith("cold_")},
    CERTAINTY[0]: {"fillColor": "#b3001b", "fillOpacity": 0.8},
    CERTAINTY[1]: {"fillColor": "#2166ac", "fillOpacity": 0.8},
    CERTAINTY[2]: {"fillColor": "#f0f0f0", "fillOpacity": 0.6},
    BANDS[0]: {"fillColor": "#b3001b", "fillOpacity": 0.8},
    BANDS[1]: {"fillColor": "#f0f0f0", "fillOpacity": 0.6},
    BANDS[2]: {"fillColor": "#2166ac", "fillOpacity": 0.8},
}
"""Colours of values that mean the same wherever they occur."""

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
            (layer, style_of(items), layer),
        )


def style_of(items: Items) -> str:
    """Return the QML of features: by what they say, by how much, or all alike.

    A file's own columns may bear any name, so layers of a file are drawn all alike.
    """
    table, mark = items.table, items.geometries.kind == "Point"
    known = [name for name in table.columns if table[name].notna().any()]
    names = known if items.is_declared else []
    if name := next((name for name in _CLASSED if name in names), ""):
        return _categorised(name, _categories(table[name]), mark=mark)
    if graded := next((name for name in _GRADED if name in names), ""):
        return _graduated(graded, table[graded], mark=mark)
    qgis, renderer = _renderer("singleSymbol", "")
    _symbol(Xml.SubElement(renderer, "symbols"), 0, _PLAIN, mark=mark)
    return Xml.tostring(qgis, encoding="unicode")


def _categories(values: pd.Series) -> Iterable[tuple[str, str, Style]]:
    """The values of a property, with their words and colours; the classes of cells all of them."""
    if values.name == "class":
        return [(name, CLASS_WORDS[name], CLASS_STYLES[name]) for name in CLASS_WORDS]
    distinct = values.dropna().unique()
    texts = sorted(map(str, distinct), key=lambda text: (not text.isdigit(), text.zfill(9)))
    return [
        (text, text, _MEANINGS.get(text) or _coloured(number))
        for number, text in enumerate(texts[:_MOST_CATEGORIES])
    ] + [("", "other, or not known", CLASS_STYLES["undefined"])]


def _coloured(number: int) -> Style:
    return {"fillColor": CATEGORIES[number % len(CATEGORIES)], "fillOpacity": 0.7}


def _categorised(name: str, fills: Iterable[tuple[str, str, Style]], *, mark: bool) -> str:
    qgis, renderer = _renderer("categorizedSymbol", name)
    categories = Xml.SubElement(renderer, "categories")
    symbols = Xml.SubElement(renderer, "symbols")
    for number, (value, label, fill) in enumerate(fills):
        attributes = {"value": value, "label": label, "symbol": str(number), "render": "true"}
        kind = "double" if value.isdigit() else "string"
        Xml.SubElement(categories, "category", {**attributes, "type": kind})
        _symbol(symbols, number, fill, mark=mark)
    return Xml.tostring(qgis, encoding="unicode")


def _graduated(name: str, values: pd.Series, *, mark: bool) -> str:
    """Five classes between quantiles, so that each colour has about as many features."""
    qgis, renderer = _renderer("graduatedSymbol", name)
    renderer.set("graduatedMethod", "GraduatedColor")
    ranges = Xml.SubElement(renderer, "ranges")
    symbols = Xml.SubElement(renderer, "symbols")
    ends = np.unique(
        np.nanquantile(values.to_numpy(dtype=float, na_value=np.nan), np.linspace(0, 1, 6))
    )
    pairs = list(pairwise(ends)) or [(ends[0], ends[0])]
    for number, (lower, upper) in enumerate(pairs):
        attributes = {"lower": f"{lower:.9g}", "upper": f"{upper:.9g}", "symbol": str(number)}
        Xml.SubElement(
            ranges,
            "range",
            {**attributes, "label": f"{lower:,.4g} – {upper:,.4g}", "render": "true"},
        )
        _symbol(symbols, number, {"fillColor": RAMP[number], "fillOpacity": 0.8}, mark=mark)
    return Xml.tostring(qgis, encoding="unicode")


def _renderer(kind: str, name: str) -> tuple[Xml.Element, Xml.Element]:
    qgis = Xml.Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology"})
    return qgis, Xml.SubElement(qgis, "renderer-v2", {"type": kind, "attr": name})


def _symbol(symbols: Xml.Element, number: int, fill: Style, *, mark: bool) -> None:
    kind, drawn = ("marker", "SimpleMarker") if mark else ("fill", "SimpleFill")
    symbol = Xml.SubElement(symbols, "symbol", {"type": kind, "name": str(number), "alpha": "1"})
    layer = Xml.SubElement(symbol, "layer", {"class": drawn, "enabled": "1", "pass": "0"})
    options = Xml.SubElement(layer, "Option", {"type": "Map"})
    of_kind = {"name": "circle", "size": "2.4"} if mark else {"style": "solid"}
    values = {
        "color": _colour(fill["fillColor"], fill["fillOpacity"]),
        "outline_color": _colour(fill.get("color", "#767676"), 0.8),
        "outline_width": "0.1",
        "outline_style": "solid",
        **of_kind,
    }
    for name, value in values.items():
        Xml.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})


def _colour(code: str, opacity: float) -> str:
    red, green, blue = (int(code[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
