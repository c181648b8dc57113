"""Candidate bases are ranked and chosen as trying every choice would."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from geo.allocation.patrols.bases import COVER, TRAVEL, compare_bases
from geo.allocation.patrols.problem import StraightLines
from geo.allocation.patrols.street_network import AlongStreets, StreetNetwork
from geo.errors import InputError
from tests.geo.allocation.test_street_network import town_of_squares

REACH = 6.0


def town(seed: int, *, places: int = 15, bases: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    spots = pd.DataFrame(rng.uniform(0, 4_000, (places, 2)), columns=["x", "y"])
    sites = pd.DataFrame(rng.uniform(0, 4_000, (bases, 2)), columns=["x", "y"])
    codes = rng.permutation([f"C{number}" for number in range(bases)])
    return (
        spots.assign(demand=rng.integers(1, 40, places)),
        sites.assign(base_code=codes, base_name=[f"Centre {code}" for code in codes]),
    )


def minutes_between(places: pd.DataFrame, bases: pd.DataFrame) -> np.ndarray:
    """Minutes at 25 km/h, 1.3 times the straight line."""
    away = places[["x", "y"]].to_numpy()[:, None] - bases[["x", "y"]].to_numpy()
    return np.hypot(*away.transpose(2, 0, 1)) * 1.3 / 1_000 * 60 / 25


@pytest.mark.parametrize("seed", range(6))
def test_candidates_are_ranked_by_the_travel_that_the_demand_needs(seed):
    places, bases = town(seed)
    minutes = minutes_between(places, bases)
    result = compare_bases(places, bases, minutes, reach=REACH).candidates
    expected = {}
    for at, code in enumerate(bases["base_code"]):
        way, demand = minutes[:, at], places["demand"]
        expected[code] = (
            np.average(way, weights=demand),
            way.max(),
            sum(one <= REACH for one in way),
            demand[way <= REACH].sum() / demand.sum(),
        )
    columns = ["minutes_mean", "minutes_most", "places_within", "covered_share"]
    for row in result.itertuples():
        assert [getattr(row, name) for name in columns] == pytest.approx(expected[row.base_code])
    assert result["rank"].tolist() == list(range(1, 8))
    assert result["minutes_mean"].is_monotonic_increasing
    assert set(result["base_name"]) == set(bases["base_name"])


@pytest.mark.parametrize("seed", range(6))
def test_each_choice_is_the_best_of_all_and_proven(seed):
    places, bases = town(seed)
    minutes, demand = minutes_between(places, bases), places["demand"].to_numpy()
    result = compare_bases(places, bases, minutes, reach=REACH, most=3)
    assert result.choices["proven"].all()
    for number in (1, 2, 3):
        every = list(map(list, combinations(range(7), number)))
        least = min(np.average(minutes[:, one].min(axis=1), weights=demand) for one in every)
        most = max(demand[(minutes[:, one] <= REACH).any(axis=1)].sum() for one in every)
        rows = result.choices[result.choices["bases"] == number].set_index("goal")
        assert rows.loc[TRAVEL, "minutes_mean"] == pytest.approx(least)
        assert rows.loc[COVER, "covered_share"] == pytest.approx(most / demand.sum())
        for goal in (TRAVEL, COVER):
            own = result.candidates[f"chosen_{goal}"].str.split(", ").map(set)
            chosen = result.candidates["base_code"][[str(number) in numbers for numbers in own]]
            assert sorted(chosen) == rows.loc[goal, "base_codes"].split(" + ")


def test_the_best_base_is_the_first_and_ties_go_to_the_lowest_code():
    places = pd.DataFrame({"demand": [2.0, 2.0]})
    bases = pd.DataFrame(
        {"base_code": ["B", "A"], "base_name": ["", ""], "x": [0.0, 100.0], "y": [0.0, 0.0]}
    )
    result = compare_bases(places, bases, [[1.0, 3.0], [3.0, 1.0]], reach=2.0)
    assert result.candidates["base_code"].tolist() == ["A", "B"]
    assert result.best == (100.0, 0.0)
    assert result.choices["base_codes"].tolist() == ["A", "A"]


def test_neither_the_order_of_candidates_nor_of_places_matters():
    places, bases = town(3)
    minutes = minutes_between(places, bases)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(places)), rng.permutation(len(bases))
    one = compare_bases(places, bases, minutes, most=3)
    other = compare_bases(
        places.iloc[rows], bases.iloc[columns], minutes[np.ix_(rows, columns)], most=3
    )
    pd.testing.assert_frame_equal(one.candidates, other.candidates)
    pd.testing.assert_frame_equal(one.choices, other.choices)


def test_no_more_bases_are_chosen_than_there_are():
    places, bases = town(1, bases=2)
    result = compare_bases(places, bases, minutes_between(places, bases), most=9)
    assert result.choices["bases"].tolist() == [1, 1, 2, 2]


def test_straight_lines_and_streets_give_minutes_to_sites():
    places, bases = town(2)
    lines = StraightLines(factor=1.3, km_per_hour=25.0)
    xy = (places["x"], places["y"], bases["x"], bases["y"])
    np.testing.assert_allclose(lines.minutes_to(*xy), minutes_between(places, bases))
    streets = AlongStreets(StreetNetwork.of(town_of_squares()), 6.0)
    minutes = streets.minutes_to([0, 100], [0, 0], [400, 0, 100], [300, 0, 0])
    assert minutes == pytest.approx(np.array([[7, 0, 1], [6, 1, 0]]))


@pytest.mark.parametrize(
    ("codes", "demand", "message"),
    [
        ([], [1.0], "there are no candidate bases; give a layer or file with at least one"),
        (["A", "A"], [1.0], "the base A is listed twice; give each base a code of its own"),
        (["A"], [0.0], "the places have no demand"),
        ([f"B{n}" for n in range(501)], [1.0], "there are 501 candidate bases; give at most 500"),
    ],
)
def test_what_cannot_be_compared_is_refused(codes, demand, message):
    bases = pd.DataFrame({"base_code": codes, "base_name": codes, "x": 0.0, "y": 0.0})
    with pytest.raises(InputError, match=message):
        compare_bases(pd.DataFrame({"demand": demand}), bases, np.ones((1, len(codes))))


def test_of_bases_that_cover_as_much_the_nearest_is_chosen():
    places = pd.DataFrame({"demand": [1.0, 1.0]})
    bases = pd.DataFrame({"base_code": ["A", "B"], "base_name": ["", ""], "x": 0.0, "y": 0.0})
    result = compare_bases(places, bases, [[4.0, 1.0], [4.0, 1.0]], reach=5.0)
    assert result.choices["base_codes"].tolist() == ["B", "B"]
