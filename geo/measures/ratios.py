"""Two values held against each other: their ratio, its interval, and the test that it is 1.

Counts over exposures, shares of a whole, means with published limits, and changes of two counts;
each by the method that is exact for it, or the nearest to it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.statistics import conditional_two_sided, normal_two_sided

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
"""Of the intervals."""

_HALVINGS = 60  # of the logarithm of a ratio: as near as a float can tell
_WIDEST = 1e6  # a ratio of shares beyond which an interval counts as open


class Ratios(NamedTuple):
    """Ratios of n pairs of values, each with its interval and the two-sided p that it is 1.

    NaN where a value is unknown, or there is nothing to divide by.
    """

    ratio: Floats
    lower: Floats
    upper: Floats
    p: Floats


def rate_ratios(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    dispersion: ArrayLike = 1.0,
    freedom: float = np.inf,
) -> Ratios:
    """The ratio of two rates, each a count over an exposure.

    Given their sum, one of two Poisson counts is binomial. So the interval and the test are exact
    where incidents are independent. Where counts vary more, the test is of the counts divided by
    their dispersion, and the interval stays that of independent incidents.

    Parameters
    ----------
    first, second
        n counts and n exposures each, such as residents, or one for all.
    dispersion
        Variance over mean of the counts, at least 1.
    freedom
        Degrees of freedom that it was estimated with; infinite where it is known.

    Returns
    -------
    n ratios of the first to the second, with intervals of `LEVEL`.

    Source: Clopper & Pearson 1934; Przyborowski & Wilenski 1940; for counts divided by their
    dispersion McCullagh & Nelder 1989, chapter 4; Student's t where it is estimated.
    """
    n, exposed, other, other_exposed, spread = _arrays(*first, *second, dispersion)
    known = ~np.isnan(n + other) & (exposed > 0) & (other_exposed > 0) & (n + other > 0)
    n, other = np.where(known, n, 1.0), np.where(known, other, 1.0)
    exposed, other_exposed = np.where(known, exposed, 1.0), np.where(known, other_exposed, 1.0)
    tail = (1 - LEVEL) / 2
    low = np.where(n > 0, scipy.special.betaincinv(np.maximum(n, 1e-12), other + 1, tail), 0.0)
    high = np.where(
        other > 0, scipy.special.betaincinv(n + 1, np.maximum(other, 1e-12), 1 - tail), 1.0
    )
    times = other_exposed / exposed
    with np.errstate(divide="ignore"):
        ratios = (n / other * times, low / (1 - low) * times, high / (1 - high) * times)
    share = exposed / (exposed + other_exposed)
    p = conditional_two_sided(n / spread, other / spread, share)
    return _where(known, *ratios, _by_estimate(p, freedom))


def share_ratios(first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike]) -> Ratios:
    """The ratio of two shares, each a part of a whole that cannot be larger than it.

    Parameters
    ----------
    first, second
        n parts and n wholes each, or one for all. The test rounds them to whole numbers.

    Returns
    -------
    n ratios of the first to the second, with score intervals of `LEVEL` and Fisher's exact test.

    Source: Koopman 1984 (the score interval); Fisher 1935.
    """
    part, whole, other, other_whole = _arrays(*first, *second)
    known = (part >= 0) & (part <= whole) & (other >= 0) & (other <= other_whole)
    known &= (whole > 0) & (other_whole > 0) & (part + other > 0)
    table = [np.where(known, each, 1.0) for each in (part, whole, other, other_whole)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = table[0] / table[1] / (table[2] / table[3])
    return _where(known, ratio, *_score_interval(*table, ratio=ratio), _fisher(*table))


def _score_interval(
    part: Floats, whole: Floats, other: Floats, other_whole: Floats, *, ratio: Floats
) -> tuple[Floats, Floats]:
    limit = float(scipy.special.ndtri((1 + LEVEL) / 2)) ** 2

    def distance(theta: Floats) -> Floats:
        """The squared score statistic at a ratio, by the likeliest shares of that ratio."""
        a = (whole + other_whole) * theta
        b = whole * theta + part + other_whole + other * theta
        second = (b - np.sqrt(np.maximum(b**2 - 4 * a * (part + other), 0))) / (2 * a)
        second = np.clip(second, 1e-300, 1.0)
        one = np.clip(theta * second, 0.0, 1.0)
        variance = one * (1 - one) / whole + theta**2 * second * (1 - second) / other_whole
        return (part / whole - theta * other / other_whole) ** 2 / np.maximum(variance, 1e-300)

    middle = np.clip(np.nan_to_num(ratio, posinf=_WIDEST), 1 / _WIDEST, _WIDEST)
    ends = []
    for beyond in (1 / _WIDEST**2, _WIDEST**2):
        inside, outside = np.log(middle), np.full(len(middle), np.log(beyond))
        for _ in range(_HALVINGS):
            half = (inside + outside) / 2
            within = distance(np.exp(half)) <= limit
            inside, outside = np.where(within, half, inside), np.where(within, outside, half)
        ends.append(np.exp(inside))
    low, high = ends
    return np.where(part > 0, low, 0.0), np.where(other > 0, high, np.inf)


def _fisher(part: Floats, whole: Floats, other: Floats, other_whole: Floats) -> Floats:
    # To import scipy.stats takes every command and service a quarter second.
    from scipy.stats import hypergeom

    k, n, rest, m = (np.rint(each) for each in (part, whole, other, other_whole))
    at_most = hypergeom.cdf(k, n + m, k + rest, n)
    at_least = hypergeom.sf(k - 1, n + m, k + rest, n)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(at_most, at_least)))


class Means(NamedTuple):
    """n means, with the limits of their intervals of `LEVEL`."""

    value: Floats
    lower: Floats
    upper: Floats


def mean_ratios(first: Means, second: Means) -> Ratios:
    """The ratio of two independent means, or adjusted rates, from their own intervals.

    Parameters
    ----------
    first, second
        n values above 0 each, with their limits.

    Returns
    -------
    n ratios of the first to the second, with intervals of `LEVEL`; the test is of the difference.

    Source: the method of variance estimates recovery (Zou & Donner 2008; Donner & Zou 2012).
    """
    one, low, high = _arrays(*first)
    other, other_low, other_high = _arrays(*second)
    known = (low <= one) & (one <= high) & (other_low <= other) & (other <= other_high)
    known &= (low >= 0) & (other_low > 0)
    product = one * other
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = product - np.sqrt(
            np.maximum(
                product**2 - low * other_high * (2 * one - low) * (2 * other - other_high), 0
            )
        )
        lower /= other_high * (2 * other - other_high)
        upper = product + np.sqrt(
            np.maximum(
                product**2 - high * other_low * (2 * one - high) * (2 * other - other_low), 0
            )
        )
        upper /= other_low * (2 * other - other_low)
        towards = np.where(
            one > other,
            np.hypot(one - low, other_high - other),
            np.hypot(high - one, other - other_low),
        )
        reach = towards / float(scipy.special.ndtri((1 + LEVEL) / 2))
        p = normal_two_sided(np.where(one == other, 0.0, (one - other) / reach))
        # A reference whose upper limit is twice its value leaves the ratio without a lower bound.
        lower = np.where(2 * other > other_high, np.maximum(lower, 0.0), 0.0)
        return _where(known, one / other, lower, upper, p)


def means_of_others(means: Means, weight: ArrayLike) -> Means:
    """For each of some means that of all the others, each counting by its weight.

    Parameters
    ----------
    means
        n independent means; those that are NaN are no others.
    weight
        n weights of at least 0, such as the people that each is of.

    Returns
    -------
    n means, with limits where all others have some; NaN where there are no others.

    Source: Zou & Donner 2008, for a sum.
    """
    value, lower, upper, given = _arrays(*means, weight)
    known = ~np.isnan(value) & (given > 0)
    unlimited = known & np.isnan(lower + upper)
    of = np.where(known, given, 0.0)
    value, lower, upper = (np.where(known, each, 0.0) for each in (value, lower, upper))

    def without_own(parts: Floats) -> Floats:
        # By what comes before and after, as a difference of large sums would lose small parts.
        before = np.concatenate([[0.0], np.cumsum(parts)[:-1]])
        after = np.concatenate([np.cumsum(parts[::-1])[::-1][1:], [0.0]])
        return np.asarray(before + after)

    total = without_own(of)
    middle = _divided(without_own(of * value), total)
    # Where one of the others has no limits, they have none together.
    sure = without_own(unlimited.astype(float)) == 0
    down, up = (
        _divided(np.sqrt(without_own(np.where(unlimited, 0.0, of * apart) ** 2)), total)
        for apart in (value - lower, upper - value)
    )
    return Means(middle, np.where(sure, middle - down, np.nan), np.where(sure, middle + up, np.nan))


def _divided(number: Floats, by: Floats) -> Floats:
    return np.asarray(np.divide(number, by, out=np.full(len(number), np.nan), where=by > 0))


def ratios_of_ratios(
    treated: tuple[ArrayLike, ArrayLike],
    control: tuple[ArrayLike, ArrayLike],
    *,
    exposures: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike] = (1.0, 1.0, 1.0, 1.0),
    dispersion: ArrayLike = 1.0,
    freedom: float = np.inf,
) -> Ratios:
    """How some changed, as a multiple of how a control did: 1 where both changed alike.

    Parameters
    ----------
    treated, control
        n counts before and n after each, or one for all.
    exposures
        Of the treated before and after, and of the control before and after.
    dispersion
        Variance over mean of the counts, at least 1; it widens the interval.
    freedom
        Degrees of freedom that it was estimated with; few widen the interval too.

    Returns
    -------
    n ratios, (treated after / before) / (control after / before), with intervals of `LEVEL`; NaN
    where a count is 0.

    Source: Wilson 2022, the variance of the logarithm being the sum of the inverse counts.
    """
    before, after, other, other_after, spread = _arrays(*treated, *control, dispersion)
    sizes = _arrays(*exposures)
    known = (before > 0) & (after > 0) & (other > 0) & (other_after > 0)
    for size in sizes:
        known = known & (size > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [
            n / size for n, size in zip((before, after, other, other_after), sizes, strict=True)
        ]
        log = np.log(rates[1] / rates[0] / (rates[3] / rates[2]))
        se = np.sqrt(spread * (1 / before + 1 / after + 1 / other + 1 / other_after))
        level = (1 + LEVEL) / 2
        quantile = (
            scipy.special.stdtrit(freedom, level)
            if np.isfinite(freedom)
            else scipy.special.ndtri(level)
        )
        reach = float(quantile) * se
        ratios = np.exp(log), np.exp(log - reach), np.exp(log + reach)
        p = normal_two_sided(log / se)
        return _where(known, *ratios, _by_estimate(p, freedom))


def _by_estimate(p: Floats, freedom: float) -> Floats:
    """The p of a test by a variance that was estimated: Student's t at the same distance.

    With twenty areas and a year of months it makes little difference; with four areas and three
    months a normal test would find ten times as much as it promises.
    """
    if not np.isfinite(freedom):
        return p
    return np.asarray(2 * scipy.special.stdtr(freedom, scipy.special.ndtri(p / 2)))


def _arrays(*values: ArrayLike) -> list[Floats]:
    return [
        np.array(each)
        for each in np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(value, float)) for value in values)
        )
    ]


def _where(known: NDArray[np.bool_], *values: Floats) -> Ratios:
    return Ratios(*(np.where(known, each, np.nan) for each in values))
