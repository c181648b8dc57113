"""The loops of Knox's test in NumPy, for where nothing can be compiled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Shorts = NDArray[np.int16]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_AT_ONCE = 20_000  # pairs in memory, each with all its lanes


def shuffled(day: Shorts, keys: NDArray[np.uint64]) -> Shorts:
    """The days in another order for each key.

    Parameters
    ----------
    day
        n days.
    keys
        A starting point of the random numbers of each lane.

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


def count_pairs(points: Floats, near: Ints, times: Shorts, edges: tuple[Floats, Shorts]) -> Ints:
    """Count the pairs of each band of distance that are less than so many days apart.

    Parameters
    ----------
    points
        n × 2 coordinates in metres.
    near
        n × 4: each point's candidates are those from the first to before the second number, and
        from the third to before the fourth.
    times
        n × lanes: the days of the points, in so many arrangements.
    edges
        Squared distances that bound the bands, and days, both ascending.

    Returns
    -------
    Bands × days × lanes.
    """
    squared, days = edges
    total = np.zeros((len(squared) - 1, len(days), times.shape[1]), np.int64)
    for i, j in _candidates(near):
        dx, dy = (points[i] - points[j]).T
        band = np.searchsorted(squared, dx * dx + dy * dy, side="right") - 1
        for number in range(len(total)):
            those = np.flatnonzero(band == number)
            apart = np.abs(times[i[those]] - times[j[those]])
            total[number] += np.stack([(apart < edge).sum(axis=0) for edge in days])
    return total


def _candidates(near: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The pairs to look at, some points after the others."""
    counts = near[:, 1::2] - near[:, ::2]
    chunk = np.cumsum(counts.sum(axis=1)) // _AT_ONCE
    for some in np.split(np.arange(len(near)), np.flatnonzero(np.diff(chunk)) + 1):
        for first, count in zip(near[some, ::2].T, counts[some].T, strict=True):
            within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            yield np.repeat(some, count), np.repeat(first, count) + within
