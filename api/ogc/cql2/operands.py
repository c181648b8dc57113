"""The operands of CQL2 conditions: literals and properties, each of one kind.

Source: OGC 21-065r2, Common Query Language (CQL2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException

from api.ogc.coordinates import Axes
from api.ogc.cql2.intervals import Spans, span_of
from api.ogc.cql2.parse import Tree
from geo.crs import Projection
from geo.errors import QuestionError

Mask = NDArray[np.bool_]

GEOMETRY_NAMES: Final = ("geometry", "geom")
_KINDS: Final[Mapping[type, str]] = {
    bool: "boolean",
    float: "number",
    int: "number",
    str: "string",
    type(None): "null",
}


@dataclass(frozen=True)
class Values:
    """An operand: one value for all features or an array of them, and where it is known."""

    kind: str
    values: Any
    known: Mask | np.bool_ = np.True_

    @property
    def spans(self) -> Spans:
        """The operand as spans of time; a text may be written for one.

        Raises
        ------
        QuestionError
            If it is no time.
        """
        if isinstance(self.values, str):
            return span_of(self.values)
        if not isinstance(self.values, Spans):
            raise QuestionError("filter", f"a time is compared with a {self.kind}")
        return self.values

    def folded(self) -> Values:
        """The text without its case.

        Raises
        ------
        QuestionError
            If it is no text.
        """
        if self.kind != "string":
            raise QuestionError("filter", f"CASEI needs a text, not a {self.kind}")
        if isinstance(self.values, str):
            return Values("string", self.values.casefold(), self.known)
        texts = np.array([str(text).casefold() for text in self.values], dtype=object)
        return Values("string", texts, self.known)


def operand(tree: Tree, rows: pd.DataFrame) -> Values:
    """What an operand is for each row.

    Raises
    ------
    QuestionError
        If it is no operand, or a property that there is not.
    """
    if not isinstance(tree, Mapping):
        if type(tree) not in _KINDS:
            raise QuestionError("filter", "holds what is no value here")
        return Values(_KINDS[type(tree)], tree, np.bool_(tree is not None))
    if "property" in tree:
        return property_values(str(tree["property"]), rows)
    if not {"date", "timestamp", "interval"}.isdisjoint(tree):
        return Values("time", span_of(tree))
    name, arguments = call(tree)
    if name == "casei" and len(arguments) == 1:
        return operand(arguments[0], rows).folded()
    raise QuestionError("filter", f"there is no {name} here")


def property_values(name: str, rows: pd.DataFrame) -> Values:
    """A property of each row.

    Raises
    ------
    QuestionError
        If there is no such property.
    """
    if name not in rows:
        names = ", ".join(map(str, rows.columns))
        raise QuestionError("filter", f"there is no property {name!r}; there are: {names}")
    column = rows[name]
    known = column.notna().to_numpy()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        seconds = column.to_numpy(dtype="datetime64[s]").astype(np.int64)
        return Values("time", Spans(seconds, seconds), known)
    if pd.api.types.is_bool_dtype(column):
        return Values("boolean", column.fillna(value=False).to_numpy(dtype=bool), known)
    if pd.api.types.is_numeric_dtype(column):
        return Values("number", column.to_numpy(dtype=float, na_value=np.nan), known)
    return Values("string", column.astype(object).where(known, "").to_numpy(), known)


def call(tree: Tree) -> tuple[str, list[Tree]]:
    """The name of an operator or function, and its operands.

    Raises
    ------
    QuestionError
        If it is none.
    """
    if not isinstance(tree, Mapping) or not isinstance(tree.get("op"), str):
        raise QuestionError("filter", "is a value where a condition is needed")
    arguments = tree.get("args")
    if not isinstance(arguments, list):
        raise QuestionError("filter", f"{tree['op']} has no list of operands")
    return tree["op"].lower(), arguments


def literal(tree: Tree) -> Tree:
    """A literal, out of CASEI where it stands in one."""
    if isinstance(tree, Mapping) and tree.get("op") == "casei" and tree.get("args"):
        return tree["args"][0]
    return tree


def like_pattern(text: str, *, fold: bool) -> re.Pattern[str]:
    r"""LIKE as a regular expression: % is any text, _ any letter, and \ takes their meaning."""
    parts = [""]
    letters = iter(text.casefold() if fold else text)
    for letter in letters:
        if letter == "%":
            parts.append("")
        elif letter == "\\":
            parts[-1] += re.escape(next(letters, "\\"))
        else:
            parts[-1] += "." if letter == "_" else re.escape(letter)
    if len(parts) == 1:
        return re.compile(parts[0], re.DOTALL)
    # Each part at its first place, for good: trying every place takes for ever on some texts.
    middle = "".join(f"(?>.*?{part})" for part in parts[1:-1])
    return re.compile(f"{parts[0]}{middle}.*{parts[-1]}", re.DOTALL)


def geometry(tree: Tree, axes: Axes, projection: Projection) -> shapely.Geometry:
    """A geometry literal in metres.

    Raises
    ------
    QuestionError
        If it is none, or an invalid one.
    """
    try:
        if isinstance(tree, Mapping) and "bbox" in tree:
            numbers = [float(number) for number in tree["bbox"]]
            corners = numbers if len(numbers) == 4 else [*numbers[:2], *numbers[3:5]]
            found = shapely.box(*corners)
        else:
            found = shapely.force_2d(shapely.geometry.shape(tree))
    except (GEOSException, TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise QuestionError("filter", "holds a geometry that cannot be read") from error
    if not np.isfinite(shapely.get_coordinates(found)).all():
        raise QuestionError("filter", "holds a geometry whose coordinates are no numbers")
    if not shapely.is_valid(found):
        reason = shapely.is_valid_reason(found)
        raise QuestionError("filter", f"holds an invalid geometry: {reason}")
    return axes.read(found, projection)
