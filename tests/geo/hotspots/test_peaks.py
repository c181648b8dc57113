"""A peak stands beside what flat weeks with as many incidents have, and too few name none."""

import numpy as np
import pandas as pd
import pytest

from geo.hotspots.dayparts import Dayparts, dayparts, peak_windows
from geo.hotspots.peaks import FEWEST_TIMED, peaks

WEEK_S = 7 * 24 * 3600
MONDAY_S = 1_704_067_200  # 1 January 2024


def parts_of(seconds: np.ndarray, *, hours: int = 0) -> Dayparts:
    """Incidents of the week of 1 January 2024, each over so many hours."""
    start = pd.to_datetime(MONDAY_S + seconds, unit="s", utc=True)
    end = start + pd.Timedelta(hours=hours) - pd.Timedelta(seconds=1 if hours else 0)
    kind = "interval" if hours else "instant"
    return dayparts(pd.DataFrame({"occurred_from": start, "occurred_to": end, "precision": kind}))


def flat(n: int, seed: int, *, hours: int = 0) -> Dayparts:
    return parts_of(np.random.default_rng(seed).integers(0, WEEK_S, n), hours=hours)


@pytest.mark.parametrize(("n", "hours"), [(60, 0), (300, 0), (60, 8)])
def test_chance_gives_what_flat_weeks_have(n, hours):
    weeks = [flat(n, seed, hours=hours) for seed in range(60)]
    simulated = np.mean([peak_windows(week.weights, hours=4)["lift"].iloc[0] for week in weeks])
    expected = peaks(weeks[0], hours=4)["lift_by_chance"].iloc[0]
    assert expected == pytest.approx(simulated, rel=0.1)


def test_sixty_at_flat_random_hours_have_a_peak_of_more_than_three_times_the_average():
    assert peaks(flat(60, 0), hours=4)["lift_by_chance"].iloc[0] == pytest.approx(3.5, abs=0.15)


def test_flat_weeks_seldom_have_a_clear_peak():
    clear = [peaks(flat(60, seed), hours=4)["clear"].iloc[0] for seed in range(200)]
    assert sum(clear) <= 16  # 5 % of 200, and two deviations


def test_a_planted_peak_is_clear_and_its_further_windows_are_held_against_further_ones():
    friday_night = np.random.default_rng(3).integers(0, 4 * 3600, 20) + 4 * 24 * 3600 + 20 * 3600
    others = np.random.default_rng(4).integers(0, WEEK_S, 60)
    result = peaks(parts_of(np.concatenate([others, friday_night])), hours=4, most=3)
    assert result[["weekday", "hour"]].iloc[0].tolist() == ["Friday", 20]
    assert result["clear"].tolist() == [True, False, False]
    assert result["lift_by_chance"].is_monotonic_decreasing


def test_peaks_of_the_day_are_held_against_flat_days():
    result = peaks(flat(100, 2), hours=3, of="day").iloc[0]
    assert "weekday" not in result
    assert 1.2 < result["lift_by_chance"] < 2
    assert not result["clear"]


def test_of_too_few_incidents_nothing_is_said():
    assert peaks(flat(FEWEST_TIMED - 1, 1), hours=4).empty
    assert len(peaks(flat(FEWEST_TIMED, 1), hours=4)) == 1
    assert peaks(flat(0, 1), hours=4).empty


def test_spans_count_the_hours_that_an_incident_may_have_happened_in():
    assert np.flatnonzero(parts_of(np.array([0]), hours=3).spans).tolist() == [3]
    assert np.flatnonzero(parts_of(np.array([0])).spans).tolist() == [1]
    assert np.flatnonzero(parts_of(np.array([0]), hours=900).spans).tolist() == [168]
