"""Frames and lists as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def text_table(columns: Mapping[str, Iterable[object]] | pd.DataFrame) -> list[str]:
    """Format columns as aligned lines, headings first; no lines where there are no rows.

    Numbers are aligned right, and so is text under a heading that begins with a space.
    """
    cells = [_column(str(name), list(values)) for name, values in columns.items()]
    lines = ["  ".join(row).rstrip() for row in zip(*cells, strict=True)]
    return lines if len(lines) > 1 else []


def _column(name: str, values: list[object]) -> list[str]:
    numeric = any(isinstance(value, int | float) for value in values)
    cells = [name.strip(), *(cell_text(value) for value in values)]
    width = max(map(len, cells))
    right = numeric or name.startswith(" ")
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]


def cell_text(value: object) -> str:
    """Format a value: 1,234; two decimals below 1,000; "yes" for True; nothing for missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """Join names with commas, and say how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
