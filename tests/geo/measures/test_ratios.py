"""Ratios of two values, with values from publications, from scipy, and by drawing."""

import numpy as np
import pytest
from scipy import stats

from geo.measures.ratios import (
    Means,
    mean_ratios,
    means_of_others,
    rate_ratios,
    ratios_of_ratios,
    share_ratios,
)

NAN = float("nan")


def test_the_interval_of_a_rate_ratio_is_clopper_and_pearsons() -> None:
    n, exposed, other, other_exposed = 14, 200.0, 40, 900.0
    found = rate_ratios((n, exposed), (other, other_exposed))
    test = stats.binomtest(n, n + other, exposed / (exposed + other_exposed))
    low, high = test.proportion_ci(method="exact")
    times = other_exposed / exposed
    assert found.ratio[0] == pytest.approx(14 / 200 / (40 / 900))
    assert (found.lower[0], found.upper[0]) == pytest.approx(
        (low / (1 - low) * times, high / (1 - high) * times)
    )
    tails = (
        stats.binom.cdf(n, n + other, exposed / 1100),
        stats.binom.sf(n - 1, n + other, exposed / 1100),
    )
    assert found.p[0] == pytest.approx(2 * min(tails))


def test_none_against_some_has_no_lower_bound_and_some_against_none_no_upper() -> None:
    found = rate_ratios(([0, 12], 1.0), ([12, 0], 1.0))
    assert found.ratio.tolist() == [0, np.inf]
    assert found.lower[0] == 0
    assert found.upper[1] == np.inf
    assert found.upper[0] == pytest.approx(1 / found.lower[1])


def test_unknown_is_no_rate() -> None:
    found = rate_ratios(([NAN, 5, 5, 0], [10, NAN, 0, 10]), (20, 100))
    assert np.isnan(found.ratio[:3]).all()
    assert np.isnan(found.p[:3]).all()
    assert found.ratio[3] == 0


def test_dispersion_weakens_the_test_and_leaves_the_interval() -> None:
    plain, spread = (rate_ratios((60, 10), (30, 10), dispersion=value) for value in (1, 3))
    assert spread.p[0] > plain.p[0] * 10
    assert (spread.lower, spread.upper) == (plain.lower, plain.upper)
    # Counts divided by their dispersion.
    assert spread.p[0] == pytest.approx(rate_ratios((20, 10), (10, 10)).p[0])


def test_a_dispersion_that_was_estimated_is_allowed_for_by_students_t() -> None:
    """The same distance in standard errors, by the distribution for a variance that is a guess."""
    known = rate_ratios((400, 1), (300, 1), dispersion=2)
    guessed = rate_ratios((400, 1), (300, 1), dispersion=2, freedom=6)
    z = stats.norm.isf(known.p / 2)
    assert guessed.p == pytest.approx(2 * stats.t.sf(z, 6))
    assert guessed.p[0] > 3 * known.p[0]
    assert (guessed.lower, guessed.upper) == (known.lower, known.upper)
    many = rate_ratios((400, 1), (300, 1), dispersion=2, freedom=1e7)
    assert many.p == pytest.approx(known.p, rel=1e-4)
    assert rate_ratios((300, 1), (300, 1), freedom=6).p == pytest.approx(1)
    changed = ratios_of_ratios((100, 150), (400, 400), dispersion=2, freedom=6)
    plain = ratios_of_ratios((100, 150), (400, 400), dispersion=2)
    reach = np.log(changed.upper / changed.ratio) / np.log(plain.upper / plain.ratio)
    assert reach == pytest.approx(stats.t.isf(0.025, 6) / stats.norm.isf(0.025))


def test_koopmans_own_example_of_two_shares() -> None:
    """36 of 40 against 16 of 80: 2.94 to 7.15 (Koopman 1984)."""
    found = share_ratios((36, 40), (16, 80))
    assert found.ratio[0] == pytest.approx(4.5)
    assert (found.lower[0], found.upper[0]) == pytest.approx((2.940, 7.152), abs=0.001)


def test_shares_are_tested_as_fisher_did() -> None:
    found = share_ratios(([12, 3], [40, 40]), ([31, 30], [200, 200]))
    for at, (part, other) in enumerate([(12, 31), (3, 30)]):
        table = [[part, 40 - part], [other, 200 - other]]
        tails = [stats.fisher_exact(table, alternative=way).pvalue for way in ("less", "greater")]
        assert found.p[at] == pytest.approx(min(1, 2 * min(tails)))


def test_a_part_larger_than_its_whole_is_no_share() -> None:
    assert np.isnan(share_ratios((41, 40), (16, 80)).ratio[0])


def test_the_interval_of_shares_holds_the_truth_in_19_of_20() -> None:
    rng = np.random.default_rng(5)
    part, other = rng.binomial(120, 0.3, 4_000), rng.binomial(900, 0.2, 4_000)
    found = share_ratios((part, 120), (other, 900))
    held = ((found.lower <= 1.5) & (found.upper >= 1.5)).mean()
    assert held == pytest.approx(0.95, abs=0.012)


def test_the_interval_of_means_holds_the_truth_in_19_of_20() -> None:
    rng = np.random.default_rng(6)
    one, other = rng.normal(6, 0.5, 4_000), rng.normal(5, 0.2, 4_000)
    found = mean_ratios(
        Means(one, one - 1.96 * 0.5, one + 1.96 * 0.5),
        Means(other, other - 1.96 * 0.2, other + 1.96 * 0.2),
    )
    held = ((found.lower <= 1.2) & (found.upper >= 1.2)).mean()
    assert held == pytest.approx(0.95, abs=0.012)


def test_two_means_are_tested_by_their_own_limits() -> None:
    found = mean_ratios(Means([6.0], [5.02], [6.98]), Means([5.0], [4.608], [5.392]))
    z = 1 / np.hypot(0.5, 0.2)
    assert found.p[0] == pytest.approx(2 * stats.norm.sf(z), rel=1e-3)


def test_the_mean_of_the_others_leaves_out_its_own() -> None:
    means = Means(
        np.array([4.0, 6.0, 9.0, NAN]),
        *([np.array([3.0, 5.0, 8.0, NAN])] * 1),
        np.array([5.0, 7.0, 10.0, NAN]),
    )
    others = means_of_others(means, [100, 300, 100, 50])
    assert others.value[:3] == pytest.approx([(1800 + 900) / 400, 6.5, (400 + 1800) / 400])
    assert others.value[3] == pytest.approx((400 + 1800 + 900) / 500)
    assert others.value[1] - others.lower[1] == pytest.approx(np.sqrt(2) / 2)


def test_others_without_limits_have_a_mean_and_no_limits():
    nan = float("nan")
    others = means_of_others(Means([4.0, 6.0, 9.0], [3.0, nan, 8.0], [5.0, nan, 10.0]), [1, 1, 2])
    assert others.value.tolist() == [8.0, 22 / 3, 5.0]
    assert np.isnan(others.lower).tolist() == [True, False, True]


def test_the_demo_estates_against_the_rest_have_no_clear_effect() -> None:
    """881 → 1,299 against 3,167 → 4,349: 1.07, p 0.15."""
    found = ratios_of_ratios((881, 1_299), (3_167, 4_349))
    assert found.ratio[0] == pytest.approx(1.0737, abs=1e-4)
    assert found.p[0] == pytest.approx(0.15, abs=0.002)


def test_a_change_of_exposure_is_no_effect() -> None:
    found = ratios_of_ratios((100, 200), (50, 50), exposures=(1, 2, 1, 1))
    assert found.ratio[0] == pytest.approx(1)
    assert found.p[0] == pytest.approx(1)


def test_nothing_is_said_of_a_change_from_none() -> None:
    assert np.isnan(ratios_of_ratios((0, 20), (50, 60)).ratio[0])
