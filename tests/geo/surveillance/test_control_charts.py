"""Control charts against published examples, and the rules for runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo.surveillance.control_charts import RULES, count_chart, xmr_chart

# NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2: flow rates of ten batches.
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
# The same, section 6.3.3.1: defects on 25 wafers.
WAFERS = [
    16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14,
    16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13,
]  # fmt: skip


def signals(values: list[float], rule: str, **others: object) -> list[int]:
    chart = xmr_chart([values], **others)
    return np.flatnonzero(chart.signals[0, :, RULES.index(rule)]).tolist()


def test_natural_process_limits_are_those_of_the_handbook() -> None:
    chart = xmr_chart([FLOW])
    assert chart.centre[0] == pytest.approx(50.81)
    # The handbook divides by 1.128 and multiplies by 3, which is 2.6596.
    assert chart.upper[0] == pytest.approx(55.8041, abs=0.001)
    assert chart.lower[0] == pytest.approx(45.8159, abs=0.001)
    assert not chart.signals.any()


def test_limits_of_counts_are_exact_where_the_handbook_takes_the_normal_distribution() -> None:
    """The handbook has 16 ± 12, by the normal distribution; a Poisson count is skew."""
    steady = [n for n in WAFERS if n not in (28, 31)]
    chart = count_chart([steady])
    mean = np.mean(steady)
    assert chart.centre[0] == mean
    assert chart.upper[0] == stats.poisson.ppf(1 - 0.00135, mean)
    assert chart.lower[0] == stats.poisson.ppf(0.00135, mean)
    whole = count_chart([WAFERS], baseline=[n not in (28, 31) for n in WAFERS])
    outside = whole.signals[0, :, RULES.index("outside")]
    assert np.asarray(WAFERS)[outside].tolist() == [31]


def test_limits_are_wider_where_counts_vary_more_than_poisson_counts() -> None:
    rng = np.random.default_rng(6)
    table = rng.negative_binomial(30 / 2, 1 / 3, (2000, 60)).astype(float)
    chart = count_chart(table)
    wide = np.median(chart.upper)
    assert stats.poisson.ppf(0.99865, 30) < wide
    assert wide == pytest.approx(stats.nbinom.ppf(0.99865, 15, 1 / 3), abs=3)
    outside = chart.signals[:, :, RULES.index("outside")]
    assert 0.0005 < outside.mean() < 0.0035


def test_a_run_of_eight_on_one_side_is_a_shift_and_of_seven_is_none() -> None:
    start = [14.0, 10, 13, 9, 14, 10, 13, 9]
    assert signals([*start, *[15] * 7, 9], "run") == []
    assert signals([*start, *[15] * 8, 9], "run") == list(range(8, 16))
    # A point on the mean ends a run.
    assert signals([8, 12] * 4 + [11] * 4 + [10] + [11] * 4 + [5.9], "run") == []


def test_six_in_a_row_that_rise_are_a_trend() -> None:
    assert signals([5, 4, 5, 6, 7, 8, 9, 3], "trend") == []
    assert signals([5, 4, 5, 6, 7, 8, 9, 10, 3], "trend") == [2, 3, 4, 5, 6, 7]


def test_two_of_three_near_a_limit_are_a_sign_and_one_is_none() -> None:
    baseline = [True] * 20 + [False] * 4
    steady = [10.0, 12.0] * 10  # mean 11, limits 11 ± 5.32, two thirds of the way 14.5
    assert signals([*steady, 15, 11, 15, 11], "near limit", baseline=baseline) == [20, 22]
    assert signals([*steady, 15, 11, 11, 15], "near limit", baseline=baseline) == []
    assert signals([*steady, 15, 11, 7, 11], "near limit", baseline=baseline) == []


def test_an_unknown_month_ends_a_run_and_has_no_moving_range() -> None:
    values = [10, 12] * 5 + [np.nan] + [30, 32] * 5
    chart = xmr_chart([values])
    assert chart.upper[0] == pytest.approx(chart.centre[0] + 2.66 * 2)
    assert not np.isnan(chart.centre[0])
    eight = [5.0] * 6 + [15] * 4 + [np.nan] + [15] * 4 + [5.0] * 4
    assert signals(eight, "run") == []
    assert np.isnan(xmr_chart([[np.nan, 4, np.nan]]).upper[0])


def test_a_lower_limit_is_never_below_zero_and_zeros_have_no_limits_but_zero() -> None:
    assert xmr_chart([[0, 9, 0, 9, 0, 9]]).lower[0] == 0
    nothing = count_chart([[0, 0, 0, 0, 0, 0]])
    assert (nothing.lower[0], nothing.upper[0]) == (0, 0)
    assert not nothing.signals[0, :, RULES.index("outside")].any()
