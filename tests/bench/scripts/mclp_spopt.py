"""The rival: spopt's maximal coverage with the solver that PuLP brings along."""

from __future__ import annotations

import sys
import warnings
from time import perf_counter

import numpy as np
import pulp
from spopt.locate import MCLP
from told import keep

warnings.filterwarnings("ignore")


def main(cells: str, metres: str, sites: str, answer: str) -> None:
    kept = np.load(cells)
    solver = pulp.PULP_CBC_CMD(msg=False)
    start = perf_counter()
    away = np.hypot(*(kept["xy"][:, None] - kept["xy"]).transpose(2, 0, 1))
    model = MCLP.from_cost_matrix(away, kept["demand"], float(metres), int(sites))
    found = model.solve(solver, results=False)
    took = perf_counter() - start
    keep(answer, {"s": took}, covered=np.array(pulp.value(found.problem.objective)))


if __name__ == "__main__":
    main(*sys.argv[1:])
