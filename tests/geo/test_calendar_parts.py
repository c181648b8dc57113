"""Parts of the calendar: each day lies in one, and a period in as many as it touches."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.calendar_parts import CALENDAR_UNITS, column_of, part_of, parts_of
from geo.period import Period

DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("unit", "day", "label", "first", "last"),
    [
        ("month", date(2024, 2, 29), "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("quarter", date(2024, 3, 31), "2024-Q1", date(2024, 1, 1), date(2024, 3, 31)),
        ("quarter", date(2024, 10, 1), "2024-Q4", date(2024, 10, 1), date(2024, 12, 31)),
        ("half", date(2024, 4, 1), "2024/25 H1", date(2024, 4, 1), date(2024, 9, 30)),
        ("half", date(2024, 3, 31), "2023/24 H2", date(2023, 10, 1), date(2024, 3, 31)),
        ("half", date(2024, 12, 31), "2024/25 H2", date(2024, 10, 1), date(2025, 3, 31)),
        ("year", date(2024, 7, 1), "2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("financial-year", date(2025, 3, 31), "2024/25", date(2024, 4, 1), date(2025, 3, 31)),
        ("financial-year", date(1999, 4, 1), "1999/00", date(1999, 4, 1), date(2000, 3, 31)),
    ],
)
def test_a_day_lies_in_the_part_that_people_say(unit, day, label, first, last):
    part = part_of(day, unit)
    assert (part.label, part.whole) == (label, Period(first, last))


@given(day=DAYS, unit=st.sampled_from(["month", "quarter", "year"]))
def test_parts_are_those_of_pandas(day, unit):
    code = {"month": "M", "quarter": "Q", "year": "Y"}[unit]
    expected = pd.Period(day, code)
    part = part_of(day, unit)
    assert part.whole.first == expected.start_time.date()
    assert part.whole.last == expected.end_time.date()
    assert part.label.replace("-Q", "Q") == str(expected)


@given(day=DAYS)
def test_financial_years_are_those_that_end_in_march(day):
    expected = pd.Period(day, "Y-MAR")
    assert part_of(day, "financial-year").whole.last == expected.end_time.date()
    half = part_of(day, "half").whole
    assert half.first.month in {4, 10}
    assert half.months == [str(pd.Period(half.first, "M") + at) for at in range(6)]


@given(first=DAYS, days=st.integers(0, 1_500), unit=st.sampled_from(CALENDAR_UNITS))
def test_the_parts_of_a_period_hold_each_of_its_days_once(first, days, unit):
    period = Period(first, first + timedelta(days=days))
    parts = parts_of(period, unit)
    assert sum(part.period.days for part in parts) == period.days
    assert parts[0].period.first == first
    assert parts[-1].period.last == period.last
    assert all(part.period.first >= part.whole.first for part in parts)
    assert [part.is_cut for part in parts[1:-1]] == [False] * (len(parts) - 2)


def test_a_part_that_the_period_cuts_says_so():
    first, last = parts_of(Period(date(2024, 2, 10), date(2024, 5, 31)), "quarter")
    assert (first.period.first, first.is_cut) == (date(2024, 2, 10), True)
    assert (last.label, last.period.last, last.is_cut) == ("2024-Q2", date(2024, 5, 31), True)


@pytest.mark.parametrize(
    ("first", "last", "unit", "label", "before"),
    [
        ("2024-10-01", "2025-03-31", "half", "2023/24 H2", "2023-10-01/2024-03-31"),
        ("2024-01-01", "2024-02-29", "quarter", "2023-Q1", "2023-01-01/2023-02-28"),
        ("2024-02-10", "2024-02-29", "quarter", "2023-Q1", "2023-02-10/2023-02-28"),
        ("2024-04-01", "2025-03-31", "financial-year", "2023/24", "2023-04-01/2024-03-31"),
    ],
)
def test_the_part_a_year_before_is_of_the_same_days(first, last, unit, label, before):
    (part,) = parts_of(Period(date.fromisoformat(first), date.fromisoformat(last)), unit)
    assert part.year_before.label == label
    assert str(part.year_before.period) == before


def test_a_part_is_a_column_by_its_name():
    assert [column_of(unit) for unit in CALENDAR_UNITS][-1] == "financial_year"
