"""Knox's test: whether incidents that are near in space also come near in time.

The days are dealt out anew among the places, again and again, so that places and days are as they
are and only their link is by chance. Every pair of near places is looked at once for as many
arrangements as fit into a block; none is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK: Final = 256
"""Arrangements counted in one go over the pairs: it bounds the memory."""

_LONGEST = 2**15 - 1  # days
_MOST_ACROSS = 1_000  # squares of the grid that finds the pairs


def knox(
    x: ArrayLike,
    y: ArrayLike,
    day: ArrayLike,
    *,
    metres: Sequence[float],
    days: Sequence[int],
    permutations: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Count pairs by bands of distance and days, beside what chance would bring.

    Parameters
    ----------
    x, y
        Metres, of n incidents.
    day
        Whole days, from any one origin.
    metres, days
        Ascending edges of the bands, which are half-open: 0, 100, 200 are the bands [0, 100) and
        [100, 200).
    permutations
        How often the days are dealt out anew.
    seed
        Of the random numbers: the same seed gives the same frame.

    Returns
    -------
    A row for each pair of bands: `metres_from`, `metres_to`, `days_from`, `days_to`, `observed`
    pairs, `expected` (the mean of the permutations), `ratio` of the two (NaN where nothing is
    expected), and `p` = (1 + permutations with as many or more) / (1 + permutations).

    Raises
    ------
    InputError
        If the bands do not ascend, there is no permutation, or the days span too long.

    Source: Knox 1964; the permutation test of Mantel 1967; p as in North, Curtis & Sham 2002.
    """
    _refuse_bands(metres, "metres")
    _refuse_bands(days, "days")
    if permutations < 1:
        raise InputError("a near-repeat test needs one permutation or more")
    places = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    order, near = _near(places, reach=float(metres[-1]))
    points, shorts = places[order], _shorts(np.asarray(day, np.int64)[order])
    # No gap is as long as the longest that 16 bits hold.
    edges = np.square(np.asarray(metres, float)), np.minimum(days, _LONGEST).astype(np.int16)
    loops = _loops()

    def pairs(times: NDArray[np.int16]) -> Ints:
        return np.asarray(np.diff(loops.count_pairs(points, near, times, edges), axis=1))

    observed = pairs(shorts[:, None])
    total, as_many = np.zeros(observed.shape[:2], np.int64), np.zeros(observed.shape[:2], np.int64)
    keys = np.random.SeedSequence(seed).generate_state(permutations, np.uint64)
    for some in range(0, permutations, BLOCK):
        simulated = pairs(loops.shuffled(shorts, keys[some : some + BLOCK]))
        total += simulated.sum(axis=2)
        as_many += (simulated >= observed).sum(axis=2)
    frame = _bands(metres, days)
    frame["observed"] = observed.ravel()
    frame["expected"] = total.ravel() / permutations
    frame["ratio"] = frame["observed"] / frame["expected"].where(frame["expected"] > 0)
    frame["p"] = (1 + as_many.ravel()) / (1 + permutations)
    return frame


def _loops() -> ModuleType:
    """Compiled where that is possible; loaded only here, for start-up must not pay for it."""
    try:
        return import_module("geo.hotspots.knox_compiled")
    except ImportError:
        return import_module("geo.hotspots.knox_plain")


def _refuse_bands(edges: Sequence[float], unit: str) -> None:
    rising = all(one < other for one, other in pairwise(edges))
    if len(edges) < 2 or edges[0] < 0 or not rising:
        raise InputError(f"the bands of {unit} need two edges or more that rise from 0 or above")


def _shorts(day: Ints) -> NDArray[np.int16]:
    """Days from the first on, in 16 bits."""
    if len(day) and np.ptp(day) >= _LONGEST:
        raise InputError(f"the incidents span {np.ptp(day):,} days, the test holds {_LONGEST:,}")
    return (day - day.min() if len(day) else day).astype(np.int16)


def _near(places: Floats, *, reach: float) -> tuple[Ints, Ints]:
    """An order of the points in which those that may be near each other stand together.

    Returns
    -------
    The order, and n × 4: from where to before where the later points lie that may be within reach
    of each: in its own square and the next, and in the three squares above.
    """
    if len(places) == 0:
        return np.zeros(0, np.int64), np.zeros((0, 4), np.int64)
    start = places.min(axis=0)
    extent = float(np.ptp(places, axis=0).max())
    # A hair wider than the reach, so that rounding cannot put a pair two squares apart.
    side = max(reach * (1 + 1e-9), extent / _MOST_ACROSS)
    column, row = np.floor((places - start) / side).astype(np.int64).T
    # An empty square at both ends of each row keeps its neighbours from wrapping round.
    across = int(column.max()) + 3
    square = row * across + column + 1
    order = np.argsort(square, kind="stable")
    square = square[order]
    begin = np.searchsorted(square, np.arange(across * (int(row.max()) + 2) + 2))
    later = np.arange(1, len(places) + 1)
    return order, np.column_stack(
        [later, begin[square + 2], begin[square + across - 1], begin[square + across + 2]]
    )


def _bands(metres: Sequence[float], days: Sequence[int]) -> pd.DataFrame:
    rows = [(*space, *time) for space in pairwise(metres) for time in pairwise(days)]
    return pd.DataFrame(rows, columns=["metres_from", "metres_to", "days_from", "days_to"])
