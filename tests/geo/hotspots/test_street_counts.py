"""Segments joined to streets, counts by street, and concentration on their length."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.stats import binom, multinomial

from geo.errors import InputError
from geo.hotspots import street_concentration
from geo.hotspots.concentration import concentration
from geo.hotspots.street_concentration import beyond_chance, concentration_on_length
from geo.hotspots.street_counts import OnStreets, count_streets, join_segments
from tests.geo.hotspots import nulls


def lines(*paths: list[tuple[float, float]]) -> np.ndarray:
    return np.array([shapely.LineString(path) for path in paths], dtype=object)


def test_segments_of_one_name_that_touch_are_one_street() -> None:
    """Two of Mill Lane touch, the third lies 26 m on, the fourth 25 m from that.

    --1--+--2--   26 m   --3--   25 m   --4--
         |5
    """
    drawn = lines(
        [(0, 0), (100, 0)], [(100, 0), (200, 0)], [(226, 0), (300, 0)], [(325, 0), (400, 0)],
        [(100, 0), (100, -50)],
    )  # fmt: skip
    names = ["Mill Lane", " mill  LANE", "Mill Lane", "Mill Lane", "Long Row"]
    assert join_segments(names, drawn).tolist() == [0, 0, 1, 1, 2]


def test_segments_without_a_name_stay_apart() -> None:
    drawn = lines([(0, 0), (100, 0)], [(100, 0), (200, 0)])
    assert join_segments(["", ""], drawn).tolist() == [0, 1]


def test_counts_tell_lengths_months_anonymous_points_and_distances() -> None:
    on = OnStreets(
        street=np.array([0, 0, 0, 2, -1]),
        distance_m=np.array([5.0, 7.0, 30.0, 0.0, np.nan]),
        tied=np.array([False, True, False, False, False]),
        snapped=np.array([True, True, False, False, True]),
        month=np.array([648, 648, 649, 649, 649]),
    )
    table = count_streets(on, np.array([150.0, 80.0, 200.0]))
    assert table["n"].tolist() == [3, 0, 1]
    assert table["share"].tolist() == [0.6, 0, 0.2]
    assert table["per_100m"].tolist() == [2, 0, 0.5]
    assert table["months"].tolist() == [2, 0, 1]
    assert table["n_snapped"].tolist() == [2, 0, 0]
    assert table["n_tied"].tolist() == [1, 0, 0]
    assert table["median_distance_m"].to_numpy() == pytest.approx([7, np.nan, 0], nan_ok=True)
    assert table["farthest_m"].to_numpy() == pytest.approx([30, np.nan, 0], nan_ok=True)


def test_half_of_the_incidents_are_on_one_street_of_known_length() -> None:
    (quarter, half) = concentration_on_length(
        [0, 6, 3, 1], [100, 50, 150, 700], [1, 1, 1, 1], [0.25, 0.8]
    )
    assert (quarter.streets, quarter.length_share) == (1, 0.05)
    assert (half.streets, half.length_share) == (2, 0.2)


def test_which_of_equal_streets_comes_first_does_not_matter() -> None:
    measured = [
        concentration_on_length([1, 1, 1, 1], length, length, [0.5])[0]
        for length in ([10, 20, 30, 40], [40, 30, 20, 10])
    ]
    assert measured[0] == pytest.approx(measured[1])
    assert (measured[0].streets, measured[0].length_share) == (2, 0.5)


def test_on_equal_streets_chance_is_that_of_equal_places() -> None:
    counts = np.random.default_rng(3).poisson(2.5, 400)
    alike = np.full(400, 80.0)
    half, most = concentration_on_length(counts, alike, alike, [0.5, 0.8])
    places = concentration(counts).iloc[0]
    assert (half.streets, most.streets) == (places["places_50"], places["places_80"])
    assert half.streets_by_chance == round(places["share_50_by_chance"] * 400)
    assert half.length_share_by_chance == pytest.approx(places["share_50_by_chance"])
    assert most.length_share_by_chance == pytest.approx(places["share_80_by_chance"])


def test_chance_on_unequal_streets_is_that_of_many_draws() -> None:
    draw = np.random.default_rng(5)
    length = draw.lognormal(4.5, 0.8, 300)
    draws = draw.multinomial(900, length / length.sum(), size=400)
    counted = [concentration_on_length(one, length, length, [0.5])[0] for one in draws]
    by_chance = counted[0].length_share_by_chance
    assert np.mean([one.length_share for one in counted]) == pytest.approx(by_chance, rel=0.02)


def test_of_streets_without_an_expected_incident_chance_gives_none() -> None:
    (half,) = concentration_on_length([5, 5, 0, 0], [10, 10, 40, 40], [10, 10, 0, 0], [0.8])
    assert half.streets_by_chance == 2
    assert half.length_share_by_chance == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("null", list(nulls.street_nulls()), ids=lambda null: null.name)
def test_chance_alone_is_seldom_called_concentrated(null: nulls.Null) -> None:
    """Bounded by the rate that many more gave, which is at most 5 % (`nulls.COUNTED`)."""
    assert nulls.finds(null, 400) <= nulls.most(null.name, 400)


def test_p_is_even_where_there_is_nothing() -> None:
    """Also in its tail: 2 % of these have a p of at most 0.01 by a normal distribution."""
    draw = np.random.default_rng(60)
    length = draw.lognormal(4.5, 0.9, 400)
    p = [beyond_chance(one, length) for one in draw.multinomial(60, length / length.sum(), 3_000)]
    for level in (0.01, 0.05, 0.5):
        bound = binom.ppf([0.001, 0.999], 3_000, level) / 3_000
        assert bound[0] <= np.mean(np.array(p) <= level) <= bound[1]


def test_variance_and_third_moment_are_those_of_all_outcomes() -> None:
    n, share = 5, np.array([0.5, 0.3, 0.15, 0.05])
    outcomes = np.array([one for one in np.ndindex(6, 6, 6, 6) if sum(one) == n])
    chance = multinomial(n, share).pmf(outcomes)
    score = ((outcomes - n * share) ** 2).sum(axis=1) - n * (1 - (share**2).sum())
    assert (chance * score).sum() == pytest.approx(0, abs=1e-12)
    expected = ((chance * score**2).sum(), (chance * score**3).sum())
    assert street_concentration._moments(n, share) == pytest.approx(expected)


def test_a_few_busy_streets_are_called_concentrated() -> None:
    draw = np.random.default_rng(9)
    length = draw.lognormal(4.5, 0.9, 400)
    rate = length * np.where(np.arange(400) < 12, 8.0, 1.0)
    draws = draw.multinomial(600, rate / rate.sum(), size=50)
    assert np.mean([beyond_chance(one, length) < 0.05 for one in draws]) > 0.95


def test_nothing_is_measured_where_there_is_no_incident() -> None:
    with pytest.raises(InputError, match="there is no incident on a street"):
        concentration_on_length([0, 0], [10, 10], [1, 1], [0.5])
    assert beyond_chance([0, 0], [1, 1]) == 1
