"""A change is called one only beyond chance, and a band holds what it promises."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geo.errors import InputError
from geo.hotspots.change import BANDS, changes, expected_band, similarity

PATTERN = st.lists(st.integers(0, 40), min_size=6, max_size=6).filter(any)
JUNES = [f"20{year}-06" for year in range(18, 25)]


def test_a_change_is_the_count_now_less_the_count_before():
    areas = changes([60, 5, 21, 0, 30, 31], [20, 40, 20, 0, 31, 30], days=(30, 30)).areas
    assert areas["change"].tolist() == [40, -35, 1, 0, -1, 1]
    assert areas["change_share"].tolist()[:3] == [2, -0.875, 0.05]
    assert np.isnan(areas["change_share"][3])
    assert areas["p"][3] == 1
    assert "n_per_day" not in areas


def test_periods_of_unequal_length_are_also_compared_by_the_day():
    areas = changes([60, 40], [20, 20], days=(90, 30)).areas
    assert areas["change"].tolist() == [40, 20]
    assert areas["n_per_day"].tolist() == pytest.approx([60 / 90, 40 / 90])
    assert areas["n_compared_per_day"].tolist() == pytest.approx([20 / 30, 20 / 30])
    assert areas["change_per_day"].tolist() == pytest.approx([0, 40 / 90 - 20 / 30])
    assert areas["change_share"].tolist() == pytest.approx([0, -1 / 3])


@settings(max_examples=30, deadline=None)
@given(now=PATTERN, before=PATTERN, data=st.data())
def test_swapped_periods_swap_the_change_and_order_does_not_matter(now, before, data):
    result = changes(now, before, days=(28, 31)).areas
    back = changes(before, now, days=(31, 28)).areas
    order = data.draw(st.permutations(range(6)))
    shuffled = changes(np.array(now)[order], np.array(before)[order], days=(28, 31)).areas
    np.testing.assert_allclose(back["p"], result["p"], rtol=1e-6)
    assert (back["change"] == -result["change"]).all()
    expected = result.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(shuffled, expected, rtol=1e-6)


@pytest.mark.parametrize("days", [(0, 30), (30, 0)])
def test_a_period_without_days_is_refused(days):
    with pytest.raises(InputError, match="a period has no day with data"):
        changes([1], [2], days=days)


def test_single_days_are_compared():
    areas = changes([8, 3], [4, 3], days=(1, 1)).areas
    assert areas["change"].tolist() == [4, 0]
    assert areas["change_share"].tolist() == [1, 0]


def n_minus_one(a: int, total: int, b: int, total_other: int) -> float:
    """The χ² of a table of two by two, times (N − 1) / N."""
    table = [[a, total - a], [b, total_other - b]]
    whole = stats.chi2_contingency(table, correction=False).statistic
    everything = total + total_other
    return float(stats.chi2.sf(whole * (everything - 1) / everything, 1))


def test_patterns_are_compared_area_by_area():
    n, other = np.array([30, 10, 10, 0, 0]), np.array([10, 10, 29, 1, 0])
    result = similarity(n, other)
    p = [n_minus_one(a, 50, b, 50) for a, b in zip(n[:4], other[:4], strict=True)]
    assert result.areas["p"].tolist()[:4] == pytest.approx(p)
    assert result.areas["q"].tolist()[:4] == pytest.approx(
        stats.false_discovery_control(p, method="by")
    )
    assert np.isnan(result.areas["p"][4])
    assert result.areas["differs"].tolist() == [True, False, True, False, False]
    assert (result.s, result.robust_s) == (3 / 5, 2 / 4)
    assert (result.s_corrected, result.robust_s_corrected) == (3 / 5, 2 / 4)


@settings(max_examples=40)
@given(n=PATTERN, factor=st.integers(2, 5))
def test_a_pattern_is_like_itself_however_much_more_of_it(n, factor):
    result = similarity(n, np.array(n) * factor)
    assert result[1:] == (1, 1, 1, 1)
    np.testing.assert_allclose(result.areas["share"], result.areas["share_compared"])


@settings(max_examples=40)
@given(n=PATTERN, other=PATTERN)
def test_likeness_goes_both_ways_and_correcting_finds_no_less_of_it(n, other):
    one, back = similarity(n, other), similarity(other, n)
    assert one[1:] == back[1:]
    assert one.s_corrected >= one.s
    assert one.robust_s <= one.s


def test_a_pattern_without_incidents_is_refused():
    with pytest.raises(InputError, match="one of the two patterns has no incidents"):
        similarity([0, 0], [1, 2])


def monthly(*rows: list[int], months: list[str] = JUNES) -> pd.DataFrame:
    return pd.DataFrame(
        list(rows), columns=months[-len(rows[0]) :], index=list("ABCD")[: len(rows)]
    )


def test_a_month_is_judged_by_the_same_month_of_earlier_years():
    counts = monthly([20, 22, 21, 60], [20, 21, 22, 21], [21, 20, 22, 3], [0, 0, 0, 0])
    result = expected_band(counts, "2024-06")
    assert result["band"].tolist() == [BANDS[0], BANDS[1], BANDS[2], BANDS[1]]
    assert result["expected"].tolist() == [21, 21, 21, 0]
    assert result.index.tolist() == list("ABCD")
    assert (result["low"] < 21).iloc[:3].all()
    assert result["low"]["D"] == 0
    assert set(result["years"]) == {3}


def test_a_band_of_even_years_is_the_predictive_negative_binomial():
    result = expected_band(monthly([20, 22, 21, 0]), "2024-06").iloc[0]
    expected = stats.nbinom.ppf([0.025, 0.975], 63.5, 3 / 4)
    assert result[["low", "high"]].tolist() == expected.tolist()


def test_two_earlier_years_give_no_band():
    result = expected_band(monthly([20, 22, 60]), "2024-06")
    assert result["band"].tolist() == ["no band"]
    assert result[["expected", "low", "high"]].isna().all(axis=None)
    assert result["n"].tolist() == [60]


def test_other_months_and_later_years_do_not_count():
    counts = monthly([20, 22, 21, 60]).assign(**{"2023-05": 500, "2025-06": 500})
    pd.testing.assert_frame_equal(
        expected_band(counts, "2024-06"), expected_band(monthly([20, 22, 21, 60]), "2024-06")
    )


def test_only_the_latest_five_years_count():
    result = expected_band(monthly([900, 20, 21, 22, 20, 21, 20]), "2024-06").iloc[0]
    assert result["years"] == 5
    assert result["expected"] == pytest.approx(20.8)


def test_a_month_that_was_not_published_has_an_expectation_and_no_verdict():
    result = expected_band(monthly([20, 22, 21, 60]).drop(columns="2024-06"), "2024-06").iloc[0]
    assert np.isnan(result["n"])
    assert result["expected"] == 21
    assert result["band"] == "no band"


@pytest.mark.parametrize("mean", [0.5, 3, 20, 200])
@pytest.mark.parametrize("dispersion", [1, 2, 5])
@pytest.mark.parametrize(("areas", "years"), [(1, 3), (20, 3), (20, 5)])
def test_the_band_holds_the_share_of_months_that_it_promises(mean, dispersion, areas, years):
    """Also where counts vary more than Poisson's; one area with three years comes nearest."""
    rng = np.random.default_rng(3)
    shape = mean / max(dispersion - 1, 1e-9)
    inside = []
    for _ in range(600 // areas):
        size = (areas, years + 1)
        rate = rng.gamma(shape, mean / shape, size) if dispersion > 1 else np.full(size, mean)
        counts = pd.DataFrame(rng.poisson(rate), columns=JUNES[-years - 1 :])
        inside += expected_band(counts, JUNES[-1])["band"].eq(BANDS[1]).tolist()
    assert np.mean(inside) >= 0.9


def widths(counts: pd.DataFrame) -> pd.Series:
    band = expected_band(counts, JUNES[-1])
    return band["high"] - band["low"]


@pytest.mark.parametrize("dispersion", [1, 2, 5])
@pytest.mark.parametrize("mean", [20, 200])
def test_a_band_is_no_wider_than_counts_vary(mean, dispersion):
    """Against the range of a count whose mean is known, and of the mean of five such counts."""
    rng = np.random.default_rng(5)
    shape = mean / max(dispersion - 1, 1e-9)
    rate = rng.gamma(shape, mean / shape, (400, 6)) if dispersion > 1 else np.full((400, 6), mean)
    counts = pd.DataFrame(rng.poisson(rate), columns=JUNES[-6:])
    reach = 2 * 1.96 * np.sqrt(mean * dispersion * (1 + 1 / 5))
    assert widths(counts).median() == pytest.approx(reach, rel=0.15, abs=2 * dispersion + 1)
    inside = expected_band(counts, JUNES[-1])["band"].eq(BANDS[1]).mean()
    assert 0.9 <= inside <= 0.99


def test_each_area_varies_around_its_own_mean():
    rng = np.random.default_rng(6)
    quiet = pd.DataFrame(rng.poisson(10, (60, 6)), columns=JUNES[-6:])
    busy = pd.DataFrame(rng.poisson(1_000, (60, 6)), columns=JUNES[-6:])
    both = pd.concat([quiet, busy], ignore_index=True)
    assert widths(both)[:60].median() <= widths(quiet).median() + 3


def test_areas_that_are_always_empty_say_nothing_about_how_much_counts_vary():
    rng = np.random.default_rng(7)
    counts = pd.DataFrame(rng.poisson(rng.gamma(2, 10, (20, 6))), columns=JUNES[-6:])
    empty = pd.DataFrame(np.zeros((80, 6), int), columns=JUNES[-6:])
    alone = expected_band(counts, JUNES[-1])
    among = expected_band(pd.concat([counts, empty], ignore_index=True), JUNES[-1])
    pd.testing.assert_frame_equal(among.iloc[:20], alone)
    assert set(among["band"][20:]) == {BANDS[1]}
    assert (among["low"][20:] == 0).all()


def test_a_city_without_any_incident_is_within_its_band():
    result = expected_band(monthly([0, 0, 0, 0], [0, 0, 0, 9]), "2024-06")
    assert result["band"].tolist() == [BANDS[1], BANDS[0]]


def test_a_band_of_uneven_years_is_widened_outwards_to_whole_incidents():
    years = [[110, 140, 120], [130, 105, 125]]
    squares = sum(sum((n - np.mean(row)) ** 2 for n in row) / np.mean(row) for row in years)
    # Four degrees of freedom: two areas, three years each.
    wider = stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975)
    spread = squares / 4 * wider**2
    result = expected_band(monthly([*years[0], 1], [*years[1], 1]), "2024-06")
    for at, row in enumerate(years):
        shape = sum(row) / spread + 0.5
        low, high = spread * stats.nbinom.ppf([0.025, 0.975], shape, 3 / 4)
        assert low % 1 > 0
        assert high % 1 > 0
        assert result["low"].iloc[at] == np.floor(low)
        assert result["high"].iloc[at] == np.ceil(high)
