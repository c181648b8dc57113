"""Ours: Gi* of every cell, or its exact permutation p."""

from __future__ import annotations

import sys

import numpy as np
from inputs import timed
from result_file import save
from scipy.sparse import csr_array

from geo.hotspots.getis_ord import gi_star, permutation_p

ROUNDS = 15


def main(measure: str, cells: str, answer: str) -> None:
    inputs = np.load(cells)
    counts, near = (
        inputs["counts"],
        csr_array((inputs["data"], inputs["indices"], inputs["indptr"])),
    )
    if measure == "z":
        result, took = timed(lambda: gi_star(counts, near), rounds=ROUNDS)
        save(answer, {"s": took}, z=result)
    else:
        result, took = timed(lambda: permutation_p(counts, near), rounds=ROUNDS)
        save(answer, {"s": took}, p=result, tie=chance_of_a_tie(counts, near))


def chance_of_a_tie(counts: np.ndarray, near: csr_array) -> np.ndarray:
    """About how often six cells drawn at random sum to what a cell's neighbours do."""
    rng = np.random.default_rng(5)
    sums = rng.choice(counts, (500_000, 6)).sum(axis=1)
    around = (near @ counts.astype(float)).astype(np.int64) - counts
    return np.bincount(sums, minlength=around.max() + 1)[around] / len(sums)


if __name__ == "__main__":
    main(*sys.argv[1:])
