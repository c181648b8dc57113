"""Concentration on streets: on how little of their length most incidents are, beside chance.

Long streets have more incidents than short ones because they are long. So chance here deals the
incidents at random along the streets, metre by metre, and only what goes beyond that is
concentration.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL: Final = 0.05
"""At which incidents are called concentrated."""

_CHUNK: Final = 4_096
"""Streets that are worked on together, so that memory stays small."""


class StreetConcentration(NamedTuple):
    """How many streets, and how much of their length, hold a share of the incidents.

    Attributes
    ----------
    share
        Of the incidents, from 0 to 1.
    streets, length_share
        The fewest streets that hold it, and the share of the length of all streets that these
        have.
    streets_by_chance, length_share_by_chance
        The same as chance would give it.
    """

    share: float
    streets: int
    length_share: float
    streets_by_chance: int
    length_share_by_chance: float


def concentration_on_length(
    counts: ArrayLike, length_m: ArrayLike, expected: ArrayLike, shares: ArrayLike
) -> list[StreetConcentration]:
    """Measure on how many streets, and how much of their length, shares of the incidents are.

    Parameters
    ----------
    counts
        Incidents of each of m streets.
    length_m
        Their lengths in metres.
    expected
        How many incidents chance would give each of them, up to a factor: for incidents dealt at
        random along the streets their lengths.
    shares
        Shares of the incidents, above 0 and below 1.

    Returns
    -------
    One for each share. The streets with most incidents come first; streets with equal counts are
    taken together, so that which of them comes first does not matter.

    Raises
    ------
    InputError
        If there is no incident, or nothing is expected anywhere.

    Source: Weisburd 2015 (the shares); binomial counts of unequal means for chance, as the
    occupancy numbers of Johnson & Kotz 1977.
    """
    n, length, weight = (np.asarray(values, float) for values in (counts, length_m, expected))
    if not (n.sum() > 0 and weight.sum() > 0 and length.sum() > 0):
        raise InputError("there is no incident on a street to measure concentration of")
    whole = n.astype(np.int64)
    lengths = np.asarray(np.bincount(whole, length), np.float64)
    curve = _curve(np.bincount(whole), lengths, np.arange(len(lengths)))
    by_chance = _curve(*_by_chance(int(n.sum()), weight / weight.sum(), length))
    return [
        StreetConcentration(float(share), *curve.holding(share), *by_chance.holding(share))
        for share in np.atleast_1d(np.asarray(shares, float))
    ]


def beyond_chance(counts: ArrayLike, expected: ArrayLike) -> float:
    """The probability that chance alone makes counts differ so much from what is expected.

    Parameters
    ----------
    counts
        Incidents of each of m streets; of a series of them the first alone, as the others are no
        evidence of their own.
    expected
        As for `concentration_on_length`.

    Returns
    -------
    A one-sided probability: small where some streets have far more than expected of them.

    Source: the score test for overdispersion of Dean & Lawless 1989, given the total: as a sum over
    pairs of incidents, its variance and third moment are exact (Lee 1990, section 1.3). With few
    incidents its distribution leans to the right, so its tail is that of the gamma distribution
    with these moments (Pearson's type III); a normal one calls 6 % of even streets concentrated.
    """
    n, weight = np.asarray(counts, float), np.asarray(expected, float)
    incidents, share = n.sum(), weight / weight.sum()
    variance, third = _moments(incidents, share)
    if not (variance > 0 and third > 0):
        return 1.0
    score = ((n - incidents * share) ** 2).sum() - incidents * (1 - (share**2).sum())
    shape = 4 * variance**3 / third**2
    above = shape + score * np.sqrt(shape / variance)
    return float(scipy.special.gammaincc(shape, max(above, 0.0)))


def is_concentrated(half: StreetConcentration, p: float) -> bool:
    """Whether incidents are said to be concentrated.

    Parameters
    ----------
    half
        Of the streets that hold half of them.
    p
        As `beyond_chance` gives it.

    Returns
    -------
    Whether half of them are on less of the length than by chance, and chance rarely does that.
    """
    return p < LEVEL and half.length_share < half.length_share_by_chance


def _moments(n: float, share: Floats) -> tuple[float, float]:
    """Variance and third moment of the squared differences of n incidents from their shares.

    The sum of squares is one over pairs of incidents, of 1 where both are on one street less what
    each has by itself, and one over incidents, of `alone`.
    """
    pairs = n * (n - 1)
    two, three, four = ((share**power).sum() for power in (2, 3, 4))
    own, alone = share - two / 2, -2 * (share - two)
    mean, square, cube = ((share * own**power).sum() for power in (1, 2, 3))
    together = share**2  # both on this street
    variance = 2 * pairs * (two - 2 * three + two**2) + n * (share * alone**2).sum()
    of_pair = (together * (1 - 6 * own + 12 * own**2)).sum() - 2 * cube - 6 * mean * square
    with_one = (
        (together * (1 - 4 * own) * alone).sum()
        + (share * own**2 * alone).sum()
        + 2 * mean * (share * own * alone).sum()
    )
    third = (
        8 * pairs * (n - 2) * (three - 3 * four + 3 * three * two - two**3)
        + 4 * pairs * of_pair
        + 12 * pairs * with_one
        + 6 * pairs * (together * alone**2).sum()
        + n * (share * alone**3).sum()
    )
    return float(variance), float(third)


class _Curve(NamedTuple):
    """What the streets with most incidents hold together, from (0, 0, 0) on."""

    incidents: Floats
    streets: Floats
    length: Floats

    def holding(self, share: float) -> tuple[int, float]:
        """The fewest streets that hold a share of the incidents, and their share of the length."""
        # Whole streets; less a hair for rounding.
        streets = np.ceil(np.interp(share, self.incidents, self.streets) - 1e-9)
        return int(streets), float(np.interp(streets, self.streets, self.length))


def _curve(streets: Floats | Ints, length: Floats, count: Ints) -> _Curve:
    """Of streets and length by count of incidents, the largest counts first."""
    order = slice(None, None, -1)
    cumulative = np.cumsum((streets * count)[order])
    return _Curve(
        np.concatenate([[0.0], cumulative / cumulative[-1]]),
        np.concatenate([[0.0], np.cumsum(streets[order])]),
        np.concatenate([[0.0], np.cumsum(length[order]) / length.sum()]),
    )


def _by_chance(n: int, weight: Floats, length: Floats) -> tuple[Floats, Floats, Ints]:
    """How many streets, and how many metres, are to be expected of each count of incidents."""
    mean = n * weight
    # Beyond so many deviations a count is as good as impossible.
    reach = 12 * np.sqrt(mean) + 40
    low = np.maximum(mean - reach, 0).astype(np.int64)
    high = np.minimum(mean + reach, n).astype(np.int64)
    most = int(high.max()) + 1
    streets, metres = np.zeros(most), np.zeros(most)
    # Nothing is expected of some: they have no incident for certain.
    none = weight == 0
    streets[0], metres[0] = none.sum(), length[none].sum()
    rows = np.flatnonzero(~none)
    for chunk in np.array_split(rows, max(1, len(rows) // _CHUNK)):
        sizes = high[chunk] - low[chunk] + 1
        own = np.repeat(chunk, sizes)
        steps = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        count = low[own] + steps
        ways = (
            scipy.special.gammaln(n + 1)
            - scipy.special.gammaln(count + 1)
            - scipy.special.gammaln(n - count + 1)
        )
        chance = np.exp(
            ways
            + scipy.special.xlogy(count, weight[own])
            + scipy.special.xlog1py(n - count, -weight[own])
        )
        streets += np.bincount(count, chance, minlength=most)
        metres += np.bincount(count, chance * length[own], minlength=most)
    return streets, metres, np.arange(most)
