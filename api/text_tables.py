"""Frames as aligned text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def text_table(columns: Mapping[str, Iterable[object]] | pd.DataFrame) -> list[str]:
    """Columns as lines: their headings, then a line for each row; none where there is no row.

    Numbers stand to the right, and so do texts under a heading that begins with a space.
    """
    written = [_column(str(name), list(columns[name])) for name in columns]
    lines = ["  ".join(cells).rstrip() for cells in zip(*written, strict=True)]
    return lines if len(lines) > 1 else []


def _column(name: str, values: list[object]) -> list[str]:
    numeric = any(isinstance(value, int | float) for value in values)
    cells = [name.strip(), *(shown(value) for value in values)]
    width = max(map(len, cells))
    right = numeric or name.startswith(" ")
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]


def shown(value: object) -> str:
    """A value for people: thousands apart, small fractions to two decimals, nothing for none."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float) and not value.is_integer() and abs(value) < 1000:
        return f"{value:,.2f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """Names with commas, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
