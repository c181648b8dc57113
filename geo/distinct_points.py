"""Numbers of points, so that rows at one point are found without comparing all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_HALF = np.uint64(32)


def mixed(x: Floats, y: Floats) -> NDArray[np.uint64]:
    """A number for each point, which hardly ever is that of another one.

    Parameters
    ----------
    x, y
        Of n points.

    Returns
    -------
    n numbers that look random; points that are equal have equal ones.

    Source: multiplication by odd constants, and a shift, as in MurmurHash3's finaliser.
    """
    # 0.0 is added because −0.0 equals it and has other bits.
    across, up = ((np.asarray(one, float) + 0.0).view(np.uint64) for one in (x, y))
    number = (across * _ODD[0]) ^ (up * _ODD[1])
    return np.asarray((number ^ (number >> _HALF)) * _ODD[0])


def point_codes(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Number the distinct points in the order in which they first occur.

    Parameters
    ----------
    x, y
        Of n points.

    Returns
    -------
    n numbers from 0, equal where both coordinates are.
    """
    code, numbers = pd.factorize(mixed(x, y))
    first = np.empty(len(numbers), dtype=np.intp)
    first[code[::-1]] = np.arange(len(code))[::-1]
    if all(np.array_equal(one[first][code], one) for one in (x, y)):
        return np.asarray(code, dtype=np.int64)
    # Two points share a number, or some are not known.
    (across, _), (up, ups) = pd.factorize(x), pd.factorize(y)
    return np.asarray(pd.factorize(across * len(ups) + up)[0], dtype=np.int64)
