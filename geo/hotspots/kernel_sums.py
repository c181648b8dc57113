"""Sums of quartic kernels: exact, over all points within the bandwidth of each place.

Few pairs are summed by NumPy. Many are summed by compiled loops, which give the same to
rounding: points at one spot are merged, the rest sorted into buckets much smaller than the
bandwidth, so that a place visits few points beyond its circle and reads them in one go.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_PLAIN = 200_000_000
"""Pairs of points and places up to which NumPy is done before the compiled loops are loaded."""

_BUCKETS = 8  # to a bandwidth: finer ones waste less at the circle's rim, and cost more to visit
_MOST_ACROSS = 1_000  # buckets, however short the bandwidth
_PLACES_AT_ONCE = 64
_PAIRS_AT_ONCE = 4_000_000


def quartic_sums(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    """For each place the sum of 3 / (πh²) · (1 − d² / h²)² over the points no farther than h.

    Parameters
    ----------
    points
        n × 2 coordinates in metres, finite.
    weights
        n factors.
    at
        m × 2 coordinates of the places.
    bandwidth
        h in metres.

    Returns
    -------
    m sums, per square metre.
    """
    plain = len(points) * len(at) <= MOST_PLAIN
    sums = (_plain if plain else _compiled)(points, weights, at=at, bandwidth=bandwidth)
    return sums * (3 / (math.pi * bandwidth**2))


def _plain(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    """Places of like y at once, against the band of points around them."""
    sums = np.zeros(len(at))
    by_y = np.argsort(points[:, 1], kind="stable")
    (x, y), weights = points[by_y].T, weights[by_y]
    order = np.argsort(at[:, 1], kind="stable")
    step = max(1, min(_PLACES_AT_ONCE, _PAIRS_AT_ONCE // max(len(points), 1)))
    for some in (order[i : i + step] for i in range(0, len(order), step)):
        at_x, at_y = at[some].T[:, :, None]
        first = np.searchsorted(y, at_y[0, 0] - bandwidth, side="left")
        last = np.searchsorted(y, at_y[-1, 0] + bandwidth, side="right")
        squared = (x[first:last] - at_x) ** 2 + (y[first:last] - at_y) ** 2
        near = np.maximum(1.0 - squared * (1 / bandwidth**2), 0.0)
        sums[some] = (near * near) @ weights[first:last]
    return sums


def _compiled(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    from geo.hotspots import kernel_loops  # noqa: PLC0415 - start-up must not pay for numba

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
    kernel_loops.sort_into_buckets(merged, bucket, starts[:-1].copy(), ordered)
    buckets = (starts, west, south, side, rows, columns)
    return kernel_loops.gather(at, ordered, buckets, float(bandwidth))


def _merged(points: Floats, weights: Floats) -> Floats:
    """Rows x, y and weight of the distinct points, or of all where few repeat."""
    from geo.hotspots import kernel_loops  # noqa: PLC0415 - start-up must not pay for numba

    # −0.0 and 0.0 are one place with two bit patterns: adding 0.0 leaves one of them.
    xy, weights = np.ascontiguousarray(points.T) + 0.0, np.ascontiguousarray(weights)
    slots = np.full(1 << (2 * len(points)).bit_length(), -1, dtype=np.int32)
    merged = np.empty((3, len(points)))
    found = kernel_loops.merge_repeats(xy, weights, slots, merged)
    if found < 0:
        return np.vstack([xy, weights])
    return np.ascontiguousarray(merged[:, :found])
