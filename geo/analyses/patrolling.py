"""The analysis that plans visits to ranked places in shifts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geo.allocation.patrols.problem import Shift, StraightLines, VisitRule
from geo.analyses.analysis import AnalysisResult, Runner, as_layer, run_here
from geo.analyses.bases import METHOD, base_caveats, base_parameters, base_table, compared
from geo.analyses.evidence import too_little
from geo.analyses.places import ranked
from geo.errors import InputError, QuestionError
from geo.hotspots.dayparts import dayparts
from geo.question.answer import Answer
from geo.question.model import PatrolTerms
from geo.question.values import StaffedShift

if TYPE_CHECKING:
    from geo.allocation.patrols.bases import BaseComparison
    from geo.allocation.patrols.scheduling import PatrolAnswer
    from geo.allocation.patrols.street_network import AlongStreets, StreetNetwork

# Planning patrols loads solvers, so it is imported where it is needed.

COVERS = 0.5
"""The share of what a place would have in a shift that its first visit covers."""

TIMED = ("instant", "interval")
"""Precisions of incidents whose hour is known, or can be shared among hours."""

_STATED = (
    "That a visit covers half of a place's demand in the shift, and the next one half of the rest, "
    "is an assumption, not a finding."
)
_MONTHS_ONLY = (
    "These incidents are dated by month only, so demand by shift is unknown: visits are planned "
    "for a day, without hours."
)
_AVERAGE = (
    "Demand is what is to be expected of a place on an average day: its incidents of the months by "
    "which places were chosen, shrunk towards the mean of all places and at the level of the "
    "period. A Friday night may differ."
)


def patrols(
    answer: Answer, *, travel: pd.DataFrame | StreetNetwork | None = None, run: Runner = run_here
) -> AnalysisResult:
    """Plan visits to ranked places in shifts: who, where, in which order, and when.

    Parameters
    ----------
    answer
        Its incidents rank the places; its question says who patrols when.
    travel
        Minutes between places, as `travel_from_table` reads them, or the streets to travel;
        straight lines without.
    run
        Calls the search.

    Returns
    -------
    A row for each stop, in the order of the rounds.

    Raises
    ------
    QuestionError
        If the incidents have no hours for shifts, or no place can be visited often enough.
    """
    from geo.allocation.patrols.scheduling import plan_patrols  # noqa: PLC0415 - it brings solvers

    terms = answer.question.patrols
    places = pd.DataFrame(ranked(answer).frame)
    timed = bool(answer.counted["precision"].isin(TIMED).any())
    if terms.shifts and not timed:
        raise QuestionError(
            "shifts",
            "these incidents are dated by month or day only, so demand by shift is unknown; leave "
            "shifts out to plan daily visits",
        )
    if terms.everywhere and answer.membership.overlapping:
        raise QuestionError(
            "everywhere",
            "areas of this layer overlap, so a visit can be in two of them; choose a layer whose "
            "areas do not overlap, or leave everywhere out",
        )
    rule = _visit_rule(terms)
    try:
        shifts = _shifts(answer)
        demanded = _with_demand(places, answer, shifts)
        comparison = compared(
            answer,
            demanded.assign(demand=demanded[[shift.name for shift in shifts]].sum(axis=1)),
            _travel(terms, travel),
            officers=sum(shift.officers for shift in shifts),
            run=run,
        )
        plan = run(
            plan_patrols,
            demanded,
            shifts,
            rule=rule,
            travel=_from_best(_travel(terms, travel), comparison),
            precision="instant" if terms.shifts else "month",
        )
    except InputError as error:
        if travel is not None:
            raise
        raise QuestionError("minutes", str(error)) from error
    if not len(plan.stops):
        raise QuestionError(
            "minutes",
            f"no place can be visited {terms.visits} times a day by these officers; give them "
            "more minutes, or plan fewer visits",
        )
    return _result(answer, plan, places=places, travel=travel, comparison=comparison)


def _from_best(
    ways: StraightLines | AlongStreets | pd.DataFrame, comparison: BaseComparison | None
) -> StraightLines | AlongStreets | pd.DataFrame:
    """The same travel, from the best of the candidate bases where there are any."""
    if comparison is None or isinstance(ways, pd.DataFrame):
        return ways
    return replace(ways, base=comparison.best)


def _result(
    answer: Answer,
    plan: PatrolAnswer,
    *,
    places: pd.DataFrame,
    travel: pd.DataFrame | StreetNetwork | None,
    comparison: BaseComparison | None,
) -> AnalysisResult:
    terms = answer.question.patrols
    streets = places.set_index("hotspot_id")["streets"]
    stops = plan.stops.assign(streets=streets.loc[plan.stops["hotspot_id"]].to_numpy())
    visited = int((plan.hotspots["visits"] > 0).sum())
    return AnalysisResult(
        answer.shown(as_layer(stops, shapely.points(stops["x"], stops["y"]), answer)),
        "Rounds of visits that cover the most demand, filled greedily and chosen by a "
        "mixed-integer model; the gap is to a bound that no plan can pass"
        + (f"; {METHOD}" if comparison else ""),
        {
            "places": len(places),
            "places_visited": visited,
            "visits": len(stops),
            "visit_minutes": terms.visit,
            "visits_a_day_at_least": terms.visits,
            "visits_a_day_in_every_area": terms.everywhere,
            "again_within_minutes": terms.again,
            **_travel_parameters(terms, travel),
            "demand": float(plan.hotspots["demand"].sum()),
            "demand_covered": plan.covered,
            "bound": plan.bound,
            "gap": plan.gap,
            **base_parameters(answer, comparison),
        },
        [
            _STATED,
            _AVERAGE,
            *_hours_caveats(answer),
            *_street_caveats(travel),
            *base_caveats(answer, comparison),
        ],
        {"bases": base_table(answer, comparison)} if comparison else {},
        warnings=_warnings(answer, places),
    )


def _warnings(answer: Answer, places: pd.DataFrame) -> list[str]:
    """That officers were assumed, or that too few incidents rank the places."""
    terms = answer.question.patrols
    assumed = (
        f"Nobody entered the officers: {terms.on_duty} with {terms.minutes} minutes each are an "
        "assumption. Give your own numbers, or shifts."
    )
    few = too_little(int(places["n_window"].sum()), len(places), "places")
    nobody = terms.officers is None and not terms.shifts
    return [*([few] if few else []), *([assumed] if nobody else [])]


def _hours_caveats(answer: Answer) -> list[str]:
    """Caveats about incidents whose hours are unknown."""
    timed = int(answer.counted["precision"].isin(TIMED).sum())
    if not answer.question.patrols.shifts:
        return [] if timed else [_MONTHS_ONLY]
    untimed = len(answer.counted) - timed
    if not untimed:
        return []
    unknown = f"{untimed:,} of {len(answer.counted):,} incidents have no time of day"
    return [f"{unknown}: demand by shift is that of the others."]


def _visit_rule(terms: PatrolTerms) -> VisitRule:
    try:
        return VisitRule(
            minutes=terms.visit,
            again_within=float(terms.again),
            per_day=terms.visits,
            covers=COVERS,
            area_visits=terms.everywhere,
        )
    except InputError as error:
        raise QuestionError("again", str(error)) from error


def _travel(
    terms: PatrolTerms, travel: pd.DataFrame | StreetNetwork | None
) -> StraightLines | AlongStreets | pd.DataFrame:
    base = terms.base.at if terms.base else None
    if travel is None:
        return StraightLines(terms.detour / 100, terms.speed, base)
    if isinstance(travel, pd.DataFrame):
        return travel
    from geo.allocation.patrols.street_network import AlongStreets  # noqa: PLC0415 - it brings SciPy

    return AlongStreets(travel, terms.speed, base)


def _travel_parameters(
    terms: PatrolTerms, travel: pd.DataFrame | StreetNetwork | None
) -> dict[str, object]:
    if travel is None:
        return {"straight_line_factor": terms.detour / 100, "km_per_hour": terms.speed}
    if isinstance(travel, pd.DataFrame):
        return {"travel": "a table of minutes"}
    return {
        "travel": "along streets",
        "km_per_hour": terms.speed,
        "street_km": round(float(travel.metres.sum()) / 1000, 1),
        "street_km_cut_off": round(travel.left_out_m / 1000, 1),
    }


def _street_caveats(travel: pd.DataFrame | StreetNetwork | None) -> list[str]:
    if travel is None or isinstance(travel, pd.DataFrame):
        return []
    cut_off = travel.left_out_m / 1000
    return [
        "Travel along streets is both ways and at one speed: one-way streets, steps and closures "
        "are unknown"
        + (f"; {cut_off:,.1f} km of streets cannot be reached from the rest." if cut_off else ".")
    ]


def _shifts(answer: Answer) -> list[Shift]:
    from geo.allocation.patrols.scheduling import daily_shift  # noqa: PLC0415 - it brings solvers

    terms = answer.question.patrols
    if not terms.shifts:
        return [daily_shift(officers=terms.on_duty, minutes=float(terms.minutes))]
    return [
        Shift(shift.name, shift.officers, float(terms.minutes), shift.clock)
        for shift in terms.shifts
    ]


def _with_demand(places: pd.DataFrame, answer: Answer, shifts: list[Shift]) -> pd.DataFrame:
    """The places with what is to be expected of them in each shift on an average day."""
    days = max(answer.days[0], 1.0)
    table = places[["hotspot_id", "x", "y", "area_code"]].copy()
    # Of the months by which they were chosen, brought to what is to be expected of the period.
    level = places["expected"].to_numpy(float) / places["n_window"].to_numpy(float) / days
    at = list(zip(*(places[axis].to_numpy(float) for axis in ("x", "y")), strict=True))
    if not answer.question.patrols.shifts:
        harm = np.array([answer.harm_of(_inside(answer, *point)).sum() for point in at])
        return table.assign(**{shifts[0].name: harm * level})
    per_place = [_by_hour(answer, *point) for point in at]
    for shift in answer.question.patrols.shifts:
        hours = _hours(shift, answer.question.patrols.minutes)
        table[shift.name] = [float(by_hour @ hours) for by_hour in per_place] * level
    return table


def _inside(answer: Answer, x: float, y: float) -> pd.DataFrame:
    """The incidents of the window inside a place."""
    rows, radius = answer.window.incidents, answer.question.places.radius
    return rows[((rows["x"] - x) ** 2 + (rows["y"] - y) ** 2 <= radius**2).to_numpy(dtype=bool)]


def _by_hour(answer: Answer, x: float, y: float) -> np.ndarray:
    """Incidents, or harm, of a place by hour of the day, uncertain times shared among hours."""
    inside = _inside(answer, x, y)
    here = inside[inside["precision"].isin(TIMED)]
    by_hour = np.zeros(24)
    for weight, alike in here.groupby(answer.harm_of(here)):
        by_hour += weight * dayparts(alike).weights.sum(axis=0)
    return by_hour


def _hours(shift: StaffedShift, minutes: int) -> np.ndarray:
    """How much of each of the 24 hours of the day a shift is on duty, 0 to 1."""
    minute = (shift.first_minute + np.arange(minutes)) % 1_440
    return np.bincount(minute // 60, minlength=24) / 60
