"""Whether a month is called unusual: false alarms, planted outbreaks, and too little history."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.surveillance import CANNOT_SAY, FEWER, MONTHS, MORE, USUAL, WEEKS, unusual

Floats = NDArray[np.float64]


def counts(rng: np.random.Generator, mean: Floats, dispersion: float) -> Floats:
    if dispersion == 1:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion).astype(float)


def seasonal(level: float, steps: int, *, n: int, amplitude: float = 0.3) -> Floats:
    """Means with a yearly season that is at its mean in the last step."""
    t = np.arange(steps) - (steps - 1)
    return np.tile(level * np.exp(amplitude * np.sin(2 * np.pi * t / 12)), (n, 1))


@pytest.mark.parametrize(
    ("level", "dispersion", "months"),
    [(0.6, 1, 61), (4, 1.5, 61), (25, 1, 61), (25, 2, 37), (90, 1.5, 61), (200, 4, 61)],
)
def test_500_series_without_change_leave_their_bounds_at_the_nominal_rate(
    level: float, dispersion: float, months: int
) -> None:
    rng = np.random.default_rng(7)
    table = counts(rng, seasonal(level, months, n=500), dispersion)
    result = unusual(table, MONTHS)
    n, expectation = table[:, -1], result.expectation
    # 2.5 % beyond either bound: 12.5 of 500, at most 24 in 99.9 % of cases (binomial).
    assert (n > expectation.upper).sum() <= 24
    assert (n < expectation.lower).sum() <= 24
    if level >= 25:
        outside = (n > expectation.upper) | (n < expectation.lower)
        assert 10 <= outside.sum() <= 42
    assert (result.verdict != USUAL).sum() <= 1


@pytest.mark.parametrize("dispersion", [1.0, 1.5])
def test_outbreaks_of_half_as_many_again_are_found_within_two_months(dispersion: float) -> None:
    rng = np.random.default_rng(11)
    means = seasonal(80, 62, n=400)
    means[:, -2:] *= 1.5
    table = counts(rng, means, dispersion)
    first, second = unusual(table[:, :-1], MONTHS), unusual(table, MONTHS)
    above = (table[:, -2] > first.expectation.upper) | (table[:, -1] > second.expectation.upper)
    assert above.mean() >= 0.8


def test_of_twenty_series_the_one_with_an_outbreak_is_named() -> None:
    rng = np.random.default_rng(13)
    found, others = [], 0
    for _ in range(60):
        means = seasonal(100, 62, n=20)
        means[0, -2:] *= 1.5
        table = counts(rng, means, 1.0)
        months = (unusual(table[:, :-1], MONTHS), unusual(table, MONTHS))
        found.append(any(one.verdict[0] == MORE for one in months))
        others += sum(int((one.verdict[1:] != USUAL).sum()) for one in months)
    assert np.mean(found) >= 0.8
    assert others <= 0.005 * 60 * 2 * 19


def test_a_fall_is_found_by_the_lower_bound() -> None:
    rng = np.random.default_rng(3)
    means = seasonal(90, 61, n=40)
    means[:10, -1] *= 0.4
    result = unusual(counts(rng, means, 1.5), MONTHS)
    assert (result.verdict[:10] == FEWER).mean() >= 0.8
    assert (result.verdict == MORE).sum() == 0


def test_the_season_is_no_outbreak_and_a_count_usual_in_summer_is_one_in_winter() -> None:
    """August has twice as many every year: August again is usual, as many in February are not."""
    rng = np.random.default_rng(5)
    means = np.tile(np.where(np.arange(73) % 12 == 7, 120.0, 60.0), (30, 1))
    august, february = means[:, :68].copy(), means[:, :62].copy()
    february[:, -1] = 120
    assert (unusual(counts(rng, august, 1.2), MONTHS).verdict == USUAL).all()
    assert (unusual(counts(rng, february, 1.2), MONTHS).verdict == MORE).mean() > 0.9


def test_the_smallest_detectable_rise_is_found_in_four_cases_of_five() -> None:
    rng = np.random.default_rng(19)
    means = seasonal(100, 61, n=300)
    rise = np.median(unusual(counts(rng, means, 1.5), MONTHS).detectable)
    assert 0.5 < rise < 1
    found = []
    for _ in range(40):
        # One series of many rises: no other one helps it to be found.
        raised = means[:60].copy()
        raised[0, -1] *= 1 + np.median(unusual(counts(rng, raised, 1.5), MONTHS).detectable)
        found.append(unusual(counts(rng, raised, 1.5), MONTHS).verdict[0] == MORE)
    assert 0.6 <= np.mean(found) <= 0.97


def test_with_less_than_three_years_nothing_is_said() -> None:
    table = np.full((3, 37), np.nan)
    table[0, -10:] = 5
    table[0, -1] = 500
    table[1, :] = 5
    table[2, :] = 5
    table[2, -1] = np.nan
    result = unusual(table, MONTHS)
    assert result.verdict.tolist() == [CANNOT_SAY, USUAL, CANNOT_SAY]
    assert result.expectation.history.tolist() == [9, 36, 36]
    assert (result.fewest, np.isnan(result.q).tolist()) == (36, [True, False, True])
    assert np.isnan(result.expectation.expected[0])
    # An unknown month has no verdict, but what was to be expected of it is known.
    assert result.expectation.expected[2] == pytest.approx(5, rel=0.02)


def test_series_that_cannot_be_judged_are_no_tests() -> None:
    rng = np.random.default_rng(2)
    table = counts(rng, seasonal(50, 61, n=20), 1.0)
    table[0, -1] = 110
    alone = unusual(table, MONTHS)
    short = np.full((500, 61), np.nan)
    short[:, -5:] = 3
    together = unusual(np.vstack([table, short]), MONTHS)
    np.testing.assert_array_equal(together.q[:20], alone.q)
    assert alone.verdict[0] == MORE


def test_weeks_are_judged_by_three_years_of_weeks() -> None:
    rng = np.random.default_rng(4)
    table = rng.poisson(12.0, (50, 5 * 52 + 4)).astype(float)
    table[0, -1] = 40
    result = unusual(table, WEEKS)
    assert result.verdict[0] == MORE
    assert (result.verdict[1:] == USUAL).all()
    assert result.fewest == 156
    assert (unusual(table[:, -100:], WEEKS).verdict == CANNOT_SAY).all()
