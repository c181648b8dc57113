"""The limits of a funnel plot are those of Poisson counts, stretched by their dispersion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo.hotspots.funnel import LEVELS, limits

PEOPLE = np.array([500.0, 2_000.0, 8_000.0])


@pytest.mark.parametrize("level", LEVELS)
def test_limits_hold_the_share_of_poisson_counts_that_they_say(level):
    low, high = limits(0.02, PEOPLE, level)
    for people, below, above in zip(PEOPLE, low * PEOPLE, high * PEOPLE, strict=True):
        law, tail = stats.poisson(0.02 * people), (1 - level) / 2
        # Between the whole numbers on either side of the exact quantile.
        assert law.cdf(np.floor(below) - 1) <= tail <= law.cdf(np.ceil(below))
        assert law.cdf(np.floor(above) - 1) <= 1 - tail <= law.cdf(np.ceil(above))


def test_limits_narrow_with_size_and_widen_with_the_dispersion():
    low, high = limits(0.02, PEOPLE, 0.95)
    assert (np.diff(low) > 0).all()
    assert (np.diff(high) < 0).all()
    wide = limits(0.02, PEOPLE, 0.95, dispersion=4)
    assert wide.high - 0.02 == pytest.approx(2 * (high - 0.02))
    assert (limits(0.02, [10.0], 0.998, dispersion=9).low == 0).all()
