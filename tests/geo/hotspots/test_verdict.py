"""A change is called more than chance only where counts that vary anyway do not explain it."""

import numpy as np
import pytest
from scipy import stats

from geo.hotspots.verdict import CERTAINTY, UNJUDGED, Earlier, judge

MORE, LESS, UNCLEAR = CERTAINTY
TABLES = 120
"""Simulated tables of each kind."""


def counts(rng: np.random.Generator, mean, dispersion: float) -> np.ndarray:
    """Counts with a variance of so many times the mean."""
    if dispersion == 1:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(np.asarray(mean) / (dispersion - 1), 1 / dispersion).astype(float)


def history(rng: np.random.Generator, mean: np.ndarray, dispersion: float, *, periods: int):
    """Earlier periods, a quarter busier in some seasons than in others; none for 0 periods."""
    if not periods:
        return None
    season = 1 + 0.25 * np.sin(np.arange(periods) * np.pi / 2)
    return Earlier(counts(rng, mean[:, None] * season, dispersion), np.full(periods, 91.0))


@pytest.mark.parametrize("periods", [0, 6, 12])
@pytest.mark.parametrize("areas", [18, 69])
def test_where_every_area_rose_alike_few_tables_have_a_false_call(areas, periods):
    # Winter to spring: 19 % more everywhere; variance over mean 1 to 3, as in real wards.
    rng = np.random.default_rng(areas + periods)
    false = []
    for dispersion in (1, 1.5, 2, 3):
        for _ in range(TABLES):
            mean = rng.gamma(2, 30, areas) + 1
            now, before = counts(rng, 1.19 * mean, dispersion), counts(rng, mean, dispersion)
            earlier = history(rng, mean, dispersion, periods=periods)
            verdicts = judge(now, before, days=(91, 91), earlier=earlier).certainty
            false.append((verdicts != UNCLEAR).any())
    assert np.mean(false) <= 0.05
    assert periods == 0 or np.mean(false) > 0, "a test that calls nothing would pass as well"


def test_a_ward_that_doubled_is_found_among_wards_that_vary():
    rng = np.random.default_rng(5)
    hits, others = [], []
    for _ in range(60):
        mean = np.concatenate([[200.0], rng.gamma(2, 30, 17) + 20])
        now = counts(rng, mean * np.where(np.arange(18) == 0, 2, 1.19), 2)
        before = counts(rng, mean, 2)
        verdicts = judge(
            now, before, days=(91, 91), earlier=history(rng, mean, 2, periods=12)
        ).certainty
        hits.append(verdicts[0] == MORE)
        others.append((verdicts[1:] != UNCLEAR).any())
    assert np.mean(hits) > 0.6
    assert np.mean(others) <= 0.1


def test_where_one_large_area_doubles_its_neighbours_did_not_fall():
    rng = np.random.default_rng(6)
    called = []
    for _ in range(40):
        mean = rng.gamma(2, 30, 18) + 20
        mean[0] = 0.67 * mean[1:].sum()
        now = counts(rng, mean * np.where(np.arange(18) == 0, 2, 1), 1.5)
        earlier = history(rng, mean, 1.5, periods=12)
        verdicts = judge(now, counts(rng, mean, 1.5), days=(91, 91), earlier=earlier).certainty
        assert verdicts[0] == MORE
        called.append((verdicts[1:] != UNCLEAR).sum())
    assert np.mean(called) <= 0.3, "with a plain rest, four neighbours a table are called less"


def test_without_dispersion_it_is_the_exact_test_of_two_counts():
    # Far more incidents elsewhere than here, so the rest's own variation hardly matters.
    rest = 10_000_000.0
    verdicts = judge(
        np.array([30.0]), np.array([15.0]), days=(30, 30), total=(rest, rest),
        earlier=Earlier(np.full((1, 2_000), 20.0), np.full(2_000, 30.0), np.full(2_000, rest)),
    )  # fmt: skip
    exact = 2 * stats.binom.sf(29, 45, 0.5)
    assert verdicts.dispersion == 1
    assert verdicts.p[0] == pytest.approx(exact, rel=0.02)


def test_the_dispersion_of_earlier_periods_is_that_of_their_counts():
    rng = np.random.default_rng(8)
    mean = rng.gamma(2, 200, 69) + 20
    earlier = history(rng, mean, 2.5, periods=12)
    verdicts = judge(mean, mean, days=(91, 91), earlier=earlier)
    assert verdicts.dispersion == pytest.approx(2.5, rel=0.12)
    assert verdicts.periods == 12
    assert 300 < verdicts.degrees < 68 * 11


def test_a_change_of_many_areas_does_not_hide_itself_in_the_dispersion():
    rng = np.random.default_rng(9)
    mean = np.full(18, 150.0)
    now = mean * np.where(np.arange(18) < 5, 1.8, 1.0)
    earlier = history(rng, mean, 1.5, periods=8)
    from_before = judge(now, mean, days=(91, 91), earlier=earlier)
    assert (from_before.certainty[:5] == MORE).all()
    assert (from_before.certainty[5:] == UNCLEAR).all()
    from_both = judge(now, mean, days=(91, 91))
    assert from_both.dispersion > 4 * from_before.dispersion


def test_few_areas_are_judged_by_their_own_rates_and_a_season_is_no_change():
    winters = np.array([[100.0, 140, 100, 140, 100, 140, 100, 140]])
    days = np.full(8, 91.0)
    spring = judge(
        np.array([140.0]), np.array([100.0]), days=(91, 91), earlier=Earlier(winters, days)
    )
    assert spring.against == "own rate"
    assert spring.certainty[0] == UNCLEAR
    risen = judge(
        np.array([300.0]), np.array([100.0]), days=(91, 91), earlier=Earlier(winters, days)
    )
    assert risen.certainty[0] == MORE
    longer = judge(
        np.array([300.0]), np.array([100.0]), days=(273, 91), earlier=Earlier(winters, days)
    )
    assert longer.p[0] > 0.9, "three times as many in three times as long"


def test_few_areas_without_earlier_periods_cannot_be_judged():
    verdicts = judge(np.array([60.0, 9]), np.array([5.0, 9]), days=(30, 30))
    assert verdicts.certainty.tolist() == [UNJUDGED, UNJUDGED]
    assert np.isnan(verdicts.q).all()


def test_earlier_periods_without_incidents_tell_no_variation():
    days = np.full(12, 30.0)
    now, before = np.array([90.0, 0, 0, 0]), np.zeros(4)
    verdicts = judge(now, before, days=(30, 30), earlier=Earlier(np.zeros((4, 12)), days))
    assert verdicts.certainty.tolist() == [UNJUDGED] * 4
    assert verdicts.periods == 0


def test_an_unknown_count_is_not_judged_and_is_no_test_of_the_others():
    rng = np.random.default_rng(10)
    mean = np.full(18, 60.0)
    earlier = history(rng, mean, 1.5, periods=8)
    now, before = mean.copy(), mean.copy()
    now[0] = 160
    alone = judge(now[:17], before[:17], days=(91, 91), earlier=Earlier(
        earlier.counts[:17], earlier.days))  # fmt: skip
    now[17] = np.nan
    gap = Earlier(np.where(np.arange(18)[:, None] == 17, np.nan, earlier.counts), earlier.days)
    verdicts = judge(now, before, days=(91, 91), earlier=gap)
    assert verdicts.certainty[17] == UNJUDGED
    assert verdicts.certainty[0] == MORE
    assert verdicts.q[:17] == pytest.approx(alone.q)


def test_an_area_beside_an_empty_rest_is_no_certainty():
    verdicts = judge(np.array([3.0, 0, 1, 0, 1, 0]), np.array([0.0, 1, 0, 0, 0, 1]), days=(30, 30))
    assert (verdicts.certainty == UNCLEAR).all()
