"""The loops of Knox's test, compiled by numba; `knox` has them in NumPy, with the same results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Shorts = NDArray[np.int16]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FLUSH = 32_000  # pairs, before a count of 16 bits could overflow


@compiled
def shuffled(day: Shorts, keys: NDArray[np.uint64]) -> Shorts:
    """As `knox.plain_shuffled`.

    Parameters
    ----------
    day
        n days.
    keys
        The start of each lane's random numbers.

    Returns
    -------
    A row of n days for each lane.
    """
    rows = np.empty((len(keys), len(day)), np.int16)
    for lane in range(len(keys)):
        row, number = rows[lane], keys[lane]
        row[:] = day
        for i in range(len(day) - 1, 0, -1):
            number += np.uint64(0x9E3779B97F4A7C15)
            mixed = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            drawn = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32)
            j = np.int64((drawn * np.uint64(i + 1)) >> np.uint64(32))
            swapped = row[i]
            row[i] = row[j]
            row[j] = swapped
    return rows.T.copy()


@compiled
def count_pairs(
    points: Floats, near: Ints, times: Shorts, edges: tuple[Floats, Shorts, bool]
) -> Ints:
    """As `knox.plain_pairs`.

    Parameters
    ----------
    points
        n × 2, in metres.
    near
        Pairs of points to look at.
    times
        The days of each lane.
    edges
        Upper ends of the bands of metres and of days.

    Returns
    -------
    Pairs in each lane and band.
    """
    squared, days, manhattan = edges
    bands, lanes = len(squared) - 1, times.shape[1]
    below = np.zeros((bands, len(days), lanes), np.int16)
    total = np.zeros((bands, len(days), lanes), np.int64)
    waiting = 0
    for i in range(len(points)):
        for side in range(0, 4, 2):
            for j in range(near[i, side], near[i, side + 1]):
                dx, dy = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
                gap = (abs(dx) + abs(dy)) ** 2 if manhattan else dx * dx + dy * dy
                if gap >= squared[bands] or gap < squared[0]:
                    continue
                band = 0
                while gap >= squared[band + 1]:
                    band += 1
                for edge in range(len(days)):
                    for lane in range(lanes):
                        # In 16 bits throughout, many lanes fit into one instruction.
                        apart = np.int16(times[i, lane] - times[j, lane])
                        apart = max(apart, np.int16(-apart))
                        below[band, edge, lane] += np.int16(apart < days[edge])
                waiting += 1
                if waiting == _FLUSH:
                    total += below
                    below[:] = 0
                    waiting = 0
    return total + below
