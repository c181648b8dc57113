"""Where areas overlap, each of them has its own points; slivers and shared edges are no overlap."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.errors import InputError
from geo.locate import (
    AreaLocator,
    joined_codes,
    locator,
    overlapping_pairs,
    overlaps_text,
    refuse_overlaps,
)


def layer(**polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(index=pd.Index(polygons), geometry=list(polygons.values()))


def all_codes(areas: gpd.GeoDataFrame, *points: tuple[float, float]) -> list[str]:
    x, y = np.array(points, float).reshape(-1, 2).T
    codes = areas.index.to_numpy(object)
    return joined_codes(AreaLocator(areas).locate_all(x, y), codes, len(x)).tolist()


def pairs(areas: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    return [(areas.index[one], areas.index[other]) for one, other in overlapping_pairs(areas)]


TOWN, ESTATE = box(0, 0, 1000, 1000), box(400, 400, 600, 600)
BESIDE = box(1000, 0, 2000, 1000)


def test_a_town_and_the_estate_inside_it_both_have_a_point():
    areas = layer(town=TOWN, estate=ESTATE)
    points = [(500, 500), (100, 100), (5000, 0)]
    assert all_codes(areas, *points) == ["estate;town", "town", ""]


def test_on_the_edge_of_the_estate_both_have_the_point():
    assert all_codes(layer(town=TOWN, estate=ESTATE), (400, 500)) == ["estate;town"]


def test_on_an_edge_between_neighbours_the_lowest_code_has_the_point():
    areas = layer(B=TOWN, A=BESIDE, estate=ESTATE)
    assert all_codes(areas, (1000, 500), (999, 500), (1001, 500)) == ["A", "B", "A"]


def test_an_estate_across_an_edge_has_the_point_beside_one_of_the_neighbours():
    areas = layer(B=TOWN, A=BESIDE, estate=box(900, 400, 1100, 600))
    assert all_codes(areas, (1000, 500), (950, 500)) == ["A;estate", "B;estate"]
    assert pairs(areas) == [("A", "estate"), ("B", "estate")]


def test_two_estates_that_touch_are_neighbours_inside_their_town():
    areas = layer(town=TOWN, x=ESTATE, y=box(600, 400, 800, 600))
    assert all_codes(areas, (600, 500)) == ["town;x"]


def test_areas_that_tile_do_not_overlap(four_squares):
    assert pairs(four_squares) == []
    assert all_codes(four_squares, (435_100, 336_100), (435_150, 336_050)) == ["A", "B"]


@pytest.mark.parametrize(("width", "overlaps"), [(9.9, False), (10.1, True)])
def test_a_surface_under_ten_metres_wide_is_a_sliver(width, overlaps):
    areas = layer(A=TOWN, B=box(1000 - width, 0, 2000, 1000))
    assert pairs(areas) == ([("A", "B")] if overlaps else [])
    # In a sliver the lowest code has the point, as on an edge.
    assert all_codes(areas, (1000 - width / 2, 500)) == ["A;B" if overlaps else "A"]


def test_a_narrow_area_inside_another_overlaps_all_the_same():
    assert pairs(layer(ward=TOWN, shops=box(100, 100, 104, 600))) == [("shops", "ward")]


def test_the_same_area_twice_overlaps():
    assert all_codes(layer(A=TOWN, B=TOWN), (1, 1)) == ["A;B"]


def test_the_order_of_the_rows_does_not_matter():
    areas = layer(town=TOWN, estate=ESTATE, A=BESIDE)
    reversed_ = areas.iloc[::-1]
    points = [(500, 500), (1000, 500), (400, 400), (1500, 10)]
    assert all_codes(areas, *points) == all_codes(reversed_, *points)
    assert pairs(areas) == pairs(reversed_)


def test_a_message_names_the_first_pairs():
    areas = layer(a=TOWN, b=TOWN, c=TOWN)
    assert overlaps_text(areas) == "a and b, a and c, b and c"
    assert overlaps_text(layer(a=TOWN, b=TOWN, c=TOWN, d=TOWN)).endswith(", 3 more")
    with pytest.raises(InputError, match=r"a and b.*cannot be shared; choose another layer"):
        refuse_overlaps(areas, "officers cannot be shared", "choose another layer")
    refuse_overlaps(layer(a=TOWN, b=BESIDE), "", "")


def test_what_is_no_number_is_in_no_area():
    assert all_codes(layer(a=TOWN, b=TOWN), (np.nan, 1), (1, np.inf), (1, 1)) == ["", "", "a;b"]


corner = st.integers(0, 80)
# Whole steps of 12 m: where drawn areas overlap, it is by more than a sliver.
step = st.integers(0, 6).map(lambda steps: steps * 12)
size = st.integers(1, 5).map(lambda steps: steps * 12)


@given(
    boxes=st.lists(st.tuples(step, step, size, size), min_size=1, max_size=6),
    points=st.lists(st.tuples(corner, corner), max_size=30),
    few=st.sampled_from([0, locator.FEW]),
)
def test_inside_areas_the_pairs_are_those_of_shapely(boxes, points, few):
    areas = layer(**{f"a{n}": box(x, y, x + w, y + h) for n, (x, y, w, h) in enumerate(boxes)})
    # Off the whole metres, so that no point lies on an edge.
    x, y = (np.array(points, float).reshape(-1, 2) + np.array([0.31, 0.47])).T
    join = AreaLocator(areas)
    join._few = few
    point, area = join.locate_all(x, y)
    inside = shapely.contains_xy(areas.geometry.to_numpy()[None, :], x[:, None], y[:, None])
    assert list(zip(point, area, strict=True)) == list(zip(*np.nonzero(inside), strict=True))


@given(points=st.lists(st.tuples(corner, corner), min_size=1, max_size=30))
def test_an_estate_counts_the_same_alone_and_inside_its_town(points):
    estate = box(20, 20, 50, 50)
    x, y = np.array(points, float).T
    together = AreaLocator(layer(town=box(0, 0, 100, 100), estate=estate)).locate_all(x, y)
    alone = AreaLocator(layer(estate=estate)).locate(x, y)
    assert sorted(together.point[together.area == 1]) == np.flatnonzero(alone == 0).tolist()
