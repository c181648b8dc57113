"""Controlled rounding: entries and their sums are adjacent multiples of 5, and no mean moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.disclosure.controlled_rounding import controlled_rounding, scaled_to

_AREAS, _MONTHS, _GROUPS = 18, 24, 8


def _labels(shape: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    return tuple(part.ravel() for part in np.indices(shape))


def _rounded(n: np.ndarray, seed: int) -> np.ndarray:
    area, month, group = _labels(n.shape)
    groups = n.shape[2]
    rows = [month * groups + group, month]
    columns = [area * groups + group, area, 0 * area]
    return controlled_rounding(n.ravel(), rows, columns, seed=seed).reshape(n.shape)


def _is_adjacent(rounded: np.ndarray, exact: np.ndarray) -> bool:
    return bool(((rounded % 5 == 0) & (np.abs(rounded - exact) < 5)).all())


def test_of_3456_small_cells_every_total_stays_true() -> None:
    n = np.random.default_rng(21).poisson(0.5, (_AREAS, _MONTHS, _GROUPS))
    nearest = 5 * np.rint(n / 5)
    assert n.sum() - nearest.sum() > 1_300  # what rounding each to the nearest multiple loses
    rounded = _rounded(n, seed=1)
    assert _is_adjacent(rounded, n)
    for axes in [(0,), (1,), (0, 2), (1, 2), (0, 1, 2)]:
        assert _is_adjacent(rounded.sum(axis=axes), n.sum(axis=axes))
    error = np.abs(rounded.sum(axis=(1, 2)) - n.sum(axis=(1, 2))).mean()
    assert error <= 2.4


@given(arrays(np.int64, (3, 2, 2), elements=st.integers(0, 12)), st.integers(0, 2**63))
def test_every_table_has_a_rounding_and_multiples_stay(n: np.ndarray, seed: int) -> None:
    rounded = _rounded(n, seed)
    assert _is_adjacent(rounded, n)
    assert (rounded == n)[n % 5 == 0].all()
    for axes in [(0,), (1,), (0, 2), (1, 2), (0, 1, 2)]:
        assert _is_adjacent(rounded.sum(axis=axes), n.sum(axis=axes))


def test_over_many_seeds_the_mean_of_each_cell_is_its_count() -> None:
    n = np.array([[[1, 0], [2, 7]], [[4, 3], [0, 1]], [[1, 1], [5, 9]]])
    seeds = 2_000
    mean = np.mean([_rounded(n, seed) for seed in range(seeds)], axis=0)
    standard_error = np.sqrt((n % 5) * (5 - n % 5) / seeds)
    assert (np.abs(mean - n) <= 4 * standard_error).all()


def test_amounts_that_were_fixed_before_keep_their_totals_and_means() -> None:
    # 7 incidents whose total was published as 10, cut into 1, 2 and 4, beside 3 free ones.
    amounts = scaled_to([1, 2, 4, 3], [0, 0, 0, -1], [10])
    np.testing.assert_allclose(amounts, [10 / 7, 20 / 7, 40 / 7, 3])
    seeds = 2_000
    results = np.array(
        [
            controlled_rounding(amounts, [[0, 0, 0, 1]], [[0, 1, 0, 1], [0, 0, 0, 0]], seed=seed)
            for seed in range(seeds)
        ]
    )
    assert (results[:, :3].sum(axis=1) == 10).all()
    assert (np.abs(results.mean(axis=0) - amounts) < 4 * 2.5 / np.sqrt(seeds)).all()


def test_groups_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="within one group"):
        controlled_rounding([1, 1, 1], [[0, 0, 1], [0, 1, 1]], [[0, 0, 0]], seed=1)


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf")])
def test_what_is_no_count_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        controlled_rounding([amount], [[0]], [[0]], seed=1)
