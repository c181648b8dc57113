"""Cells tile the plane, have one name everywhere, and lose neither land nor points."""

import re
import tracemalloc

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.cells import Cells, Grid
from geo.errors import InputError

SHAPES = ["hexagon", "square"]
GRIDS = st.builds(Grid, st.integers(25, 5000), st.sampled_from(SHAPES))
# A cross with a hole, away from the axes and from every cell's edge.
PLUS = shapely.union_all([shapely.box(0, 400, 1500, 900), shapely.box(500, 0, 1000, 1400)])
MASK = shapely.transform(PLUS - shapely.box(600, 500, 850, 760), lambda xy: xy + 435_013.7)


def rim(mask: shapely.Geometry) -> np.ndarray:
    """The vertices of a mask and the middles of its edges."""
    corners = shapely.get_coordinates(mask)
    return np.concatenate([corners, (corners[1:] + corners[:-1]) / 2])


@settings(max_examples=150)
@given(grid=GRIDS, x=st.floats(-1e6, 1e6), y=st.floats(-1e6, 2e6))
def test_a_point_lies_in_the_polygon_of_its_cell(grid, x, y):
    polygon = grid.polygons(grid.positions([x], [y]))[0]
    assert shapely.distance(polygon, shapely.Point(x, y)) <= 1e-6


@settings(max_examples=60)
@given(grid=GRIDS, q=st.integers(-200, 9000), r=st.integers(-200, 9000))
def test_corners_and_edges_of_a_cell_belong_to_a_cell_that_touches_them(grid, q, r):
    x, y = rim(grid.polygons(np.array([[q, r]]))[0]).T
    owners = grid.polygons(grid.positions(x, y))
    assert shapely.distance(owners, shapely.points(x, y)).max() <= 1e-6


@settings(max_examples=60)
@given(grid=GRIDS, q=st.integers(-9000, 9000), r=st.integers(-9000, 9000))
def test_the_centre_of_a_cell_lies_in_it(grid, q, r):
    position = np.array([[q, r]])
    assert grid.positions(*grid.centres(position)).tolist() == [[q, r]]


def test_squares_hold_their_west_and_south_edges_only():
    result = Grid(100, "square").positions([0, 99.999, 100, 0, -1e-9], [0, 0, 0, 100, 0])
    assert result.tolist() == [[0, 0], [0, 0], [1, 0], [0, 1], [-1, 0]]


def test_a_hexagon_is_as_wide_as_asked_and_points_up():
    hexagon = Grid(150).polygons(np.array([[0, 0]]))[0]
    west, south, east, north = hexagon.bounds
    assert east - west == pytest.approx(150)
    assert north - south == pytest.approx(150 * 2 / np.sqrt(3))
    assert hexagon.area == pytest.approx(Grid(150).cell_area)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("width", [25, 150, 333])
def test_cells_tile_and_share_their_corners_to_the_last_bit(shape, width):
    cells = Cells.over(MASK, Grid(width, shape))
    corners = shapely.get_coordinates(cells.geometry)
    assert shapely.coverage_is_valid(cells.geometry)
    exact, rounded = np.unique(corners, axis=0), np.unique(corners.round(3), axis=0)
    assert len(exact) == len(rounded)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=30, deadline=None)
@given(width=st.integers(25, 5000), spots=st.data())
def test_the_land_of_the_cells_is_the_land_of_the_mask(shape, width, spots):
    coordinate = st.integers(0, 2000).map(float)
    points = spots.draw(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8))
    mask = shapely.MultiPoint(points).convex_hull.buffer(5) - shapely.box(300, 300, 500, 420)
    assume(not mask.is_empty)
    cells = Cells.over(mask, Grid(width, shape))
    assert cells.inside_area.sum() == pytest.approx(mask.area, rel=1e-6)
    assert (cells.inside_share > 0).all()
    assert (cells.inside_share <= 1).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_mask_is_refused_by_name(shape):
    with pytest.raises(InputError, match="the study area is empty"):
        Cells.over(shapely.MultiPolygon(), Grid(100, shape))


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=30, deadline=None)
@given(width=st.integers(25, 2000), seed=st.integers(0, 2**16))
def test_every_point_of_the_mask_is_counted_once_also_on_its_edge(shape, width, seed):
    scattered = np.random.default_rng(seed).uniform(*np.array(MASK.bounds).reshape(2, 2), (50, 2))
    inside = scattered[shapely.intersects_xy(MASK, *scattered.T)]
    points = np.concatenate([rim(MASK), inside])
    assert Cells.over(MASK, Grid(width, shape)).count(*points.T).sum() == len(points)


def test_a_point_on_the_far_edge_of_the_mask_goes_to_the_cell_inside():
    cells = Cells.over(shapely.box(0, 0, 300, 200), Grid(100, "square"))
    assert len(cells) == 6
    x, y = [300, 300, 150, 0], [150, 200, 200, 0]
    owners = [cells.ids[at] for at in cells.assign(x, y)]
    assert owners[0] == owners[1] == "s100:2:1"
    assert owners[2:] == ["s100:1:1", "s100:0:0"]


def test_counts_stand_in_the_order_of_the_cells():
    cells = Cells.over(shapely.box(0, 0, 300, 100), Grid(100, "square"))
    counts = dict(zip(cells.ids, cells.count([250, 250, 50], [1, 99, 50]), strict=True))
    assert counts == {"s100:0:0": 1, "s100:1:0": 0, "s100:2:0": 2}


def test_no_points_are_counted_as_none():
    assert Cells.over(MASK, Grid(500)).count([], []).sum() == 0


@pytest.mark.parametrize(("shape", "most"), [("hexagon", 7), ("square", 9)])
def test_inner_cells_have_all_their_neighbours(shape, most):
    mask = shapely.box(0, 0, 1000, 1000)
    cells = Cells.over(mask, Grid(100, shape))
    counts = np.asarray(cells.neighbours.sum(axis=1)).ravel()
    inner = shapely.contains(shapely.box(200, 200, 800, 800), cells.geometry)
    assert inner.sum() >= 20
    assert set(counts[inner]) == {most}
    assert counts.max() == most
    assert counts.min() < most


@pytest.mark.parametrize("shape", SHAPES)
def test_neighbours_are_the_cells_that_touch(shape):
    cells = Cells.over(MASK, Grid(220, shape))
    grown = shapely.buffer(cells.geometry, 1)
    touching = shapely.intersects(grown[:, None], cells.geometry[None, :])
    np.testing.assert_array_equal(cells.neighbours.toarray(), touching.astype(float))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cell_has_the_same_name_and_place_in_every_study_area(shape):
    west, whole = shapely.box(*MASK.bounds[:2], 435_800, 436_400), MASK.buffer(5000)
    few, many = (Cells.over(mask, Grid(200, shape)) for mask in (west, whole))
    named = dict(zip(many.ids, many.geometry, strict=True))
    assert len(named) == len(many)
    assert all(
        shapely.equals_exact(named[i], g) for i, g in zip(few.ids, few.geometry, strict=True)
    )


def test_names_tell_shape_width_and_position():
    assert Grid(150).ids(np.array([[2, -3]])) == ["h150:2:-3"]
    assert Grid(25, "square").ids(np.array([[-1, 0]])) == ["s25:-1:0"]
    assert all(re.fullmatch(r"h90:-?\d+:-?\d+", name) for name in Cells.over(MASK, Grid(90)).ids)


def test_a_frame_holds_whole_cells_and_their_share():
    frame = Cells.over(shapely.box(0, 0, 250, 100), Grid(100, "square")).frame("EPSG:27700")
    assert list(frame.columns) == ["cell_id", "inside_share", "geometry"]
    assert frame["inside_share"].tolist() == [1.0, 1.0, 0.5]
    assert frame.area.tolist() == [10_000] * 3
    assert frame.crs.to_epsg() == 27700


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_within_one_cell_is_one_cell(shape):
    cells = Cells.over(shapely.Point(436_234, 336_345).buffer(3), Grid(5000, shape))
    assert len(cells) == 1
    assert cells.inside_share[0] < 1e-4


def test_too_many_cells_are_refused_with_what_to_do():
    message = r"cells of 25 m would be about 4,000,000 over this .* 200,000; choose wider cells"
    with pytest.raises(InputError, match=message):
        Cells.over(shapely.box(0, 0, 50_000, 50_000), Grid(25, "square"))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_narrow_study_area_costs_no_more_than_its_cells(shape):
    """A coast or a railway: memory goes with the cells, not with the square of the length."""
    bounds = (400_000.0, 300_000.0, 400_100.0, 400_000.0)
    tracemalloc.start()
    tried = Grid(100, shape).covering(bounds)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1_000 < len(tried) < 6_000
    assert peak < 2_000_000
