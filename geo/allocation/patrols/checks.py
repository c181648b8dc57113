"""An independent check of rounds, by plain sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from geo.allocation.patrols.problem import PatrolProblem
from geo.allocation.patrols.selection import Crew


def verify_crews(problem: PatrolProblem, crews: Sequence[Crew]) -> list[str]:
    """List what is wrong with rounds, however they were made.

    Parameters
    ----------
    problem
        The hotspots, shifts and rule.
    crews
        The shift and the stops of each officer.

    Returns
    -------
    One line for each fault; none where they are sound.
    """
    faults, visits = [], Counter[int]()
    on_duty = Counter(shift for shift, _ in crews)
    for at, shift in enumerate(problem.shifts):
        if on_duty[at] > shift.officers:
            faults.append(f"{shift.name} has {on_duty[at]} rounds for {shift.officers} officers")
    for at, route in crews:
        name = problem.shifts[at].name
        if len(set(route)) < len(route):
            faults.append(f"a round of {name} stops twice at one hotspot")
        spent, room = _minutes(problem, at, route), problem.round_minutes(at)
        if spent > room + 1e-6:
            faults.append(f"a round of {name} takes {spent:.1f} minutes of {room:.1f}")
        visits.update(dict.fromkeys(route, problem.rounds[at]))
    for spot, n in sorted(visits.items()):
        if n < problem.rule.per_day:
            faults.append(f"{problem.ids[spot]} has {n} visits a day, not {problem.rule.per_day}")
    return faults + _areas_short(problem, visits)


def _minutes(problem: PatrolProblem, shift: int, route: Sequence[int]) -> float:
    """Minutes of a round: the visits, and all travel from stop to stop and home."""
    travel = problem.travel
    spent = len(route) * problem.rule.minutes + sum(
        travel.between[a, b] for a, b in pairwise(route)
    )
    if route and travel.has_base:
        spent += travel.out[route[0]] + travel.back[route[-1]]
    elif route and problem.rounds[shift] > 1:
        spent += travel.between[route[-1], route[0]]
    return float(spent)


def _areas_short(problem: PatrolProblem, visits: Counter[int]) -> list[str]:
    if not problem.rule.area_visits:
        return []
    by_area = dict.fromkeys(problem.areas.tolist(), 0)
    for spot, n in visits.items():
        by_area[int(problem.areas[spot])] += n
    return [
        f"the area of {problem.ids[problem.areas.tolist().index(area)]} has {n} visits a day"
        for area, n in sorted(by_area.items())
        if area >= 0 and n < problem.rule.area_visits
    ]
