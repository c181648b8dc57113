"""The cells of a report's tables, as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from api.pages.measure_text import UNKNOWN, hours, number_words, pounds, ratio_words
from api.pages.text import date_words, percent
from api.reports.model import Column, Style

Row = Mapping[str, Any]

_QUARTERS: Final = ("Jan–Mar", "Apr–Jun", "Jul–Sep", "Oct–Dec")


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


def part_title(label: str) -> str:
    """A part of time as the head of a column: quarters by their months.

    A financial year begins in April, so that `2025-Q2` is its first quarter to some readers.

    Parameters
    ----------
    label
        As `2025-Q2`, `2024/25 H1` or `2025`.
    """
    year, _, quarter = label.partition("-Q")
    return f"{_QUARTERS[int(quarter) - 1]} {year}" if quarter else label


_WRITERS: Final[Mapping[Style, Callable[[Any], str]]] = {
    "text": str,
    "day": lambda value: date_words(str(value)),
    "named": str,
    "verdict": str,
    "count": lambda value: f"{value:,.0f}",
    "pounds": pounds,
    "hours": hours,
    "share": percent,
}
