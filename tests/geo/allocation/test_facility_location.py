"""Sites cover as much, and lie as near, as the best of all choices."""

from itertools import combinations

import numpy as np
import pytest

from geo.allocation.facility_location import maximal_covering, p_median
from geo.errors import InputError


def town(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    homes, halls = rng.uniform(0, 10, (14, 2)), rng.uniform(0, 10, (9, 2))
    return rng.integers(1, 20, 14), np.hypot(*(homes[:, None] - halls[None]).transpose(2, 0, 1))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sites", [1, 3, 5])
def test_covering_is_the_best_of_all_choices(seed, sites):
    demand, way = town(seed)
    result = maximal_covering(demand, way <= 2.5, sites=sites)
    best = max(
        demand[(way[:, choice] <= 2.5).any(axis=1)].sum()
        for choice in map(list, combinations(range(9), sites))
    )
    assert len(result.chosen) == sites
    assert result.optimal
    assert result.value == result.bound == pytest.approx(best)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sites", [1, 3, 5])
def test_the_median_is_the_best_of_all_choices(seed, sites):
    demand, way = town(seed)
    result = p_median(demand, way, sites=sites)
    best = min(
        (demand * way[:, choice].min(axis=1)).sum()
        for choice in map(list, combinations(range(9), sites))
    )
    assert result.optimal
    assert result.value == pytest.approx(best)
    assert result.bound == pytest.approx(best)


@pytest.mark.parametrize("method", [maximal_covering, p_median])
def test_more_sites_than_there_are_cannot_be_chosen(method):
    with pytest.raises(InputError, match="3 sites cannot be chosen from 2"):
        method([1.0], [[1.0, 0.0]], sites=3)
    with pytest.raises(
        InputError, match="no choice was found in 0 seconds of computing; allow more"
    ):
        method([1.0], [[1.0, 0.0]], sites=1, seconds=0)
