"""The rival: esda's Gi* by formula, or its p by permutations.

Its weights are made beforehand and hold each cell as its own neighbour, so that it loses no time
on them: as `W`, as spatial weights usually are, or as the newer `Graph`.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from esda.getisord import G_Local
from inputs import timed
from libpysal.graph import Graph
from result_file import save
from scipy.sparse import csr_array

ROUNDS = 15
PERMUTATIONS = 999


def main(measure: str, kind: str, cells: str, answer: str) -> None:
    warnings.simplefilter("ignore")
    inputs = np.load(cells)
    counts = inputs["counts"].astype(float)
    weights = made(csr_array((inputs["data"], inputs["indices"], inputs["indptr"])), kind)
    if measure == "z":
        result, took = timed(lambda: local(counts, weights, permutations=0), rounds=ROUNDS)
        save(answer, {"s": took}, z=np.asarray(result.Zs))
    else:
        ring = np.eye(50) + np.eye(50, k=1) + np.eye(50, k=-1)
        local(counts[:50], made(csr_array(ring), kind), permutations=9)  # compiles
        result, took = timed(lambda: local(counts, weights, permutations=PERMUTATIONS))
        save(answer, {"s": took}, p=np.asarray(result.p_sim), draws=np.array(PERMUTATIONS))


def made(near: csr_array, kind: str) -> object:
    graph = Graph.from_sparse(near.tocoo())
    weights = graph if kind == "Graph" else graph.to_W()
    if kind == "W":
        weights.transform = "B"
    weights.sparse  # noqa: B018 - it is made when it is first read
    return weights


def local(counts: np.ndarray, weights: object, *, permutations: int) -> G_Local:
    return G_Local(
        counts,
        weights,
        transform="B",
        star=None,
        permutations=permutations,
        keep_simulations=False,
        n_jobs=1,
        seed=1,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
