"""The names of columns of electors: today's, the forecast of a review, and further forecasts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

CURRENT: Final = "electors"
"""Electors of today."""

FORECAST: Final = "electors_forecast"
"""Electors in the year that a review looks ahead to."""

_FURTHER = re.compile(r"electors_(\d{4})")


def electorates(columns: Iterable[object]) -> dict[str, str]:
    """The columns of electors among some columns.

    Parameters
    ----------
    columns
        Names of columns.

    Returns
    -------
    Column → the suffix of the measures that are computed from it: '' for `CURRENT`, `_forecast`
    for `FORECAST`, `_2031` for `electors_2031`. In this order, further forecasts by their years.
    """
    names = set(map(str, columns))
    further = sorted(name for name in names if _FURTHER.fullmatch(name))
    known = [name for name in (CURRENT, FORECAST) if name in names]
    return {name: name.removeprefix(CURRENT) for name in (*known, *further)}


def electorate_title(column: str) -> str:
    """What an electorate is called: 'now', 'forecast', 'forecast for 2031'."""
    if column == CURRENT:
        return "now"
    year = _FURTHER.fullmatch(column)
    return f"forecast for {year[1]}" if year else "forecast"
