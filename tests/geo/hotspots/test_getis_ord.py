"""Gi* has its published values, and nothing is called hot that chance explains."""

import libpysal
import numpy as np
import pytest
import shapely
from esda.getisord import G_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, eye_array
from scipy.spatial.distance import cdist

from geo.cells import Cells, Grid
from geo.hotspots.getis_ord import CLASSES, TOP, gi, gi_star, hotspots, neighbourhood_tail

SIX_POINTS = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], float)
SIX_VALUES = np.array([2, 3, 3.2, 5, 8, 7])
WITHIN_15 = csr_array((cdist(SIX_POINTS, SIX_POINTS) <= 15).astype(float))
# From ESRI's and PySAL's documentation of the statistic.
GI_STAR = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
GI = [-1.0136729, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]


def square_city(across: int) -> Cells:
    side = across * 100
    return Cells.over(shapely.box(0, 0, side, side), Grid(100, "square"))


def without_self(neighbours: csr_array) -> csr_array:
    return csr_array(neighbours - eye_array(neighbours.shape[0]))


def test_six_points_have_their_published_values():
    assert gi_star(SIX_VALUES, WITHIN_15) == pytest.approx(GI_STAR, abs=1e-6)
    assert gi(SIX_VALUES, WITHIN_15) == pytest.approx(GI, abs=1e-6)


def oracle(values: np.ndarray, neighbours: csr_array, *, star: bool) -> np.ndarray:
    """Z of PySAL's local G with binary weights."""
    matrix = without_self(neighbours).toarray()
    weights = libpysal.weights.W(
        {i: np.flatnonzero(row).tolist() for i, row in enumerate(matrix)}, silence_warnings=True
    )
    return G_Local(values, weights, transform="B", permutations=0, star=star).Zs


@pytest.mark.parametrize("shape", ["hexagon", "square"])
@pytest.mark.parametrize("mean", [0.3, 5])
def test_z_is_that_of_pysal_on_random_counts(shape, mean):
    mask = shapely.Point(435_000, 336_000).buffer(900) - shapely.box(
        434_900, 335_900, 435_200, 336_100
    )
    cells = Cells.over(mask, Grid(150, shape))
    values = np.random.default_rng(7).poisson(mean, len(cells))
    expected = oracle(values, cells.neighbours, star=True)
    assert gi_star(values, cells.neighbours) == pytest.approx(expected, abs=1e-9)
    without = oracle(values, without_self(cells.neighbours), star=False)
    assert gi(values, cells.neighbours) == pytest.approx(without, abs=1e-9)


@pytest.mark.parametrize("values", [np.zeros(100), np.full(100, 7), np.full(100, 0.1)])
def test_where_all_values_are_equal_z_is_undefined(values):
    z = gi_star(values, square_city(10).neighbours)
    assert np.isnan(z).all()


def test_a_small_spread_on_large_values_is_still_a_spread():
    values = 1_000_000 + np.arange(100) % 2
    assert np.isfinite(gi_star(values, square_city(10).neighbours)).all()


def test_a_cell_that_neighbours_every_cell_is_undefined():
    assert np.isnan(gi_star([1, 2, 3], csr_array(np.ones((3, 3))))).all()


def test_no_cells_have_no_z():
    assert gi_star([], csr_array((0, 0))).shape == (0,)


def test_the_tail_is_the_binomial_one_of_the_neighbourhood():
    """Two cells in a row of four hold 3 of 4 incidents: 2 × P(Bin(4, ½) ≥ 3) = 10 / 16."""
    row = np.eye(4) + np.eye(4, k=1) + np.eye(4, k=-1)
    p = neighbourhood_tail([3, 0, 0, 1], csr_array(row), [1, 1, 1, 1])
    assert p[0] == pytest.approx(10 / 16)


def test_the_tail_counts_land_and_not_cells():
    """A cell of three quarters of the land that holds three of four incidents is no surprise."""
    p = neighbourhood_tail([3, 1], csr_array(np.eye(2)), [30.0, 10.0])
    assert p == pytest.approx([1, 1])


def test_every_column_is_there_and_every_class_has_a_known_name():
    cells = square_city(20)
    counts = np.random.default_rng(1).poisson(2, len(cells))
    result = hotspots(counts, cells.neighbours, cells.inside_area)
    assert list(result.columns) == ["n", "z", "p", "q", "p_count", "q_count", "class"]
    assert set(result["class"]) <= set(CLASSES)
    assert result["n"].tolist() == counts.tolist()


@pytest.mark.parametrize("counts", [np.zeros(100, int), np.full(100, 4)])
def test_without_a_difference_every_cell_is_undefined(counts):
    cells = square_city(10)
    result = hotspots(counts, cells.neighbours, cells.inside_area)
    assert set(result["class"]) == {"undefined"}
    assert result[["z", "p", "q", "p_count", "q_count"]].isna().all(axis=None)


def test_a_planted_cluster_is_hot_and_the_rest_is_not():
    cells = square_city(40)
    x, y = cells.grid.centres(cells.positions)
    planted = np.hypot(x - 2000, y - 2000) < 150
    counts = np.random.default_rng(3).poisson(np.where(planted, 8, 0.3))
    called = hotspots(counts, cells.neighbours, cells.inside_area)["class"].to_numpy()
    assert set(called[planted]) == {"hot_99"}
    assert set(called[np.hypot(x - 2000, y - 2000) > 500]) == {"none"}


def test_an_empty_quarter_of_a_busy_city_is_cold():
    cells = square_city(40)
    x, y = cells.grid.centres(cells.positions)
    counts = np.random.default_rng(3).poisson(np.where((x < 2000) & (y < 2000), 0, 5))
    called = hotspots(counts, cells.neighbours, cells.inside_area)["class"].to_numpy()
    assert set(called[(x < 1800) & (y < 1800)]) == {"cold_99", "cold_95"}
    assert not {"cold_99", "cold_95"} & set(called[(x > 2200) | (y > 2200)])


def test_a_city_without_hotspots_seldom_shows_one():
    """Gi* alone would show one on about every other of these surfaces."""
    cells, rng = square_city(40), np.random.default_rng(11)
    alarms = alone = 0
    for _ in range(60):
        result = hotspots(rng.poisson(0.3, len(cells)), cells.neighbours, cells.inside_area)
        alarms += result["class"].str.startswith(("hot", "cold")).any()
        alone += (result["q"] <= 0.05).any()
    assert alarms <= 0.12 * 60
    assert alone > 0.3 * 60


def test_a_class_needs_both_tests_at_its_level():
    cells, rng = square_city(40), np.random.default_rng(5)
    x, y = cells.grid.centres(cells.positions)
    counts = rng.poisson(0.5 + 6 * np.exp(-((x - 900) ** 2 + (y - 900) ** 2) / 400**2))
    result = hotspots(counts, cells.neighbours, cells.inside_area)
    worst = result[["q", "q_count"]].max(axis=1)
    level = np.select([worst <= 0.01, worst <= 0.05], ["99", "95"], "none")
    assert {"hot_99", "hot_95", "none"} <= set(result["class"])
    assert result["class"].str.removeprefix("hot_").tolist() == level.tolist()


COUNTS = st.lists(st.integers(0, 20), min_size=100, max_size=100).map(np.array)


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS, seed=st.integers(0, 2**16))
def test_the_order_of_the_cells_changes_nothing(counts, seed):
    cells = square_city(10)
    order = np.random.default_rng(seed).permutation(len(cells))
    shuffled = csr_array(cells.neighbours.toarray()[np.ix_(order, order)])
    plain = hotspots(counts, cells.neighbours, cells.inside_area).iloc[order]
    again = hotspots(counts[order], shuffled, cells.inside_area[order])
    assert again["class"].tolist() == plain["class"].tolist()
    np.testing.assert_allclose(again["z"], plain["z"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(again["q_count"], plain["q_count"], rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_a_city_of_hexagons_turned_by_60_degrees_has_its_hotspots_turned(seed):
    cells = Cells.over(shapely.Point(0, 0).buffer(900, quad_segs=15), Grid(150))
    q, r = cells.positions.T
    turned = cells.assign(*cells.grid.centres(np.column_stack([-r, q + r])))
    assert sorted(turned) == list(range(len(cells)))
    counts = np.random.default_rng(seed).negative_binomial(1, 0.3, len(cells))
    moved = np.empty_like(counts)
    moved[turned] = counts
    here, there = (hotspots(n, cells.neighbours, cells.inside_area) for n in (counts, moved))
    np.testing.assert_allclose(there["z"][turned], here["z"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(there["p_count"][turned], here["p_count"], rtol=1e-6)
    assert there["class"][turned].tolist() == here["class"].tolist()


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS)
def test_a_city_twice_as_large_on_cells_twice_as_wide_has_the_same_hotspots(counts):
    small, large = square_city(10), Cells.over(shapely.box(0, 0, 2000, 2000), Grid(200, "square"))
    assert [name[5:] for name in small.ids] == [name[5:] for name in large.ids]
    here, there = (hotspots(counts, c.neighbours, c.inside_area) for c in (small, large))
    np.testing.assert_allclose(here["z"], there["z"], rtol=1e-12)
    np.testing.assert_allclose(here["p_count"], there["p_count"], rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS, factor=st.integers(2, 9))
def test_z_depends_on_the_pattern_and_not_on_the_unit(counts, factor):
    neighbours = square_city(10).neighbours
    np.testing.assert_allclose(
        gi_star(counts * factor, neighbours), gi_star(counts, neighbours), rtol=1e-6, atol=1e-9
    )


def test_z_of_harm_stands_beside_the_exact_tail_of_the_counts():
    cells, rng = square_city(20), np.random.default_rng(2)
    counts = rng.poisson(2, len(cells))
    harm = counts * rng.uniform(1, 90, len(cells))
    plain, weighed = (
        hotspots(counts, cells.neighbours, cells.inside_area, weighted=weighted)
        for weighted in (None, harm)
    )
    assert list(weighed.columns[:3]) == ["n", "weighted", "z"]
    assert weighed["n"].tolist() == counts.tolist()
    np.testing.assert_array_equal(weighed["z"], gi_star(harm, cells.neighbours))
    np.testing.assert_array_equal(weighed["q_count"], plain["q_count"])


def test_one_grave_incident_alone_makes_no_hotspot():
    cells = square_city(20)
    counts = np.random.default_rng(2).poisson(2, len(cells))
    harm = np.where(np.arange(len(cells)) == 210, 2000.0, counts)
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    assert result["q"].min() < 1e-8
    assert set(result["class"]) == {"none"}


def test_where_all_incidents_are_equally_grave_nothing_changes():
    cells = square_city(20)
    counts = np.random.default_rng(4).poisson(2, len(cells))
    plain = hotspots(counts, cells.neighbours, cells.inside_area)
    same = hotspots(counts, cells.neighbours, cells.inside_area, weighted=counts)
    np.testing.assert_array_equal(same["z"], plain["z"])
    assert same["class"].tolist() == plain["class"].tolist()
    assert same["rank_n"].tolist() == same["rank_weighted"].tolist()
    assert not same["rank_flips"].any()


def test_a_rank_flips_where_harm_would_change_the_list_of_places():
    cells = square_city(10)
    counts = np.arange(100)
    harm = counts.astype(float)
    harm[[10, 99]] = 1000, 0
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    # The quiet grave place comes in and the busy harmless one goes out.
    assert np.flatnonzero(result["rank_flips"]).tolist() == [10, 99]
    assert result["rank_n"][[10, 99]].tolist() == [90, 1]
    assert result["rank_weighted"][10] == 1


def test_equals_that_could_be_ordered_otherwise_do_not_flip():
    cells = square_city(10)
    counts = np.array([5] * TOP + [4] * 80)
    harm = np.array([50.0] * (TOP - 1) + [40.0] * 81)
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    assert not result["rank_flips"].any()


def test_a_rank_flips_only_where_both_lists_leave_no_doubt():
    cells = square_city(10)
    counts, harm = np.zeros(100, int), np.zeros(100)
    counts[:TOP] = 9
    # Busy and harmless: surely in by count; nearly all cells are alike by harm, so it may be in.
    harm[TOP : TOP + 5] = 70.0
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    # Surely in by harm, and by count among 80 equals of which none is in.
    assert np.flatnonzero(result["rank_flips"]).tolist() == list(range(TOP, TOP + 5))
    harm[TOP + 5 : 2 * TOP] = 60.0
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    assert np.flatnonzero(result["rank_flips"]).tolist() == list(range(2 * TOP))
    # One more that ties for the last place: nobody of these 16 is surely in.
    harm[2 * TOP] = 60.0
    result = hotspots(counts, cells.neighbours, cells.inside_area, weighted=harm)
    assert np.flatnonzero(result["rank_flips"]).tolist() == list(range(TOP + 5))
