"""Rates of places and areas, shrunk towards the mean of all: empirical Bayes.

The highest of many noisy rates is mostly too high, the lowest too low. Shrinking pulls each rate
towards the mean of all, the more the less it rests on, so that what is expected of chosen places
is what comes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

INTERVAL: Final = 0.95
"""Probability of the interval of a shrunk rate."""


class Prior(NamedTuple):
    """How rates differ between places.

    Attributes
    ----------
    mean
        All incidents over all exposure.
    variance
        Of the true rates between places, without what chance adds; 0 where chance explains all.
    """

    mean: float
    variance: float


class ShrunkRates(NamedTuple):
    """Rates of n places, each with its interval of `INTERVAL`."""

    rate: Floats
    low: Floats
    high: Floats


def prior(counts: ArrayLike, exposure: ArrayLike, *, dispersion: float = 1.0) -> Prior:
    """How the rates of places differ, by the method of moments.

    Parameters
    ----------
    counts
        Incidents at each of n places.
    exposure
        What they are counted over, above 0: residents, days, or 1 each.
    dispersion
        Variance over mean of a place's count at a given rate, at least 1.

    Returns
    -------
    The mean and the variance of the rates.

    Source: Marshall 1991, equations 3 to 5 (global empirical Bayes); with a dispersion the chance
    variance is as many times larger (Bühlmann's credibility).
    """
    n, size = np.asarray(counts, float), np.asarray(exposure, float)
    mean = n.sum() / size.sum()
    spread = (size * (n / size - mean) ** 2).sum() / size.sum()
    return Prior(float(mean), float(max(spread - dispersion * mean / size.mean(), 0.0)))


def shrunk(
    counts: ArrayLike, exposure: ArrayLike, by: Prior, *, dispersion: float = 1.0
) -> ShrunkRates:
    """Shrink the rates of places towards the mean of all.

    Parameters
    ----------
    counts, exposure, dispersion
        As for `prior`.
    by
        How the rates differ, as `prior` finds it from all places, not from chosen ones alone.

    Returns
    -------
    The rates with their intervals: those of the gamma distribution of each rate, given its count.

    Source: Marshall 1991; Clayton & Kaldor 1987 (the gamma distribution).
    """
    rate = shrunk_rates(counts, exposure, by, dispersion=dispersion)
    if _without_spread(by):
        return ShrunkRates(rate, rate, rate)
    after, over = _posterior(counts, exposure, by, dispersion)
    tail = (1 - INTERVAL) / 2
    low, high = (scipy.special.gammaincinv(after, part) / over for part in (tail, 1 - tail))
    return ShrunkRates(rate, low, high)


def shrunk_rates(
    counts: ArrayLike, exposure: ArrayLike, by: Prior, *, dispersion: float = 1.0
) -> Floats:
    """Shrink the rates of places as `shrunk` does, without the intervals, which take longest.

    Parameters
    ----------
    counts, exposure, by, dispersion
        As for `shrunk`.

    Returns
    -------
    One rate for each of the n places.
    """
    if _without_spread(by):
        return np.full(len(np.asarray(counts)), by.mean)
    after, over = _posterior(counts, exposure, by, dispersion)
    return after / over


def _without_spread(by: Prior) -> bool:
    return by.variance <= 0 or by.mean <= 0


def _posterior(
    counts: ArrayLike, exposure: ArrayLike, by: Prior, dispersion: float
) -> tuple[Floats, Floats]:
    """Shape, and one over the scale, of the gamma distribution of each rate, given its count."""
    n, size = (np.asarray(values, float) / dispersion for values in (counts, exposure))
    shape, scale = by.mean**2 / by.variance, by.mean / by.variance
    return shape + n, scale + size
