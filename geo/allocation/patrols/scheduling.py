"""Visits to hotspots in shifts: who goes where, in which order, and when.

The aim is to cover as much demand as possible: each visit covers a stated share of the demand
that a shift would find at a hotspot, the next visit the same share of what is left. Rounds are
filled greedily, improved by taking visits out and filling up again, and a mixed-integer model
chooses the best of all the rounds tried. The gap is to a bound that allows for visits and
shortest ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.allocation.needs import numbers
from geo.allocation.patrols.bound import covering_bound
from geo.allocation.patrols.checks import verify_crews
from geo.allocation.patrols.greedy import Rounds, filled, refilled
from geo.allocation.patrols.problem import (
    Ints,
    PatrolProblem,
    Shift,
    StraightLines,
    VisitRule,
    travel_from_table,
)
from geo.allocation.patrols.routes import RouteTravel
from geo.allocation.patrols.selection import Crew, best_crews
from geo.allocation.patrols.street_network import AlongStreets
from geo.allocation.solver import require_sound
from geo.errors import InputError

TRIES = 200
SECONDS = 4.0
DAY = "day"
_VARIANTS, _NOISE = 12, 0.3  # rounds filled from demand with log-normal noise, for the choice


@dataclass(frozen=True)
class PatrolAnswer:
    """Patrols, and how good they are.

    Attributes
    ----------
    stops
        One row for each visit: `officer` (`late 1`), `shift`, `round`, `stop` (1, 2 … within the
        round), `hotspot_id`, `area_code`, `x`, `y`, `after_minutes` (from the shift's start),
        `arrive` (`HH:MM`; empty where no hour is planned), `minutes` (of the visit),
        `travel_minutes` (to get there), `demand` (of the hotspot in the shift), `why`.
    hotspots
        One row for each hotspot, by id: `hotspot_id`, `demand`, `visits` and `covered`, a day.
    covered, bound, gap
        The demand covered, an upper bound of it for any plan, and the share that lies between.
    """

    stops: pd.DataFrame
    hotspots: pd.DataFrame
    covered: float
    bound: float

    @property
    def gap(self) -> float:
        """The share of the bound that is not reached; no plan may be able to reach all of it."""
        return 1 - self.covered / self.bound if self.bound > 0 else 0.0


def plan_patrols(
    hotspots: pd.DataFrame,
    shifts: Sequence[Shift],
    *,
    rule: VisitRule,
    travel: StraightLines | AlongStreets | pd.DataFrame,
    precision: str = "instant",
    seed: int = 1,
    tries: int = TRIES,
    seconds: float = SECONDS,
) -> PatrolAnswer:
    """Plan a day's patrols.

    Parameters
    ----------
    hotspots
        `hotspot_id`, `x`, `y` (metres), a column of demand for each shift by its name, and
        `area_code` where the rule requires visits to areas; in any order.
    shifts
        Who is on duty when.
    rule
        How hotspots are visited.
    travel
        Straight lines, streets, or a table as `travel_from_table` reads it.
    precision
        Of the dates that the demand was counted from; `month` allows only the one shift of
        `daily_shift`.
    seed, tries
        Of the improvement, and how often it is tried.
    seconds
        How long the solver may work, in seconds of a processor.

    Returns
    -------
    The visits in order, and a bound.

    Raises
    ------
    InputError
        If shifts are planned from months, a column is missing or faulty, or there is no time for
        the visits that every area must have.

    Source: the team orienteering problem (Chao, Golden & Wasil 1996), by ruin and recreate
    (Schrimpf et al. 2000) and a choice among whole rounds.
    """
    _check_shifts(shifts, precision)
    table = _ordered(hotspots)
    problem = _problem(table, tuple(shifts), rule, travel)
    crews = _planned(problem, seed=seed, tries=tries, seconds=seconds)
    require_sound(verify_crews(problem, crews))
    visits = _visits(problem, crews)
    covered = problem.demand * problem.covered(visits)
    by_hotspot = pd.DataFrame(
        {
            "hotspot_id": table["hotspot_id"],
            "demand": problem.demand.sum(axis=1),
            "visits": visits.sum(axis=1),
            "covered": covered.sum(axis=1),
        }
    )
    reached = float(covered.sum())
    bound = covering_bound(problem, reached=reached)
    return PatrolAnswer(_stops(problem, crews, table), by_hotspot, reached, bound)


def daily_shift(*, officers: int, minutes: float) -> Shift:
    """The one shift that months allow: visits a day, without an hour.

    Parameters
    ----------
    officers
        The number on patrol.
    minutes
        How long each has for visits and travel.

    Returns
    -------
    A shift named `DAY`.
    """
    return Shift(DAY, officers, minutes)


def _check_shifts(shifts: Sequence[Shift], precision: str) -> None:
    names = [shift.name for shift in shifts]
    if not names or len(set(names)) < len(names):
        raise InputError("patrols need shifts; give at least one, each with a name of its own")
    if precision == "month" and (names != [DAY] or shifts[0].starts):
        raise InputError(
            "these incidents are dated by month only, so the demand in shifts is unknown; "
            "plan daily visits instead"
        )


def _ordered(hotspots: pd.DataFrame) -> pd.DataFrame:
    if not len(hotspots):
        raise InputError("there are no hotspots to visit; choose a longer period or a wider area")
    table = hotspots.assign(hotspot_id=hotspots["hotspot_id"].astype(str))
    repeated = table["hotspot_id"][table["hotspot_id"].duplicated()]
    if len(repeated):
        raise InputError(f"the hotspot {repeated.iloc[0]} is listed twice; list it once")
    nowhere = ~np.isfinite(table[["x", "y"]].to_numpy(float)).all(axis=1)
    if nowhere.any():
        raise InputError(f"the hotspot {table['hotspot_id'][nowhere].iloc[0]} has no x and y")
    return table.sort_values("hotspot_id", kind="stable", ignore_index=True)


def _problem(
    table: pd.DataFrame,
    shifts: tuple[Shift, ...],
    rule: VisitRule,
    travel: StraightLines | AlongStreets | pd.DataFrame,
) -> PatrolProblem:
    ids = tuple(table["hotspot_id"])
    by_id = table.set_index("hotspot_id")
    demand = np.column_stack([numbers(by_id, shift.name, of="hotspot") for shift in shifts])
    areas = np.full(len(ids), -1, np.int64)
    if rule.area_visits:
        if "area_code" not in table:
            raise InputError(
                "visits to every area are required, but the hotspots have no areas; "
                "leave out the visits to every area"
            )
        named = table["area_code"].where(table["area_code"] != "")
        areas = pd.factorize(named, sort=True)[0].astype(np.int64)
    if isinstance(travel, pd.DataFrame):
        ways = travel_from_table(travel, ids)
    else:
        ways = travel.travel(table["x"], table["y"])
    return PatrolProblem(ids, demand, areas, ways, shifts, rule)


def _planned(problem: PatrolProblem, *, seed: int, tries: int, seconds: float) -> list[Crew]:
    """The best rounds found: by filling, by filling again, and by choosing among all of them."""
    first = filled(problem)
    _check_areas(problem, first)
    variants = refilled(first, tries=tries, seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(_VARIANTS if tries else 0):
        noisy = problem.demand * np.exp(rng.normal(0.0, _NOISE, problem.demand.shape))
        variants.append(filled(problem, demand=noisy))
    tried = [list(zip(rounds.crews, rounds.routes, strict=True)) for rounds in variants]
    pool = [crew for crews in tried for crew in crews if crew[1]]
    chosen = best_crews(problem, pool, seconds=seconds) if pool else None
    plans = [crews for crews in [*tried, chosen or []] if not verify_crews(problem, crews)]
    return max(plans, key=lambda crews: _covered(problem, crews))


def _check_areas(problem: PatrolProblem, rounds: Rounds) -> None:
    short = rounds.unserved_areas()
    if short:
        served = len(np.unique(problem.areas[problem.areas >= 0])) - len(short)
        raise InputError(
            f"there is time for {problem.rule.area_visits} visit(s) to only {served} of the "
            f"{served + len(short)} areas with hotspots; add officers or minutes, or ask for "
            "fewer visits to every area"
        )


def _visits(problem: PatrolProblem, crews: Sequence[Crew]) -> Ints:
    """Hotspots × shifts: the number of visits."""
    visits = np.zeros(problem.demand.shape, np.int64)
    for shift, route in crews:
        visits[list(route), shift] += problem.rounds[shift]
    return visits


def _covered(problem: PatrolProblem, crews: Sequence[Crew]) -> float:
    return float((problem.demand * problem.covered(_visits(problem, crews))).sum())


def _stops(problem: PatrolProblem, crews: Sequence[Crew], table: pd.DataFrame) -> pd.DataFrame:
    """The visits of every officer in the order of their shift."""
    ranks = (-problem.demand).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") + 1
    rows, number = [], dict.fromkeys(range(len(problem.shifts)), 0)
    for at, route in crews:
        shift, rounds = problem.shifts[at], problem.rounds[at]
        number[at] += 1
        legs = RouteTravel(problem.travel, again=rounds > 1).legs(route)
        for turn in range(rounds):
            after = turn * problem.round_minutes(at)
            for stop, (spot, leg) in enumerate(zip(route, legs, strict=True), start=1):
                after += leg
                rows.append(
                    {
                        "officer": f"{shift.name} {number[at]}",
                        "shift": shift.name,
                        "round": turn + 1,
                        "stop": stop,
                        "hotspot": spot,
                        "after_minutes": round(after, 2),
                        "arrive": _clock(shift.starts, after),
                        "minutes": problem.rule.minutes,
                        "travel_minutes": round(leg, 2),
                        "demand": problem.demand[spot, at],
                        "why": f"number {ranks[spot, at]} of {len(table)} by demand "
                        + (f"in the {shift.name} shift" if shift.starts else "of a day"),
                    }
                )
                after += problem.rule.minutes
    columns = ["officer", "shift", "round", "stop", "hotspot", "after_minutes", "arrive",
               "minutes", "travel_minutes", "demand", "why"]  # fmt: skip
    stops = pd.DataFrame(rows, columns=columns).astype({"hotspot": np.int64})
    spots = table.iloc[stops.pop("hotspot")].reset_index(drop=True)
    for place, name in enumerate(["hotspot_id", "area_code", "x", "y"], start=4):
        stops.insert(place, name, spots.get(name, ""))
    return stops


def _clock(starts: str, after: float) -> str:
    if not starts:
        return ""
    hours, minutes = starts.split(":")
    total = int(hours) * 60 + int(minutes) + round(after)
    return f"{total // 60 % 24:02}:{total % 60:02}"
