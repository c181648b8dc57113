"""What several stages need: corrections for many tests, and exact tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincc, ndtr

Floats = NDArray[np.float64]


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """The q value of each p value: the false discovery rate at which it would be called.

    Parameters
    ----------
    p
        p values; NaN stays NaN and does not count as a test.

    Source: Benjamini & Hochberg 1995, as step-up adjusted p values.
    """
    values = np.asarray(p, float)
    q = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    m = len(tested)
    if m == 0:
        return q
    order = tested[np.argsort(values[tested], kind="stable")]
    scaled = values[order] * m / np.arange(1, m + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def normal_two_sided(z: ArrayLike) -> Floats:
    """The two-sided p value of a standard normal z; NaN stays NaN."""
    return np.asarray(2.0 * ndtr(-np.abs(np.asarray(z, float))))


def binomial_two_sided(successes: ArrayLike, trials: int, share: ArrayLike) -> Floats:
    """Exact two-sided binomial p: twice the smaller tail, at most 1.

    Parameters
    ----------
    successes
        Whole numbers from 0 to `trials`.
    trials
        How many independent draws were made.
    share
        The chance of success of each test, from 0 to 1.
    """
    k = np.asarray(successes, float)
    chance = np.clip(np.asarray(share, float), 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        at_least = np.where(k <= 0, 1.0, betainc(np.maximum(k, 1), trials - k + 1, chance))
        at_most = np.where(k >= trials, 1.0, betaincc(k + 1, np.maximum(trials - k, 1), chance))
    return np.minimum(1.0, 2.0 * np.minimum(at_least, at_most))
