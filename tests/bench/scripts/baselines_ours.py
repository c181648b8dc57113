"""Ours: the exact tail of each neighbourhood against a baseline, or shrunk rates with ranges."""

from __future__ import annotations

import sys

import numpy as np
from baseline_amounts import amounts
from inputs import timed
from result_file import save
from scipy.sparse import csr_array

from geo.hotspots.baselines import Baseline, neighbourhood_tails
from geo.hotspots.shrinkage import prior, shrunk

ROUNDS = 15


def main(kind: str, cells: str, answer: str) -> None:
    inputs = np.load(cells)
    counts = inputs["counts"]
    near = csr_array((inputs["data"], inputs["indices"], inputs["indptr"]))
    given = amounts(kind, len(counts))
    if kind == "rates":
        rates, took = timed(lambda: shrunk(counts, given, prior(counts, given)), rounds=ROUNDS)
        save(answer, {"s": took}, rate=rates.rate, low=rates.low, high=rates.high)
        return
    (p, _), took = timed(lambda: neighbourhood_tails(counts, near, Baseline(given)), rounds=ROUNDS)
    save(answer, {"s": took}, p=p)


if __name__ == "__main__":
    main(*sys.argv[1:])
