"""Styles as Styled Layer Descriptors, which GeoServer, ArcGIS, QGIS and GDAL's tools read.

Source: OGC 02-070, Styled Layer Descriptor 1.0.0; OGC 02-059, Filter Encoding 1.0.0.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as Xml

from api.ogc.styles.symbology import (
    LINE_MM,
    MARKER_MM,
    OUTLINE_MM,
    OUTLINE_OPACITY,
    Rule,
    Symbol,
    Symbology,
    SymbolShape,
)

_SLD: Final = "http://www.opengis.net/sld"
_OGC: Final = "http://www.opengis.net/ogc"
_PIXEL_MM: Final = 0.28
"""Side of a pixel as OGC standards assume it."""


def to_sld(symbology: Symbology, name: str, title: str) -> str:
    """Return a style as SLD 1.0.

    Parameters
    ----------
    name
        Of the layer that it is for: the id of a collection.
    title
        Of the style, for people.
    """
    root = Xml.Element(
        "StyledLayerDescriptor", {"version": "1.0.0", "xmlns": _SLD, "xmlns:ogc": _OGC}
    )
    layer = Xml.SubElement(root, "NamedLayer")
    _text(layer, "Name", name)
    style = Xml.SubElement(layer, "UserStyle")
    _text(style, "Name", name)
    _text(style, "Title", title)
    rules = Xml.SubElement(style, "FeatureTypeStyle")
    last = len(symbology.rules) - 1
    for number, rule in enumerate(symbology.rules):
        element = Xml.SubElement(rules, "Rule")
        _text(element, "Name", rule.value or str(number))
        _text(element, "Title", rule.label or title)
        _add_condition(element, symbology, rule, is_last=number == last)
        _add_symbol(element, rule.symbol, shape=symbology.shape)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _add_condition(parent: Xml.Element, symbology: Symbology, rule: Rule, *, is_last: bool) -> None:
    if symbology.kind == "single":
        return
    if symbology.kind == "graduated":
        # The ranges of a style touch: each value is in one of them only.
        below = "PropertyIsLessThanOrEqualTo" if is_last else "PropertyIsLessThan"
        both = Xml.SubElement(Xml.SubElement(parent, "ogc:Filter"), "ogc:And")
        low, high = f"{rule.low:.9g}", f"{rule.high:.9g}"
        _add_comparison(both, "PropertyIsGreaterThanOrEqualTo", symbology.field, low)
        _add_comparison(both, below, symbology.field, high)
    elif rule.value and rule.value == symbology.flag:
        condition = Xml.SubElement(parent, "ogc:Filter")
        _add_comparison(condition, "PropertyIsEqualTo", symbology.flag, "true")
    elif rule.value:
        condition = Xml.SubElement(parent, "ogc:Filter")
        if symbology.flag:
            # Every rule that fits is drawn: what the flag is for must not be drawn twice.
            condition = Xml.SubElement(condition, "ogc:And")
            _add_comparison(condition, "PropertyIsNotEqualTo", symbology.flag, "true")
        _add_comparison(condition, "PropertyIsEqualTo", symbology.field, rule.value)
    else:
        Xml.SubElement(parent, "ElseFilter")


def _add_comparison(parent: Xml.Element, operator: str, field: str, value: str) -> None:
    comparison = Xml.SubElement(parent, f"ogc:{operator}")
    _text(comparison, "ogc:PropertyName", field)
    _text(comparison, "ogc:Literal", value)


def _add_symbol(rule: Xml.Element, symbol: Symbol, *, shape: SymbolShape) -> None:
    points = shape == "point"
    parent = Xml.SubElement(rule, f"{shape.capitalize()}Symbolizer")
    if points:
        parent = Xml.SubElement(parent, "Graphic")
        mark = Xml.SubElement(parent, "Mark")
        _text(mark, "WellKnownName", "circle")
    drawn = mark if points else parent
    fill = {"fill": symbol.fill, "fill-opacity": f"{symbol.opacity:g}"}
    stroke = {
        "stroke": symbol.outline,
        "stroke-opacity": f"{OUTLINE_OPACITY:g}",
        "stroke-width": f"{(LINE_MM if shape == 'line' else OUTLINE_MM) / _PIXEL_MM:.2g}",
    }
    parts = {"Stroke": stroke} if shape == "line" else {"Fill": fill, "Stroke": stroke}
    for name, parameters in parts.items():
        element = Xml.SubElement(drawn, name)
        for parameter, value in parameters.items():
            _text(element, "CssParameter", value).set("name", parameter)
    if points:
        _text(parent, "Size", f"{MARKER_MM / _PIXEL_MM:.2g}")


def _text(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    element = Xml.SubElement(parent, name)
    element.text = text
    return element
