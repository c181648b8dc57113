"""The part of time in which each incident occurred is found in one pass over all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.period import Period
from geo.question.time_parts import part_numbers, time_parts


@pytest.mark.parametrize("unit", ["s", "us"])
def test_the_rows_of_each_part_are_those_that_comparing_finds(unit: str) -> None:
    # Across changes of the clocks, with days before, after and in a month that is not published.
    period = Period.of_months("2023-02", "2023-12")
    drawn = np.random.default_rng(1).integers(1_672_531_200, 1_709_251_200, 5_000)
    occurred = pd.DatetimeIndex(drawn, dtype="datetime64[s, UTC]").as_unit(unit)  # type: ignore[arg-type]
    edges = [moment for one in (period.start, period.end) for moment in (one, one)]
    incidents = pd.DataFrame({"occurred_from": occurred.append(pd.DatetimeIndex(edges))})
    parts = time_parts("month", period, [one for one in period.months if one != "2023-07"])

    moments = incidents["occurred_from"]
    found = part_numbers(moments, parts)

    assert len(parts) == 10
    expected = np.full(len(moments), -1)
    for number, part in enumerate(parts):
        here = (moments >= part.period.start) & (moments < part.period.end)
        expected[here.to_numpy()] = number
    assert found.tolist() == expected.tolist()


def test_without_parts_no_incident_is_in_one() -> None:
    assert part_numbers(pd.Series(pd.DatetimeIndex(["2024-01-01"], tz="UTC")), []).tolist() == [-1]
