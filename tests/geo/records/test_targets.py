"""Working days of England and Wales: gov.uk's bank holidays, and due days counted by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.records.targets import (
    MOST_DAYS,
    Target,
    bank_holidays,
    deadlines,
    due_days,
    parse_target,
    working_days_between,
)

# https://www.gov.uk/bank-holidays, England and Wales, as published for these years.
# fmt: off
PUBLISHED = [
    "2020-01-01", "2020-04-10", "2020-04-13", "2020-05-08", "2020-05-25",
    "2020-08-31", "2020-12-25", "2020-12-28",
    "2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31",
    "2021-08-30", "2021-12-27", "2021-12-28",
    "2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-06-02",
    "2022-06-03", "2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27",
    "2023-01-02", "2023-04-07", "2023-04-10", "2023-05-01", "2023-05-08",
    "2023-05-29", "2023-08-28", "2023-12-25", "2023-12-26",
    "2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27",
    "2024-08-26", "2024-12-25", "2024-12-26",
    "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26",
    "2025-08-25", "2025-12-25", "2025-12-26",
    "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25",
    "2026-08-31", "2026-12-25", "2026-12-28",
]
# fmt: on


def utc(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True))


def test_the_bank_holidays_on_weekdays_are_those_that_the_government_publishes() -> None:
    weekdays = [str(day) for day in bank_holidays(2020, 2026) if day.weekday() < 5]
    assert weekdays == PUBLISHED


@pytest.mark.parametrize(
    ("received", "target", "due"),
    [
        ("2024-06-03 09:00", "10wd", "2024-06-17"),  # a Monday, no holiday near
        ("2024-06-03 23:30", "10wd", "2024-06-18"),  # 00:30 of Tuesday in London
        ("2024-06-08 12:00", "1wd", "2024-06-10"),  # a Saturday
        ("2024-06-09 12:00", "1wd", "2024-06-10"),  # a Sunday
        ("2024-12-23 10:00", "3wd", "2024-12-30"),  # 24, 27, 30: Christmas and Boxing Day between
        ("2024-12-24 10:00", "5wd", "2025-01-03"),  # 27, 30, 31, 2, 3: New Year's Day too
        ("2021-12-24 10:00", "1wd", "2021-12-29"),  # both holidays on substitute days
        ("2024-03-28 10:00", "2wd", "2024-04-03"),  # Maundy Thursday: Good Friday, Easter Monday
        ("2024-03-29 10:00", "1wd", "2024-04-02"),  # received on Good Friday
        ("2022-09-16 10:00", "1wd", "2022-09-20"),  # the state funeral
        ("2023-05-05 10:00", "1wd", "2023-05-09"),  # the coronation
        ("2023-04-27 10:00", "20wd", "2023-05-30"),  # three holidays in May
        ("2024-12-23 10:00", "10d", "2025-01-02"),
        ("2024-06-03 23:30", "1d", "2024-06-05"),
    ],
)
def test_the_day_of_receipt_is_not_counted_nor_any_day_off(
    received: str, target: str, due: str
) -> None:
    assert due_days(utc(received), parse_target(target))[0] == np.datetime64(due)


def test_nothing_is_due_of_what_was_never_received() -> None:
    received = pd.Series(pd.to_datetime(["2024-06-03", None], utc=True))
    days = due_days(received, Target(10, working=True))
    assert str(days[0]) == "2024-06-17"
    assert np.isnat(days[1])
    assert len(due_days(received[:0], Target(10, working=True))) == 0


def test_a_due_day_lasts_until_its_last_second_in_london_in_summer_and_in_winter() -> None:
    lives = pd.DataFrame({"received": utc("2024-06-03 09:00", "2024-01-08 09:00")})
    ends = deadlines(lives.assign(due=pd.NaT), parse_target("1d"))
    assert ends.tolist() == [
        pd.Timestamp("2024-06-04 22:59:59Z"),
        pd.Timestamp("2024-01-09 23:59:59Z"),
    ]


def test_the_stated_due_time_holds_unless_the_question_states_a_target() -> None:
    due = pd.Series(
        pd.to_datetime(["2024-06-09 23:00Z", "2024-01-20 00:00Z", "2024-01-20 15:00Z", None])
    ).dt.as_unit("ns")
    lives = pd.DataFrame({"received": utc(*["2024-01-08 09:00"] * 4), "due": due})
    stated = deadlines(lives)
    # A date without a time is midnight in London, which in summer is 23:00 of the day before.
    assert stated[:3].tolist() == [
        pd.Timestamp("2024-06-10 22:59:59Z"),
        pd.Timestamp("2024-01-20 23:59:59Z"),
        pd.Timestamp("2024-01-20 15:00:00Z"),
    ]
    assert pd.isna(stated[3])
    assert (
        deadlines(lives, Target(1, working=True)).tolist()
        == [pd.Timestamp("2024-01-09 23:59:59Z")] * 4
    )


@pytest.mark.parametrize(
    "text", ["", "10", "wd", "0wd", "-1d", "10 wd", "1001d", "10h", "1.5d", "²d"]
)
def test_what_is_no_target_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="write 10wd"):
        parse_target(text)


def test_a_target_is_written_as_it_was_read() -> None:
    assert parse_target(" 10WD ") == Target(10, working=True)
    assert parse_target("10wd").text == "10 working days"
    assert parse_target("1d").text == "1 day"
    assert parse_target(f"{MOST_DAYS}d").written == "1000d"


@given(
    st.dates(date(2019, 1, 1), date(2027, 12, 31)),
    st.integers(1, 300),
)
def test_an_answer_on_the_due_day_is_as_many_working_days_away_as_the_target_says(
    received: date, days: int
) -> None:
    start = pd.Series(pd.to_datetime([f"{received} 12:00"], utc=True))
    due = due_days(start, Target(days, working=True))
    end = pd.Series(pd.to_datetime(due)).dt.tz_localize("UTC") + pd.Timedelta(hours=12)
    assert working_days_between(start, end)[0] == days
    assert due[0].astype(date).weekday() < 5
    assert due[0].astype(date) not in bank_holidays(2019, 2030)


def test_working_days_are_counted_over_holidays_and_unknown_times_give_none() -> None:
    start = utc("2024-12-24 10:00", "2024-12-24 10:00", "2024-12-24 10:00")
    end = pd.Series(pd.to_datetime(["2024-12-24 16:00", "2024-12-27 09:00", None], utc=True))
    counted = working_days_between(start, end)
    assert counted[:2].tolist() == [0, 1]
    assert np.isnan(counted[2])
