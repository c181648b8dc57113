"""Held-out months say how sure an index is, and call no difference that chance gives."""

import numpy as np
import pytest

from geo.errors import InputError
from geo.hotspots.held_out import FEWEST_MONTHS, LEVEL, paired_p, pooled_ratio


def test_a_pooled_ratio_has_the_interval_of_a_ratio_estimate():
    """By hand: Σ(a − rb)² = 24, se = √(4/3 · 24) / 400, t of 3 degrees 3.18245."""
    hits, n = [28, 32, 30, 30], [100, 100, 100, 100]
    result = pooled_ratio(hits, n)
    se = np.sqrt(4 / 3 * (4 + 4)) / 400
    wide = np.exp(3.182446305284263 * se / 0.3)
    assert result.value[0] == pytest.approx(0.3)
    assert result.low[0] == pytest.approx(0.3 / wide)
    assert result.high[0] == pytest.approx(0.3 * wide)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    n = rng.poisson(300, (2_000, 6))
    result = pooled_ratio(rng.binomial(n, 0.2), n)
    inside = (result.low <= 0.2) & (result.high >= 0.2)
    assert 0.92 <= inside.mean() <= 0.97


def test_one_month_has_no_interval_and_nothing_caught_no_upper_bound():
    alone = pooled_ratio([[3]], [[10]])
    assert alone.value[0] == pytest.approx(0.3)
    assert np.isnan([alone.low[0], alone.high[0]]).all()
    none = pooled_ratio([[0, 0]], [[10, 12]])
    assert (none.value[0], none.low[0]) == (0, 0)
    assert np.isnan(none.high[0])


def test_paired_p_of_two_methods_is_that_of_all_changes_of_sign():
    """Fisher's test: 1, 2 and 3 all positive is 2 of 8 changes of sign."""
    assert paired_p([[1, 2, 3], [0, 0, 0]])[0, 1] == pytest.approx(2 / 8)
    assert paired_p([[1, 2, -3], [0, 0, 0]])[0, 1] == 1
    six = paired_p([[1, 2, 3, 4, 5, 6], [0] * 6])
    assert six[0, 1] == six[1, 0] == pytest.approx(2 / 64)
    assert np.diag(six).tolist() == [1, 1]
    assert 2 / 2 ** (FEWEST_MONTHS - 1) > LEVEL


def test_a_method_far_behind_does_not_hide_a_small_difference():
    rng = np.random.default_rng(2)
    best = 0.3 + 0.02 * rng.standard_normal(12)
    near = best - 0.02 - 0.002 * rng.standard_normal(12)
    far = best - 0.2 - 0.05 * rng.standard_normal(12)
    p = paired_p([best, near, far])
    assert p[0, 1] <= LEVEL
    assert p[0, 2] <= p[0, 1]


@pytest.mark.parametrize("months", [6, 12])
def test_of_equal_methods_the_best_is_seldom_called_better(months):
    """However many are compared, and however alike some of them are."""
    rng, false = np.random.default_rng(3), 0
    for _ in range(200):
        shared = 0.05 * rng.standard_normal(months)
        methods = shared + 0.02 * rng.standard_normal((12, months))
        methods[1] = methods[0] + 0.001 * rng.standard_normal(months)
        false += (paired_p(methods) <= LEVEL).any()
    assert false <= 0.08 * 200


def test_months_beyond_all_changes_of_sign_are_drawn_and_stay_the_same():
    rng = np.random.default_rng(4)
    values = rng.standard_normal((3, 20)) + np.array([[0.0], [0.0], [3.0]])
    p = paired_p(values)
    assert p.tolist() == paired_p(values).tolist()
    assert p[0, 2] < 0.01
    assert p[0, 1] > LEVEL
    with pytest.raises(InputError, match="without months"):
        paired_p(np.zeros((2, 0)))
