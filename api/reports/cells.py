"""The cells of a report's tables, as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from api.pages.measure_text import UNKNOWN, hours, number_words, pounds, ratio_words
from api.pages.text import percent
from api.reports.model import Column, Style

Row = Mapping[str, Any]


def cell(row: Row, column: Column) -> str:
    """A cell as a text.

    Parameters
    ----------
    row
        The row of the frame, with the unit of its value where the column is a measure.
    column
        Which cell, and how it is written.
    """
    value = row.get(column.name)
    if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "":
        return UNKNOWN if column.style != "text" else ""
    if column.style == "ratio":
        lower, upper = (float(row[name]) for name in column.limits)
        return ratio_words(float(value), lower, upper)
    if column.style == "measure":
        return number_words(float(value), str(row.get("unit", "")))
    return _WRITERS[column.style](value)


_WRITERS: Final[Mapping[Style, Callable[[Any], str]]] = {
    "text": str,
    "named": str,
    "verdict": str,
    "count": lambda value: f"{value:,.0f}",
    "pounds": pounds,
    "hours": hours,
    "share": percent,
}
