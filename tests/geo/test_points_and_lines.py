"""Points and metres of line in cells, and the nearest line, against plain shapely."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.cells import Cells, Grid
from geo.hotspots.cell_totals import metres_in_cells, points_in_cells
from geo.locate.nearest import EQUALLY_NEAR_M, LineLocator, nearest_lines

MASK = shapely.box(1000, 2000, 2000, 2600)
CELLS = {shape: Cells.over(MASK, Grid(150, shape)) for shape in ("hexagon", "square")}
METRES = st.floats(min_value=900, max_value=2700, allow_nan=False)
PLACES = st.tuples(METRES, METRES)


@pytest.mark.parametrize("shape", CELLS)
@given(st.lists(PLACES, min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_points_are_counted_in_the_cell_that_holds_them(shape, places) -> None:
    cells = CELLS[shape]
    points = shapely.points(np.array(places))
    counts = points_in_cells(points, cells)
    inside = shapely.contains_properly(cells.geometry[:, None], points[None, :])
    touching = shapely.intersects(cells.geometry[:, None], points[None, :])
    assert (inside.sum(axis=1) <= counts).all()
    assert (counts <= touching.sum(axis=1)).all()
    assert counts.sum() >= inside.any(axis=0).sum()
    multipoint = np.array([shapely.MultiPoint(places)], dtype=object)
    assert points_in_cells(multipoint, cells).tolist() == counts.tolist()


def test_a_point_on_an_edge_is_in_one_cell_and_one_outside_in_none() -> None:
    cells = CELLS["square"]
    points = shapely.points([[1200.0, 2100.0], [1200.0, 2175.0], [5.0, 5.0]])
    assert points_in_cells(points, cells).sum() == 2
    assert points_in_cells(points[:0], cells).sum() == 0


@pytest.mark.parametrize("shape", CELLS)
@given(st.lists(st.lists(PLACES, min_size=2, max_size=5, unique=True), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_metres_of_line_add_up_to_what_lies_in_the_cells(shape, paths) -> None:
    cells = CELLS[shape]
    lines = np.array([shapely.LineString(path) for path in paths], dtype=object)
    metres = metres_in_cells(lines, cells)
    whole = shapely.union_all(cells.geometry)
    expected = shapely.length(shapely.intersection(lines, whole)).sum()
    # On the outer edge of all cells a line is half outside.
    rim = shapely.length(shapely.intersection(lines, whole.boundary)).sum()
    assert metres.sum() == pytest.approx(expected - rim / 2, abs=1e-3)
    joined = np.array([shapely.MultiLineString(list(lines))], dtype=object)
    assert metres_in_cells(joined, cells) == pytest.approx(metres, abs=1e-6)


def test_metres_are_those_of_squares_drawn_by_hand() -> None:
    cells = Cells.over(shapely.box(0, 0, 200, 100), Grid(100, "square"))
    lines = [
        shapely.LineString([(-50, 50), (150, 50)]),  # 100 m in the first, 50 m in the second
        shapely.LineString([(100, 10), (100, 30)]),  # along their edge: 10 m in each
    ]
    assert metres_in_cells(np.array(lines, dtype=object), cells).tolist() == [110, 60]
    assert metres_in_cells(np.array([], dtype=object), cells).tolist() == [0, 0]


@given(
    st.lists(st.lists(PLACES, min_size=2, max_size=4, unique=True), min_size=1, max_size=8),
    st.lists(PLACES, min_size=1, max_size=12),
    st.floats(min_value=0.5, max_value=800),
)
@settings(max_examples=60, deadline=None)
def test_the_nearest_line_is_that_of_shapelys_distances(paths, places, within_m) -> None:
    lines = np.array([shapely.LineString(path) for path in paths], dtype=object)
    x, y = np.array(places).T
    nearest = nearest_lines(lines, x, y, within_m=within_m)
    distances = shapely.distance(shapely.points(x, y)[:, None], lines[None, :])
    shortest = distances.min(axis=1)
    near = shortest <= within_m
    assert (nearest.positions >= 0).tolist() == near.tolist()
    assert nearest.distances_m[near] == pytest.approx(shortest[near])
    assert np.isnan(nearest.distances_m[~near]).all()
    chosen = distances[np.flatnonzero(near), nearest.positions[near]]
    assert chosen == pytest.approx(shortest[near])


def test_of_equally_near_lines_the_first_is_taken_and_the_distance_itself_is_near() -> None:
    lines = np.array([shapely.LineString([(0, y), (10, y)]) for y in (5, -5, 5)], dtype=object)
    nearest = nearest_lines(lines, [5, 5, np.nan], [0, 20, 0], within_m=5)
    assert nearest.positions.tolist() == [0, -1, -1]
    assert nearest.distances_m[0] == 5
    with pytest.raises(ValueError, match="within_m must be above 0; it is 0"):
        nearest_lines(lines, [0], [0], within_m=0)
    assert nearest_lines(lines[:0], [0], [0], within_m=5).positions.tolist() == [-1]


GRID_PLACES = st.tuples(st.integers(0, 12), st.integers(0, 12))


@given(
    st.lists(
        st.lists(
            st.lists(GRID_PLACES, min_size=2, max_size=3, unique=True), min_size=1, max_size=3
        ),
        min_size=1,
        max_size=6,
    ),
    st.lists(GRID_PLACES, min_size=1, max_size=12),
    # No two places of the grid are just so far from one another.
    st.integers(1, 8).map(lambda metres: metres + 0.123),
)
@settings(max_examples=150, deadline=None)
def test_lines_that_are_equally_near_are_told_and_the_first_is_taken(streets, places, within_m):
    """On a coarse grid lines often meet, cross, and lie at the same distance."""
    lines = np.array([shapely.MultiLineString(paths) for paths in streets], dtype=object)
    x, y = np.array(places, dtype=float).T
    nearest = nearest_lines(lines, x, y, within_m=within_m)
    distances = shapely.distance(shapely.points(x, y)[:, None], lines[None, :])
    alike = distances <= np.minimum(distances.min(axis=1) + EQUALLY_NEAR_M, within_m)[:, None]
    near = distances.min(axis=1) <= within_m
    assert nearest.positions.tolist() == np.where(near, alike.argmax(axis=1), -1).tolist()
    assert nearest.tied.tolist() == (near & (alike.sum(axis=1) > 1)).tolist()


def test_a_town_of_streets_is_as_geopandas_joins_it() -> None:
    draw = np.random.default_rng(8)
    starts = draw.uniform(0, 4_000, (1_500, 2)) + np.array([435_000, 336_000])
    turns = np.cumsum(draw.normal(0, 60, (1_500, 4, 2)), axis=1)
    lines = shapely.linestrings(starts[:, None, :] + turns)
    xy = draw.uniform(-100, 4_100, (60_000, 2)) + np.array([435_000, 336_000])
    locator = LineLocator(lines, within_m=35)
    nearest = locator.nearest(*xy.T)
    points = gpd.GeoDataFrame(geometry=shapely.points(xy), crs="EPSG:27700")
    streets = gpd.GeoDataFrame({"line": np.arange(1_500)}, geometry=lines, crs="EPSG:27700")
    joined = points.sjoin_nearest(streets, max_distance=35, distance_col="metres")
    first = joined.groupby(level=0)[["line", "metres"]].min()
    assert np.flatnonzero(nearest.positions >= 0).tolist() == first.index.tolist()
    assert nearest.distances_m[first.index] == pytest.approx(first["metres"].to_numpy(), abs=1e-6)
    alone = first.index[~nearest.tied[first.index]]
    assert nearest.positions[alone].tolist() == first.loc[alone, "line"].tolist()


def test_one_distance_serves_a_whole_country_of_lines() -> None:
    """Cells are wider than the distance where there would be too many of them."""
    lines = shapely.linestrings([[(0, 0), (600_000, 900_000)], [(0, 900_000), (600_000, 0)]])
    nearest = LineLocator(lines, within_m=2).nearest([3.0, 300_000.0], [4.5, 450_000.0])
    assert nearest.positions.tolist() == [0, 0]
    assert nearest.tied.tolist() == [False, True]
