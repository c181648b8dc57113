"""Areas that move while points are asked: always the answer that a new join would give."""

import math

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ConflictError, NotFoundError
from geo.locate import AreaLocator
from geo.locate.changing import ChangingAreas

WEST, EAST = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)


@pytest.fixture
def two() -> ChangingAreas:
    return ChangingAreas(gpd.GeoDataFrame(index=["B", "A"], geometry=[WEST, EAST]))


def test_a_point_is_in_the_area_that_holds_it(two):
    assert [two.at(x, 0.5) for x in (0.5, 1.5, 2.5)] == ["B", "A", None]


def test_on_a_shared_edge_the_lowest_code_has_the_point(two):
    assert two.at(1, 0.5) == "A"


def test_what_is_no_number_is_outside(two):
    assert two.at(math.nan, 0.5) is None
    assert two.at(0.5, math.inf) is None


def test_an_area_that_comes_is_found_and_one_that_goes_is_not(two):
    two.insert("C", shapely.box(2, 0, 3, 1))
    two.remove("B")
    assert [two.at(x, 0.5) for x in (0.5, 1.5, 2.5)] == [None, "A", "C"]
    assert len(two) == 2


def test_an_area_that_moves_is_found_where_it_is_now(two):
    two.replace("A", shapely.box(5, 0, 6, 1))
    assert [two.at(x, 0.5) for x in (1.5, 5.5)] == [None, "A"]


def test_an_empty_area_holds_nothing_until_it_is_replaced(two):
    two.replace("A", shapely.Polygon())
    assert two.at(1.5, 0.5) is None
    two.replace("A", EAST)
    assert two.at(1.5, 0.5) == "A"


def test_a_code_is_there_once(two):
    with pytest.raises(ConflictError, match=r"^area A exists already; use another code$"):
        two.insert("A", WEST)


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_an_area_that_is_not_there_cannot_change(two, change):
    with pytest.raises(NotFoundError, match=r"^there is no area Z$"):
        two.remove("Z") if change == "remove" else two.replace("Z", WEST)


BOXES = st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(1, 3)] * 2)
MOVES = st.lists(st.tuples(st.sampled_from("ABCD"), BOXES | st.none()), max_size=12)


@settings(max_examples=50, deadline=None)
@given(moves=MOVES)
def test_after_any_changes_it_answers_as_a_new_join_would(moves):
    changing, remaining = ChangingAreas(), {}
    for code, place in moves:
        if code in remaining:
            changing.remove(code)
            del remaining[code]
        if place is not None:
            west, south, across, up = place
            remaining[code] = shapely.box(west, south, west + across, south + up)
            changing.insert(code, remaining[code])
    points = [(x / 2, y / 2) for x in range(16) for y in range(16)]
    areas = gpd.GeoDataFrame(index=list(remaining), geometry=list(remaining.values()))
    result = AreaLocator(areas).locate(*zip(*points, strict=True))
    assert [changing.at(*point) for point in points] == [[*remaining, None][at] for at in result]
