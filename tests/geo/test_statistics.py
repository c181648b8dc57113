"""The corrections and tails agree with SciPy's own, at the extremes too."""

import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from geo.statistics import (
    benjamini_hochberg,
    benjamini_yekutieli,
    binomial_two_sided,
    normal_two_sided,
    poisson_e_test,
)

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
    result = binomial_two_sided(k, n, np.full(len(k), share))
    expected = scipy_two_sided(k, n, np.full(len(k), share))
    # Below that, the two ways to the incomplete beta function share fewer digits.
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-250)


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


@settings(max_examples=100)
@given(p=P_VALUES)
def test_q_values_under_dependence_are_those_of_scipy(p):
    expected = stats.false_discovery_control(p, method="by")
    np.testing.assert_allclose(benjamini_yekutieli(p), expected, rtol=1e-12)


def test_a_missing_p_is_no_test_under_dependence_either():
    assert benjamini_yekutieli([0.01, np.nan])[0] == pytest.approx(0.01)
    assert np.isnan(benjamini_yekutieli([0.01, np.nan])[1])
    assert benjamini_yekutieli([]).shape == (0,)


def test_two_poisson_counts_have_their_published_p():
    p = poisson_e_test([0, 6], [3, 2], exposure=(1, 1))
    assert p == pytest.approx([0.0884, 0.1749], abs=5e-5)


def every_pair(k: int, other: int, exposure: tuple[int, int]) -> float:
    """The E-test's double sum, with the differences compared in whole numbers."""
    one, two = exposure
    x, y = np.ogrid[:300, :300]
    at_least = (x * two - y * one) ** 2 * (k * two**2 + other * one**2) >= (
        k * two - other * one
    ) ** 2 * (x * two**2 + y * one**2)
    at_least[0, 0] = k * two == other * one
    rate = (k + other) / (one + two)
    chance = stats.poisson.pmf(x, rate * one) * stats.poisson.pmf(y, rate * two)
    return min(float((chance * at_least).sum()), 1.0)


@settings(max_examples=150, deadline=None)
@given(
    k=st.integers(0, 40),
    other=st.integers(0, 40),
    exposure=st.tuples(*[st.sampled_from([1, 28, 30, 31, 59, 90])] * 2),
)
def test_the_e_test_is_the_sum_over_every_pair(k, other, exposure):
    one, two = exposure
    assume((k + other) / (one + two) * max(exposure) < 120)
    p = poisson_e_test([k], [other], exposure=exposure)[0]
    assert p == pytest.approx(every_pair(k, other, exposure), abs=1e-9)


@pytest.mark.parametrize("counts", [(1_000, 1_100), (3_000, 3_300), (10_000, 10_200)])
def test_large_counts_agree_with_scipy(counts):
    p = poisson_e_test([counts[0]], [counts[1]], exposure=(30, 31))[0]
    assert p == pytest.approx(stats.poisson_means_test(counts[0], 30, counts[1], 31).pvalue)


def test_equal_rates_and_nothing_at_all_are_no_difference():
    assert poisson_e_test([0, 20, 7], [0, 60, 7], exposure=(1, 1))[[0, 2]].tolist() == [1, 1]
    assert poisson_e_test([20], [60], exposure=(30, 90)).tolist() == [1]
    assert poisson_e_test([], [], exposure=(1, 1)).shape == (0,)


def test_two_hundred_areas_of_ten_thousand_incidents_take_no_time():
    k = np.random.default_rng(2).poisson(10_000, (2, 200))
    began = time.thread_time()
    p = poisson_e_test(*k, exposure=(90, 91))
    assert time.thread_time() - began < 3
    assert (p > 0).all()
    assert 0.01 < np.mean(p < 0.05) < 0.15


def test_under_the_null_small_p_values_are_as_rare_as_they_say():
    k = np.random.default_rng(4).poisson(6, (2, 20_000))
    p = poisson_e_test(*k, exposure=(1, 1))
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.01)
