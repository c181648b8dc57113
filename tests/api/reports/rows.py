"""Rows as the analyses give them, for reports of areas that need no store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from geo.calendar_parts import CalendarPart

NAN = float("nan")
PROFILE: dict[str, Any] = {
    "area_code": "E1",
    "area_name": "Fladen Park",
    "measure_id": "satisfaction",
    "measure": "Satisfied with the neighbourhood",
    "unit": "% of residents asked",
    "first_day": pd.Timestamp("2025-10-01"),
    "last_day": pd.Timestamp("2026-03-31"),
    "value": 52.0,
    "numerator": 52.0,
    "denominator": 100.0,
    "rest": 71.0,
    "ratio": 0.73,
    "lower": 0.6,
    "upper": 0.88,
    "p": 0.001,
    "q": 0.003,
    "verdict": "worse",
    "why": "",
    "year_before": 50.0,
    "change": 1.04,
    "change_lower": 0.8,
    "change_upper": 1.35,
    "change_verdict": "no clear change",
    "source": "Council survey",
    "licence": "OGL",
    "caveat": "",
    "carried": "",
}


def profile(*rows: dict[str, Any]) -> pd.DataFrame:
    """A profile: a row for each mapping, of what differs from `PROFILE`."""
    return pd.DataFrame([{**PROFILE, **row} for row in rows])


def unknown(measure: str, why: str) -> dict[str, Any]:
    """A row of a measure that cannot be judged."""
    numbers = dict.fromkeys(("value", "rest", "ratio", "lower", "upper", "p", "q"), NAN)
    verdicts = {"verdict": "", "change_verdict": ""}
    return {"measure_id": measure.lower(), "measure": measure, "why": why, **numbers, **verdicts}


def track(values: dict[str, list[float]], parts: Sequence[CalendarPart]) -> pd.DataFrame:
    """A track: the values of each measure, one for each half-year."""
    return pd.DataFrame(
        [
            {
                "area_code": "E1",
                "measure_id": name,
                "measure": name,
                "first_day": f"{part.period.first}",
                "last_day": f"{part.period.last}",
                "value": value,
            }
            for name, row in values.items()
            for part, value in zip(parts, row, strict=True)
        ]
    )
