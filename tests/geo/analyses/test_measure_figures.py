"""Figures of a measure by period, of no areas and of some."""

from __future__ import annotations

from datetime import date

import pandas as pd

from geo.analyses.measure_figures import figures_by_period
from geo.measures.comparison import FIGURES
from geo.measures.model import Measure, values_frame
from geo.period import Period

MEASURE = Measure("jobs", "Jobs", "jobs", kind="count", better="up", layer_id="wards", source="")
PERIODS = [Period(date(year, 1, 1), date(year, 12, 31)) for year in (2023, 2024)]


def test_of_no_areas_there_are_no_rows_in_any_period() -> None:
    none = pd.Series(dtype=float, index=pd.Index([], dtype="str"))
    figures = figures_by_period(MEASURE, values_frame([]), PERIODS, per=none)
    assert [(list(table.columns), len(table), len(why)) for table, why in figures] == [
        (list(FIGURES), 0, 0)
    ] * len(PERIODS)


def test_each_period_has_a_row_for_each_area_in_their_order() -> None:
    rows = [
        {
            "measure_id": "jobs",
            "area_code": code,
            "first_day": f"{year}-01-01",
            "last_day": f"{year}-12-31",
            "value": value,
        }
        for code, year, value in [("A", 2023, 1.0), ("B", 2024, 2.0), ("A", 2024, 3.0)]
    ]
    per = pd.Series([float("nan")] * 2, index=pd.Index(["B", "A"], dtype="str"))
    figures = figures_by_period(MEASURE, values_frame(rows), PERIODS, per=per)
    values = [table["value"].fillna(-1).tolist() for table, _ in figures]
    assert values == [[-1.0, 1.0], [2.0, 3.0]]
