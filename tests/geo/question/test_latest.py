"""The latest days end on a day that many rows share: one mistyped year does not move them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage.latest import last_shared_day
from geo.question.ask import answer
from geo.question.model import Question

A = (435_050, 336_050)
DAILY = {f"2024-01-{day:02}": 3 for day in range(1, 32)}


@pytest.mark.parametrize(
    ("later", "last"),
    [
        ({}, "2024-01-31"),
        ({"2042-03-02": 1}, "2024-01-31"),
        ({"2042-03-02": 1, "2043-05-06": 1}, "2024-01-31"),
        # A new delivery, of a week: rows as many as those that a tenth of the usual 28 days have.
        ({f"2025-06-0{day}": 3 for day in range(1, 8)}, "2025-06-07"),
        # The list goes on, and the day after has few rows: its 28 days speak for it.
        ({"2024-02-01": 1}, "2024-02-01"),
    ],
)
def test_strays_do_not_move_the_last_day(later, last):
    assert last_shared_day(DAILY | later) == date.fromisoformat(last)


def test_where_every_row_stands_alone_the_newest_is_the_last():
    assert last_shared_day({"2023-01-05": 1, "2023-06-05": 1, "2024-01-05": 1}).year == 2024


@given(
    st.dictionaries(st.dates(date(2020, 1, 1), date(2024, 1, 1)), st.integers(1, 50), min_size=1)
)
def test_the_last_day_is_one_of_the_days(counts):
    days = {day.isoformat(): n for day, n in counts.items()}
    assert last_shared_day(days).isoformat() in days
    shifted = {day: 7 * n for day, n in days.items()}
    if min(counts.values()) > 1:
        assert last_shared_day(shifted) == last_shared_day(days)


def test_an_answer_says_where_the_latest_days_end(four_squares, incident_frame):
    rows = [(*A, "noise", f"2024-01-{day:02}T12:00:00") for day in range(1, 32)]
    stray = [(*A, "noise", "2042-03-02T12:00:00")]
    question = Question.read({"period": "latest-28d"})
    accounts = answer(question, incident_frame(rows + stray), four_squares).accounts
    assert (accounts.period.first, accounts.period.last) == (date(2024, 1, 4), date(2024, 1, 31))
    assert (accounts.counted, accounts.not_asked) == (28, 4)
    assert (
        "The latest period is counted up to 31 January 2024, the last day that many incidents "
        "share; 1 incident is dated later, up to 2 March 2042." in accounts.caveats
    )
    plain = answer(question, incident_frame(rows), four_squares).accounts
    assert plain.period == accounts.period
    assert not any("latest period" in caveat for caveat in plain.caveats)
    open_end = Question.read({"datetime": "2024-01-01/.."})
    assert answer(open_end, incident_frame(rows + stray), four_squares).accounts.counted == 32
