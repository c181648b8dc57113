"""The incidents of each part of time are found in one pass over all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from geo.period import Period
from geo.question.time_parts import rows_of_parts, time_parts


@pytest.mark.parametrize("unit", ["s", "us"])
def test_the_rows_of_each_part_are_those_that_comparing_finds(unit: str) -> None:
    # Across changes of the clocks, with days before, after and in a month that is not published.
    period = Period.of_months("2023-02", "2023-12")
    drawn = np.random.default_rng(1).integers(1_672_531_200, 1_709_251_200, 5_000)
    occurred = pd.DatetimeIndex(drawn, dtype="datetime64[s, UTC]").as_unit(unit)  # type: ignore[arg-type]
    edges = [moment for one in (period.start, period.end) for moment in (one, one)]
    incidents = pd.DataFrame({"occurred_from": occurred.append(pd.DatetimeIndex(edges))})
    parts = time_parts("month", period, [one for one in period.months if one != "2023-07"])

    found = list(rows_of_parts(incidents, parts))

    moments = incidents["occurred_from"]
    assert len(found) == len(parts) == 10
    for part, rows in zip(parts, found, strict=True):
        expected = incidents[(moments >= part.period.start) & (moments < part.period.end)]
        assert_frame_equal(rows, expected)


def test_without_parts_there_are_no_rows() -> None:
    assert list(rows_of_parts(pd.DataFrame({"occurred_from": []}), [])) == []
