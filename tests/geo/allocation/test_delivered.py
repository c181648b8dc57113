"""What was done is counted once: minutes of officers apart from minutes of presence."""

import re

import pandas as pd
import pytest

from geo.allocation.patrols.delivered import compare_delivered, planned_totals, visits_from_fixes
from geo.errors import InputError

SPOTS = pd.DataFrame({"hotspot_id": ["A", "B"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})


def at(clock: str) -> pd.Timestamp:
    return pd.Timestamp(f"2024-05-03T{clock}", tz="UTC")


def visits(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["officer", "hotspot_id", "arrived", "left"])
    return table.assign(arrived=table["arrived"].map(at), left=table["left"].map(at))


def plan(*rows: tuple[str, float]) -> pd.DataFrame:
    stops = pd.DataFrame(rows, columns=["hotspot_id", "after_minutes"])
    return planned_totals(stops.assign(shift="late", minutes=15.0))


def test_two_officers_together_are_one_patrol():
    done = visits(("x", "A", "18:00", "18:15"), ("y", "A", "18:05", "18:20"))
    row = compare_delivered(plan(("A", 0)), done).iloc[0]
    assert (row["visits"], row["officer_minutes"], row["patrol_minutes"]) == (2, 30, 20)
    assert row["delivered_share"] == pytest.approx(20 / 15)


def test_a_visit_that_was_entered_twice_is_one_visit():
    done = visits(("x", "A", "18:00", "18:15"), ("x", "A", "18:00", "18:15"))
    row = compare_delivered(plan(("A", 0)), done).iloc[0]
    assert (row["visits"], row["officer_minutes"], row["patrol_minutes"]) == (1, 15, 15)


def test_what_was_planned_alone_or_done_alone_has_a_row():
    result = compare_delivered(plan(("A", 0)), visits(("x", "C", "18:00", "18:10")))
    assert result["hotspot_id"].tolist() == ["A", "C"]
    assert result["visits"].tolist() == [0, 1]
    assert result["planned_visits"].tolist() == [1, 0]
    assert result["delivered_share"].isna().tolist() == [False, True]


def test_a_plan_counts_two_officers_together_once_as_well():
    result = plan(("A", 0), ("A", 10), ("B", 0)).loc["A"]
    assert result.tolist() == [2, 30, 25]


def test_a_plan_of_several_days_is_that_many_times_as_much():
    stops = pd.DataFrame(
        {"hotspot_id": ["A"], "after_minutes": [0.0], "shift": ["late"], "minutes": [15.0]}
    )
    assert planned_totals(stops, days=30).loc["A"].tolist() == [30, 450, 450]


def fixes(*rows: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["officer", "time", "x"])
    return table.assign(time=table["time"].map(at), y=0.0)


def stays(*rows: tuple[str, str, float], **options) -> list[tuple]:
    result = visits_from_fixes(fixes(*rows), SPOTS, **options)
    clock = [result[name].dt.strftime("%H:%M") for name in ("arrived", "left")]
    return list(zip(result["officer"], result["hotspot_id"], *clock, strict=True))


def test_a_run_of_fixes_within_the_radius_is_a_stay():
    result = stays(
        ("x", "18:00", 500), ("x", "18:02", 100), ("x", "18:06", -50), ("x", "18:08", 900)
    )
    assert result == [("x", "A", "18:02", "18:06")]


def test_silence_ends_a_stay_and_unseen_time_does_not_count():
    rows = [("x", "18:00", 0), ("x", "18:04", 0), ("x", "18:30", 0), ("x", "18:33", 0)]
    assert stays(*rows) == [("x", "A", "18:00", "18:04"), ("x", "A", "18:30", "18:33")]


def test_officers_are_told_apart_and_their_order_does_not_matter():
    rows = [("y", "18:01", 1000), ("x", "18:03", 0), ("x", "18:00", 0), ("y", "18:04", 1000)]
    assert stays(*rows) == [("x", "A", "18:00", "18:03"), ("y", "B", "18:01", "18:04")]


def test_driving_through_is_no_visit():
    assert stays(("x", "18:00", -100), ("x", "18:00:30", 100), ("x", "18:01", 600)) == []


def test_of_two_hotspots_in_reach_the_nearer_one_is_visited():
    rows = [("x", "18:00", 400), ("x", "18:03", 450)]
    assert stays(*rows, radius_m=800) == [("x", "A", "18:00", "18:03")]


def test_visits_that_cannot_be_are_refused():
    backward = visits(("x", "A", "18:15", "18:00"))
    message = "the visit of x to A at 2024-05-03 18:15:00+00:00 ends before it begins"
    with pytest.raises(InputError, match=re.escape(message)):
        compare_delivered(plan(("A", 0)), backward)
    with pytest.raises(InputError, match="the visits have no column 'left'"):
        compare_delivered(plan(("A", 0)), backward.drop(columns="left"))
