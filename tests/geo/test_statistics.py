"""The corrections and tails agree with SciPy's own, at the extremes too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geo.statistics import benjamini_hochberg, binomial_two_sided, normal_two_sided

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@settings(max_examples=100)
@given(p=P_VALUES)
def test_q_values_are_those_of_scipy(p):
    expected = stats.false_discovery_control(p, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-12)


@settings(max_examples=50)
@given(p=P_VALUES, gaps=st.lists(st.integers(0, 30), max_size=5))
def test_a_missing_p_stays_missing_and_is_no_test(p, gaps):
    holed = np.insert(np.array(p), np.minimum(gaps, len(p)).astype(int), np.nan)
    q = benjamini_hochberg(holed)
    assert (np.isnan(q) == np.isnan(holed)).all()
    np.testing.assert_array_equal(q[~np.isnan(q)], benjamini_hochberg(p))


def test_nothing_to_correct_gives_nothing():
    assert benjamini_hochberg([]).shape == (0,)
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()


def test_q_values_of_a_worked_example():
    assert benjamini_hochberg([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.04] * 4)
    assert benjamini_hochberg([0.01, 0.5, 0.9]) == pytest.approx([0.03, 0.75, 0.9])


def test_a_normal_z_has_both_its_tails():
    p = normal_two_sided([0, 1.959963984540054, -1.959963984540054, 40, np.nan])
    assert p[:3] == pytest.approx([1, 0.05, 0.05])
    assert p[3] == pytest.approx(2 * stats.norm.sf(40))
    assert np.isnan(p[4])


def scipy_two_sided(k: np.ndarray, n: int, share: np.ndarray) -> np.ndarray:
    smaller = np.minimum(stats.binom.cdf(k, n, share), stats.binom.sf(k - 1, n, share))
    return np.minimum(1, 2 * smaller)


@settings(max_examples=150)
@given(data=st.data(), n=st.integers(0, 100_000), share=st.floats(0, 1))
def test_binomial_tails_are_those_of_scipy(data, n, share):
    k = np.array(data.draw(st.lists(st.integers(0, n), min_size=1, max_size=5)))
    found = binomial_two_sided(k, n, np.full(len(k), share))
    expected = scipy_two_sided(k, n, np.full(len(k), share))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-300)


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("share", [0.0, 1e-12, 0.004, 0.5, 1 - 1e-12, 1.0])
def test_binomial_tails_hold_for_none_and_for_all(n, share):
    k = np.array([0, n])
    expected = scipy_two_sided(k, n, np.array([share, share]))
    np.testing.assert_allclose(binomial_two_sided(k, n, [share, share]), expected, rtol=1e-10)


def test_no_draws_surprise_nobody():
    assert binomial_two_sided([0], 0, [0.3]).tolist() == [1.0]


def test_a_share_that_rounding_put_above_one_counts_as_one():
    assert binomial_two_sided([5], 5, [1 + 1e-15]).tolist() == [1.0]
