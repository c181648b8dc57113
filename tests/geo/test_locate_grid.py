"""Many points go through a grid, and it says what shapely says, whatever the areas are like."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.locate import OUTSIDE, AreaLocator, kernels
from geo.locate.grid import build_grid, edges_of, lattice_over
from geo.locate.locator import FEW
from geo.locate.touching import TouchingAreas
from tests.bench.scripts import x_sorted
from tests.bench.tilings import TILINGS, Tiling, make_layer, uniform_points

SMALL = Tiling(5, 4, 12, 900, 800)
EMPTY = shapely.Polygon()


def many(points: np.ndarray) -> np.ndarray:
    """So many of the points, over and over, that they go through the grid."""
    return np.resize(points, (max(FEW, len(points)), 2))


def telling_points(areas: gpd.GeoDataFrame) -> np.ndarray:
    """Vertices, points along edges, and for each the next number on every side."""
    corners = shapely.get_coordinates(areas.geometry.to_numpy())
    ends, starts = corners[1:], corners[:-1]
    spots = np.concatenate([corners, *(starts + (ends - starts) * at for at in (0.5, 0.3, 1e-9))])
    steps = [spots]
    for axis in (0, 1):
        for side in (-np.inf, np.inf):
            moved = spots.copy()
            moved[:, axis] = np.nextafter(spots[:, axis], side)
            steps.append(moved)
    return np.concatenate(steps)


def scattered_points(areas: gpd.GeoDataFrame, count: int, *, seed: int) -> np.ndarray:
    """Points over the box of the areas and somewhat beyond."""
    west, south, east, north = areas.total_bounds
    draw = np.random.default_rng(seed).uniform(-0.05, 1.05, (count, 2))
    return np.array([west, south]) + draw * np.array([east - west, north - south])


def differing(areas: gpd.GeoDataFrame, points: np.ndarray) -> np.ndarray:
    """The points that the grid and shapely place differently."""
    x, y = many(points).T
    result = AreaLocator(areas).locate(x, y)[: len(points)]
    return points[result != x_sorted.locate(areas, *points.T)]


def moved(areas: gpd.GeoDataFrame, factor: float, offset: float) -> gpd.GeoDataFrame:
    geometries = shapely.transform(areas.geometry.to_numpy(), lambda xy: offset + xy * factor)
    return gpd.GeoDataFrame(index=areas.index, geometry=geometries)


def in_degrees(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return moved(areas, 1e-5, 0.0)


def overlapping(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Areas that reach into their neighbours, and some that lie in others."""
    wide = areas.buffer(15, join_style="mitre").to_numpy()
    wide[::5] = areas.centroid.buffer(30).to_numpy()[::5]
    return gpd.GeoDataFrame(index=areas.index, geometry=wide)


def with_islands_and_lakes(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every second area is missing; others have a lake with an island of the next in it."""
    lakes, islands = areas.centroid.buffer(40), areas.centroid.buffer(15)
    cut = areas.difference(lakes).to_numpy()
    cut[:-1] = shapely.union(cut[:-1], islands.to_numpy()[1:])
    cut[::2] = EMPTY
    return gpd.GeoDataFrame(index=areas.index, geometry=cut)


SHAPES = {
    "a tiling": lambda areas: areas,
    "degrees": in_degrees,
    "overlaps": overlapping,
    "islands and lakes": with_islands_and_lakes,
    "stacked twice": lambda areas: gpd.GeoDataFrame(
        index=[f"{code}-{copy}" for copy in "ba" for code in areas.index],
        geometry=np.tile(areas.geometry.to_numpy(), 2),
    ),
    "coordinates of 1e8": lambda areas: moved(areas, 1.0, 1e8),
    "a millionth in size": lambda areas: moved(areas, 1e-9, -1e-4),
    "beside which numbers are coarse": lambda areas: moved(areas, 1e-7, 100.0),
    "squares on whole numbers": lambda areas: gpd.GeoDataFrame(
        index=areas.index,
        geometry=shapely.box(
            *np.mgrid[:5, :4].reshape(2, -1), *(np.mgrid[1:6, 1:5]).reshape(2, -1)
        ),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_million_points_none_is_placed_differently(shape):
    areas = SHAPES[shape](make_layer(SMALL))
    points = np.concatenate([telling_points(areas), scattered_points(areas, 90_000, seed=1)])
    assert len(differing(areas, points)) == 0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    exponent=st.integers(-9, 9),
    offset=st.floats(-1e6, 1e6),
    pieces=st.integers(4, 30),
)
def test_any_tiling_of_any_size_anywhere_is_joined_as_shapely_does(seed, exponent, offset, pieces):
    tiling = Tiling(3, 3, pieces, 700, 700)
    areas = moved(make_layer(tiling, seed=seed), 10.0**exponent, offset * 10.0**exponent)
    points = np.concatenate([telling_points(areas), scattered_points(areas, 500, seed=seed)])
    assert len(differing(areas, points)) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), nearness=st.integers(-18, 0))
def test_points_ever_closer_to_the_edges_are_joined_as_shapely_does(seed, nearness):
    areas = make_layer(SMALL, seed=seed)
    near = np.random.default_rng(seed).normal(0, 10.0**nearness, (5, 1, 2))
    corners = shapely.get_coordinates(areas.geometry.to_numpy())
    points = ((corners[1:] + corners[:-1]) / 2 + near).reshape(-1, 2)
    assert len(differing(areas, points)) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), nearness=st.integers(-19, -12))
def test_points_finer_than_the_numbers_of_the_edges_are_joined_as_shapely_does(seed, nearness):
    """Beside an edge that passes through 0, 0 a plain product has the wrong sign."""
    areas = make_layer(SMALL, seed=seed)
    corners = shapely.get_coordinates(areas.geometry.to_numpy()[7])
    middle, along = (corners[3] + corners[4]) / 2, corners[4] - corners[3]
    shifted = shapely.transform(areas.geometry.to_numpy(), lambda xy: xy - middle)
    draw = np.random.default_rng(seed)
    points = draw.normal(0, 0.1, (2_000, 1)) * along * 10.0 ** draw.integers(-9, 0, (2_000, 1))
    points += draw.normal(0, 10.0**nearness, points.shape)
    assert len(differing(gpd.GeoDataFrame(index=areas.index, geometry=shifted), points)) == 0


def test_vertices_on_the_lines_of_the_rows_are_joined_as_shapely_does():
    corners = shapely.box([0, 999], [0, 999], [1, 1000], [1, 1000])
    lattice = lattice_over(edges_of(corners))
    y = lattice.lines[np.linspace(5, lattice.rows - 5, 200).astype(int)]
    x = np.random.default_rng(1).uniform(100, 900, len(y))
    wide, high = 2 / lattice.columns_per_unit, 2 / lattice.rows_per_unit
    points = [(x - wide, y), (x, y - high), (x + wide, y), (x, y + high)]
    diamonds = shapely.polygons(np.stack([np.column_stack(point) for point in points], axis=1))
    areas = gpd.GeoDataFrame(geometry=np.concatenate([corners, diamonds]))
    centres = np.repeat(np.column_stack([x, y]), 100, axis=0)
    near = centres + np.random.default_rng(2).uniform(-1, 1, centres.shape) * [wide, high]
    assert len(differing(areas, np.concatenate([telling_points(areas), near]))) == 0


LATTICE_POINTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7, unique=True
)


@settings(max_examples=40, deadline=None)
@given(rings=st.lists(LATTICE_POINTS, min_size=1, max_size=5), data=st.data())
def test_polygons_that_touch_and_overlap_anyhow_are_joined_as_shapely_does(rings, data):
    shapes = [shapely.MultiPoint(ring).convex_hull for ring in rings]
    polygons = [shape if shape.area else shape.buffer(1, quad_segs=1) for shape in shapes]
    codes = data.draw(st.permutations([f"W{number}" for number in range(len(polygons))]))
    areas = moved(gpd.GeoDataFrame(index=codes, geometry=polygons), 0.3, 435_000.1)
    points = np.concatenate([telling_points(areas), scattered_points(areas, 200, seed=1)])
    assert len(differing(areas, points)) == 0


def test_what_is_no_number_is_outside():
    points = np.array([[np.nan, 0], [0, np.nan], [np.inf, 0], [-np.inf, np.inf], [1e300, 0]])
    x, y = many(points).T
    assert set(AreaLocator(make_layer(SMALL)).locate(x, y)) == {OUTSIDE}


def test_without_areas_many_points_are_outside():
    x, y = many(np.zeros((1, 2))).T
    for geometry in ([], [EMPTY], [EMPTY, None]):
        areas = gpd.GeoDataFrame(index=list(range(len(geometry))), geometry=geometry)
        assert set(AreaLocator(areas).locate(x, y)) == {OUTSIDE}


def test_a_line_among_the_areas_is_touched_like_any_area():
    shapes = [shapely.box(0, 0, 2, 2), shapely.LineString([(3, 0), (3, 2)])]
    areas = gpd.GeoDataFrame(index=["A", "B"], geometry=shapes)
    x, y = many(np.array([(1.0, 1.0), (3.0, 1.0), (4.0, 1.0)])).T
    assert AreaLocator(areas).locate(x, y)[:3].tolist() == [0, 1, OUTSIDE]


@settings(max_examples=40, deadline=None)
@given(rings=st.lists(LATTICE_POINTS, min_size=1, max_size=4))
def test_rings_that_cross_themselves_are_joined_as_shapely_does(rings):
    """No valid polygons, but layers hold them: `check` reports them, the join must not fail."""
    apart = [np.add(ring, [7 * number, 0]) for number, ring in enumerate(rings)]
    crossed = [shapely.Polygon(ring) for ring in apart]
    areas = moved(gpd.GeoDataFrame(geometry=crossed), 0.3, 435_000.1)
    points = scattered_points(areas, 500, seed=1)
    assert len(differing(areas, points)) == 0


def test_ordinary_points_are_never_left_to_shapely():
    city = TILINGS["city of 17 wards"]
    grid = build_grid(TouchingAreas(make_layer(city)))
    x, y = uniform_points(city, 1_000_000)
    assert kernels.locate(grid, x, y, np.empty(len(x), dtype=np.int32)) == 0


def test_published_areas_and_points_are_joined_as_shapely_does(real_data):
    with zipfile.ZipFile(real_data / "derby/police-uk-derbyshire.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("street.csv")]
        published = pd.concat([pd.read_csv(archive.open(name)) for name in names])
    snap = published[["Longitude", "Latitude"]].dropna().to_numpy()
    for path in sorted((real_data / "derby").glob("*.geojson")):
        areas = gpd.read_file(path).to_crs("EPSG:4326")
        points = np.concatenate([snap, telling_points(areas)])
        assert len(differing(areas, points)) == 0, path.name


@pytest.mark.filterwarnings("ignore:overflow")
def test_numbers_too_large_for_cells_are_left_to_shapely():
    areas = gpd.GeoDataFrame(index=["A"], geometry=[shapely.box(-1.7e308, 0, 1.7e308, 1)])
    x, y = many(np.array([(0.0, 0.5), (0.0, 2.0)])).T
    assert AreaLocator(areas).locate(x, y)[:2].tolist() == [0, OUTSIDE]


def test_a_far_island_does_not_change_what_the_city_holds():
    """All the city is then in a few cells, each with more edges than a grid should read."""
    areas = make_layer(SMALL)
    areas.loc["far"] = ["far", shapely.box(5e8, 5e8, 5e8 + 1, 5e8 + 1)]
    points = np.concatenate(
        [telling_points(areas), scattered_points(make_layer(SMALL), 5_000, seed=1)]
    )
    assert len(differing(areas, points)) == 0
