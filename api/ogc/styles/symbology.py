"""How the features of a collection are drawn, apart from any encoding of styles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import pandas as pd

from api.maps.modes import BESIDE, BESIDE_STYLE, CLASS_STYLES, GROUPS, PATTERN_STYLES
from api.maps.painting import Style
from api.ogc.collections.base import Collection
from api.ogc.items import Items
from api.ogc.items import Kind as GeometryKind
from api.pages.text import BESIDE_WORDS, CLASS_WORDS
from geo.errors import InputError, QuestionError
from geo.hotspots.change import BANDS
from geo.hotspots.emerging import PATTERNS
from geo.hotspots.verdict import CERTAINTY
from geo.surveillance import CANNOT_SAY, FEWER, MORE, USUAL

RAMP: Final = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
"""ColorBrewer's YlOrRd, which colour-blind people can tell apart."""

CATEGORIES: Final = (
    "#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#666666",
    "#8dd3c7", "#fb8072", "#80b1d3", "#fdb462",
)  # fmt: skip
"""ColorBrewer's Dark2, and then Set3, for what has no order; more values begin anew."""

MARKER_MM: Final = 2.4
"""Diameter of a point in millimetres."""

OUTLINE_MM: Final = 0.1
LINE_MM: Final = 0.4
OUTLINE_OPACITY: Final = 0.8

_MOST_CATEGORIES: Final = 24
_CLASSED: Final = (
    "class", "pattern", "certainty", "band", "verdict", "patch", "officer", "category",
)  # fmt: skip
"""Properties that colour features by what they say, the first that a collection has."""

_GRADED: Final = ("density", "posts", "need", "n")
"""Properties that colour features by how much, the first that a collection has."""

Kind = Literal["single", "categorised", "graduated"]


@dataclass(frozen=True)
class Symbol:
    """A fill or a marker.

    Attributes
    ----------
    fill, outline
        Colours as `#rrggbb`.
    opacity
        Of the fill, 0 to 1.
    """

    fill: str
    opacity: float
    outline: str = "#767676"

    @classmethod
    def of_map(cls, style: Style) -> Symbol:
        """Return the symbol of a style of the board's map."""
        return cls(style["fillColor"], style["fillOpacity"], style.get("color", cls.outline))


@dataclass(frozen=True)
class Rule:
    """Which features a symbol is for.

    Attributes
    ----------
    value
        Of the field, or the name of the symbology's flag; '' for every feature without a rule of
        its own.
    low, high
        Ends of a range of the field, both inclusive; the first range that fits is drawn.
    """

    label: str
    symbol: Symbol
    value: str = ""
    low: float = 0.0
    high: float = 0.0


SymbolShape = Literal["point", "line", "polygon"]
SYMBOL_SHAPES: Final[Mapping[GeometryKind, SymbolShape]] = {
    "Point": "point",
    "MultiPoint": "point",
    "MultiLineString": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}


@dataclass(frozen=True)
class Symbology:
    """How features are drawn: all alike, by what a field says, or by how much.

    Attributes
    ----------
    field
        Name of the property; '' where all are drawn alike.
    shape
        What the features are drawn as.
    flag
        Name of a property that is true or false: where it is true the rule of that name holds,
        whatever the field says; '' where there is none.
    """

    kind: Kind
    field: str
    rules: tuple[Rule, ...]
    shape: SymbolShape
    flag: str = ""


_PLAIN: Final = Symbol("#6baed6", 0.25, "#08519c")
_UNKNOWN: Final = Symbol.of_map(CLASS_STYLES["undefined"])
_OTHER: Final = Rule("other, or not known", _UNKNOWN)
_RISE: Final = Symbol("#b3001b", 0.8)
_FALL: Final = Symbol("#2166ac", 0.8)
_LIKELY_CHANCE: Final = Symbol("#f0f0f0", 0.6)
# An area has a row for each category: what is usual must not cover what is not.
_CLEAR: Final = Symbol("#f0f0f0", 0.0)
_MEANINGS: Final[Mapping[str, Symbol]] = {
    **{name: Symbol.of_map(style) for name, style in CLASS_STYLES.items()},
    **{
        pattern: Symbol.of_map(PATTERN_STYLES[group])
        for group, patterns in GROUPS.items()
        for pattern in patterns
    },
    **{
        pattern: Symbol.of_map(PATTERN_STYLES["cold"])
        for pattern in PATTERNS
        if pattern.startswith("cold_")
    },
    **dict(zip(CERTAINTY, (_RISE, _FALL, _LIKELY_CHANCE), strict=True)),
    **dict(zip(BANDS, (_RISE, _LIKELY_CHANCE, _FALL, _UNKNOWN), strict=True)),
    MORE: _RISE,
    FEWER: _FALL,
    USUAL: _CLEAR,
    CANNOT_SAY: _CLEAR,
}
"""Symbols of values that mean the same wherever they occur."""


def collection_symbology(collection: Collection) -> Symbology:
    """Return how a collection is drawn; all alike where its data cannot answer."""
    try:
        return symbology_of(collection.items({}))
    except (InputError, QuestionError):
        return Symbology("single", "", (Rule("", _PLAIN),), SYMBOL_SHAPES[collection.kind])


def symbology_of(items: Items) -> Symbology:
    """Return how features are drawn.

    A file's own columns may bear any name, so layers of a file are drawn all alike.
    """
    table, shape = items.table, SYMBOL_SHAPES[items.geometries.kind]
    known = [name for name in table.columns if table[name].notna().any()]
    names = known if items.is_declared else []
    if name := next((name for name in _CLASSED if name in names), ""):
        rules = _categories(table[name])
        if BESIDE not in names:
            return Symbology("categorised", name, rules, shape)
        beside = Rule(BESIDE_WORDS, Symbol.of_map(BESIDE_STYLE), BESIDE)
        return Symbology("categorised", name, (beside, *rules), shape, flag=BESIDE)
    if name := next((name for name in _GRADED if name in names), ""):
        return Symbology("graduated", name, _ranges(table[name], shape), shape)
    return Symbology("single", "", (Rule("", _PLAIN),), shape)


def _categories(values: pd.Series) -> tuple[Rule, ...]:
    """A rule for each value of a property; for the classes of cells all of them."""
    if values.name == "class":
        return tuple(Rule(words, _MEANINGS[name], name) for name, words in CLASS_WORDS.items())
    distinct = values.dropna().unique()
    texts = sorted(map(str, distinct), key=lambda text: (not text.isdigit(), text.zfill(9)))
    rules = [
        Rule(text, _MEANINGS.get(text) or _coloured(number), text)
        for number, text in enumerate(texts[:_MOST_CATEGORIES])
    ]
    return (*rules, _OTHER)


def _coloured(number: int) -> Symbol:
    return Symbol(CATEGORIES[number % len(CATEGORIES)], 0.7)


def _ranges(values: pd.Series, shape: SymbolShape) -> tuple[Rule, ...]:
    """Five classes between quantiles, so that each colour has about as many features."""
    ends = np.unique(
        np.nanquantile(values.to_numpy(dtype=float, na_value=np.nan), np.linspace(0, 1, 6))
    )
    pairs = list(pairwise(ends)) or [(ends[0], ends[0])]
    return tuple(
        Rule(
            f"{low:,.4g} – {high:,.4g}",
            # A line is drawn as an outline alone.
            Symbol(colour, 0.8, colour) if shape == "line" else Symbol(colour, 0.8),
            low=float(low),
            high=float(high),
        )
        for colour, (low, high) in zip(RAMP, pairs, strict=False)
    )
