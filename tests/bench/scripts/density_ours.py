"""Ours: a quartic density at the middles of a square grid."""

from __future__ import annotations

import sys

import numpy as np
from inputs import timed
from middles import middles
from result_file import save

from geo.hotspots.density import quartic_density

ROUNDS = 3


def main(points: str, cell: str, bandwidth: str, answer: str) -> None:
    (x, y), at = np.load(points)["xy"].T, middles(float(cell))
    width = float(bandwidth)
    quartic_density(x[:300_000], y[:300_000], at=(at[:, 0], at[:, 1]), bandwidth=width)  # loads
    result, took = timed(
        lambda: quartic_density(x, y, at=(at[:, 0], at[:, 1]), bandwidth=width), rounds=ROUNDS
    )
    save(answer, {"s": took}, density=result)


if __name__ == "__main__":
    main(*sys.argv[1:])
