"""A town of 10,000 street segments, and incidents near them, for both sides."""

from __future__ import annotations

import sys

import numpy as np
import shapely

SEGMENTS, SIDE_M = 10_000, 10_000.0


def main(path: str, incidents: str) -> None:
    rng = np.random.default_rng(11)
    start = rng.uniform(0, SIDE_M, (SEGMENTS, 2)) + np.array([430_000, 330_000])
    # Five corners each, about 100 m in all, as those of a published road network.
    bends = np.cumsum(rng.normal(0, 20, (SEGMENTS, 4, 2)) + rng.normal(0, 12, (SEGMENTS, 1, 2)), 1)
    lines = shapely.linestrings(np.concatenate([start[:, None], start[:, None] + bends], axis=1))
    at = shapely.line_interpolate_point(
        lines[rng.integers(0, SEGMENTS, int(incidents))],
        rng.random(int(incidents)),
        normalized=True,
    )
    xy = shapely.get_coordinates(at) + rng.normal(0, 15, (int(incidents), 2))
    np.savez(path, xy=xy, lines=shapely.to_wkb(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
