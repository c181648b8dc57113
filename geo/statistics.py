"""Statistical tests that several methods share: multiple-testing corrections, exact p values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """The q value of each p value: the lowest false discovery rate at which it is significant.

    Parameters
    ----------
    p
        p values; NaN stays NaN and does not count as a test.

    Returns
    -------
    q
        Of the same shape, from 0 to 1.

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
    return np.asarray(2.0 * scipy.special.ndtr(-np.abs(np.asarray(z, float))))


def binomial_two_sided(successes: ArrayLike, trials: int, share: ArrayLike) -> Floats:
    """Exact two-sided binomial p: twice the smaller tail, at most 1.

    Parameters
    ----------
    successes
        n whole numbers from 0 to `trials`.
    trials
        Number of independent draws.
    share
        The n probabilities of success, from 0 to 1.

    Returns
    -------
    p
        n values; NaN where `share` is NaN.
    """
    k = np.asarray(successes, float)
    chance = np.clip(np.asarray(share, float), 0.0, 1.0)
    k, chance = np.broadcast_arrays(k, chance)
    tail = np.full(k.shape, np.nan)
    # A step or more from the mean the tail on that side is the smaller one; only nearer are both
    # needed. The median lies within a step of the mean (Kaas & Buhrman 1980).
    mean = trials * chance
    upper, lower = k > mean - 1, k < mean + 1
    tail[upper] = _at_least(k[upper], trials, chance[upper])
    tail[lower] = np.fmin(tail[lower], _at_most(k[lower], trials, chance[lower]))
    return np.minimum(1.0, 2.0 * tail)


def _at_least(k: Floats, trials: int, chance: Floats) -> Floats:
    return np.where(k <= 0, 1.0, scipy.special.betainc(np.maximum(k, 1), trials - k + 1, chance))


def _at_most(k: Floats, trials: int, chance: Floats) -> Floats:
    # By symmetry, as SciPy's complement takes seven times as long.
    return np.where(
        k >= trials, 1.0, scipy.special.betainc(np.maximum(trials - k, 1), k + 1, 1 - chance)
    )


def overdispersed_two_sided(counts: ArrayLike, mean: ArrayLike, dispersion: ArrayLike) -> Floats:
    """Two-sided p of counts that vary more than Poisson counts: twice the smaller tail, at most 1.

    What makes them vary is unknown, so each tail is the wider one of two laws of that variance:
    the negative binomial, whose upper tail is long, and the Poisson law of the counts divided by
    their dispersion, which is exact where incidents come in groups of one size.

    Parameters
    ----------
    counts
        n whole numbers of at least 0.
    mean
        The n means, above 0.
    dispersion
        Variance over mean of each, or of all, at least 1; at 1 the counts are Poisson.

    Returns
    -------
    p
        n values.

    Source: Cameron & Trivedi 1986, NB1 (variance in proportion to the mean); McCullagh & Nelder
    1989, section 6.2 (quasi-Poisson).
    """
    k, mu, spread = np.broadcast_arrays(*(np.asarray(a, float) for a in (counts, mean, dispersion)))
    # At a dispersion of 1 the negative binomial is Poisson, but has no finite size.
    size, chance = mu / np.maximum(spread - 1, 1e-9), 1 / np.maximum(spread, 1 + 1e-9)
    fewer, groups = np.maximum(k, 1.0), mu / spread
    at_least = np.maximum(
        scipy.special.betaincc(size, fewer, chance), scipy.special.gammainc(fewer / spread, groups)
    )
    at_most = np.maximum(
        scipy.special.betainc(size, k + 1, chance), scipy.special.gammaincc(k / spread + 1, groups)
    )
    at_least = np.where(k <= 0, 1.0, at_least)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(at_least, at_most)))


def conditional_two_sided(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> Floats:
    """Exact two-sided p of two counts, given their sum: twice the smaller tail, at most 1.

    Parameters
    ----------
    first, second
        n counts each, of at least 0. Counts divided by their dispersion need not be whole.
    share
        The n shares of their sum to be expected in the first, from 0 to 1.

    Returns
    -------
    p
        n values; 1 where both counts are 0.

    Source: Przyborowski & Wilenski 1940; the beta function extends the binomial tails to counts
    that are not whole.
    """
    k, rest, chance = (np.asarray(each, float) for each in (first, second, share))
    at_least = np.where(k <= 0, 1.0, scipy.special.betainc(np.maximum(k, 1e-12), rest + 1, chance))
    at_most = np.where(
        rest <= 0, 1.0, scipy.special.betaincc(k + 1, np.maximum(rest, 1e-12), chance)
    )
    p = np.minimum(1.0, 2 * np.minimum(at_least, at_most))
    return np.asarray(np.where(k + rest > 0, p, 1.0))


def hypergeometric_two_sided(
    marked: ArrayLike, all_marked: int, drawn: ArrayLike, total: int
) -> Floats:
    """Exact two-sided p of how many of some draws are marked: twice the smaller tail, at most 1.

    Parameters
    ----------
    marked
        Of each of n sets of draws those that are marked, whole numbers.
    all_marked
        Of all things those that are marked.
    drawn
        The draws in each of the n sets, without replacement.
    total
        All things.

    Returns
    -------
    p
        n values.

    Source: Fisher 1935.
    """
    k, size = np.asarray(marked, np.int64), np.asarray(drawn, np.int64)
    p = np.ones(len(k))
    for draws in np.unique(size):
        here = size == draws
        first, last = max(0, draws + all_marked - total), min(draws, all_marked)
        support = np.arange(first, last + 1)
        log = (
            _log_ways(all_marked, support)
            + _log_ways(total - all_marked, draws - support)
            - _log_ways(total, draws)
        )
        chance = np.exp(log)
        at_most, at_least = np.cumsum(chance), np.cumsum(chance[::-1])[::-1]
        at = k[here] - first
        p[here] = np.minimum(1.0, 2.0 * np.minimum(at_most[at], at_least[at]))
    return p


def _log_ways(n: ArrayLike, k: ArrayLike) -> Floats:
    """The logarithm of how many ways there are to draw k of n."""
    most, some = np.asarray(n, float), np.asarray(k, float)
    return np.asarray(
        scipy.special.gammaln(most + 1)
        - scipy.special.gammaln(some + 1)
        - scipy.special.gammaln(most - some + 1)
    )


class Trend(NamedTuple):
    """The Mann–Kendall test of each series: S, its variance, z and the two-sided p."""

    s: Floats
    variance: Floats
    z: Floats
    p: Floats


def mann_kendall(series: ArrayLike) -> Trend:
    """Test whether each series rises or falls more steadily than by chance.

    Parameters
    ----------
    series
        n × m: one series a row, its steps in order. A NaN makes the results of its row NaN.

    Returns
    -------
    trend
        Arrays of n values.

    Source: Mann 1945; Kendall 1975, with his correction for ties and for continuity.
    """
    x = np.asarray(series, float)
    n, m = x.shape
    s, equals = np.zeros(n), np.ones((n, m))
    for lag in range(1, m):
        s += np.sign(x[:, lag:] - x[:, :-lag]).sum(axis=1)
        same = x[:, lag:] == x[:, :-lag]
        equals[:, lag:] += same
        equals[:, :-lag] += same
    # A group of t ties contributes t(t − 1)(2t + 5), so each of its members (t − 1)(2t + 5).
    tied = ((equals - 1) * (2 * equals + 5)).sum(axis=1)
    variance = np.where(np.isnan(s), np.nan, (m * (m - 1) * (2 * m + 5) - tied) / 18)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(s == 0, 0.0, (s - np.sign(s)) / np.sqrt(variance))
    return Trend(s, variance, z, normal_two_sided(z))


def benjamini_yekutieli(p: ArrayLike) -> Floats:
    """As `benjamini_hochberg`, but under any dependence between the tests.

    Source: Benjamini & Yekutieli 2001.
    """
    tests = int((~np.isnan(np.asarray(p, float))).sum())
    every_order = (1 / np.arange(1, tests + 1)).sum()
    return np.asarray(np.minimum(benjamini_hochberg(p) * every_order, 1.0))


def poisson_e_test(first: ArrayLike, second: ArrayLike, *, exposure: tuple[float, float]) -> Floats:
    """Two-sided p value of the E-test that two Poisson counts have the same rate.

    The p value is the probability, if both counts have the pooled rate, of a pair with a
    standardised difference at least as large. For each first count those pairs are two tails of
    the second, so one sum over the first is enough. The sum leaves out first counts whose joint
    probability is below about 1e-16 of the p value.

    Parameters
    ----------
    first, second
        n whole numbers each, one of each for every test.
    exposure
        Of the first and of the second count, in the same unit, for instance days.

    Returns
    -------
    p
        n values.

    Source: Krishnamoorthy & Thomson 2004.
    """
    pairs = np.column_stack([np.asarray(first, float), np.asarray(second, float)])
    # Areas and cells have few distinct pairs of counts, so each pair is tested once.
    distinct, back = np.unique(pairs, axis=0, return_inverse=True)
    p = np.array([_e_test(a, b, exposure) for a, b in distinct.tolist()], float)
    return np.asarray(p[back.ravel()])


def _e_test(first: float, second: float, exposure: tuple[float, float]) -> float:
    one, two = exposure
    squared = (first * two - second * one) ** 2 / max(first * two**2 + second * one**2, 1e-300)
    if squared == 0:
        return 1.0
    mean, other_mean = (part * (first + second) / (one + two) for part in exposure)
    # Bernstein's bound: exp(−40) is below 1e-17, and p is of the order of exp(−squared / 2).
    bound = 40 + squared
    width = bound / 3 + np.sqrt(bound**2 / 9 + 2 * bound * mean)
    x = np.arange(max(np.floor(mean - width), 0), np.ceil(mean + width) + 1)
    # (x · two − y · one)² = squared · (x · two² + y · one²), solved for the second count y.
    middle = x * two + squared * one / 2
    reach = np.sqrt(squared * (x * two * (one + two) + squared * one**2 / 4))
    # Ties belong to the tails, so allow for rounding.
    slack = 1e-10 * (1 + x * two / one)
    low = np.floor((middle - reach) / one + slack)
    high = np.maximum(np.ceil((middle + reach) / one - slack), low + 1)
    low[x == 0] = -1  # two counts of 0 do not differ
    chance = np.exp(scipy.special.xlogy(x, mean) - mean - scipy.special.gammaln(x + 1))
    below = np.where(low >= 0, scipy.special.pdtr(np.maximum(low, 0), other_mean), 0.0)
    above = np.where(high > 0, scipy.special.pdtrc(high - 1, other_mean), 1.0)
    return min(float((chance * (below + above)).sum()), 1.0)
