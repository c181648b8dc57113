"""The join is exact and the same every time: on an edge the lowest code has the point."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.locate import OUTSIDE, AreaLocator, locator, warm_up


def located(areas: gpd.GeoDataFrame, *points: tuple[float, float]) -> list[str]:
    """The codes that hold points, '' outside."""
    x, y = np.array(points, float).reshape(-1, 2).T
    positions = AreaLocator(areas).locate(x, y)
    return [str(areas.index[at]) if at != OUTSIDE else "" for at in positions]


def layer(**polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(index=pd.Index(polygons), geometry=list(polygons.values()))


def test_points_inside_are_in_their_square(four_squares):
    middles = [(435_050, 336_050), (435_150, 336_050), (435_050, 336_150), (435_150, 336_150)]
    assert located(four_squares, *middles) == ["A", "B", "C", "D"]


def test_on_a_shared_edge_the_lowest_code_has_the_point(four_squares):
    edges = [(435_100, 336_050), (435_050, 336_100), (435_150, 336_100), (435_100, 336_150)]
    assert located(four_squares, *edges) == ["A", "A", "B", "C"]


def test_where_four_corners_meet_the_lowest_code_has_the_point(four_squares):
    assert located(four_squares, (435_100, 336_100)) == ["A"]


def test_the_outer_edge_and_its_corners_are_inside(four_squares):
    rim = [(435_000, 336_000), (435_200, 336_200), (435_200, 336_050), (435_000, 336_150)]
    assert located(four_squares, *rim) == ["A", "D", "B", "C"]


def test_a_step_of_one_bit_beyond_the_edge_is_outside(four_squares):
    x = np.nextafter(435_200.0, np.inf)
    assert located(four_squares, (x, 336_050)) == [""]


def test_what_is_no_number_is_outside(four_squares):
    points = [(np.nan, 336_050), (435_050, np.nan), (np.inf, 336_050), (-np.inf, np.inf)]
    assert located(four_squares, *points, (435_050, 336_050)) == ["", "", "", "", "A"]


def test_the_order_of_the_rows_does_not_matter(four_squares):
    points = [(435_100, 336_100), (435_100, 336_150), (435_150, 336_100), (435_050, 336_050)]
    for order in ("DCBA", "BDAC"):
        assert located(four_squares.loc[list(order)], *points) == ["A", "C", "B", "A"]


def test_codes_are_compared_as_text():
    twice = gpd.GeoDataFrame(index=[9, 10], geometry=[shapely.box(0, 0, 1, 1)] * 2)
    assert located(twice, (0.5, 0.5)) == ["10"]


def test_a_hole_is_outside_and_its_rim_inside():
    ring = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
    assert located(layer(A=ring), (4, 4), (3, 4), (1, 1)) == ["", "A", "A"]


def test_every_part_of_an_area_is_the_area():
    islands = shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])
    assert located(layer(A=islands), (0.5, 0.5), (5.5, 5.5), (3, 3)) == ["A", "A", ""]


def test_where_areas_overlap_the_lowest_code_has_the_point():
    areas = layer(B=shapely.box(0, 0, 3, 3), A=shapely.box(2, 2, 5, 5))
    assert located(areas, (2.5, 2.5), (1, 1), (4, 4)) == ["A", "B", "A"]


def test_points_in_a_gap_are_outside():
    areas = layer(A=shapely.box(0, 0, 1, 1), B=shapely.box(2, 0, 3, 1))
    assert located(areas, (1.5, 0.5)) == [""]


def test_no_points_give_no_positions(four_squares):
    result = AreaLocator(four_squares).locate([], [])
    assert result.shape == (0,)
    assert result.dtype == np.int32


def test_without_areas_everything_is_outside(four_squares):
    assert AreaLocator(four_squares[:0]).locate([435_050.0], [336_050.0]).tolist() == [OUTSIDE]


def test_points_in_one_place_are_all_found(four_squares):
    assert located(four_squares, *[(435_050, 336_050)] * 3) == ["A"] * 3


LATTICE = st.integers(0, 8)
CODES = ["E05", "E10", "E2", "W1"]


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Geometry:
    """A triangle, box, box with a hole, or pair of boxes, on a lattice."""
    x, y, across, up = (draw(LATTICE), draw(LATTICE), draw(LATTICE) + 3, draw(LATTICE) + 3)
    box = shapely.box(x, y, x + across, y + up)
    kind = draw(st.sampled_from(["triangle", "box", "holed", "parted"]))
    if kind == "triangle":
        return shapely.Polygon([(x, y), (x + across, y + draw(st.integers(0, 2))), (x, y + up)])
    if kind == "holed":
        return box - shapely.box(x + 1, y + 1, x + 2, y + 2)
    if kind == "parted":
        return shapely.MultiPolygon([box, shapely.box(x + across + 1, y, x + across + 2, y + 1)])
    return box


@st.composite
def layers(draw: st.DrawFn) -> gpd.GeoDataFrame:
    shapes = draw(st.lists(polygons(), min_size=1, max_size=4))
    codes = draw(st.permutations(CODES))[: len(shapes)]
    # Fractions that binary cannot hold, at the size of real eastings.
    moved = shapely.transform(np.array(shapes), lambda xy: 435_000.1 + xy * 0.3)
    return gpd.GeoDataFrame(index=codes, geometry=moved)


def telling_points(areas: gpd.GeoDataFrame) -> np.ndarray:
    """Vertices, middles of edges, and for each the next number on every side."""
    corners = shapely.get_coordinates(areas.geometry.to_numpy())
    spots = np.concatenate([corners, (corners[1:] + corners[:-1]) / 2])
    steps = [spots]
    for axis in (0, 1):
        for side in (-np.inf, np.inf):
            moved = spots.copy()
            moved[:, axis] = np.nextafter(spots[:, axis], side)
            steps.append(moved)
    return np.concatenate(steps)


@settings(max_examples=60, deadline=None)
@given(areas=layers(), seed=st.integers(0, 2**16))
def test_the_join_is_that_of_testing_every_area(areas, seed):
    scattered = 435_000.1 + np.random.default_rng(seed).uniform(-1, 6, (30, 2))
    points = np.concatenate([telling_points(areas), scattered])
    touching = shapely.intersects(areas.geometry.to_numpy()[:, None], shapely.points(points))
    codes = areas.index.to_numpy()
    expected = [min(codes[inside], default="") for inside in touching.T]
    assert located(areas, *points) == expected


@settings(max_examples=20, deadline=None)
@given(areas=layers(), data=st.data())
def test_no_order_of_the_areas_changes_the_codes(areas, data):
    shuffled = areas.loc[data.draw(st.permutations(list(areas.index)))]
    points = telling_points(areas)
    assert located(areas, *points) == located(shuffled, *points)


def test_columns_of_a_frame_are_taken_as_they_are(four_squares):
    frame = pd.DataFrame({"x": [435_150.0], "y": [336_150.0]}, index=[7])
    result = AreaLocator(four_squares).locate(frame["x"], frame["y"])
    assert result.tolist() == [3]


def test_points_of_unequal_length_are_refused(four_squares):
    with pytest.raises(ValueError, match="dimension"):
        AreaLocator(four_squares).locate([1.0, 2.0], [1.0])


def test_warming_up_goes_the_way_of_many_points(monkeypatch):
    calls = []

    def recorded(grid, x, *_arrays, **_workers):
        calls.append((grid is not None, len(x)))
        return 0

    monkeypatch.setattr(locator, "_locate", recorded)
    warm_up()
    assert calls == [(True, 1)]
