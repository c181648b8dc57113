"""Periods are days in London, both ends inclusive."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import QuestionError
from geo.period import EVER, Interval, Latest, Moments, Period

DATA = Period(date(2023, 5, 4), date(2024, 2, 20))
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-01-05/2024-04-30", date(2024, 1, 5), date(2024, 4, 30)),
        ("2024-01/2024-02", date(2024, 1, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2023-12", date(2023, 12, 1), date(2023, 12, 31)),
        ("2024-01-31", date(2024, 1, 31), date(2024, 1, 31)),
        ("2024-01/..", date(2024, 1, 1), DATA.last),
        ("../2023-12", DATA.first, date(2023, 12, 31)),
        ("../..", DATA.first, DATA.last),
        ("/2023-12", DATA.first, date(2023, 12, 31)),
        ("2024-01-01T00:00:00Z/2024-01-31T23:59:59Z", date(2024, 1, 1), date(2024, 1, 31)),
        ("2024-05-31T23:00:00Z/2024-06-30T22:59:59Z", date(2024, 6, 1), date(2024, 6, 30)),
        ("2024-06-01T00:00/2024-06-30T23:59", date(2024, 6, 1), date(2024, 6, 30)),
    ],
)
def test_an_interval_is_read(text, first, last):
    assert Interval.read(text).within(DATA) == Period(first, last)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2024-13", "datetime: '2024-13' is not a date; write it as 2024-01 or 2024-01-31"),
        ("2023-02-29", "'2023-02-29' is not a date"),
        ("yesterday", "'yesterday' is not a date"),
        ("2024-01/2024-02/2024-03", "is not a date"),
        ("2024-02/2024-01", "'2024-02/2024-01' ends before it begins"),
        ("1066-10-14", "is outside the years 1900 to 2199"),
        ("9999-12", "is outside the years 1900 to 2199"),
        ("2024-01-01Tnoon", "is not a date"),
        ("99999999-01-01T00:00", "datetime: "),
        ("2024-01-01T10:00:00Z/..", "is 10:00 in London, but counts are of whole days; write 2024"),
        ("2024-06-01T00:00:00Z/2024-06-30", "'2024-06-01T00:00:00Z' is 01:00 in London"),
        ("2024-06-01/2024-06-30T23:59:59Z", "is 00:59 in London.* write 2024-07-01"),
        ("2024-06-01T00:00:00", "is 00:00 in London, but counts are of whole days"),
    ],
)
def test_what_is_no_interval_is_refused(text, message):
    with pytest.raises(QuestionError, match=message) as refused:
        Interval.read(text).within(DATA)
    assert refused.value.option == "datetime"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-06", "2024-05-31T23:00:00Z", "2024-06-30T22:59:59Z"),
        ("2024-06-30T23:30:00Z", "2024-06-30T23:30:00Z", "2024-06-30T23:30:00Z"),
        ("2024-06-30T23:30:00/..", "2024-06-30T22:30:00Z", "2199-12-31T23:59:59Z"),
        ("2024-06-30T09:00:00.2+01:00/2024-07-01", "2024-06-30T08:00:01Z", "2024-07-01T22:59:59Z"),
        # The hour that occurs twice is meant from its first beginning.
        ("2024-10-27T01:30:00/..", "2024-10-27T00:30:00Z", "2199-12-31T23:59:59Z"),
    ],
)
def test_clock_times_are_read_to_the_second(text, first, last):
    read = Moments.read(text, EVER)
    assert (read.first, read.last) == (pd.Timestamp(first), pd.Timestamp(last))


@pytest.mark.parametrize(
    ("text", "last_day", "first", "last"),
    [
        ("latest-1m", date(2024, 2, 20), date(2024, 2, 1), date(2024, 2, 29)),
        ("latest-3m", date(2024, 2, 29), date(2023, 12, 1), date(2024, 2, 29)),
        ("latest-12m", date(2023, 12, 31), date(2023, 1, 1), date(2023, 12, 31)),
        ("latest-13m", date(2024, 1, 1), date(2023, 1, 1), date(2024, 1, 31)),
        ("latest-1d", date(2024, 3, 1), date(2024, 3, 1), date(2024, 3, 1)),
        ("latest-28d", date(2024, 3, 1), date(2024, 2, 3), date(2024, 3, 1)),
    ],
)
def test_the_latest_months_or_days_end_with_the_data(text, last_day, first, last):
    assert Latest.read(text).up_to(last_day) == Period(first, last)


@pytest.mark.parametrize("text", ["latest", "latest-0m", "latest-3w", "latest-99999d", "last-3m"])
def test_what_is_no_latest_period_is_refused(text):
    with pytest.raises(
        QuestionError, match=r"period: .* write it as latest-3m or latest-28d, or .*from="
    ):
        Latest.read(text).up_to(date(2024, 2, 20))


@pytest.mark.parametrize(
    ("period", "title"),
    [
        (Period(date(2024, 1, 1), date(2024, 1, 31)), "January 2024"),
        (Period(date(2024, 1, 1), date(2024, 4, 30)), "January 2024 to April 2024"),
        (Period(date(2024, 1, 2), date(2024, 1, 31)), "2 January 2024 to 31 January 2024"),
    ],
)
def test_the_title_is_what_people_say(period, title):
    assert period.title == title
    assert period.is_whole_months is title.startswith("January")


def test_a_period_begins_and_ends_at_midnight_in_london():
    summer = Period(date(2024, 3, 31), date(2024, 4, 1))
    assert summer.start == pd.Timestamp("2024-03-31T00:00Z")
    assert summer.end == pd.Timestamp("2024-04-01T23:00Z")
    assert (summer.end - summer.start) == pd.Timedelta(hours=47)


def test_the_months_of_a_period_are_those_that_it_touches():
    assert Period(date(2023, 11, 30), date(2024, 2, 1)).months == [
        "2023-11", "2023-12", "2024-01", "2024-02",
    ]  # fmt: skip


@given(DAYS, DAYS)
def test_a_period_is_read_from_its_own_text(first, last):
    period = Period(min(first, last), max(first, last))
    assert Interval.read(str(period)).within(DATA) == period


@given(DAYS, st.integers(1, 400))
def test_the_latest_months_are_whole_and_as_many_as_asked(day, count):
    period = Latest.read(f"latest-{count}m").up_to(day)
    assert period.is_whole_months
    assert len(period.months) == count
    assert period.first <= day <= period.last


@pytest.mark.parametrize(
    ("text", "before", "year_before"),
    [
        ("2024-02", "2024-01", "2023-02"),
        ("2024-01/2024-03", "2023-10/2023-12", "2023-01/2023-03"),
        ("2023-02/2024-01", "2022-02/2023-01", "2022-02/2023-01"),
        # Days go back by as many days, and by 52 weeks: a Monday is compared with a Monday.
        ("2024-03-04/2024-03-10", "2024-02-26/2024-03-03", "2023-03-06/2023-03-12"),
        ("2024-12-31", "2024-12-30", "2024-01-02"),
        # As 52 weeks are a day or two short of a year, New Year's Eve can fall into this year.
        ("2025-12-31", "2025-12-30", "2025-01-01"),
        ("2024-02-01/2024-02-28", "2024-01-04/2024-01-31", "2023-02-02/2023-03-01"),
    ],
)
def test_a_period_is_compared_with_the_one_before_and_a_year_before(text, before, year_before):
    period = Interval.read(text).within(DATA)
    assert period.before == Interval.read(before).within(DATA)
    assert period.year_before == Interval.read(year_before).within(DATA)


@given(DAYS, st.integers(1, 400))
def test_days_are_compared_with_as_many_of_the_same_weekdays(first, days):
    period = Period(first, first + timedelta(days=days - 1))
    assert period.days == days
    if period.is_whole_months:
        return
    earlier = (period.before, period.year_before)
    assert [one.days for one in earlier] == [days, days]
    assert earlier[0].last + timedelta(days=1) == period.first
    assert period.first - earlier[1].first == timedelta(days=364)
    assert earlier[1].first.weekday() == period.first.weekday()


@pytest.mark.parametrize("year", [1900, 2199])
def test_the_first_and_the_last_year_can_be_asked_for(year):
    period = Interval.read(str(year) + "-01-01/" + str(year) + "-12-31").within(DATA)
    assert (period.first.year, period.last.year) == (year, year)
    assert EVER.first <= period.first <= period.last <= EVER.last
    assert Period(date(1900, 1, 1), date(2199, 12, 31)) == EVER


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2024-01", True),
        ("2024-01/2024-02", True),
        ("2024-01-01/2024-01-31", False),
        ("2024-01/..", False),
        ("2024-01/2024-02-29", False),
    ],
)
def test_an_interval_knows_whether_it_names_months(text, names):
    assert Interval.read(text).names_months is names


def test_an_interval_of_days_alone_is_written_as_it_is_read():
    made = Interval(date(2024, 1, 5), None)
    assert str(made) == "2024-01-05/.."
    assert Interval.read(str(made)).within(DATA) == made.within(DATA)
    assert str(Latest.read("latest-28d")) == "latest-28d"
    assert str(Latest(3)) == "latest-3m"


def test_one_day_has_the_title_of_that_day():
    day = date(2024, 1, 31)
    assert Period(day, day).title == "31 January 2024"
