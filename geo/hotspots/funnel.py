"""Funnel plots: rates of areas against what chance gives areas of their size.

A league table ranks small areas first and last, because their rates vary most by chance. A funnel
plot draws each rate over its exposure, with the limits that chance alone would seldom leave.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEVELS: Final = (0.95, 0.998)
"""Probabilities of the inner and the outer limits: about two and three standard deviations."""


class Limits(NamedTuple):
    """Lower and upper limit of a rate for each of n exposures."""

    low: Floats
    high: Floats


def limits(rate: float, exposure: ArrayLike, level: float, *, dispersion: float = 1.0) -> Limits:
    """The limits within which areas of a common rate lie with some probability.

    Parameters
    ----------
    rate
        Of all areas together, per unit of exposure.
    exposure
        n exposures, above 0.
    level
        The probability, one of `LEVELS`.
    dispersion
        Variance over mean of an area's counts, at least 1: the distance of the limits grows by its
        root. That of months (`geo.hotspots.dispersion`), not that between the areas, which is what
        the plot is to show.

    Returns
    -------
    The limits; none lies below 0.

    Source: Spiegelhalter 2005, exact Poisson limits, interpolated between whole numbers.
    """
    size = np.asarray(exposure, float)
    expected, tail = rate * size, (1 - level) / 2
    low, high = (np.nan_to_num(scipy.special.pdtrik(part, expected)) for part in (tail, 1 - tail))
    wide = np.sqrt(dispersion)
    stretched = (np.maximum(expected + (each - expected) * wide, 0) / size for each in (low, high))
    return Limits(*stretched)
