"""Repeats are found where places and days are known, and refused with the reason elsewhere."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from geo.errors import InputError
from geo.hotspots.repeats import PLACE_COLUMNS, near_repeats, repeat_places


def incidents(rows: list[tuple], precision: str = "instant") -> pd.DataFrame:
    """Rows of location, first and last time in UTC, x, y."""
    frame = pd.DataFrame(rows, columns=["location", "occurred_from", "occurred_to", "x", "y"])
    for name in ("occurred_from", "occurred_to"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[s, UTC]")
    return frame.assign(precision=precision)


def at(location: str, when: str, x: float = 0, y: float = 0) -> tuple:
    return (location, when, when, x, y)


MILL = [
    at("1 Mill Lane", "2024-01-05"),
    at("1 MILL LANE.", "2024-03-05", 30, 40),
    at("1 Mill  Lane", "2024-02-05"),
    at(" 1 Mill Lane", "2024-02-06"),
]


def test_spellings_of_one_place_are_counted_together():
    result = repeat_places(incidents(MILL), snapped=False).places
    assert list(result.columns) == list(PLACE_COLUMNS)
    row = result.iloc[0]
    assert (row["location"], row["n"], row["share"]) == ("1 Mill Lane", 4, 1)
    assert (row["first"], row["last"]) == (date(2024, 1, 5), date(2024, 3, 5))
    assert (row["x"], row["y"], row["spread_m"]) == (0, 0, 50)


def test_incidents_without_a_location_are_no_place_and_are_told():
    rows = [*MILL, at("", "2024-01-01"), at("  ", "2024-01-01"), at("Shop", "2024-01-01")]
    result = repeat_places(incidents(rows), snapped=False)
    assert result.places["location"].tolist() == ["1 Mill Lane"]
    assert result.places["share"].tolist() == [4 / 5]
    assert (result.incidents, result.without_location, result.locations) == (7, 2, 2)


def test_places_rank_by_incidents_then_the_latest_then_the_name():
    rows = [
        *[at("Beta", f"2024-01-0{day}") for day in (1, 2)],
        *[at("Alpha", f"2024-01-0{day}") for day in (1, 2)],
        *[at("Late", f"2024-01-0{day}") for day in (1, 3)],
        *[at("Most", "2024-01-01")] * 3,
        at("Once", "2024-01-01"),
    ]
    result = repeat_places(incidents(rows), snapped=False).places
    assert result["location"].tolist() == ["Most", "Late", "Alpha", "Beta"]
    assert result["rank"].tolist() == [1, 2, 3, 4]
    again = repeat_places(incidents(rows[::-1]), snapped=False, least=3).places
    assert again["location"].tolist() == ["Most"]


def test_dates_are_those_of_london():
    rows = [at("Shop", "2024-06-30T23:30:00"), at("Shop", "2024-12-31T23:30:00")]
    result = repeat_places(incidents(rows), snapped=False).places.iloc[0]
    assert (result["first"], result["last"]) == (date(2024, 7, 1), date(2024, 12, 31))


def test_nowhere_is_no_repeat():
    result = repeat_places(incidents([]), snapped=False)
    assert result.places.empty
    assert list(result.places.columns) == list(PLACE_COLUMNS)


def test_repeats_of_snapped_points_are_refused_with_the_reason():
    message = "repeats at an address cannot be found: the source moves its points to anonymous ones"
    with pytest.raises(InputError, match=message):
        repeat_places(incidents(MILL), snapped=True)
    with pytest.raises(
        InputError, match="near repeats cannot be tested: the source moves its poin"
    ):
        near_repeats(incidents(MILL), snapped=True)


def test_near_repeats_of_months_are_refused_with_the_reason():
    rows = incidents(MILL).assign(precision=["day", "month", "instant", "interval"])
    with pytest.raises(InputError, match="some incidents have a month and no day"):
        near_repeats(rows, snapped=False)


def test_days_apart_are_those_of_the_london_calendar():
    """Half an hour apart, but on either side of midnight in British Summer Time."""
    rows = [at("", "2024-06-30T22:45:00"), at("", "2024-06-30T23:15:00")]
    result = near_repeats(incidents(rows), snapped=False, days=(0, 1, 2), metres=(0, 1))
    assert result.bands["observed"].tolist() == [0, 1]


def test_an_incident_that_is_dated_too_vaguely_is_left_out_and_told():
    rows = [
        ("", "2024-01-01T10:00", "2024-01-03T10:00", 0, 0),  # dated 2 January
        ("", "2024-01-02T10:00", "2024-01-02T10:00", 0, 0),
        ("", "2024-01-01T10:00", "2024-01-08T10:00", 0, 0),  # a week: any band of a week would do
        ("", "2024-01-05T10:00", "2024-01-04T10:00", 0, 0),  # ends before it begins
    ]
    result = near_repeats(incidents(rows), snapped=False, days=(0, 7, 14), metres=(0, 1))
    assert (result.incidents, result.left_out) == (2, 2)
    assert result.bands["observed"].tolist() == [1, 0]


def test_a_day_of_twenty_five_hours_is_a_day():
    rows = [("", "2024-10-26T23:00:00", "2024-10-27T23:59:59", 0, 0)]
    assert near_repeats(incidents(rows, "day"), snapped=False, days=(0, 1)).left_out == 0


def test_planted_near_repeats_are_found_and_corrected_over_the_bands():
    rng = np.random.default_rng(2)
    when = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rng.uniform(0, 365, 300), "D")
    where = rng.uniform(0, 6000, (300, 2))
    frame = pd.DataFrame(
        {"location": "", "occurred_from": when, "x": where[:, 0], "y": where[:, 1]}
    )
    after = frame[:60].assign(
        occurred_from=when[:60] + pd.Timedelta(days=3), x=frame["x"][:60] + 40
    )
    both = pd.concat([frame, after], ignore_index=True).assign(precision="instant")
    both["occurred_to"] = both["occurred_from"]
    result = near_repeats(both, snapped=False, seed=11)
    assert (result.permutations, result.seed, result.incidents) == (999, 11, 360)
    most = result.bands.loc[result.bands["ratio"].idxmax()]
    assert (most["metres_from"], most["days_from"], most["p"]) == (1, 0, 0.001)
    assert most["q"] <= 0.02
    assert (result.bands["q"] >= result.bands["p"]).all()
