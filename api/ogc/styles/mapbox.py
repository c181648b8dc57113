"""Styles for vector tiles, as MapLibre and other readers of Mapbox GL styles draw them.

Source: Mapbox Style Specification, version 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.ogc.styles.symbology import OUTLINE_OPACITY, Symbol, Symbology

_TRANSPARENT: Final = "rgba(0, 0, 0, 0)"
_RADIUS_PIXELS: Final = 4


def to_mapbox(symbology: Symbology, name: str, *, title: str, tilejson: str) -> dict[str, object]:
    """Return a style of a collection's vector tiles.

    Parameters
    ----------
    name
        The id of the collection.
    title
        Of the style, for people.
    tilejson
        Address of the tiles' description.
    """
    colour = _expression(symbology, lambda one: one.fill, otherwise=_TRANSPARENT)
    opacity = _expression(symbology, lambda one: one.opacity, otherwise=0)
    outline = _expression(symbology, lambda one: one.outline, otherwise=_TRANSPARENT)
    layer: dict[str, object] = {"source": name, "source-layer": name}
    if symbology.kind == "graduated":
        layer["filter"] = ["==", ["typeof", ["get", symbology.field]], "number"]
    layers: list[dict[str, object]]
    if symbology.shape == "point":
        paint = {
            "circle-radius": _RADIUS_PIXELS,
            "circle-color": colour,
            "circle-opacity": opacity,
            "circle-stroke-color": outline,
            "circle-stroke-opacity": OUTLINE_OPACITY,
            "circle-stroke-width": 0.5,
        }
        layers = [{"id": name, "type": "circle", **layer, "paint": paint}]
    elif symbology.shape == "line":
        stroke = {"line-color": outline, "line-opacity": OUTLINE_OPACITY, "line-width": 1.5}
        layers = [{"id": name, "type": "line", **layer, "paint": stroke}]
    else:
        fill = {"fill-color": colour, "fill-opacity": opacity}
        line = {"line-color": outline, "line-opacity": OUTLINE_OPACITY, "line-width": 0.5}
        layers = [
            {"id": name, "type": "fill", **layer, "paint": fill},
            {"id": f"{name}-outline", "type": "line", **layer, "paint": line},
        ]
    source = {"type": "vector", "url": tilejson}
    return {"version": 8, "name": title, "sources": {name: source}, "layers": layers}


def _expression(
    symbology: Symbology, value: Callable[[Symbol], str | float], *, otherwise: str | float
) -> object:
    """A value of each rule's symbol, as an expression of the field that the rules look at."""
    rules, field = symbology.rules, ["get", symbology.field]
    if symbology.kind == "single":
        return value(rules[0].symbol)
    if symbology.kind == "graduated":
        first, *others = (value(rule.symbol) for rule in rules)
        steps = [
            part for rule, one in zip(rules[1:], others, strict=True) for part in (rule.low, one)
        ]
        return first if {first} >= set(others) else ["step", field, first, *steps]
    named = [rule for rule in rules if rule.value and rule.value != symbology.flag]
    cases = [part for rule in named for part in (rule.value, value(rule.symbol))]
    default = next((value(rule.symbol) for rule in rules if not rule.value), otherwise)
    classed = ["match", ["to-string", field], *cases, default] if cases else default
    flagged = [value(rule.symbol) for rule in rules if rule.value and rule.value == symbology.flag]
    if not flagged:
        return classed
    return ["case", ["==", ["get", symbology.flag], True], flagged[0], classed]
