"""Ours: sites that cover the most demand."""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from result_file import save

from geo.allocation.facility_location import maximal_covering


def main(cells: str, metres: str, sites: str, answer: str) -> None:
    inputs = np.load(cells)
    maximal_covering(np.ones(2), np.eye(2), sites=1)  # loads the solver
    start = perf_counter()
    away = np.hypot(*(inputs["xy"][:, None] - inputs["xy"]).transpose(2, 0, 1))
    result = maximal_covering(inputs["demand"], away <= float(metres), sites=int(sites))
    save(answer, {"s": perf_counter() - start}, covered=np.array(result.value))


if __name__ == "__main__":
    main(*sys.argv[1:])
