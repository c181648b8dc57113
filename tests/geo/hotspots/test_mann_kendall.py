"""Mann–Kendall's test has its published values, and SciPy's where nothing is tied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geo.statistics import mann_kendall

SERIES = st.lists(st.integers(-5, 5), min_size=3, max_size=15).map(np.array)


def test_worked_series_have_their_published_values():
    steady = mann_kendall([range(1, 11)])
    assert (steady.s[0], steady.variance[0]) == (45, 125)
    assert steady.z[0] == pytest.approx(3.93548, abs=1e-5)
    tied = mann_kendall([[1, 2, 2, 3, 1, 4, 5, 5, 6, 4]])
    assert (tied.s[0], tied.variance[0]) == (29, 121)
    assert tied.z[0] == pytest.approx(2.54545, abs=1e-5)
    assert tied.p[0] == pytest.approx(0.010914, abs=1e-6)


@settings(max_examples=60)
@given(series=SERIES)
def test_s_is_that_of_kendalls_tau(series):
    m = len(series)
    pairs = np.sqrt(
        (m * (m - 1) / 2)
        * (m * (m - 1) / 2 - sum(c * (c - 1) / 2 for c in np.bincount(series + 5)))
    )
    tau = stats.kendalltau(np.arange(m), series).statistic
    expected = 0 if np.isnan(tau) else tau * pairs
    assert mann_kendall([series]).s[0] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60)
@given(series=SERIES)
def test_a_series_upside_down_or_backwards_has_the_opposite_trend(series):
    both = mann_kendall([series, -series, series[::-1]])
    assert both.z.tolist() == [both.z[0], -both.z[0], -both.z[0]]
    assert len(set(both.p)) == 1


def test_a_level_series_has_no_trend_and_a_broken_one_no_answer():
    result = mann_kendall([[3, 3, 3, 3], [1, np.nan, 3, 4]])
    assert (result.s[0], result.z[0], result.p[0]) == (0, 0, 1)
    assert np.isnan([result.s[1], result.variance[1], result.z[1], result.p[1]]).all()


def test_a_series_without_a_trend_seldom_shows_one():
    p = mann_kendall(np.random.default_rng(3).poisson(2, (4000, 24))).p
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.01)
