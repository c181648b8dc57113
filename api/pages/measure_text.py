"""Values of measures, money and hours as people read them, the same on pages and in reports."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from geo.period import Period

UNKNOWN: Final = "–"
"""What stands for an unknown value; never 0."""


def number_words(value: float, unit: str) -> str:
    """A value with as many digits as it bears; per cent are whole.

    Parameters
    ----------
    value
        Any number; NaN is unknown.
    unit
        As `people`, `per 1,000 residents` or `% of residents asked`.
    """
    if math.isnan(value):
        return UNKNOWN
    if unit.startswith("%"):
        return f"{_share(value)} %"
    if float(value).is_integer() or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _share(value: float) -> str:
    """Whole, but for less than 1 % and for nearly all, which are not rounded to none or to all."""
    if value == 0 or 1 <= value <= 99 or value >= 100:
        return f"{value:,.0f}"
    return f"{min(value, 99.9):.1f}" if value > 99 else f"{value:.2g}"


def value_words(value: float, unit: str) -> str:
    """A value with its unit: `74 % of residents asked`, `45.2 per 1,000 residents`."""
    number = number_words(value, unit)
    return f"{number} {unit.removeprefix('%').strip()}".strip() if number != UNKNOWN else "unknown"


def ratio_words(ratio: float, lower: float, upper: float) -> str:
    """A ratio with its limits: `2.10 (1.85 to 2.37)`."""
    if math.isnan(ratio):
        return UNKNOWN
    text = _times(ratio)
    if math.isnan(lower) or math.isnan(upper):
        return text
    return f"{text} ({_times(lower)} to {_times(upper)})"


def pounds(value: float) -> str:
    """Pounds and pence: `£1,250.00`, `−£240.50`."""
    if math.isnan(value):
        return UNKNOWN
    return f"{'−' if value < 0 else ''}£{abs(value):,.2f}"


def hours(value: float) -> str:
    """Hours, to a tenth."""
    return UNKNOWN if math.isnan(value) else f"{value:,.1f}"


def days_words(first: object, last: object) -> str:
    """The days of a value as people write them: `April 2025 to September 2025`."""
    days = [pd.Timestamp(day) for day in (first, last)]  # type: ignore[arg-type]  # a cell of a frame
    if any(pd.isna(day) for day in days):
        return "unknown"
    return Period(days[0].date(), days[1].date()).title


def _times(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:,.2f}"
