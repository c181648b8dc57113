"""The loops of sums of quartic kernels, compiled: see `kernel_sums`."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_TRIED = 1 << 16  # points, after which merging is given up where nearly all are distinct


@compiled
def merge_repeats(xy: Floats, weights: Floats, slots: NDArray[np.int32], merged: Floats) -> int:
    """Write each distinct point with the sum of its weights; −1 where few points repeat.

    Points are hashed by the bits of their coordinates, with linear probing: `slots` is a power
    of 2 long and −1 throughout.
    """
    bits = xy.view(np.int64)
    mask, found = len(slots) - 1, 0
    for i in range(xy.shape[1]):
        mixed = bits[0, i] * 7046029254386353131 + bits[1, i] * 4417276706812531889
        slot = ((mixed ^ (mixed >> 29)) * 7046029254386353131 >> 20) & mask
        while slots[slot] >= 0 and not (
            merged[0, slots[slot]] == xy[0, i] and merged[1, slots[slot]] == xy[1, i]
        ):
            slot = (slot + 1) & mask
        if slots[slot] >= 0:
            merged[2, slots[slot]] += weights[i]
            continue
        slots[slot] = found
        merged[0, found], merged[1, found], merged[2, found] = xy[0, i], xy[1, i], weights[i]
        found += 1
        if i >= _TRIED and found > 0.9 * i:
            return -1
    return found


@compiled
def sort_into_buckets(points: Floats, bucket: Integers, free: Integers, target: Floats) -> None:
    """Write the points, 3 × n, in the order of their buckets; `free` is each bucket's begin."""
    for i in range(len(bucket)):
        slot = free[bucket[i]]
        free[bucket[i]] = slot + 1
        for row in range(3):
            target[row, slot] = points[row, i]


@compiled(sum_in_any_order=True)
def gather(
    at: Floats,
    points: Floats,
    buckets: tuple[Integers, float, float, float, int, int],
    h: float,
) -> Floats:
    """For each place the sum over the buckets of its circle, row by row, without its constant.

    `buckets` are where each begins in `points`, the west and south and side in metres, and how
    many there are up and across.
    """
    starts, west, south, side, rows, columns = buckets
    sums = np.empty(len(at))
    x, y, weights = points[0], points[1], points[2]
    inverse = 1 / h**2
    for i in range(len(at)):
        at_x, at_y = at[i, 0], at[i, 1]
        low = max(int((at_y - h - south) / side), 0)
        high = min(int((at_y + h - south) / side) + 1, rows)
        total = 0.0
        for row in range(low, high):
            # How far the row's strip is away, and half the chord that is left of the circle.
            away = max(south + row * side - at_y, at_y - south - (row + 1) * side, 0.0)
            chord = math.sqrt(max(h * h - away * away, 0.0))
            first = min(max(int((at_x - chord - west) / side), 0), columns)
            last = min(max(int((at_x + chord - west) / side) + 1, 0), columns)
            # Slices, because an index that could be negative keeps vectors out of the loop.
            run = slice(starts[row * columns + first], starts[row * columns + last])
            run_x, run_y, run_weights = x[run], y[run], weights[run]
            for j in range(len(run_x)):
                dx, dy = run_x[j] - at_x, run_y[j] - at_y
                near = 1.0 - (dx * dx + dy * dy) * inverse
                near = near if near > 0.0 else 0.0
                total += run_weights[j] * near * near
        sums[i] = total
    return sums
