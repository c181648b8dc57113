"""Styles as QGIS writes them: QML, and the same renderer inside a project.

Source: files that QGIS 3.22 saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as Xml

from api.ogc.styles.symbology import (
    LINE_MM,
    MARKER_MM,
    OUTLINE_MM,
    OUTLINE_OPACITY,
    Kind,
    Rule,
    Symbol,
    Symbology,
    SymbolShape,
)

_RENDERERS: Final[dict[Kind, str]] = {
    "single": "singleSymbol",
    "categorised": "categorizedSymbol",
    "graduated": "graduatedSymbol",
}


_SYMBOLS: Final[Mapping[SymbolShape, tuple[str, str]]] = {
    "point": ("marker", "SimpleMarker"),
    "line": ("line", "SimpleLine"),
    "polygon": ("fill", "SimpleFill"),
}


def to_qml(symbology: Symbology) -> str:
    """Return a style as QML."""
    qgis = Xml.Element("qgis", {"version": "3.22.0", "styleCategories": "Symbology"})
    qgis.append(qgis_renderer(symbology))
    return Xml.tostring(qgis, encoding="unicode")


def qgis_renderer(symbology: Symbology) -> Xml.Element:
    """Return a style as the element `renderer-v2`."""
    attributes = {"type": _RENDERERS[symbology.kind], "attr": _classed_by(symbology)}
    renderer = Xml.Element("renderer-v2", attributes)
    if symbology.kind == "graduated":
        renderer.set("graduatedMethod", "GraduatedColor")
        _add_rules(Xml.SubElement(renderer, "ranges"), "range", symbology.rules)
    elif symbology.kind == "categorised":
        _add_rules(Xml.SubElement(renderer, "categories"), "category", symbology.rules)
    symbols = Xml.SubElement(renderer, "symbols")
    for number, rule in enumerate(symbology.rules):
        _add_symbol(symbols, number, rule.symbol, shape=symbology.shape)
    return renderer


def _classed_by(symbology: Symbology) -> str:
    """The field, or the expression, by whose value features are classed."""
    if not symbology.flag:
        return symbology.field
    flag, field = symbology.flag, symbology.field
    return f'CASE WHEN "{flag}" THEN \'{flag}\' ELSE "{field}" END'


def _add_rules(parent: Xml.Element, name: str, rules: tuple[Rule, ...]) -> None:
    for number, rule in enumerate(rules):
        attributes = {"label": rule.label, "symbol": str(number), "render": "true"}
        if name == "range":
            limits = {"lower": f"{rule.low:.9g}", "upper": f"{rule.high:.9g}"}
        else:
            kind = "double" if rule.value.isdigit() else "string"
            limits = {"value": rule.value, "type": kind}
        Xml.SubElement(parent, name, {**limits, **attributes})


def _add_symbol(symbols: Xml.Element, number: int, drawn: Symbol, *, shape: SymbolShape) -> None:
    kind, layer_class = _SYMBOLS[shape]
    symbol = Xml.SubElement(symbols, "symbol", {"type": kind, "name": str(number), "alpha": "1"})
    layer = Xml.SubElement(symbol, "layer", {"class": layer_class, "enabled": "1", "pass": "0"})
    options = Xml.SubElement(layer, "Option", {"type": "Map"})
    stroke = {
        "color": _colour(drawn.outline, OUTLINE_OPACITY),
        "width": str(LINE_MM if shape == "line" else OUTLINE_MM),
        "style": "solid",
    }
    edge = "line" if shape == "line" else "outline"
    values = {f"{edge}_{name}": value for name, value in stroke.items()}
    if shape != "line":
        values["color"] = _colour(drawn.fill, drawn.opacity)
        values |= (
            {"name": "circle", "size": str(MARKER_MM)} if shape == "point" else {"style": "solid"}
        )
    for name, value in values.items():
        Xml.SubElement(options, "Option", {"name": name, "value": value, "type": "QString"})


def _colour(code: str, opacity: float) -> str:
    red, green, blue = bytes.fromhex(code[1:])
    return f"{red},{green},{blue},{round(opacity * 255)}"
