"""The exact permutation p of Gi* is the one that all permutations together would give."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, eye_array

from geo.cells import Cells, Grid
from geo.errors import InputError
from geo.hotspots.getis_ord import MOST_SUM, permutation_p

ROW_OF_SEVEN = csr_array(np.eye(7) + np.eye(7, k=1) + np.eye(7, k=-1))


def by_listing(counts: list[int], neighbours: csr_array) -> list[float]:
    """P of each cell by drawing its neighbours in every possible way."""
    p = []
    for i, row in enumerate(neighbours.toarray()):
        around = [j for j in np.flatnonzero(row) if j != i]
        actual = sum(counts[j] for j in around)
        others = [count for j, count in enumerate(counts) if j != i]
        sums = [sum(drawn) for drawn in itertools.combinations(others, len(around))]
        tail = min(sum(s <= actual for s in sums), sum(s >= actual for s in sums))
        p.append(float(min(Fraction(1), Fraction(2 * tail, len(sums)))))
    return p


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_p_is_that_of_listing_every_draw(counts):
    result = permutation_p(counts, ROW_OF_SEVEN)
    np.testing.assert_allclose(result, by_listing(counts, ROW_OF_SEVEN), rtol=1e-12)


def test_p_is_where_many_permutations_tend_to():
    rng = np.random.default_rng(8)
    counts = rng.poisson(1.5, 144)
    neighbours = Cells.over(shapely.box(0, 0, 1200, 1200), Grid(100, "square")).neighbours
    around = neighbours @ counts - counts
    result = permutation_p(counts, neighbours)
    for cell in (0, 5, 77, int(result.argmin())):
        others = np.delete(counts, cell)
        draws = int(neighbours[[cell]].sum()) - 1
        sums = rng.permuted(np.tile(others, (20_000, 1)), axis=1)[:, :draws].sum(axis=1)
        tail = min((sums >= around[cell]).mean(), (sums <= around[cell]).mean())
        assert result[cell] == pytest.approx(min(2 * tail, 1), abs=0.02)


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 30), min_size=49, max_size=49).map(np.array),
    seed=st.integers(0, 2**16),
)
def test_the_order_of_the_cells_changes_no_p(counts, seed):
    neighbours = Cells.over(shapely.box(0, 0, 700, 700), Grid(100, "square")).neighbours
    order = np.random.default_rng(seed).permutation(49)
    shuffled = csr_array(neighbours.toarray()[np.ix_(order, order)])
    np.testing.assert_allclose(
        permutation_p(counts[order], shuffled), permutation_p(counts, neighbours)[order], rtol=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(0, 5), min_size=49, max_size=49).map(np.array))
def test_doubled_counts_have_the_same_p(counts):
    neighbours = Cells.over(shapely.box(0, 0, 700, 700), Grid(100, "square")).neighbours
    np.testing.assert_allclose(
        permutation_p(2 * counts, neighbours), permutation_p(counts, neighbours), rtol=1e-9
    )


def test_p_is_never_zero_and_equal_counts_are_no_surprise():
    neighbours = Cells.over(shapely.box(0, 0, 3000, 3000), Grid(100, "square")).neighbours
    counts = np.zeros(900, int)
    counts[[434, 435, 436, 464, 466, 494, 495, 496]] = 50
    assert 0 < permutation_p(counts, neighbours)[465] < 1e-15
    assert (permutation_p(np.full(900, 3), neighbours) == 1).all()


def test_a_cell_without_neighbours_has_nothing_to_draw():
    assert permutation_p([3, 1, 0], csr_array(eye_array(3))).tolist() == [1, 1, 1]
    assert permutation_p([], csr_array((0, 0))).shape == (0,)


@pytest.mark.parametrize("values", [[0.5] * 7, [-1] * 7])
def test_weights_are_refused(values):
    with pytest.raises(InputError, match="the permutation test needs whole counts, not weights"):
        permutation_p(values, ROW_OF_SEVEN)


def test_counts_too_large_for_memory_are_refused_with_what_to_use_instead():
    message = r"a cell has 1,000,000 incidents, too many .*; use the normal p of Gi\*"
    with pytest.raises(InputError, match=message):
        permutation_p([MOST_SUM] + [0] * 6, ROW_OF_SEVEN)
