"""Numbers of points, so that rows at one point are found without comparing all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PointCounts:
    """How many incidents sources recorded at points in months.

    Attributes
    ----------
    source
        Whose, of n counts; a categorical column.
    month
        n London months, as `datetime64[M]`.
    x, y
        n points, in metres. One point may have several counts, even of one source and month.
    n
        n numbers of incidents.
    """

    source: pd.Categorical
    month: NDArray[np.datetime64]
    x: Floats
    y: Floats
    n: Ints

    def __len__(self) -> int:
        return len(self.n)

    def where(self, chosen: NDArray[np.bool_]) -> PointCounts:
        """Some of the counts.

        Parameters
        ----------
        chosen
            Which of n.
        """
        if chosen.all():
            return self
        return PointCounts(
            self.source[chosen],
            self.month[chosen],
            self.x[chosen],
            self.y[chosen],
            self.n[chosen],
        )

    def of_sources(self, sources: Collection[str]) -> PointCounts:
        """The counts of some sources.

        Parameters
        ----------
        sources
            Their names.
        """
        return self.where(np.asarray(self.source.isin(list(sources)), dtype=bool))


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
