"""Ours: patrols over 500 hotspots in three shifts; and two plain habits under the same rules.

In rank order: the officers of a shift take the hotspots with most demand in turn. Evenly: they
take the best hotspot of each ward in turn, then the second of each. Both stop where a round is
full, and both walk what they took by the shortest path found.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
import pandas as pd
from result_file import save

from geo.allocation.patches.annealing import warm_up
from geo.allocation.patrols.problem import PatrolProblem, Shift, StraightLines, VisitRule
from geo.allocation.patrols.routes import RouteTravel
from geo.allocation.patrols.scheduling import plan_patrols

SHIFTS = (Shift("early", 8, 480), Shift("late", 12, 480), Shift("night", 6, 480))
RULE = VisitRule()
LINES = StraightLines()


def main(hotspots: str, answer: str) -> None:
    table = pd.read_csv(hotspots).sort_values("hotspot_id", ignore_index=True)
    warm_up()
    start = perf_counter()
    result = plan_patrols(table, SHIFTS, rule=RULE, travel=LINES)
    took = perf_counter() - start
    problem = PatrolProblem(
        tuple(table["hotspot_id"]),
        table[[shift.name for shift in SHIFTS]].to_numpy(float),
        np.full(len(table), -1),
        LINES.travel(table["x"], table["y"]),
        SHIFTS,
        RULE,
    )
    hours = sum(shift.officers * shift.minutes for shift in SHIFTS) / 60
    save(
        answer,
        {
            "s": took,
            "gap": result.gap,
            "minutes": 60 * hours / result.covered,
            "minutes_ranked": 60 * hours / by_habit(problem, ranked(table)),
            "minutes_evenly": 60 * hours / by_habit(problem, evenly(table)),
        },
        covered=np.array(result.covered),
    )


def ranked(table: pd.DataFrame) -> dict[str, list[int]]:
    return {shift.name: (-table[shift.name]).argsort(kind="stable").tolist() for shift in SHIFTS}


def evenly(table: pd.DataFrame) -> dict[str, list[int]]:
    orders = {}
    for shift in SHIFTS:
        demand = table[shift.name]
        turn = demand.groupby(table["area_code"]).rank(ascending=False, method="first")
        orders[shift.name] = np.lexsort([table["area_code"], turn]).tolist()
    return orders


def by_habit(problem: PatrolProblem, orders: dict[str, list[int]]) -> float:
    visits = np.zeros(problem.demand.shape, np.int64)
    for at, shift in enumerate(problem.shifts):
        ways = RouteTravel(problem.travel, again=problem.rounds[at] > 1)
        routes: list[tuple[int, ...]] = [()] * shift.officers
        for number, spot in enumerate(orders[shift.name]):
            officer = number % shift.officers
            longer = ways.shortened((*routes[officer], spot))
            spent = ways.minutes(longer) + len(longer) * problem.rule.minutes
            if spent <= problem.round_minutes(at):
                routes[officer] = longer
                visits[spot, at] += problem.rounds[at]
    return float((problem.demand * problem.covered(visits)).sum())


if __name__ == "__main__":
    main(*sys.argv[1:])
