"""Density has its unit and loses nothing: it adds up to the incidents, whatever the cells."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from geo.cells import Cells, Grid
from geo.errors import InputError
from geo.hotspots import density
from geo.hotspots.density import (
    compare_densities,
    effective_area_km2,
    quartic_density,
    rate_per_1000,
    suggest_bandwidth,
)
from geo.sources.police_uk import read_police_uk

SHAPES = ["hexagon", "square"]


def city(width: int, shape: str = "square", side: int = 4_000) -> Cells:
    return Cells.over(shapely.box(0, 0, side, side), Grid(width, shape))


def centres(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    return cells.grid.centres(cells.positions)


def tree_sum(points: np.ndarray, weights: np.ndarray, *, at: np.ndarray, h: float) -> np.ndarray:
    """The definition, incident by incident, through SciPy's tree."""
    near = cKDTree(at).sparse_distance_matrix(cKDTree(points), h, output_type="coo_matrix")
    kernel = 3 / (np.pi * (h / 1000) ** 2) * (1 - (near.data / h) ** 2) ** 2
    return np.bincount(near.row, kernel * weights[near.col], minlength=len(at))


@pytest.fixture(params=["plain", "compiled"])
def way(request, monkeypatch):
    monkeypatch.setattr(density, "MOST_PLAIN", 10**12 if request.param == "plain" else -1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("bandwidth", "peak"), [(150, 42.4413), (200, 23.8732)])
def test_one_incident_has_the_published_peak(bandwidth, peak):
    at = [0, bandwidth / 4, bandwidth, 10 * bandwidth], [0, 0, 0, 0]
    result = quartic_density([0], [0], at=at, bandwidth=bandwidth)
    assert result[0] == pytest.approx(peak, abs=5e-5)
    assert result[1] / result[0] == pytest.approx((15 / 16) ** 2)
    assert result[2:].tolist() == [0, 0]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("snapped", [True, False])
def test_the_surface_is_the_sum_of_its_definition(shape, snapped):
    rng = np.random.default_rng(3)
    points = rng.uniform(-300, 4_300, (2_000, 2))
    if snapped:
        points = points[rng.integers(0, 60, 2_000)]
    weights, at = rng.uniform(0, 5, 2_000), centres(city(130, shape))
    result = quartic_density(*points.T, at=at, bandwidth=420, weights=weights)
    expected = tree_sum(points, weights, at=np.column_stack(at), h=420)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12 * expected.max())


def test_compiled_and_plain_sums_agree(monkeypatch):
    rng = np.random.default_rng(8)
    x, y = rng.normal(430_000, 900, (2, 5_000)).round(1)
    at = rng.uniform(427_000, 433_000, (2, 3_000))
    plain = quartic_density(x, y, at=at, bandwidth=350)
    monkeypatch.setattr(density, "MOST_PLAIN", -1)
    np.testing.assert_allclose(quartic_density(x, y, at=at, bandwidth=350), plain, rtol=1e-12)


@pytest.mark.parametrize("repeats", [1, 30])
def test_merging_what_repeats_changes_no_sum(monkeypatch, repeats):
    """More points than are tried before merging is given up."""
    monkeypatch.setattr(density, "MOST_PLAIN", -1)
    rng = np.random.default_rng(8)
    places = rng.uniform(0, 4_000, (90_000 // repeats, 2))
    points = np.tile(places, (repeats, 1))
    at = centres(city(500))
    result = quartic_density(*points.T, at=at, bandwidth=600)
    once = quartic_density(*places.T, at=at, bandwidth=600)
    np.testing.assert_allclose(result, once * repeats, rtol=1e-11)


@pytest.mark.usefixtures("way")
def test_a_kernel_much_smaller_than_the_land_needs_no_more_memory():
    x = [0, 0.5, 50_000, 50_000]
    result = quartic_density(x, x, at=(x, x), bandwidth=2)
    peak = 3 / np.pi / 0.002**2
    side = peak * (1 - 0.5 / 4) ** 2
    assert result == pytest.approx([peak + side, peak + side, 2 * peak, 2 * peak])


@pytest.mark.parametrize("shape", SHAPES)
def test_it_adds_up_to_the_incidents_away_from_edges(shape):
    cells = city(50, shape)
    x, y = np.random.default_rng(1).uniform(600, 3_400, (2, 500))
    result = quartic_density(x, y, at=centres(cells), bandwidth=500)
    assert (result * cells.inside_area).sum() / 1e6 == pytest.approx(500, rel=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_corrected_at_the_edge_it_adds_up_also_on_a_ragged_mask(shape):
    mask = shapely.Point(2_000, 2_000).buffer(1_500) - shapely.box(1_000, 1_900, 2_100, 2_300)
    cells = Cells.over(mask, Grid(100, shape))
    x, y = np.random.default_rng(1).uniform(500, 3_500, (2, 3_000))
    inside = shapely.contains_xy(mask, x, y)
    x, y, at, area = x[inside], y[inside], centres(cells), cells.inside_area
    plain = quartic_density(x, y, at=at, bandwidth=300)
    corrected = quartic_density(x, y, at=at, bandwidth=300, inside_area=area)
    assert (plain * area).sum() / 1e6 < 0.95 * len(x)
    assert (corrected * area).sum() / 1e6 == pytest.approx(len(x), rel=1e-12)


def test_the_correction_leaves_the_inland_alone():
    cells, at = city(50), centres(city(50))
    plain = quartic_density([2_013], [1_987], at=at, bandwidth=300)
    corrected = quartic_density(
        [2_013], [1_987], at=at, bandwidth=300, inside_area=cells.inside_area
    )
    np.testing.assert_allclose(corrected, plain, rtol=2e-3)


def test_an_incident_in_a_corner_counts_four_times_when_corrected():
    cells = city(50)
    corrected = quartic_density(
        [0], [0], at=centres(cells), bandwidth=500, inside_area=cells.inside_area
    )
    plain = quartic_density([0], [0], at=centres(cells), bandwidth=500)
    np.testing.assert_allclose(corrected, 4 * plain, rtol=2e-3)


def test_no_incidents_have_no_density():
    assert quartic_density([], [], at=([1, 2], [3, 4]), bandwidth=100).tolist() == [0, 0]
    assert quartic_density([1], [1], at=([], []), bandwidth=100).shape == (0,)


@pytest.mark.parametrize("bandwidth", [0, -5, np.nan, np.inf])
def test_a_bandwidth_that_is_no_length_is_refused(bandwidth):
    with pytest.raises(InputError, match=r"bandwidth .* m is not valid; give a length above 0"):
        quartic_density([0], [0], at=([0], [0]), bandwidth=bandwidth)


def test_an_incident_without_a_place_is_refused():
    with pytest.raises(InputError, match="an incident has no coordinates"):
        quartic_density([np.nan], [0], at=([0], [0]), bandwidth=100)


def test_a_bandwidth_under_two_cells_cannot_be_corrected():
    cells = city(100)
    with pytest.raises(InputError, match=r"150 m is too short .*; choose 200 m or more"):
        quartic_density([50], [50], at=centres(cells), bandwidth=150, inside_area=cells.inside_area)


def test_an_incident_far_outside_the_mask_cannot_be_corrected():
    cells = city(100)
    with pytest.raises(InputError, match="1 of 1 incidents lie outside the mask"):
        quartic_density(
            [9_000], [50], at=centres(cells), bandwidth=300, inside_area=cells.inside_area
        )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.integers(-(10**6), 10**6))
def test_shift_row_order_and_doubling_do_what_they_should(seed, shift):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 2_000, (2, 60)).astype(float)
    at_x, at_y = rng.integers(0, 2_000, (2, 40)).astype(float)
    result = quartic_density(x, y, at=(at_x, at_y), bandwidth=333)
    order = rng.permutation(60)
    shuffled = quartic_density(x[order], y[order], at=(at_x, at_y), bandwidth=333)
    moved = quartic_density(x + shift, y - shift, at=(at_x + shift, at_y - shift), bandwidth=333)
    doubled = quartic_density(np.tile(x, 2), np.tile(y, 2), at=(at_x, at_y), bandwidth=333)
    np.testing.assert_allclose(shuffled, result, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moved, result, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(doubled, 2 * result, rtol=1e-12, atol=1e-12)


def test_the_suggested_bandwidth_does_not_shrink_on_snap_points():
    places = np.random.default_rng(5).uniform(0, 5_000, (400, 2)).round()
    once = suggest_bandwidth(*places.T)
    assert 200 < once < 600
    assert once % 10 == 0
    assert suggest_bandwidth(*np.tile(places, (50, 1)).T) == once


def test_the_suggested_bandwidth_is_the_median_distance_to_the_kth_place():
    """100 places 100 m apart: k is 5, whose distance is the diagonal 141 inland."""
    x, y = (axis.ravel() * 100 for axis in np.meshgrid(np.arange(10), np.arange(10)))
    assert suggest_bandwidth(x, y) == 140
    assert suggest_bandwidth(x, y, at_least=300) == 300


def test_too_few_places_suggest_no_bandwidth():
    with pytest.raises(InputError, match="from 2 places, fewer than 10; give one in metres"):
        suggest_bandwidth([1, 1, 2], [1, 1, 2])


def test_an_even_rate_is_even_however_the_residents_live():
    cells = city(100)
    x, y = np.random.default_rng(2).normal(2_000, 600, (2, 20_000))
    at = centres(cells)
    residents = quartic_density(x, y, at=at, bandwidth=300)
    incidents = quartic_density(x[::50], y[::50], at=at, bandwidth=300, weights=np.full(400, 1.0))
    rate = rate_per_1000(incidents, residents, bandwidth=300)
    few = residents * effective_area_km2(300) < 100
    assert few.any()
    assert np.isnan(rate[few]).all()
    assert np.nanmean(rate) == pytest.approx(20, rel=0.1)


def test_the_effective_area_is_that_of_the_kernel_squared():
    cells = city(10, side=1_200)
    kernel = quartic_density([600], [600], at=centres(cells), bandwidth=500)
    squared = (kernel**2 * cells.inside_area).sum() / 1e6
    assert effective_area_km2(500) == pytest.approx(1 / squared, rel=1e-3)


def test_a_compared_period_is_scaled_to_as_many_days():
    result = compare_densities(
        np.array([8.0, 1.0]), np.array([10.0, 0.1]), days=(30, 60), bandwidth=500
    )
    assert result["density_compared"].tolist() == [5, 0.05]
    assert result["difference"].tolist() == pytest.approx([3, 0.95])
    assert result["ratio"][0] == pytest.approx(1.6)
    assert np.isnan(result["ratio"][1])


def likelihood(places: np.ndarray, n: np.ndarray, h: float) -> float:
    """Mean log density at each incident by the incidents of all other places."""
    near = cKDTree(places).sparse_distance_matrix(cKDTree(places), h, output_type="coo_matrix")
    kernel = np.where(near.row == near.col, 0, (1 - (near.data / h) ** 2) ** 2) / h**2
    density = np.bincount(near.row, kernel * n[near.col], minlength=len(n)) / (n.sum() - n)
    return float((n * np.log(np.maximum(density, 1e-12))).sum() / n.sum())


def test_on_published_incidents_the_suggestion_is_near_the_likeliest_bandwidth(
    real_data, projection
):
    force = read_police_uk(real_data / "derby" / "police-uk-derbyshire.zip", projection)
    rows = pd.concat([batch.accepted for part in force for batch in part.batches()])
    city_rows = rows[np.hypot(rows["x"] - 435_500, rows["y"] - 335_500) < 5_000]
    asb = city_rows[city_rows["category"] == "anti-social-behaviour"]
    places, n = np.unique(asb[["x", "y"]], axis=0, return_counts=True)
    suggested = suggest_bandwidth(asb["x"], asb["y"])
    best = max(likelihood(places, n, h) for h in (150, 200, 300, 400, 500, 600, 800, 1_200))
    assert 250 <= suggested <= 600
    assert likelihood(places, n, suggested) > best - 0.05
