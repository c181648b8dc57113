"""Numbers of points: equal where the points are, whatever their bits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo import distinct_points
from geo.distinct_points import mixed, point_codes


def repeated() -> tuple[np.ndarray, np.ndarray]:
    """Points of a small lattice in a random order, each several times; some lie on the axes."""
    rng = np.random.default_rng(3)
    x, y = rng.integers(-9, 10, (2, 4_000)) / 3
    return x, y


def by_pairs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The numbers as pandas gives them to pairs."""
    return pd.factorize(pd.Series(list(zip(x.tolist(), y.tolist(), strict=True))))[0]


def test_points_are_numbered_as_pairs_are() -> None:
    x, y = repeated()
    assert np.array_equal(point_codes(x, y), by_pairs(x, y))


def test_two_points_that_share_a_mixed_number_have_codes_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = repeated()
    monkeypatch.setattr(distinct_points, "mixed", lambda x, _: (x > 0).astype(np.uint64))
    assert np.array_equal(point_codes(x, y), by_pairs(x, y))


def test_a_negative_zero_is_the_same_point() -> None:
    assert mixed(np.array([-0.0]), np.array([1.0])) == mixed(np.array([0.0]), np.array([1.0]))
    assert point_codes(np.array([0.0, -0.0]), np.array([1.0, 1.0])).tolist() == [0, 0]


def test_no_points_have_no_codes() -> None:
    assert not len(point_codes(np.empty(0), np.empty(0)))
