"""A frame as a table that people read: few digits, a range beside its value, shares in per cent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final

import numpy as np
import pandas as pd

from api.pages.text import date_words, percent

MOST_ROWS: Final = 200
"""Rows that the page shows; the files have all."""

_SHARES: Final = ("share", "hit_rate", "behind", "year_gone")
_POUNDS: Final = ("allocated", "committed", "paid", "left", "cost")
_HOURS: Final = "hours"
_LONG: Final = 40
"""From so many letters on a text would make its row many lines high in a narrow column."""
_LOW, _HIGH = "_low", "_high"
_INTERVALS: Final = {"ratio": ("lower", "upper"), "change": ("change_lower", "change_upper")}
_SMALL: Final = 1_000.0


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    title
        Its name in files, as words.
    is_number
        Whether it is set flush right.
    cells
        A text for each row.
    """

    title: str
    is_number: bool
    cells: list[str]

    @property
    def is_long(self) -> bool:
        """Whether it has texts of many words."""
        return not self.is_number and max(map(len, self.cells), default=0) > _LONG


@dataclass(frozen=True)
class ShownTable:
    """The first rows of a frame, and how many there are in all."""

    columns: list[Column]
    rows: int
    all_rows: int


def shown_table(frame: pd.DataFrame) -> ShownTable:
    """The table of a frame.

    Parameters
    ----------
    frame
        Of an analysis; its geometry is left out, and columns of which nothing is known.
    """
    shown = pd.DataFrame(frame.drop(columns="geometry", errors="ignore")).head(MOST_ROWS)
    known = [str(name) for name in shown if not _is_empty(shown[name])]
    columns = [_column(shown, name) for name in known if not _is_end(name, known)]
    return ShownTable(columns, len(shown), len(frame))


def _is_empty(values: pd.Series) -> bool:
    return bool((values.isna() | (values.astype(str) == "")).all())


def _is_end(name: str, names: list[str]) -> bool:
    """Whether a column is the end of another one's range, which shows it."""
    return any(name in _ends(value) for value in names)


def _ends(name: str) -> tuple[str, str]:
    """The columns of the ends of a column's range, where there are such."""
    return _INTERVALS.get(name, (f"{name}{_LOW}", f"{name}{_HIGH}"))


def _column(frame: pd.DataFrame, name: str) -> Column:
    is_number = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(
        frame[name]
    )
    cells = [cell_text(name, value) for value in frame[name]]
    low, high = _ends(name)
    if low in frame and high in frame:
        ends = zip(cells, frame[low], frame[high], strict=True)
        cells = [
            cell if pd.isna(a) or pd.isna(b) else f"{cell} ({_range(name, a, b)})"
            for cell, a, b in ends
        ]
    return Column(name.replace("_", " "), is_number, cells)


def _range(name: str, low: float, high: float) -> str:
    return f"{cell_text(name, low)} to {cell_text(name, high)}".replace(" % to", " to")


def cell_text(name: str, value: Any) -> str:
    """A value as people read it.

    Parameters
    ----------
    name
        Of its column: shares are given in per cent.
    value
        Any of a frame.

    Returns
    -------
    '–' for what is unknown.
    """
    if not isinstance(value, list | tuple) and pd.isna(value):
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number_text(name, value)
    return f"{value:,}" if isinstance(value, Integral) else date_words(str(value))


def _number_text(name: str, value: float) -> str:
    if math.isinf(value):
        return "∞"
    if name in _POUNDS:
        return f"{'−' if value < 0 else ''}£{abs(value):,.2f}"
    if name == _HOURS:  # which add up as they are printed elsewhere
        return f"{value:,.1f}"
    if any(part in name for part in _SHARES):
        return percent(value)
    return f"{value:,.0f}" if abs(value) >= _SMALL else f"{value:#.3g}".rstrip(".")
