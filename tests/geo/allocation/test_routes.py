"""Stops are put where they cost least, and rounds are made as short as turning allows."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.allocation.patrols.problem import StraightLines, Travel
from geo.allocation.patrols.routes import RouteTravel


def ways(n: int, *, seed: int, kind: str) -> RouteTravel:
    x, y = np.random.default_rng(seed).uniform(0, 5000, (2, n))
    base = (0.0, 0.0) if kind == "base" else None
    return RouteTravel(StraightLines(base=base).travel(x, y), again=kind == "circular")


KINDS = ["open", "circular", "base"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 1, 2, 4])
def test_an_insertion_costs_what_the_longer_round_takes_more(kind, length):
    result = ways(7, seed=3, kind=kind)
    route = tuple(range(length))
    added, where = result.insertions(route)
    for spot in range(length, 7):
        tried = [
            result.minutes((*route[:at], spot, *route[at:])) - result.minutes(route)
            for at in range(length + 1)
        ]
        assert added[spot] == pytest.approx(min(tried))
        assert tried[where[spot]] == pytest.approx(min(tried))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999))
def test_a_shortened_round_has_the_same_stops_and_is_near_the_shortest(kind, seed):
    result, built = ways(6, seed=seed, kind=kind), ()
    for spot in range(6):
        at = int(result.insertions(built)[1][spot])
        built = (*built[:at], spot, *built[at:])
    route = result.shortened(built)
    best = min(result.minutes(order) for order in permutations(range(6)))
    assert sorted(route) == list(range(6))
    assert result.minutes(route) <= result.minutes(built) + 1e-9
    assert result.minutes(route) <= best * 1.2 + 1e-9


def test_legs_and_the_way_home_make_up_a_round():
    between = np.array([[0.0, 3], [4, 0]])
    based = RouteTravel(
        Travel(between, np.array([1.0, 2]), np.array([5.0, 6]), has_base=True), again=True
    )
    assert (based.legs([0, 1]), based.home([0, 1]), based.minutes([0, 1])) == ([1, 3], 6, 10)
    circular = RouteTravel(Travel.without_base(between), again=True)
    assert (circular.legs([0, 1]), circular.home([0, 1])) == ([0, 3], 4)
    assert (circular.legs([]), circular.home([])) == ([], 0)
