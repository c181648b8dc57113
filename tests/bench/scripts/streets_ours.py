"""Ours: the nearest segment of each incident, the index of the segments included."""

from __future__ import annotations

import sys

import numpy as np
import shapely
from inputs import report, timed

from geo.locate.nearest import nearest_lines

ROUNDS = 5


def main(inputs: str, within_m: str, answer: str) -> None:
    given = np.load(inputs, allow_pickle=True)
    lines, (x, y) = shapely.from_wkb(given["lines"]), given["xy"].T.copy()
    nearest_lines(lines[:2], x[:2], y[:2], within_m=float(within_m))  # loads what is compiled
    result, took = timed(
        lambda: nearest_lines(lines, x, y, within_m=float(within_m)), rounds=ROUNDS
    )
    report(np.where(result.tied, -2, result.positions), answer, s=took)


if __name__ == "__main__":
    main(*sys.argv[1:])
