"""The best choice among many rounds: a covering model whose columns are whole rounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.allocation.patrols.problem import PatrolProblem
from geo.allocation.patrols.routes import Route
from geo.allocation.solver import Model, solve

Floats = NDArray[np.float64]

_GAP = 1e-4  # a choice within a ten-thousandth of the best is not worth more waiting

Crew = tuple[int, Route]
"""A shift's number and a round."""


def best_crews(
    problem: PatrolProblem, pool: Iterable[Crew], *, seconds: float
) -> list[Crew] | None:
    """Choose rounds, for each shift as many as it has officers, that cover most together.

    Parameters
    ----------
    problem
        The hotspots, shifts and rule.
    pool
        Rounds that keep to the minutes.
    seconds
        How long the solver may work, in seconds of a processor.

    Returns
    -------
    The chosen rounds, in the order of their shifts; None where none were found in time.

    Source: set covering over routes as in Foster & Ryan 1976.
    """
    # Sorted, so that the same rounds give the same model in whatever order they were found.
    crews = sorted(set(pool))
    model = _Rows(problem, crews).model()
    answer = solve(model, effort=seconds, gap=_GAP)
    if not answer.has_answer:
        return None
    times = np.round(answer.x[: len(crews)]).astype(int)
    return [crew for crew, taken in zip(crews, times.tolist(), strict=True) for _ in range(taken)]


@dataclass
class _Rows:
    """The model, row by row."""

    problem: PatrolProblem
    crews: list[Crew]
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)

    def model(self) -> Model:
        problem = self.problem
        for shift, _ in self.crews:
            self._column(0.0, limit=problem.shifts[shift].officers, whole=True)
        for number, shift_on_duty in enumerate(problem.shifts):
            rounds = {at: 1.0 for at, crew in enumerate(self.crews) if crew[0] == number}
            self._row(rounds, high=shift_on_duty.officers)
        passing: dict[int, dict[int, list[int]]] = {}  # hotspot → shift → columns of its rounds
        for at, (shift, route) in enumerate(self.crews):
            for spot in route:
                passing.setdefault(spot, {}).setdefault(shift, []).append(at)
        for spot, by_shift in passing.items():
            self._cover(spot, by_shift)
            if problem.rule.per_day > min(problem.rounds):
                self._visit_enough(by_shift)
        if problem.rule.area_visits:
            self._serve_areas(passing)
        rows, columns, values = zip(*self.entries, strict=True)
        matrix = scipy.sparse.csc_array(
            (values, (rows, columns)), shape=(len(self.low), len(self.cost))
        )
        whole = np.array(self.whole)
        return Model(self.cost, matrix, self.low, self.high, high=self.limit, whole=whole)

    def _cover(self, spot: int, by_shift: dict[int, list[int]]) -> None:
        """One column for each officer who could visit; each adds less than the one before."""
        for shift, columns in by_shift.items():
            officers, rounds = self.problem.shifts[shift].officers, self.problem.rounds[shift]
            row = dict.fromkeys(columns, -1.0)
            shares = np.diff(self.problem.covered(np.arange(officers + 1) * rounds))
            for share in shares.tolist():
                gain = float(self.problem.demand[spot, shift] * share)
                row[self._column(-gain, limit=1.0, whole=False)] = 1.0
            self._row(row, high=0.0)

    def _visit_enough(self, by_shift: dict[int, list[int]]) -> None:
        """A hotspot that is visited at all has its daily visits."""
        visited = self._column(0.0, limit=1.0, whole=True)
        visits = {
            at: -float(self.problem.rounds[shift])
            for shift, columns in by_shift.items()
            for at in columns
        }
        self._row({**visits, visited: float(self.problem.rule.per_day)}, high=0.0)
        most = -float(sum(shift.officers for shift in self.problem.shifts))
        self._row({**dict.fromkeys(visits, 1.0), visited: most}, high=0.0)

    def _serve_areas(self, passing: dict[int, dict[int, list[int]]]) -> None:
        for area in np.unique(self.problem.areas[self.problem.areas >= 0]).tolist():
            row: dict[int, float] = {}
            for spot, by_shift in passing.items():
                if self.problem.areas[spot] == area:
                    for shift, columns in by_shift.items():
                        for at in columns:
                            row[at] = row.get(at, 0.0) + self.problem.rounds[shift]
            self._row(row, low=self.problem.rule.area_visits)

    def _column(self, cost: float, *, limit: float, whole: bool) -> int:
        self.cost.append(cost)
        self.limit.append(float(limit))
        self.whole.append(whole)
        return len(self.cost) - 1

    def _row(
        self, entries: dict[int, float], *, low: float = -np.inf, high: float = np.inf
    ) -> None:
        self.entries += [(len(self.low), column, value) for column, value in entries.items()]
        self.low.append(float(low))
        self.high.append(float(high))
