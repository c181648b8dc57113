"""Ours: points counted in cells, and held against land, snap points or residents."""

from __future__ import annotations

import sys

import numpy as np
import shapely
from baseline_amounts import amounts
from inputs import timed
from result_file import save

from geo.cells import Cells, Grid
from geo.hotspots.baselines import Baseline, neighbourhood_tails
from geo.statistics import benjamini_hochberg
from tests.bench.baseline_points import CELL_M
from tests.bench.scripts.make_patterns import SIDE_M

ROUNDS = 5


def main(kind: str, points: str, _grid: str, answer: str) -> None:
    x, y = np.load(points)["xy"].T
    cells = Cells.over(shapely.box(0, 0, SIDE_M, SIDE_M), Grid(CELL_M))
    near, residents = cells.neighbours, amounts("residents", len(cells))

    def work() -> tuple[np.ndarray, np.ndarray]:
        baseline = Baseline(
            {
                "even": lambda: cells.inside_area,
                "points": lambda: cells.count(*distinct(x, y)).astype(float),
                "residents": lambda: residents,
            }[kind]()
        )
        p, _ = neighbourhood_tails(cells.count(x, y), near, baseline)
        return p, benjamini_hochberg(p)

    (p, q), took = timed(work, rounds=ROUNDS)
    save(answer, {"s": took}, p=p, q=q)


def distinct(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.unique(x + 1j * y)
    return pairs.real, pairs.imag


if __name__ == "__main__":
    main(*sys.argv[1:])
