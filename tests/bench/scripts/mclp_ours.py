"""Ours: sites that cover the most demand."""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from told import keep

from geo.allocation.facility_location import maximal_covering


def main(cells: str, metres: str, sites: str, answer: str) -> None:
    kept = np.load(cells)
    maximal_covering(np.ones(2), np.eye(2), sites=1)  # loads the solver
    start = perf_counter()
    away = np.hypot(*(kept["xy"][:, None] - kept["xy"]).transpose(2, 0, 1))
    found = maximal_covering(kept["demand"], away <= float(metres), sites=int(sites))
    keep(answer, {"s": perf_counter() - start}, covered=np.array(found.value))


if __name__ == "__main__":
    main(*sys.argv[1:])
