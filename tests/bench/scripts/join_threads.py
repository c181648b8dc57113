"""Ours: the same join by one thread and by two, in turns; milliseconds on the wall."""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter

import numpy as np
from inputs import read_inputs, report

from geo.locate import AreaLocator

ROUNDS = 9


def main(layer: str, points: str, answer: str) -> None:
    areas, x, y = read_inputs(layer, points)
    locator = AreaLocator(areas)
    result = locator.locate(x, y, workers=1)
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, each in took.items():
            start = perf_counter()
            again = locator.locate(x, y, workers=workers)
            each.append(perf_counter() - start)
            if not np.array_equal(result, again):
                raise SystemExit(f"{workers} threads give another answer")
    report(result, answer, one_ms=median(took[1]) * 1e3, two_ms=median(took[2]) * 1e3)


if __name__ == "__main__":
    main(*sys.argv[1:])
