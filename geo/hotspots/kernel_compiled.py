"""Sums of quartic kernels over many pairs of points and places, compiled by numba."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_TRIED = 1 << 16  # points, after which merging stops where nearly all are distinct
_BUCKETS = 8  # to a bandwidth: finer ones waste less at the circle's rim, and cost more to visit
_MOST_ACROSS = 1_000  # buckets, however short the bandwidth: it bounds the memory


def quartic_sums(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    """As `density.quartic_sums`, without its constant factor.

    Points at one spot are merged, the rest sorted into buckets much smaller than the bandwidth,
    so that a place visits few points outside its circle and reads them in one run.

    Parameters
    ----------
    points
        n × 2, in metres.
    weights
        n weights.
    at
        m × 2, in metres.
    bandwidth
        Metres.

    Returns
    -------
    m sums.
    """
    merged = _merged(points, weights)
    x, y, _ = merged
    west, south = float(x.min()), float(y.min())
    extent = max(float(x.max()) - west, float(y.max()) - south)
    side = max(bandwidth / _BUCKETS, extent / _MOST_ACROSS)
    column, row = ((x - west) / side).astype(np.int64), ((y - south) / side).astype(np.int64)
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    bucket = row * columns + column
    starts = np.concatenate([[0], np.cumsum(np.bincount(bucket, minlength=rows * columns))])
    ordered = np.empty_like(merged)
    _sort_into_buckets(merged, bucket, starts[:-1].copy(), ordered)
    return _gather(at, ordered, (starts, west, south, side, rows, columns), float(bandwidth))


def _merged(points: Floats, weights: Floats) -> Floats:
    """Rows x, y and weight of the distinct points, or of all points where few repeat."""
    # −0.0 and 0.0 are one place with two bit patterns: adding 0.0 leaves one of them.
    xy, weights = np.ascontiguousarray(points.T) + 0.0, np.ascontiguousarray(weights)
    slots = np.full(1 << (2 * len(points)).bit_length(), -1, dtype=np.int32)
    merged = np.empty((3, len(points)))
    distinct = _merge_repeats(xy, weights, slots, merged)
    if distinct < 0:
        return np.vstack([xy, weights])
    return np.ascontiguousarray(merged[:, :distinct])


@compiled
def _merge_repeats(xy: Floats, weights: Floats, slots: NDArray[np.int32], merged: Floats) -> int:
    """Write each distinct point with the sum of its weights into `merged`, and count them.

    Returns −1 where few points repeat. Points are hashed by the bits of their coordinates, with
    linear probing: `slots` is a power of 2 long and filled with −1.
    """
    bits = xy.view(np.int64)
    mask, distinct = len(slots) - 1, 0
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
        slots[slot] = distinct
        merged[0, distinct], merged[1, distinct], merged[2, distinct] = (
            xy[0, i],
            xy[1, i],
            weights[i],
        )
        distinct += 1
        if i >= _TRIED and distinct > 0.9 * i:
            return -1
    return distinct


@compiled
def _sort_into_buckets(points: Floats, bucket: Integers, free: Integers, target: Floats) -> None:
    """Write the points, 3 × n, in the order of their buckets.

    `free` holds the first free position of each bucket, and is counted up.
    """
    for i in range(len(bucket)):
        slot = free[bucket[i]]
        free[bucket[i]] = slot + 1
        for row in range(3):
            target[row, slot] = points[row, i]


@compiled(sum_in_any_order=True)
def _gather(
    at: Floats,
    points: Floats,
    buckets: tuple[Integers, float, float, float, int, int],
    h: float,
) -> Floats:
    """For each place the sum over the buckets that its circle meets, row by row.

    `buckets` holds where each bucket begins in `points`; the west edge, the south edge and the
    side in metres; and the number of rows and columns.
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
            # Distance of the row's strip, and half the chord of the circle there.
            away = max(south + row * side - at_y, at_y - south - (row + 1) * side, 0.0)
            chord = math.sqrt(max(h * h - away * away, 0.0))
            first = min(max(int((at_x - chord - west) / side), 0), columns)
            last = min(max(int((at_x + chord - west) / side) + 1, 0), columns)
            # Slices: with an index that could be negative LLVM would not vectorise the loop.
            run = slice(starts[row * columns + first], starts[row * columns + last])
            run_x, run_y, run_weights = x[run], y[run], weights[run]
            for j in range(len(run_x)):
                dx, dy = run_x[j] - at_x, run_y[j] - at_y
                near = 1.0 - (dx * dx + dy * dy) * inverse
                near = near if near > 0.0 else 0.0
                total += run_weights[j] * near * near
        sums[i] = total
    return sums
