"""The attack on published counts: what all published numbers together tell of a small count.

An attacker knows every number ever published, how far each may be from the truth, and that counts
are whole numbers of at least 0. A count is recovered if only one value is consistent with all of
this, or only values from 1 to 4: then it is known that something small happened there.

Source: bounds by linear programming, Cox 1995, "Network models for complementary cell suppression",
Journal of the American Statistical Association 90, 1453-1462; Salazar-González 2008, "Statistical
confidentiality: optimization techniques to protect tables", Computers & Operations Research 35.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.checkpoints import checkpoint
from geo.disclosure.controlled_rounding import BASE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TOLERANCE: Final = BASE - 1
"""How far a number rounded to an adjacent multiple may be from a whole count."""


@dataclass(frozen=True)
class PublishedNumbers:
    """Numbers that anyone can read.

    Attributes
    ----------
    sums
        m × n, of zeros and ones: the pieces that each number is the sum of.
    values
        m numbers.
    tolerance
        How far each may be from the true sum, as an attacker knows.
    """

    sums: scipy.sparse.csr_array
    values: Ints
    tolerance: Ints

    def agrees(self, counts: ArrayLike) -> Bools:
        """Tell for each number whether some counts of the pieces are consistent with it."""
        off: Ints = self.sums @ np.asarray(counts, np.int64) - self.values
        agrees: Bools = np.abs(off) <= self.tolerance
        return agrees


class Bounds(NamedTuple):
    """The least and the greatest count that are consistent with what is published."""

    low: int
    high: int

    @property
    def recovers(self) -> bool:
        """Whether they tell a count under 5, or that there is one which is not 0."""
        return (self.low == self.high and self.high < BASE) or (self.low >= 1 and self.high < BASE)


def shown_bounds(published: PublishedNumbers, counts: ArrayLike) -> tuple[Ints, Ints]:
    """Return bounds of each piece that hold at least, shown by tables that anyone can check.

    Parameters
    ----------
    published
        m numbers, sums of n pieces.
    counts
        n counts that are consistent with every number. Each bound is shown by these counts with
        another one in a single piece.

    Returns
    -------
    low, high
        n counts each: all between them are consistent.

    Raises
    ------
    ValueError
        If the counts are not consistent with the numbers.
    """
    start = np.asarray(counts, np.int64)
    if not published.agrees(start).all():
        raise ValueError("these counts do not agree with what is published")
    off = published.sums @ start - published.values
    sums = scipy.sparse.csc_array(published.sums)
    up = _least(sums, published.tolerance - off)
    down = _least(sums, published.tolerance + off)
    return start - np.minimum(down, start), start + up


def _least(sums: scipy.sparse.csc_array, slack: Ints) -> Ints:
    """The least slack of the numbers that each piece is part of."""
    slacks = slack[sums.indices]
    unlimited = np.iinfo(np.int32).max
    least = np.full(sums.shape[1], unlimited)
    filled = np.flatnonzero(np.diff(sums.indptr))
    if len(filled):
        least[filled] = np.minimum.reduceat(slacks, sums.indptr[filled])
    return least


def bounds(published: PublishedNumbers, pieces: ArrayLike) -> Bounds | None:
    """Return the bounds of the sum of some pieces, by integer programming.

    Parameters
    ----------
    published
        m numbers, sums of n pieces.
    pieces
        The positions of the pieces.

    Returns
    -------
    The bounds; None where no counts are consistent with all numbers, as when data was revised
    between two releases.

    Raises
    ------
    ValueError
        If the solver gave up.
    """
    cost = np.zeros(published.sums.shape[1])
    cost[np.asarray(pieces, np.int64)] = 1.0
    limits = scipy.optimize.LinearConstraint(
        published.sums,
        published.values - published.tolerance,
        published.values + published.tolerance,
    )
    ends = []
    for sign in (1.0, -1.0):
        checkpoint()
        result = scipy.optimize.milp(
            sign * cost, constraints=limits, integrality=np.ones(len(cost), np.int64)
        )
        if result.status == 2:
            return None
        if result.status == 3:  # no number covers these pieces
            return Bounds(0, int(np.iinfo(np.int32).max))
        if result.status != 0:
            raise ValueError(f"the bounds of a count were not found: {result.message}")
        ends.append(sign * result.fun)
    return Bounds(round(ends[0]), round(ends[1]))
