"""Many points are moved by surfaces that stay within a tenth of a millimetre of the operation."""

import numpy as np
import pytest

from geo.crs import Projection
from geo.crs_tiles import MOST_ERROR, TILE, to_metres_fast, transform_by_tiles

COUNT = 200_000
BRITAIN = (-9.0, 50.0, 2.0, 61.0)


def scattered(west: float, south: float, east: float, north: float) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(1)
    return draw.uniform(west, east, COUNT), draw.uniform(south, north, COUNT)


def furthest(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]).max())


@pytest.mark.parametrize("box", [BRITAIN, (-1.6, 52.8, -1.4, 53.0)])
def test_all_over_the_country_it_is_within_a_tenth_of_a_millimetre(projection, box):
    lon, lat = scattered(*box)
    moved = to_metres_fast(projection, lon, lat)
    assert 0 < furthest(moved, projection.to_metres(lon, lat)) < MOST_ERROR


def test_another_working_crs_is_followed_as_closely():
    zone = Projection.choose("EPSG:32630")
    lon, lat = scattered(-6.0, 40.0, 0.0, 60.0)
    assert furthest(to_metres_fast(zone, lon, lat), zone.to_metres(lon, lat)) < MOST_ERROR


def test_points_on_the_rims_of_tiles_belong_to_one_of_them(projection):
    west, south, _, _ = projection.area_of_use
    lon = np.resize(west + TILE * np.arange(20), COUNT)
    lat = np.resize(south + TILE * np.arange(19), COUNT)
    moved = to_metres_fast(projection, lon, lat)
    assert furthest(moved, projection.to_metres(lon, lat)) < MOST_ERROR


def test_what_is_far_away_or_no_number_goes_through_the_operation_itself(projection):
    lon, lat = scattered(*BRITAIN)
    lon[:5] = [np.nan, np.inf, 10.0, -80.0, 1.0]
    lat[:5] = [52.0, 52.0, 50.0, 20.0, -np.inf]
    moved, plain = to_metres_fast(projection, lon, lat), projection.to_metres(lon, lat)
    assert np.array_equal(np.array(moved)[:, :5], np.array(plain)[:, :5], equal_nan=True)


def test_few_points_get_the_operation_to_the_last_bit(projection):
    lon, lat = (axis[:1000] for axis in scattered(*BRITAIN))
    moved, plain = to_metres_fast(projection, lon, lat), projection.to_metres(lon, lat)
    assert np.array_equal(moved, plain)


def creased(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An operation with a crease along a meridian, as grids of corrections have."""
    return 70_000 * lon + 0.1 * np.abs(lon - 0.7), 110_000 * lat


def test_a_tile_with_a_crease_is_left_to_the_operation():
    lon, lat = scattered(0.0, 0.0, 3.0, 3.0)
    moved = transform_by_tiles(creased, (lon, lat), box=(0.0, 0.0, 3.0, 3.0))
    in_crease = (lon >= 0.5) & (lon < 1.0)
    assert np.array_equal(np.array(moved)[:, in_crease], creased(lon[in_crease], lat[in_crease]))
    assert furthest(moved, creased(lon, lat)) < MOST_ERROR


def test_a_tile_where_the_operation_fails_is_left_to_it():
    def failing(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(lon > 0.9, np.inf, lon), lat

    lon, lat = scattered(0.0, 0.0, 1.0, 1.0)
    x, _ = transform_by_tiles(failing, (lon, lat), box=(0.0, 0.0, 1.0, 1.0))
    assert np.array_equal(np.isinf(x), lon > 0.9)


def test_a_box_over_the_date_line_has_no_tiles():
    lon, lat = scattered(170.0, -40.0, 179.0, -35.0)
    moved = transform_by_tiles(creased, (lon, lat), box=(160.0, -50.0, -170.0, -30.0))
    assert np.array_equal(moved, creased(lon, lat))
