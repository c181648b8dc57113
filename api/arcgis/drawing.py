"""A collection's style as `drawingInfo`.

Source: Esri, ArcGIS REST API, "Renderer objects" and "Symbol objects".
"""

from __future__ import annotations

from typing import Final

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

_POINT_MM: Final = 25.4 / 72
"""A typographic point."""


def drawing_info(symbology: Symbology, field: str) -> dict[str, object]:
    """Return how ArcGIS draws a layer.

    Parameters
    ----------
    field
        The name that the field of the style has in the layer.
    """
    return {"renderer": _renderer(symbology, field), "transparency": 0, "labelingInfo": None}


def _renderer(symbology: Symbology, field: str) -> dict[str, object]:
    def drawn(rule: Rule) -> dict[str, object]:
        return {"label": rule.label, "symbol": _symbol(rule.symbol, symbology.shape)}

    rules = symbology.rules
    if symbology.kind == "single":
        return {"type": "simple", "description": "", **drawn(rules[0])}
    if symbology.kind == "graduated":
        ranges = [
            {"classMinValue": one.low, "classMaxValue": one.high, **drawn(one)} for one in rules
        ]
        return {
            "type": "classBreaks",
            "field": field,
            "classificationMethod": "esriClassifyQuantile",
            "minValue": rules[0].low,
            "classBreakInfos": ranges,
        }
    default = next((drawn(one) for one in rules if not one.value), {"symbol": None, "label": None})
    # A renderer of one field cannot look at a flag beside it.
    classed = [one for one in rules if one.value and one.value != symbology.flag]
    values = [{"value": one.value, "description": "", **drawn(one)} for one in classed]
    return {
        "type": "uniqueValue",
        "field1": field,
        "field2": None,
        "field3": None,
        "fieldDelimiter": ", ",
        "defaultSymbol": default["symbol"],
        "defaultLabel": default["label"],
        "uniqueValueInfos": values,
    }


def _symbol(symbol: Symbol, shape: SymbolShape) -> dict[str, object]:
    colour = _colour(symbol.fill, symbol.opacity)
    outline: dict[str, object] = {
        "color": _colour(symbol.outline, OUTLINE_OPACITY),
        "width": round(OUTLINE_MM / _POINT_MM, 2),
    }
    if shape == "point":
        size = round(MARKER_MM / _POINT_MM, 1)
        marker = {"type": "esriSMS", "style": "esriSMSCircle", "color": colour, "size": size}
        return {**marker, "angle": 0, "xoffset": 0, "yoffset": 0, "outline": outline}
    if shape == "line":
        outline["width"] = round(LINE_MM / _POINT_MM, 2)
    line = {"type": "esriSLS", "style": "esriSLSSolid", **outline}
    if shape == "line":
        return line
    return {"type": "esriSFS", "style": "esriSFSSolid", "color": colour, "outline": line}


def _colour(code: str, opacity: float) -> list[int]:
    return [*bytes.fromhex(code[1:]), round(opacity * 255)]
