"""Planted courses are classed as what they are, and months that were not published as nothing."""

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.cells import Cells, Grid
from geo.errors import InputError
from geo.hotspots.baselines import Baseline
from geo.hotspots.emerging import LEAST_MONTHS, PATTERNS, emerging

CITY = Cells.over(shapely.box(0, 0, 3000, 3000), Grid(100, "square"))
X, Y = CITY.grid.centres(CITY.positions)
PLANTED = (abs(X - 1550) < 110) & (abs(Y - 1550) < 110)
MIDDLE = int(np.argmin(np.hypot(X - 1550, Y - 1550)))
USUAL, HOT, COLD = 5, 20, 0


def months(many: int) -> list[str]:
    return [str(np.datetime64("2024-01", "M") + i) for i in range(many)]


def cube(course: list[float], seed: int = 1) -> np.ndarray:
    """Counts by cell and month: the planted cells follow the course, all others are as usual."""
    mean = np.where(PLANTED[:, None], np.array(course, float), USUAL)
    return np.random.default_rng(seed).poisson(mean).astype(float)


def judged(counts: np.ndarray, window: int = 1) -> pd.DataFrame:
    return emerging(
        counts,
        CITY.neighbours,
        Baseline(CITY.inside_area),
        months=months(counts.shape[1]),
        window=window,
    )


COURSES = {
    "new": [USUAL] * 11 + [HOT],
    "consecutive": [USUAL] * 8 + [HOT] * 4,
    "intensifying": [14 + 4 * i for i in range(12)],
    "diminishing": [58 - 4 * i for i in range(12)],
    "persistent": [HOT] * 6 + [USUAL] + [HOT] * 5,
    "oscillating": [COLD] * 3 + [USUAL] + [HOT] * 3 + [USUAL] * 3 + [HOT] * 2,
    "sporadic": [HOT, USUAL, USUAL, HOT, USUAL, HOT, USUAL, USUAL, HOT, USUAL, HOT, HOT],
    "historical": [HOT] * 11 + [USUAL],
}
REASONS = {
    "new": "hot in December 2024, for the first time in 12 months",
    "consecutive": "hot in December 2024, in each of the last 4 of 12 months, and never before",
    "intensifying": r"hot in December 2024 and in 12 of 12 months, and rising \(p = 0\.\d{3}\)",
    "diminishing": r"hot in December 2024 and in 12 of 12 months, and falling \(p = 0\.\d{3}\)",
    "persistent": "hot in December 2024 and in 11 of 12 months, with no clear trend",
    "oscillating": "hot in December 2024 and in 5 of 12 months, but cold in 3",
    "sporadic": (
        "hot in December 2024 and in 6 of 12 months: near the threshold, as often by chance"
    ),
    "historical": "hot in 11 of 12 months, the last to November 2024",
}


@pytest.mark.parametrize("name", COURSES)
def test_a_planted_course_is_classed_and_its_reason_told(name):
    result = judged(cube(COURSES[name]))
    assert result["pattern"][MIDDLE] == f"hot_{name}"
    assert pd.Series([result["reason"][MIDDLE]]).str.fullmatch(REASONS[name]).all()
    # One in twenty cities shows something by chance, so nearly all cells must be as they are.
    assert (result["pattern"][np.hypot(X - 1550, Y - 1550) > 500] == "none").mean() > 0.99


@pytest.mark.parametrize("name", ["new", "consecutive", "persistent", "oscillating", "historical"])
def test_cold_patterns_mirror_the_hot_ones(name):
    swap = {HOT: COLD, COLD: HOT, USUAL: USUAL}
    result = judged(cube([swap[level] for level in COURSES[name]]))
    assert result["pattern"][MIDDLE] == f"cold_{name}"
    assert result["reason"][MIDDLE].startswith("cold ")


def test_a_cold_spot_that_grows_colder_intensifies():
    result = judged(cube([1.3 - 0.11 * i for i in range(12)]))
    assert result["pattern"][MIDDLE] == "cold_intensifying"
    assert result["trend_z"][MIDDLE] < -2


def test_a_long_cold_cell_that_turns_hot_is_a_new_hotspot():
    assert judged(cube([COLD] * 11 + [HOT]))["pattern"][MIDDLE] == "hot_new"


def test_what_ceased_without_a_category_is_still_told():
    result = judged(cube([HOT] * 5 + [USUAL] * 7))
    assert result["pattern"][MIDDLE] == "none"
    assert result["reason"][MIDDLE] == "hot in 5 of 12 months, the last to May 2024"
    assert result[["last_hot", "last_cold"]].iloc[MIDDLE].tolist() == ["2024-05", ""]


def test_a_burst_two_months_ago_is_neither_new_nor_hot_in_each_of_the_last_months():
    """Three windows count it, so its cell is hot in each; the last month is not."""
    counts = cube([USUAL] * 12)
    counts[PLANTED, -3:] = [30, 0, 0]
    result = judged(counts, window=3)
    near = counts[PLANTED].sum(axis=0)[-3:].astype(int).tolist()
    assert result["pattern"][MIDDLE] == "hot_sporadic"
    assert result["reason"][MIDDLE] == (
        "hot over the 3 months to December 2024 and never before, but no longer in December 2024 "
        f"alone; October 2024 to December 2024: {near[0]}, {near[1]} and {near[2]} incidents, "
        "neighbours included"
    )


def test_what_lasts_to_the_last_month_is_consecutive_and_names_its_months():
    result = judged(cube([USUAL] * 9 + [HOT] * 3), window=3)
    assert result["pattern"][MIDDLE] == "hot_consecutive"
    assert result["reason"][MIDDLE].startswith(
        "hot over the 3 months to December 2024, in each of the"
    )
    assert "; October 2024 to December 2024: " in result["reason"][MIDDLE]


def test_a_place_near_the_threshold_that_never_changes_is_on_and_off_by_chance():
    """So the reason of a sporadic cell says that it lies near the threshold."""
    courses = [judged(cube([7] * 12, seed), window=3) for seed in range(8)]
    sporadic = [result for result in courses if result["pattern"][MIDDLE] == "hot_sporadic"]
    assert len(sporadic) >= 3
    assert all("near the threshold" in result["reason"][MIDDLE] for result in sporadic)


def test_months_that_were_not_published_are_no_falls():
    counts = cube([HOT] * 14)
    counts[:, [5, 13]] = np.nan
    counts[:7, 6] = np.nan  # published for a part of the city only
    result = judged(counts)
    assert result["pattern"][MIDDLE] == "hot_persistent"
    assert set(result["steps"]) == {11}
    assert result["n"][MIDDLE] == np.delete(counts[MIDDLE], [5, 6, 13]).sum()
    assert "January 2025" in result["reason"][MIDDLE]


def test_a_quiet_month_everywhere_is_no_fall_either():
    counts = cube([HOT] * 12)
    counts[:, -1] = np.random.default_rng(2).poisson(np.where(PLANTED, 6, 0.2))
    result = judged(counts)
    assert result["pattern"][MIDDLE] == "hot_persistent"
    assert not result["pattern"].str.startswith("cold").any()


def test_a_longer_window_finds_what_single_months_are_too_sparse_for():
    mean = np.where(PLANTED[:, None], np.array([0.3] * 15 + [1.2] * 9), 0.3)
    counts = np.random.default_rng(4).poisson(mean).astype(float)
    hot = [judged(counts, window=window)["hot_steps"][MIDDLE] for window in (1, 6)]
    assert hot[1] > hot[0] + 3


def test_a_window_reaches_back_in_the_calendar_and_not_over_gaps():
    """After a gap as long as the window nothing of before it is counted."""
    counts = cube([HOT] * 11 + [USUAL] * 4)
    counts[:, 11:14] = np.nan
    assert judged(counts, window=3)["hot_steps"][MIDDLE] == 11
    assert judged(counts, window=5)["hot_steps"][MIDDLE] == 12


def test_a_month_without_any_incident_is_neither_hot_nor_cold():
    counts = cube([HOT] * 12)
    counts[:, 4] = 0
    result = judged(counts)
    assert result["hot_steps"][MIDDLE] == 11
    assert np.isfinite(result["trend_z"]).all()


def test_a_city_without_incidents_has_no_pattern():
    result = judged(np.zeros((len(CITY), 12)))
    assert set(result["pattern"]) == {"none"}
    assert set(result["reason"]) == {"neither hot nor cold in any of 12 months"}


def test_a_cell_that_neighbours_all_has_neither_pattern_nor_trend():
    city = Cells.over(shapely.box(0, 0, 200, 100), Grid(100, "square"))
    counts = np.arange(24).reshape(2, 12)
    result = emerging(counts, city.neighbours, Baseline(city.inside_area), months=months(12))
    assert set(result["pattern"]) == {"none"}
    assert result["trend_z"].tolist() == [0, 0]


def test_too_few_months_are_refused():
    counts = cube([USUAL] * 12)
    counts[:, :3] = np.nan
    with pytest.raises(InputError, match="need 10 months with data or more, and the period has 9"):
        judged(counts)
    assert LEAST_MONTHS == 10


def test_a_window_without_a_month_is_refused():
    with pytest.raises(InputError, match="a window of 0 months is too short; choose 1 or more"):
        judged(cube([USUAL] * 12), window=0)


def test_a_city_without_hotspots_seldom_shows_a_pattern():
    """And its trends are as rare as the level says, also where windows overlap."""
    rng, alarms, trends = np.random.default_rng(9), 0, []
    for _ in range(40):
        result = judged(rng.poisson(0.5, (len(CITY), 12)).astype(float), window=3)
        assert set(result["pattern"]) <= set(PATTERNS)
        alarms += (result["pattern"] != "none").any()
        trends.append((result["trend_p"] < 0.05).mean())
    assert alarms <= 0.05 * 40
    assert np.mean(trends) < 0.055
