"""The rival: the model that one would write down first, for SciPy's solver.

Which area is in which patch, at most so far from a fair share; each patch hangs together because
its areas can send a flow to one of them.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from result_file import save
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array


def main(areas: str, low: str, high: str, groups: str, seconds: str, answer: str) -> None:
    inputs = np.load(areas)
    start = perf_counter()
    model = Plain(inputs["work"].astype(float), inputs["edges"], int(groups))
    cost, rules, limits, whole = model.written(int(low), int(high))
    result = milp(
        cost, constraints=rules, bounds=limits, integrality=whole,
        options={"time_limit": float(seconds), "mip_rel_gap": 0.0},
    )  # fmt: skip
    took = perf_counter() - start
    worst = [result.x[-1]] if result.status == 0 else []
    save(answer, {"s": took, "proven": float(result.status == 0)}, worst=np.array(worst))


class Plain:
    """Columns: x (area, patch), root (area, patch), flow (arc, patch), and the worst imbalance."""

    def __init__(self, work: np.ndarray, edges: np.ndarray, groups: int) -> None:
        self.work, self.groups, self.n = work, groups, len(work)
        self.arcs = np.vstack([edges, edges[:, ::-1]])
        self.size = 2 * self.n * groups + len(self.arcs) * groups + 1
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def x(self, area: int, patch: int) -> int:
        return area * self.groups + patch

    def root(self, area: int, patch: int) -> int:
        return (self.n + area) * self.groups + patch

    def flow(self, arc: int, patch: int) -> int:
        return (2 * self.n + arc) * self.groups + patch

    def written(self, low: int, high: int):
        fair, worst, most = self.work.sum() / self.groups, self.size - 1, float(high)
        for area in range(self.n):
            self.row({self.x(area, k): 1.0 for k in range(self.groups)}, 1.0, 1.0)
        for k in range(self.groups):
            terms = {self.x(area, k): 1.0 for area in range(self.n)}
            self.row(terms, low, high)
            load = {self.x(area, k): self.work[area] / fair for area in range(self.n)}
            self.row({**load, worst: -1.0}, -np.inf, 1.0)
            self.row({**load, worst: 1.0}, 1.0, np.inf)
            self.row({self.root(area, k): 1.0 for area in range(self.n)}, 1.0, 1.0)
            for area in range(self.n):
                self.row({self.root(area, k): 1.0, self.x(area, k): -1.0}, -np.inf, 0.0)
                self.hang_together(area, k, most)
            for arc, (start, end) in enumerate(self.arcs.tolist()):
                for area in (start, end):
                    self.row({self.flow(arc, k): 1.0, self.x(area, k): -most}, -np.inf, 0.0)
        return self.finished()

    def hang_together(self, area: int, k: int, most: float) -> None:
        """Each area of the patch sends one unit on; only the root may swallow more."""
        row = {self.x(area, k): -1.0, self.root(area, k): most}
        for arc, (start, end) in enumerate(self.arcs.tolist()):
            if start == area:
                row[self.flow(arc, k)] = 1.0
            elif end == area:
                row[self.flow(arc, k)] = -1.0
        self.row(row, 0.0, np.inf)

    def row(self, entries: dict[int, float], low: float, high: float) -> None:
        self.rows.append((entries, low, high))

    def finished(self):
        matrix = lil_array((len(self.rows), self.size))
        for number, (entries, _, _) in enumerate(self.rows):
            for column, value in entries.items():
                matrix[number, column] = value
        low, high = ([row[side] for row in self.rows] for side in (1, 2))
        binary = 2 * self.n * self.groups
        cost, top = np.zeros(self.size), np.full(self.size, np.inf)
        cost[-1], top[:binary] = 1.0, 1.0
        whole = np.zeros(self.size)
        whole[:binary] = 1
        return cost, LinearConstraint(matrix.tocsc(), low, high), Bounds(0, top), whole


if __name__ == "__main__":
    main(*sys.argv[1:])
