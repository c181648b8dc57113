"""CQL2 filters, evaluated on the properties and geometries of features.

Truth has three values, as in SQL: a comparison with an empty property is neither true nor false,
and a filter matches only where it is true.

Source: OGC 21-065r2, Common Query Language (CQL2).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from api.ogc.coordinates import Axes
from api.ogc.cql2.intervals import RELATIONS, Intervals, Mask, interval_of
from api.ogc.cql2.operands import (
    GEOMETRY_NAMES,
    Values,
    call,
    geometry,
    like_pattern,
    literal,
    operand,
    property_values,
)
from api.ogc.cql2.parse import Tree
from api.ogc.items import Items, Positions
from geo.errors import QuestionError

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
    for name in (
        "cql2-text",
        "cql2-json",
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "basic-spatial-functions",
        "basic-spatial-functions-plus",
        "spatial-functions",
        "temporal-functions",
        "property-property",
    )
)
"""The conformance classes of CQL2 that are implemented."""

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOMENTS: Mapping[str, Callable[[Intervals, Intervals], Mask]] = {
    "=": RELATIONS["t_intersects"],
    "<>": RELATIONS["t_disjoint"],
    "<": RELATIONS["t_before"],
    "<=": lambda a, b: ~(a.first > b.last),
    ">": RELATIONS["t_after"],
    ">=": lambda a, b: ~(a.last < b.first),
}
"""A date is a day long: `t <= DATE` means to the end of the day."""
_SPATIAL: Mapping[str, Callable[[Any, Any], Any]] = {
    "s_intersects": shapely.intersects,
    "s_disjoint": shapely.disjoint,
    "s_within": shapely.within,
    "s_contains": shapely.contains,
    "s_touches": shapely.touches,
    "s_crosses": shapely.crosses,
    "s_overlaps": shapely.overlaps,
    "s_equals": shapely.equals,
}


@dataclass(frozen=True)
class Truth:
    """Which features are true and which are false; the rest are unknown."""

    true: Mask
    false: Mask

    def __invert__(self) -> Truth:
        return Truth(self.false, self.true)

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.true & other.true, self.false | other.false)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.true | other.true, self.false & other.false)


class Filter:
    """A filter over some features of a collection.

    Parameters
    ----------
    items, positions
        The features that it is evaluated on.
    axes
        The reference system of its geometries.
    """

    def __init__(self, items: Items, positions: Positions, *, axes: Axes) -> None:
        self.items = items
        self.positions = np.asarray(positions, dtype=np.int64)
        self.axes = axes
        self.rows = items.rows(positions)

    def matches(self, tree: Tree) -> Mask:
        """Return which of the features match.

        Raises
        ------
        QuestionError
            If it names an unknown property or function, or compares what cannot be compared.
        """
        return self._truth(tree).true

    def _truth(self, tree: Tree) -> Truth:
        if isinstance(tree, bool) or (isinstance(tree, Mapping) and "property" in tree):
            value = operand(tree, self.rows)
            if value.kind != "boolean":
                raise QuestionError("filter", f"a {value.kind} is neither true nor false")
            return self._truth_of(value.values, value.known)
        name, arguments = call(tree)
        if name in ("and", "or", "not"):
            return self._logic(name, arguments)
        if name in _SPATIAL:
            return self._spatial(name, *_pair(name, arguments))
        if name in RELATIONS:
            first, second = (self._times(part) for part in _pair(name, arguments))
            related = RELATIONS[name](first.intervals, second.intervals)
            return self._truth_of(related, first.known & second.known)
        return self._predicate(name, arguments)

    def _truth_of(self, mask: Any, known: Any = np.True_) -> Truth:
        """Return a mask as truth where it is known; either may be one value for all features."""
        length = len(self.rows)
        true = np.broadcast_to(np.asarray(mask, dtype=bool), length)
        everywhere = np.broadcast_to(np.asarray(known, dtype=bool), length)
        return Truth(true & everywhere, ~true & everywhere)

    def _logic(self, name: str, arguments: list[Tree]) -> Truth:
        if not arguments or (name == "not" and len(arguments) > 1):
            raise QuestionError("filter", f"{name} has {len(arguments)} operands")
        truth = self._truth(arguments[0])
        if name == "not":
            return ~truth
        for part in arguments[1:]:
            truth = truth & self._truth(part) if name == "and" else truth | self._truth(part)
        return truth

    def _predicate(self, name: str, arguments: list[Tree]) -> Truth:
        if name in _COMPARISONS:
            first, second = (operand(part, self.rows) for part in _pair(name, arguments))
            return self._compare(name, first, second)
        match name, arguments:
            case "isnull", [part]:
                return self._truth_of(~operand(part, self.rows).known)
            case "between", [part, low, high]:
                value, *ends = (operand(one, self.rows) for one in (part, low, high))
                return self._compare(">=", value, ends[0]) & self._compare("<=", value, ends[1])
            case "like", [part, pattern] if isinstance(literal(pattern), str):
                return self._like(operand(part, self.rows), pattern)
            case "in", [part, list(parts)]:
                choices = [operand(one, self.rows) for one in parts]
                return self._in(operand(part, self.rows), choices)
        raise QuestionError("filter", f"{name} with {len(arguments)} operands is not supported")

    def _in(self, value: Values, choices: list[Values]) -> Truth:
        if all(one.kind == value.kind and isinstance(one.values, str | float) for one in choices):
            # Plain values are looked up in one pass, however many there are.
            chosen = pd.Series(value.values).isin([one.values for one in choices])
            return self._truth_of(chosen.to_numpy(), value.known)
        truth = self._truth_of(np.False_, value.known)
        for one in choices:
            truth = truth | self._compare("=", value, one)
        return truth

    def _compare(self, name: str, first: Values, second: Values) -> Truth:
        known = first.known & second.known
        kinds = {first.kind, second.kind}
        if "null" in kinds:
            return self._truth_of(np.False_, np.False_)
        if "time" in kinds:
            return self._truth_of(_MOMENTS[name](first.intervals, second.intervals), known)
        if len(kinds) > 1:
            raise QuestionError("filter", f"a {first.kind} is compared with a {second.kind}")
        with np.errstate(invalid="ignore"):
            return self._truth_of(_COMPARISONS[name](first.values, second.values), known)

    def _like(self, value: Values, pattern: Tree) -> Truth:
        if not isinstance(value.values, str | np.ndarray) or value.kind != "string":
            raise QuestionError("filter", f"LIKE needs a text, not a {value.kind}")
        matches = like_pattern(literal(pattern), fold=not isinstance(pattern, str)).fullmatch
        # Each distinct text is matched once.
        codes, texts = pd.factorize(np.broadcast_to(value.values, len(self.rows)))
        matched = np.array([matches(str(text)) is not None for text in texts], dtype=bool)
        return self._truth_of(matched[codes], value.known)

    def _times(self, tree: Tree) -> Values:
        if isinstance(tree, Mapping) and "property" in tree:
            values = property_values(str(tree["property"]), self.rows)
            if values.kind != "time":
                raise QuestionError("filter", f"{tree['property']} is not a time")
            return values
        return Values("time", interval_of(tree))

    def _spatial(self, name: str, first: Tree, second: Tree) -> Truth:
        if _is_geometry(first) == _is_geometry(second):
            raise QuestionError("filter", f"{name} needs the property geometry and a geometry")
        literal_tree = first if _is_geometry(second) else second
        other = geometry(literal_tree, self.axes, self.items.projection)
        touching = np.isin(self.positions, self.items.geometries.touching(other))
        if name == "s_disjoint":
            return self._truth_of(~touching)
        if name != "s_intersects":
            # Every other relation holds only between geometries that touch.
            near = self.items.geometries.take(self.positions[touching])
            pair = (near, other) if _is_geometry(first) else (other, near)
            touching[touching] = _SPATIAL[name](*pair)
        return self._truth_of(touching)


def _pair(name: str, arguments: list[Tree]) -> tuple[Tree, Tree]:
    if len(arguments) != 2:
        raise QuestionError("filter", f"{name} needs two operands, not {len(arguments)}")
    return arguments[0], arguments[1]


def _is_geometry(tree: Tree) -> bool:
    return isinstance(tree, Mapping) and tree.get("property") in GEOMETRY_NAMES
