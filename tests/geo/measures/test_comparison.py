"""How areas fare: Derby's wards by published counts, and areas that do not differ."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from geo import judging
from geo.analyses.measure_figures import Spreads
from geo.judging import judged
from geo.measures import comparison
from geo.measures.comparison import (
    against_before,
    against_rest,
    method_of,
    month_dispersion,
)
from tests.geo.measures import nulls
from tests.geo.measures.nulls import figures

NAN = float("nan")
MONTHS = ["2018-10", "2018-11", "2018-12", "2019-01", "2019-02"]
RESIDENTS = {"Arboretum": 17_049}
"""Of 2021, by best fit of its small areas."""
ALL_RESIDENTS = 261_382


@pytest.fixture(scope="module")
def derby(real_data: Path) -> pd.Series:
    """Counts of anti-social behaviour by ward of 2025, October 2018 to February 2019."""
    table = pd.read_csv(real_data / "derby/reference-asb-by-ward.csv")
    wards = table[(table["boundary_vintage"] == "WD25") & ~table["ward_name"].str.contains("TOTAL")]
    return wards.set_index("ward_name")[MONTHS].sum(axis=1)


def test_arboretum_has_four_and_a_half_times_the_rate_of_the_rest_of_derby(
    derby: pd.Series,
) -> None:
    assert derby.sum() == 4_706
    assert derby["Arboretum"] == 1_118
    table = figures([derby["Arboretum"], 4_706 - 1_118], [17_049, ALL_RESIDENTS - 17_049])
    row = against_rest("rate", table, multiplier=1000).iloc[0]
    assert row["ratio"] == pytest.approx(4.466, abs=5e-4)
    assert (row["lower"], row["upper"]) == pytest.approx((4.172, 4.777), abs=5e-4)
    assert row["rest"] == pytest.approx(1000 * 3_588 / 244_333)


def test_the_whole_without_an_area_is_the_study_area_where_the_areas_are_part_of_it() -> None:
    table = figures([20, 30], [1_000, 1_000])
    rows = against_rest("rate", table, multiplier=1000, whole=(250.0, 12_000.0))
    assert rows["rest"].tolist() == pytest.approx([1000 * 230 / 11_000, 1000 * 220 / 11_000])


def test_a_whole_that_is_not_known_gives_no_verdict_and_says_so():
    rows = against_rest("rate", figures([20, 30], [1_000, 1_000]), whole=(60.0, NAN))
    assert set(rows["why"]) == {comparison.NO_REST}
    assert rows[["rest", "ratio", "p"]].isna().all(axis=None)


def test_under_ten_on_either_side_nothing_is_said() -> None:
    rows = judged(against_rest("rate", figures([9, 10, 400], [100, 100, 4_000])), "down")
    assert rows["verdict"].tolist() == [
        judging.TOO_FEW,
        judging.NO_CLEAR_DIFFERENCE,
        judging.NO_CLEAR_DIFFERENCE,
    ]
    assert rows.loc[0, ["ratio", "lower", "upper", "p", "q"]].isna().all()
    few = against_rest("rate", figures([4, 400], [100, 4_000]))
    assert few["why"].tolist() == [judging.TOO_FEW] * 2


def test_without_a_denominator_there_is_no_rate_and_no_verdict() -> None:
    rows = judged(against_rest("rate", figures([50, 80], NAN, value=[50, 80])), "down")
    assert rows["why"].tolist() == [comparison.NO_DENOMINATOR] * 2
    assert rows["verdict"].tolist() == ["", ""]
    assert rows["rest"].isna().all()


def test_an_unknown_area_is_no_zero_and_no_part_of_the_rest() -> None:
    rows = against_rest("rate", figures([NAN, 50, 50], [1_000, 1_000, 1_000]), multiplier=100)
    assert rows["rest"].tolist()[1:] == [5, 5]
    assert rows.loc[0, "why"] == comparison.NO_VALUE
    assert rows["ratio"].tolist()[1:] == [1, 1]


def test_what_is_clear_is_better_or_worse_by_the_direction_of_the_measure() -> None:
    rows = against_rest("rate", figures([300, 100, 100, 100], [1_000] * 4))
    verdicts = {way: judged(rows, way)["verdict"].tolist()[0] for way in ("down", "up", "neither")}
    assert verdicts == {"down": "worse", "up": "better", "neither": "higher"}
    assert judged(rows, ["down", "down", "up", "neither"])["verdict"].tolist()[1:] == [
        "better", "worse", "lower"
    ]  # fmt: skip


def test_verdicts_are_corrected_over_all_rows() -> None:
    table = pd.DataFrame({"ratio": [1.5] * 40, "p": [0.03, *[0.9] * 39], "why": ""})
    assert judged(table[:1], "down")["verdict"][0] == "worse"
    assert judged(table, "down")["verdict"][0] == judging.NO_CLEAR_DIFFERENCE


def test_an_adjusted_rate_is_judged_by_its_published_limits_alone() -> None:
    crude = figures([50, 80], [1_000, 1_000], value=[50, 80])
    assert method_of("rate", crude, multiplier=1000) == "rate"
    adjusted = crude.assign(value=[61, 70])
    assert method_of("rate", adjusted, multiplier=1000) == "mean"
    rows = judged(against_rest("mean", adjusted), "down")
    assert rows["why"].tolist() == [comparison.NO_LIMITS] * 2
    limited = adjusted.assign(lower=[55, 64], upper=[67, 76])
    assert against_rest("mean", limited)["ratio"].tolist() == pytest.approx([61 / 70, 70 / 61])


def test_shares_means_and_amounts_have_methods_of_their_own() -> None:
    table = figures([5, 8], [10, 10], value=[50, 80])
    assert method_of("share", table, multiplier=100) == "share"
    assert method_of("mean", table, multiplier=1) == "mean"
    assert method_of("money", table, multiplier=1) is None
    assert set(against_rest(None, table)["why"]) == {comparison.AMOUNTS}


def test_a_mean_without_weights_has_no_rest() -> None:
    table = figures(NAN, NAN, value=[5, 6], lower=[4, 5], upper=[6, 7])
    assert set(against_rest("mean", table)["why"]) == {comparison.NO_WEIGHTS}
    # Against itself a year before it needs none.
    assert against_before("mean", table, table)["ratio"].tolist() == [1, 1]


def test_a_year_before_that_is_not_known_is_said() -> None:
    now, before = figures([50, 50], 1_000), figures([NAN, 100], 1_000)
    rows = judged(against_before("rate", now, before), "down", alike=judging.NO_CLEAR_CHANGE)
    assert rows["why"].tolist() == [comparison.NO_EARLIER, ""]
    assert rows["verdict"].tolist() == ["", "better"]


def test_months_that_vary_more_have_a_larger_dispersion() -> None:
    rng = np.random.default_rng(3)
    plain = rng.poisson(30, (18, 24))
    assert month_dispersion(plain) == pytest.approx(1, abs=0.15)
    assert month_dispersion(2 * rng.poisson(15, (18, 24))) == pytest.approx(2, abs=0.3)
    assert month_dispersion(plain[:, :1]) == 1
    assert month_dispersion(plain * 0) == 1


def test_of_sets_of_areas_that_do_not_differ_at_most_one_in_twenty_has_any_verdict() -> None:
    """`python -m tests.geo.measures.nulls` counts them anew.

    A rate of 5 % gives at most so many finds in 99 of 100 cases.
    """
    assert set(nulls.COUNTED) == {null.name for null in nulls.NULLS}
    for worse, said, drawn in nulls.COUNTED.values():
        assert drawn == nulls.DRAWN
        assert worse <= nulls.PROMISED * drawn
        assert said <= stats.binom.ppf(0.99, drawn, nulls.PROMISED)


@pytest.mark.parametrize("null", nulls.NULLS, ids=lambda null: null.name)
def test_areas_that_do_not_differ_are_seldom_said_to(null: nulls.Null) -> None:
    worse, said = nulls.finds(null, 25)
    most_worse, most_said = nulls.most(null.name, 25)
    # Two comparisons: of pairs the second counts only where the first are equal.
    assert worse <= most_worse
    assert said <= most_said


def test_a_ward_with_half_as_much_again_is_found() -> None:
    rng = np.random.default_rng(8)
    size = np.full(18, 10_000.0)
    mean = 0.02 * size * np.array([1.5, *[1] * 17])
    found = [
        nulls.judged(figures(rng.poisson(mean), size), "rate")["verdict"][0] for _ in range(50)
    ]
    assert found.count("worse") >= 48


def test_how_surely_a_dispersion_is_known_depends_on_areas_and_months() -> None:
    counts = np.random.default_rng(5).poisson(30, (18, 12))
    spreads = Spreads.of(counts)
    assert (spreads.among_freedom, spreads.over_time_freedom) == (17 * 11, 18 * 11)
    # An area without incidents tells nothing of how they vary.
    empty = Spreads.of(np.vstack([counts, np.zeros(12)]))
    assert empty.among_freedom == spreads.among_freedom
    assert Spreads.of(counts[:, :2]).among_freedom == np.inf
