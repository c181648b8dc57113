"""Concentration counts the empty places, and knows how few incidents must leave some empty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.hotspots.concentration import (
    concentration,
    generalised_gini,
    gini,
    lorenz_curve,
    places_holding,
)

COUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any)


@pytest.mark.parametrize(
    ("counts", "plain", "generalised"),
    [([10, 8, 2], 0.78, 0.78), ([5, 2, 1], 0.80, 0.75), ([3, 1, 1], 0.78, 0.56)],
)
def test_ten_places_have_their_published_gini(counts, plain, generalised):
    result = concentration(counts, places=10).iloc[0]
    assert result["gini"] == pytest.approx(plain)
    assert result["generalised_gini"] == pytest.approx(generalised)
    m = min(10, sum(counts))
    assert result["generalised_gini_unbiased"] == pytest.approx(generalised * m / (m - 1))
    assert result["places"] == 10
    assert result["n"] == sum(counts)


def test_the_fewest_whole_places_hold_half_and_four_fifths():
    result = concentration([1, 4, 1, 2, 2], places=20).iloc[0]
    assert result[["places_50", "places_80"]].tolist() == [2, 3]
    assert result[["share_50", "share_80"]].tolist() == [0.1, 0.15]


@pytest.mark.parametrize(("counts", "share", "places"), [([1] * 5, 0.8, 4), ([1] * 7, 0.5, 4)])
def test_a_share_that_is_whole_places_needs_no_more(counts, share, places):
    assert places_holding(counts, share) == places


def test_the_curve_rises_from_nothing_to_all_with_a_piece_for_each_count():
    curve = lorenz_curve([3, 0, 3, 2], places=8)
    assert curve["share_of_places"].tolist() == [0, 2 / 8, 3 / 8, 1]
    assert curve["share_of_incidents"].tolist() == [0, 6 / 8, 1, 1]


@settings(max_examples=60)
@given(counts=COUNTS)
def test_gini_is_the_mean_difference_and_twice_the_area_of_the_curve(counts):
    values = np.array(counts, float)
    difference = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    curve = lorenz_curve(counts)
    area = np.trapezoid(curve["share_of_incidents"], curve["share_of_places"])
    assert gini(counts) == pytest.approx(difference, abs=1e-12)
    assert 2 * area - 1 == pytest.approx(difference, abs=1e-12)


@settings(max_examples=60)
@given(counts=COUNTS, factor=st.integers(2, 5), data=st.data())
def test_order_doubling_and_named_empty_places_change_nothing(counts, factor, data):
    shuffled = data.draw(st.permutations(counts))
    named = [*counts, 0, 0]
    unnamed = concentration(counts, places=len(named))
    assert concentration(shuffled).equals(concentration(counts))
    assert concentration(named).equals(unnamed)
    assert gini(np.array(counts) * factor) == pytest.approx(gini(counts))


@pytest.mark.parametrize("counts", [[1] * 10, [1] * 4 + [0] * 6, [7] * 10])
def test_as_even_as_can_be_is_no_concentration(counts):
    assert generalised_gini(counts) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("mean", [0.05, 0.5, 4, 60])
def test_what_chance_concentrates_is_told(mean):
    counts = np.random.default_rng(9).poisson(mean, 100_000)
    result = concentration(counts).iloc[0]
    assert result["gini_by_chance"] == pytest.approx(result["gini"], abs=0.005)


def test_without_incidents_nothing_is_concentrated():
    result = concentration([0, 0], places=9).iloc[0]
    assert result[["places", "n", "places_50", "places_80"]].tolist() == [9, 0, 0, 0]
    assert result.filter(regex="gini|share").isna().all()
    assert lorenz_curve([0, 0])["share_of_incidents"].tolist() == [0, 0]


def test_one_incident_has_no_unbiased_gini():
    assert np.isnan(generalised_gini([1, 0, 0], unbiased=True))


@pytest.mark.parametrize("counts", [[1, -1], [0.5], [np.nan]])
def test_what_is_no_count_is_refused(counts):
    with pytest.raises(
        InputError, match="concentration needs counts: give whole numbers of at least 0"
    ):
        concentration(counts)


def test_fewer_places_than_counts_are_refused():
    with pytest.raises(InputError, match="3 places have a count, more than the 2 places in all"):
        concentration([1, 1, 1], places=2)


def test_no_places_are_refused():
    with pytest.raises(InputError, match="there are no places to measure concentration over"):
        lorenz_curve([])


@pytest.mark.parametrize(
    ("n", "places"), [(60, 3000), (1000, 3000), (1000, 100), (500, 7), (20_000, 3000)]
)
def test_the_shares_by_chance_are_those_of_incidents_dealt_at_random(n, places):
    random = np.random.default_rng(n)
    draws = [np.bincount(random.integers(0, places, n), minlength=places) for _ in range(100)]
    result = concentration(draws[0]).iloc[0]
    for share, column in ((0.5, "share_50_by_chance"), (0.8, "share_80_by_chance")):
        simulated = np.mean([places_holding(draw, share) for draw in draws])
        assert result[column] * places == pytest.approx(simulated, abs=1, rel=0.01)


def test_the_curve_by_chance_stands_beside_that_of_the_incidents():
    random = np.random.default_rng(5)
    dealt = lorenz_curve(np.bincount(random.integers(0, 500, 2000), minlength=500))
    apart = dealt["share_of_incidents"] - dealt["share_of_incidents_by_chance"]
    assert apart.abs().max() < 0.02
    gathered = lorenz_curve([1000, 900, 100], places=500)
    assert gathered["share_of_incidents_by_chance"].iloc[1:-1].max() < 0.02


def test_places_known_by_their_incidents_are_held_against_such_places():
    random = np.random.default_rng(7)
    counts = np.bincount(random.integers(0, 300, 1000), minlength=300)
    streets = concentration(counts[counts > 0], occupied=True).iloc[0]
    assert streets["share_50"] == pytest.approx(streets["share_50_by_chance"], abs=0.02)
    assert streets["gini"] == pytest.approx(streets["gini_by_chance"], abs=0.02)
    once = concentration([1] * 40, occupied=True).iloc[0]
    assert once[["share_50_by_chance", "gini_by_chance"]].tolist() == pytest.approx([0.5, 0])
