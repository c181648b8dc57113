"""What held-out months prove: indices over all of them, and which differences may be chance.

Each month tested is a draw of how well a method does; how much these draws differ says how sure
their mean is. Methods are tested on the same months, so they are compared month by month.
"""

from __future__ import annotations

from itertools import product
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]

INTERVAL: Final = 0.95
"""Probability of the interval of a pooled ratio."""

LEVEL: Final = 0.05
"""The probability, over all pairs of methods together, of calling a difference that is chance."""

FEWEST_MONTHS: Final = 6
"""Of fewer months no difference can be rarer than `LEVEL`: five go the same way in 1 case of 16."""

_EXACT = 13  # months up to which all changes of sign are tried: 4,096
_FLIPS = 4_096


class PooledRatio(NamedTuple):
    """Ratios of sums over months with their intervals of `INTERVAL`; NaN where not known."""

    value: Floats
    low: Floats
    high: Floats


def pooled_ratio(above: ArrayLike, below: ArrayLike) -> PooledRatio:
    """Ratios of sums over months, with intervals by how much the months differ.

    Parameters
    ----------
    above, below
        k × m numbers of at least 0: of each method in each month.

    Returns
    -------
    k ratios. Their bounds are NaN with fewer than two months, the upper one also where the ratio
    is 0.

    Source: the variance of a ratio estimate (Cochran 1977, section 6.4), its interval on the
    logarithm by Student's t.
    """
    over, under = (np.atleast_2d(np.asarray(part, float)) for part in (above, below))
    months = over.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = over.sum(axis=1) / np.where(under.sum(axis=1) > 0, under.sum(axis=1), np.nan)
        left = over - value[:, None] * under
        error = np.sqrt(months / max(months - 1, 1) * (left**2).sum(axis=1)) / under.sum(axis=1)
        wide = np.exp(scipy.special.stdtrit(max(months - 1, 1), (1 + INTERVAL) / 2) * error / value)
    wide = wide if months > 1 else np.full(len(value), np.nan)
    low = np.where(value == 0, 0.0, value / wide)
    return PooledRatio(value, low, value * wide)


def paired_p(values: ArrayLike) -> Floats:
    """How often chance alone gives a difference between two of k methods, allowing for all pairs.

    If two methods are equally good, each month's difference might as well have its other sign. So
    the mean differences are set beside those of all changes of sign, made month by month for all
    pairs at once, the largest of them: whichever of many methods happens to be best, the
    probability of calling any chance difference is at most `LEVEL`.

    Parameters
    ----------
    values
        k × m: an index of each method in each month, without NaN.

    Returns
    -------
    k × k p values, 1 on the diagonal. With few months they are coarse: at least 2 / 2^m.

    Raises
    ------
    InputError
        If there are no months.

    Source: Fisher 1935 (changes of sign); Westfall & Young 1993, section 2.8 (step-down maxima).
    """
    table = np.asarray(values, float)
    methods, months = table.shape
    if not months:
        raise InputError("methods cannot be compared without months")
    first, second = np.triu_indices(methods, k=1)
    p = np.ones((methods, methods))
    if not len(first):
        return p
    differences = (table[first] - table[second]) / months
    observed = np.abs(differences.sum(axis=1))
    order = np.argsort(observed, kind="stable")
    chance = np.abs(_signs(months) @ differences[order].T)
    # Of each pair against itself and those that differ less: the larger are decided already.
    largest = np.maximum.accumulate(chance, axis=1)
    # Sums of the same months in another order differ by rounding.
    often = (largest >= observed[order] * (1 - 1e-9) - 1e-12).mean(axis=0)
    # No pair is surer than one that differs more.
    p[first[order], second[order]] = np.maximum.accumulate(often[::-1])[::-1]
    p[second, first] = p[first, second]
    return p


def _signs(months: int) -> Floats:
    """Changes of sign, a row each, the first of none; a change of all signs changes nothing."""
    if months <= _EXACT:
        rest = list(product((1.0, -1.0), repeat=months - 1))
        return np.column_stack([np.ones(len(rest)), np.array(rest).reshape(len(rest), months - 1)])
    drawn = np.random.default_rng(0).choice([1.0, -1.0], size=(_FLIPS, months))
    drawn[0] = 1.0
    return drawn
