"""The rival: spopt's maximal coverage with the solver that PuLP brings along."""

from __future__ import annotations

import sys
import warnings
from time import perf_counter

import numpy as np
import pulp
from result_file import save
from spopt.locate import MCLP

warnings.filterwarnings("ignore")


def main(cells: str, metres: str, sites: str, answer: str) -> None:
    inputs = np.load(cells)
    solver = pulp.PULP_CBC_CMD(msg=False)
    start = perf_counter()
    away = np.hypot(*(inputs["xy"][:, None] - inputs["xy"]).transpose(2, 0, 1))
    model = MCLP.from_cost_matrix(away, inputs["demand"], float(metres), int(sites))
    result = model.solve(solver, results=False)
    took = perf_counter() - start
    save(answer, {"s": took}, covered=np.array(pulp.value(result.problem.objective)))


if __name__ == "__main__":
    main(*sys.argv[1:])
