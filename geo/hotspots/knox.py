"""Knox's test: whether incidents that are near in space are also near in time.

The days are shuffled among the places again and again, so that places and days stay as they are
and only the link between them is random. All pairs of near places are counted at once for as
many shuffles as fit into a block; none is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.checkpoints import checkpoint
from geo.errors import InputError

Distance = Literal["euclidean", "manhattan"]
"""How far two incidents are apart: in a straight line, or along both axes together."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int16]

BLOCK: Final = 256
"""Shuffles counted in one pass over the pairs: it bounds the memory."""

_LONGEST = 2**15 - 1  # days: 16 bits let the compiled loops use wide vectors
_MOST_ACROSS = 1_000  # squares of the grid that finds the pairs
_PAIRS_AT_ONCE = 20_000  # in memory, each with all its lanes


class Loops(NamedTuple):
    """The two inner loops of the test: see `plain_shuffled` and `plain_pairs`."""

    shuffled: Callable[[Shorts, NDArray[np.uint64]], Shorts]
    count_pairs: Callable[[Floats, Ints, Shorts, tuple[Floats, Shorts, bool]], Ints]


def knox(
    x: ArrayLike,
    y: ArrayLike,
    day: ArrayLike,
    *,
    metres: Sequence[float],
    days: Sequence[int],
    permutations: int = 999,
    seed: int = 0,
    distance: Distance = "euclidean",
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
        How often the days are shuffled.
    seed
        Of the random numbers: the same seed gives the same frame.
    distance
        Published tables are often of Manhattan distance, whose bands hold fewer pairs.

    Returns
    -------
    A row for each pair of bands: `metres_from`, `metres_to`, `days_from`, `days_to`, `observed`
    pairs, `expected` (the mean of the permutations), `ratio` of the two (NaN where nothing is
    expected), and `p` = (1 + permutations with as many or more) / (1 + permutations).

    Raises
    ------
    InputError
        If the bands do not ascend, there is no permutation, or the days span too long.

    Source: Knox 1964; the permutation test of Mantel 1967; p as in North, Curtis & Sham 2002;
    Manhattan distance as in the near-repeat calculator of Ratcliffe 2009.
    """
    _refuse_bands(metres, "metres")
    _refuse_bands(days, "days")
    if permutations < 1:
        raise InputError("the near-repeat test needs permutations; choose 1 or more")
    places = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    order, near = _near(places, reach=float(metres[-1]))
    points, shorts = places[order], _shorts(np.asarray(day, np.int64)[order])
    # An edge beyond 16 bits is cut to the longest gap, which `_shorts` has made sure none reaches.
    edges = (
        np.square(np.asarray(metres, float)),
        np.minimum(days, _LONGEST).astype(np.int16),
        distance == "manhattan",
    )
    loops = _loops()

    def pairs(times: Shorts) -> Ints:
        return np.diff(loops.count_pairs(points, near, times, edges), axis=1)

    observed = pairs(shorts[:, None])
    total, as_many = np.zeros(observed.shape[:2], np.int64), np.zeros(observed.shape[:2], np.int64)
    # A key for each permutation, so that the size of a block does not change the shuffles.
    keys = np.random.SeedSequence(seed).generate_state(permutations, np.uint64).astype(np.uint64)
    for some in range(0, permutations, BLOCK):
        checkpoint()
        simulated = pairs(loops.shuffled(shorts, keys[some : some + BLOCK]))
        total += simulated.sum(axis=2)
        as_many += (simulated >= observed).sum(axis=2)
    frame = _bands(metres, days)
    frame["observed"] = observed.ravel()
    frame["expected"] = total.ravel() / permutations
    frame["ratio"] = frame["observed"] / frame["expected"].where(frame["expected"] > 0)
    frame["p"] = (1 + as_many.ravel()) / (1 + permutations)
    return frame


def _loops() -> Loops:
    """The compiled loops where numba is there; imported only here, as start-up must not pay."""
    try:
        from geo.hotspots.knox_compiled import count_pairs, shuffled  # noqa: PLC0415 - it brings numba
    except ImportError:
        return Loops(plain_shuffled, plain_pairs)
    return Loops(shuffled, count_pairs)


def _refuse_bands(edges: Sequence[float], unit: str) -> None:
    rising = all(one < other for one, other in pairwise(edges))
    if len(edges) < 2 or edges[0] < 0 or not rising:
        raise InputError(
            f"the bands of {unit} are not valid; give two or more edges that rise from 0 or above"
        )


def _shorts(day: Ints) -> Shorts:
    """Days from the first on, in 16 bits."""
    if len(day) and np.ptp(day) >= _LONGEST:
        raise InputError(
            f"the incidents span {np.ptp(day):,} days, and the test allows {_LONGEST:,}; "
            "choose a shorter period"
        )
    return (day - day.min() if len(day) else day).astype(np.int16)


def _near(places: Floats, *, reach: float) -> tuple[Ints, Ints]:
    """An order of the points in which those that may be near each other stand together.

    Returns
    -------
    The order, and n × 4: the ranges of later points that may be within reach of each point, from
    the first to before the second number and from the third to before the fourth. They lie in the
    point's own square and the next, and in the three squares above.
    """
    if len(places) == 0:
        return np.zeros(0, np.int64), np.zeros((0, 4), np.int64)
    start = places.min(axis=0)
    extent = float(np.ptp(places, axis=0).max())
    # A hair wider than the reach, so that rounding cannot put a pair two squares apart.
    side = max(reach * (1 + 1e-9), extent / _MOST_ACROSS)
    column, row = np.floor((places - start) / side).astype(np.int64).T
    # An empty square at both ends of each row keeps neighbours from wrapping round.
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


def plain_shuffled(day: Shorts, keys: NDArray[np.uint64]) -> Shorts:
    """The days in another order for each key.

    Parameters
    ----------
    day
        n days.
    keys
        The start of each lane's random numbers.

    Returns
    -------
    n × lanes.

    Source: Fisher & Yates's shuffle in Durstenfeld's form, with the SplitMix64 numbers of Steele,
    Lea & Flood 2014.
    """
    times = np.repeat(day[:, None], len(keys), axis=1)
    lanes, number = np.arange(len(keys)), keys.copy()
    for i in range(len(day) - 1, 0, -1):
        number += np.uint64(0x9E3779B97F4A7C15)
        mixed = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        drawn = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32)
        j = (drawn * np.uint64(i + 1)) >> np.uint64(32)
        times[i], times[j, lanes] = times[j, lanes], times[i].copy()
    return times


def plain_pairs(
    points: Floats, near: Ints, times: Shorts, edges: tuple[Floats, Shorts, bool]
) -> Ints:
    """Count the pairs of each band of distance that are fewer than so many days apart.

    Parameters
    ----------
    points
        n × 2 coordinates in metres.
    near
        n × 4: each point's candidates are those from the first to before the second number, and
        from the third to before the fourth.
    times
        n × lanes: the days of the points, in each shuffle.
    edges
        Squared distances that bound the bands, and days, both ascending; and whether distances
        are along both axes, else in a straight line.

    Returns
    -------
    Bands × days × lanes.

    Source: Knox 1964.
    """
    squared, days, manhattan = edges
    total = np.zeros((len(squared) - 1, len(days), times.shape[1]), np.int64)
    for i, j in _candidates(near):
        dx, dy = (points[i] - points[j]).T
        gap = np.square(np.abs(dx) + np.abs(dy)) if manhattan else dx * dx + dy * dy
        band = np.searchsorted(squared, gap, side="right") - 1
        for number in range(len(total)):
            those = np.flatnonzero(band == number)
            apart = np.abs(times[i[those]] - times[j[those]])
            total[number] += np.stack([(apart < edge).sum(axis=0) for edge in days])
    return total


def _candidates(near: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The pairs to examine, in chunks of points."""
    counts = near[:, 1::2] - near[:, ::2]
    chunk = np.cumsum(counts.sum(axis=1)) // _PAIRS_AT_ONCE
    for some in np.split(np.arange(len(near)), np.flatnonzero(np.diff(chunk)) + 1):
        for first, count in zip(near[some, ::2].T, counts[some].T, strict=True):
            within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            yield np.repeat(some, count), np.repeat(first, count) + within
