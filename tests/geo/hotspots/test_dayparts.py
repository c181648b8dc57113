"""Incidents are shared out among the hours that they may have happened in, and none is lost."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.hotspots.dayparts import WEEKDAYS, aoristic, dayparts, peak_hours, peak_windows

SPAN = st.tuples(st.integers(0, 2_000_000_000), st.integers(1, 900_000))


def incidents(*spans: tuple[str, str], precision: str = "interval") -> pd.DataFrame:
    frame = pd.DataFrame(spans, columns=["occurred_from", "occurred_to"])
    for name in frame:
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[s, UTC]")
    return frame.assign(precision=precision)


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def by_seconds(start: int, end: int) -> np.ndarray:
    """The share of each hour of the week, second by second in minutes' steps."""
    week = np.zeros((7, 24))
    for at in range(start, end, 60):
        local = datetime.fromtimestamp(at, ZoneInfo("Europe/London"))
        week[local.weekday(), local.hour] += 60 / (end - start)
    return week


def test_a_burglary_between_half_past_ten_and_half_past_one_has_its_published_shares():
    result = dayparts(incidents(("2024-01-10T10:30:00", "2024-01-10T13:29:59"))).matrix
    assert result.loc["Wednesday", [10, 11, 12, 13]].round(4).tolist() == [
        0.1667,
        0.3333,
        0.3333,
        0.1667,
    ]
    assert result.to_numpy().sum() == pytest.approx(1)


def test_an_instant_counts_whole_in_its_hour_by_londons_clocks():
    result = dayparts(
        incidents(("2024-07-01T23:59:59", "2024-07-01T23:59:59"), precision="instant")
    )
    assert result.matrix.loc["Tuesday", 0] == 1
    assert result.weights.sum() == 1


def test_the_hour_that_comes_twice_in_autumn_gets_both_its_shares():
    """From half past midnight to half past two by the clock are three hours."""
    result = aoristic([second("2024-10-26T23:30")], [second("2024-10-27T02:30")])
    np.testing.assert_allclose(result[6, :3], [1 / 6, 2 / 3, 1 / 6])


def test_the_hour_that_is_skipped_in_spring_gets_none():
    result = aoristic([second("2024-03-31T00:00")], [second("2024-03-31T02:00")])
    assert result[6, :4].tolist() == [0.5, 0, 0.5, 0]


@settings(max_examples=25, deadline=None)
@given(start=st.integers(0, 30_000_000), minutes=st.integers(1, 15_000))
def test_shares_are_those_of_walking_through_the_minutes(start, minutes):
    begin, end = start * 60, (start + minutes) * 60
    np.testing.assert_allclose(aoristic([begin], [end]), by_seconds(begin, end), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(spans=st.lists(SPAN, min_size=1, max_size=20), seed=st.integers(0, 2**16))
def test_shares_add_up_to_the_incidents_in_any_order(spans, seed):
    start, length = np.array(spans).T
    order = np.random.default_rng(seed).permutation(len(start))
    result = aoristic(start, start + length)
    assert result.sum() == pytest.approx(len(spans))
    assert result.min() >= -1e-12
    np.testing.assert_allclose(aoristic(start[order], (start + length)[order]), result, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(start=st.integers(0, 10**9), length=st.integers(1, 400_000))
def test_twice_the_incidents_are_twice_the_shares(start, length):
    one, two = aoristic([start], [start + length]), aoristic([start] * 2, [start + length] * 2)
    np.testing.assert_allclose(two, 2 * one, atol=1e-12)


def test_many_long_intervals_take_no_memory_for_each_hour():
    start = np.arange(200_000) * 60
    result = aoristic(start, start + timedelta(days=365) // timedelta(seconds=1))
    assert result.sum() == pytest.approx(200_000)
    assert result.max() / result.min() < 1.03


def test_what_has_no_hour_or_ends_too_early_is_left_out_and_told():
    rows = incidents(
        ("2024-01-01T10:00", "2024-01-01T10:59:59"),
        ("2024-01-01T00:00", "2024-01-01T23:59:59"),
        ("2024-01-01T00:00", "2024-01-31T23:59:59"),
        ("2024-01-01T10:00", "2024-01-01T09:59:59"),
    ).assign(precision=["interval", "day", "month", "interval"])
    result = dayparts(rows)
    assert (result.counted, result.without_hour, result.backwards) == (1, 2, 1)
    assert result.weights[0, 10] == result.weights.sum() == 1


def test_dates_alone_are_refused_with_the_reason():
    rows = incidents(("2024-01-01T00:00", "2024-01-31T23:59:59"), precision="month")
    with pytest.raises(
        InputError, match="these incidents have a day or a month and no time of day"
    ):
        dayparts(rows)


def test_no_incidents_have_empty_hours():
    result = dayparts(incidents())
    assert result.weights.tolist() == np.zeros((7, 24)).tolist()
    assert result.frame["share"].tolist() == [0] * 168


def test_the_frame_holds_every_hour_of_the_week_from_monday_on():
    frame = dayparts(incidents(("2024-01-08T01:00", "2024-01-08T02:59:59"))).frame
    assert list(frame.columns) == ["weekday", "hour", "incidents", "share"]
    assert len(frame) == 168
    assert frame.iloc[1].tolist() == ["Monday", 1, 0.5, 0.5]
    assert frame["weekday"].unique().tolist() == list(WEEKDAYS)


def week(**hours: float) -> np.ndarray:
    """Weights by names such as `Fri22`."""
    weights = np.zeros((7, 24))
    for name, weight in hours.items():
        weights[[day[:3] for day in WEEKDAYS].index(name[:3]), int(name[3:])] = weight
    return weights


def test_the_best_window_runs_past_midnight_and_round_the_week():
    weights = week(Sun23=5, Mon0=4, Wed12=6)
    result = peak_windows(weights, hours=2).iloc[0]
    assert result[["weekday", "hour", "to_weekday", "to_hour"]].tolist() == [
        "Sunday",
        23,
        "Monday",
        1,
    ]
    assert (result["incidents"], result["share"]) == (9, 9 / 15)
    assert result["lift"] == pytest.approx(9 / 15 * 168 / 2)


def test_further_windows_do_not_overlap_and_empty_ones_are_none():
    result = peak_windows(week(Fri22=5, Fri23=4, Sat0=3, Tue3=1), hours=2, most=9)
    assert result["rank"].tolist() == [1, 2, 3]
    assert result["weekday"].tolist() == ["Friday", "Saturday", "Tuesday"]
    assert result["incidents"].tolist() == [9, 3, 1]


def test_of_equal_windows_the_earliest_comes_first():
    even = np.full((7, 24), 1 / 3)
    assert peak_windows(even, hours=8, most=2)[["weekday", "hour"]].to_numpy().tolist() == [
        ["Monday", 0],
        ["Monday", 8],
    ]


def test_the_best_hours_of_the_day_are_over_the_given_days():
    weights = week(Mon9=5, Fri23=4, Sat0=4)
    assert peak_hours(weights, hours=2)[["hour", "to_hour"]].iloc[0].tolist() == [23, 1]
    assert peak_hours(weights[:1], hours=1)["hour"][0] == 9
    assert peak_hours(np.zeros((7, 24)), hours=8).empty


@settings(max_examples=30, deadline=None)
@given(
    weights=st.lists(st.integers(0, 9), min_size=168, max_size=168).map(np.array),
    hours=st.integers(1, 168),
)
def test_no_other_window_holds_more_than_the_best(weights, hours):
    result = peak_windows(weights.reshape(7, 24), hours=hours)
    best = max(np.roll(weights, -at)[:hours].sum() for at in range(168))
    assert (result["incidents"].max() if len(result) else 0) == best


@pytest.mark.parametrize(("length", "most"), [(0, 168), (169, 168)])
def test_windows_that_do_not_fit_are_refused(length, most):
    with pytest.raises(
        InputError, match=f"a window of {length} hours does not fit; choose 1 to {most}"
    ):
        peak_windows(np.ones((7, 24)), hours=length)
    with pytest.raises(InputError, match="a window of 25 hours does not fit; choose 1 to 24"):
        peak_hours(np.ones((7, 24)), hours=25)
