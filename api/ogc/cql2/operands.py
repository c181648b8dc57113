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
from api.ogc.cql2.intervals import Intervals, Mask, interval_of
from api.ogc.cql2.parse import Tree
from geo.crs import Projection
from geo.errors import QuestionError

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
    values: str | float | bool | Intervals | NDArray[Any] | None
    known: Mask | np.bool_ = np.True_

    @property
    def intervals(self) -> Intervals:
        """The operand as intervals of time; a text is read as one.

        Raises
        ------
        QuestionError
            If it is not a time.
        """
        if isinstance(self.values, str):
            return interval_of(self.values)
        if not isinstance(self.values, Intervals):
            raise QuestionError("filter", f"a time is compared with a {self.kind}")
        return self.values

    def folded(self) -> Values:
        """Return the text without its case.

        Raises
        ------
        QuestionError
            If it is not text.
        """
        if isinstance(self.values, str):
            return Values("string", self.values.casefold(), self.known)
        if self.kind != "string" or not isinstance(self.values, np.ndarray):
            raise QuestionError("filter", f"CASEI needs a text, not a {self.kind}")
        texts = np.array([str(text).casefold() for text in self.values], dtype=object)
        return Values("string", texts, self.known)


def operand(tree: Tree, rows: pd.DataFrame) -> Values:
    """Return the values of an operand for each row.

    Raises
    ------
    QuestionError
        If it is not an operand, or an unknown property.
    """
    if not isinstance(tree, Mapping):
        if type(tree) not in _KINDS:
            raise QuestionError("filter", "has no value where one is needed")
        return Values(_KINDS[type(tree)], tree, np.bool_(tree is not None))
    if "property" in tree:
        return property_values(str(tree["property"]), rows)
    if not {"date", "timestamp", "interval"}.isdisjoint(tree):
        return Values("time", interval_of(tree))
    name, arguments = call(tree)
    if name == "casei" and len(arguments) == 1:
        return operand(arguments[0], rows).folded()
    raise QuestionError("filter", f"the function {name} is not supported")


def property_values(name: str, rows: pd.DataFrame) -> Values:
    """Return the values of a property for each row.

    Raises
    ------
    QuestionError
        If there is no such property.
    """
    if name not in rows:
        names = ", ".join(map(str, rows.columns))
        raise QuestionError("filter", f"unknown property {name!r}; choose one of: {names}")
    column = rows[name]
    known = column.notna().to_numpy()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        seconds = column.to_numpy(dtype="datetime64[s]").astype(np.int64)
        return Values("time", Intervals(seconds, seconds), known)
    if pd.api.types.is_bool_dtype(column):
        return Values("boolean", column.fillna(value=False).to_numpy(dtype=bool), known)
    if pd.api.types.is_numeric_dtype(column):
        return Values("number", column.to_numpy(dtype=float, na_value=np.nan), known)
    return Values("string", column.astype(object).where(known, "").to_numpy(), known)


def call(tree: Tree) -> tuple[str, list[Tree]]:
    """Return the name of an operator or function, and its operands.

    Raises
    ------
    QuestionError
        If it is neither.
    """
    if not isinstance(tree, Mapping) or not isinstance(tree.get("op"), str):
        raise QuestionError("filter", "has a value where a condition is needed")
    arguments = tree.get("args")
    if not isinstance(arguments, list):
        raise QuestionError("filter", f"{tree['op']} has no list of operands")
    return tree["op"].lower(), arguments


def literal(tree: Tree) -> Tree:
    """Return a literal without the CASEI around it."""
    if isinstance(tree, Mapping) and tree.get("op") == "casei" and tree.get("args"):
        return tree["args"][0]
    return tree


def like_pattern(text: str, *, fold: bool) -> re.Pattern[str]:
    r"""Return LIKE as a regular expression: % is any text, _ any letter, \ escapes them.

    Parameters
    ----------
    fold
        Whether case is ignored.
    """
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
    # Each part at its first match, without backtracking: that takes exponential time on some texts.
    middle = "".join(f"(?>.*?{part})" for part in parts[1:-1])
    return re.compile(f"{parts[0]}{middle}.*{parts[-1]}", re.DOTALL)


def geometry(tree: Tree, axes: Axes, projection: Projection) -> shapely.Geometry:
    """Return a geometry literal in metres of the working CRS.

    Raises
    ------
    QuestionError
        If it cannot be read or is invalid.
    """
    read: shapely.Geometry
    try:
        if isinstance(tree, Mapping) and "bbox" in tree:
            numbers = [float(number) for number in tree["bbox"]]
            # Six numbers are a box with heights.
            first, second, third, fourth = (
                numbers if len(numbers) == 4 else [*numbers[:2], *numbers[3:5]]
            )
            read = shapely.box(first, second, third, fourth)
        else:
            read = shapely.force_2d(shapely.geometry.shape(tree))
    except (GEOSException, TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise QuestionError("filter", "has a geometry that cannot be read") from error
    if not np.isfinite(shapely.get_coordinates(read)).all():
        raise QuestionError("filter", "has a geometry whose coordinates are not numbers")
    if not shapely.is_valid(read):
        reason = shapely.is_valid_reason(read)
        raise QuestionError("filter", f"has an invalid geometry: {reason}")
    return axes.read(read, projection)
