"""Who goes where: posts shared over areas, areas grouped into patches, visits to ranked places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.allocation.contiguity import contiguity
from geo.allocation.needs import mixed_need
from geo.allocation.patch_problem import PatchRules
from geo.allocation.patrol_problem import Shift, StraightLines, VisitRule
from geo.allocation.posts import read_pence, share_money, share_posts
from geo.analyses.found import Found, as_layer
from geo.analyses.places import ranked
from geo.answer import Answer
from geo.errors import InputError, QuestionError
from geo.hotspots.dayparts import dayparts
from geo.option_table import (
    AskedShift,
    read_bridges,
    read_mix,
    read_pairs,
    read_point,
    read_shifts,
    read_size,
)
from geo.selection import refuse_unknown

if TYPE_CHECKING:
    from geo.allocation.patches import PatchAnswer
    from geo.allocation.patrols import PatrolAnswer

# What plans patches and patrols is loaded when it is asked for: it brings solvers.

COVERS = 0.5
_STATED = (
    "What a visit covers is an assumption, not a finding: half of what a place would see in the "
    "shift, the next visit half of what is left."
)
_MONTHS_ONLY = (
    "These incidents are dated by month only, so nothing is known of the demand in shifts: the "
    "visits are of a day, without an hour."
)
_TODAY = "Needs are of the past: a plan that follows them may still be wrong tomorrow."


def posts(answer: Answer) -> Found:
    """Officers, or money, shared over the areas: a floor for each, the rest by need."""
    question = answer.question
    areas = _areas(answer, column="need")
    floor = question.floor
    if floor is None:
        floor = 0 if question.money else 1
    try:
        if question.money:
            pence = read_pence(question.money)
            frame = share_money(areas, pence=pence, floor_pence=floor * 100)
        elif question.posts:
            frame = share_posts(
                areas,
                posts=question.posts,
                floor=floor,
                method=question.method,  # type: ignore[arg-type]
                pinned=read_pairs("pinned", question.pinned) if question.pinned else None,
            )
        else:
            raise QuestionError("posts", "say how many officers there are, or how much money")
    except InputError as error:
        raise QuestionError("money" if question.money else "posts", str(error)) from error
    method = "largest remainder" if question.money else question.method
    return Found(
        answer.shown(as_layer(frame, answer.areas.geometry.loc[frame["area_code"]].array, answer)),
        f"A floor for every area, the rest by need ({method}); need: {_need_words(answer)}",
        {
            "posts": question.posts,
            "money": question.money,
            "floor": floor,
            "need": question.need,
            "low_is_worse": list(question.low),
            "excluded": list(question.exclude),
        },
        [_TODAY],
    )


def patches(answer: Answer) -> Found:
    """Contiguous groups of areas under one officer each, with their work in balance."""
    question = answer.question
    found = _patches(answer)
    frame = found.assignment
    plans = found.plans.set_index("plan")
    for name in plans.columns.intersection(["groups", "optimal"]):
        frame[name] = plans[name].loc[frame["plan"]].to_numpy()
    best = found.plans.iloc[0]
    return Found(
        answer.shown(as_layer(frame, answer.areas.geometry.loc[frame["area_code"]].array, answer)),
        f"Contiguous groups (a shared edge, or a named bridge) with {_rules(answer)}, of least "
        f"worst imbalance; found by {best['method']}, a short list of the best by balance, range, "
        "compactness and changes",
        {
            "balance": question.need,
            "plans": found.plans.to_dict("records"),
            "bridges": question.bridges,
        },
        [_TODAY],
    )


def patrols(answer: Answer) -> Found:
    """Visits to ranked places in shifts: who, where, in which order, and when."""
    from geo.allocation.patrols import plan_patrols  # noqa: PLC0415

    question = answer.question
    places = pd.DataFrame(ranked(answer).frame)
    timed = bool(answer.counted["precision"].isin(["instant", "interval"]).any())
    if question.shifts and not timed:
        raise QuestionError(
            "shifts",
            "these incidents are dated by month or day only, so nothing is known of the demand in "
            "shifts; leave shifts out, and daily visits are planned",
        )
    try:
        shifts = _shifts(answer)
        found = plan_patrols(
            _with_demand(places, answer, shifts),
            shifts,
            rule=VisitRule(
                minutes=question.visit,
                again_within=float(question.again),
                per_day=question.visits,
                covers=COVERS,
            ),
            travel=StraightLines(
                factor=question.detour / 100,
                km_per_hour=question.speed,
                base=read_point(question.base) if question.base else None,
            ),
            precision="instant" if question.shifts else "month",
        )
    except InputError as error:
        raise QuestionError("minutes", str(error)) from error
    if not len(found.stops):
        raise QuestionError(
            "minutes",
            f"no place can be visited {question.visits} times a day by these officers; give them "
            "more minutes, or ask for fewer visits",
        )
    return _told_patrols(answer, found, places)


def _told_patrols(answer: Answer, found: PatrolAnswer, places: pd.DataFrame) -> Found:
    question = answer.question
    streets = places.set_index("hotspot_id")["streets"]
    stops = found.stops.assign(streets=streets.loc[found.stops["hotspot_id"]].to_numpy())
    visited = int((found.hotspots["visits"] > 0).sum())
    return Found(
        answer.shown(as_layer(stops, shapely.points(stops["x"], stops["y"]), answer)),
        "Rounds of visits that cover the most demand, filled greedily and chosen by a "
        "mixed-integer model; the gap is to a bound that no plan can pass",
        {
            "places": len(places),
            "places_visited": visited,
            "visits": len(stops),
            "visit_minutes": question.visit,
            "visits_a_day_at_least": question.visits,
            "again_within_minutes": question.again,
            "straight_line_factor": question.detour / 100,
            "km_per_hour": question.speed,
            "demand_covered": found.covered,
            "bound": found.bound,
            "gap": found.gap,
        },
        [_STATED, *([] if question.shifts else [_MONTHS_ONLY])],
    )


def _areas(answer: Answer, *, column: str) -> gpd.GeoDataFrame:
    """The layer with its numbers and a column of need or workload, without what is excluded."""
    question = answer.question
    refuse_unknown("exclude", question.exclude, answer.areas.index)
    table = answer.areas.drop(index=list(question.exclude))
    if not len(table):
        raise QuestionError("exclude", "leaves no area")
    counts = answer.area_counts_of_all.set_index("area_code")
    table["incidents"] = counts["n"]
    if "weighted" in counts:
        table["harm"] = counts["weighted"]
    try:
        need = mixed_need(table, read_mix(question.need), low_is_worse=question.low)
    except InputError as error:
        raise QuestionError("need", str(error)) from error
    return table.assign(**{column: need})


def _patches(answer: Answer) -> PatchAnswer:
    from geo.allocation.patches import plan_patches  # noqa: PLC0415

    question = answer.question
    areas = _areas(answer, column="workload")
    if question.today:
        if question.today not in areas.columns:
            raise QuestionError("today", f"the layer has no column {question.today!r}")
        areas["today"] = areas[question.today]
    bridges = read_bridges(question.bridges) if question.bridges else {}
    size = read_size(question.size) if question.size else None
    try:
        rules = PatchRules(
            size=size, members=question.members or None, groups=question.groups or None
        )
        return plan_patches(areas, contiguity(areas, bridges=bridges), rules=rules)
    except InputError as error:
        raise QuestionError("size" if size else "groups", str(error)) from error


def _rules(answer: Answer) -> str:
    question = answer.question
    said = [
        f"{question.size} areas" if question.size else "",
        f"at most {question.members} members" if question.members else "",
    ]
    limits = " and ".join(part for part in said if part) or "any number of areas"
    return f"{limits} each" + (f", {question.groups} of them" if question.groups else "")


def _need_words(answer: Answer) -> str:
    mix = read_mix(answer.question.need)
    total = sum(mix.values())
    return ", ".join(f"{name} {weight / total:.0%}" for name, weight in mix.items())


def _shifts(answer: Answer) -> list[Shift]:
    from geo.allocation.patrols import daily_shift  # noqa: PLC0415

    question = answer.question
    if not question.shifts:
        return [daily_shift(officers=question.officers, minutes=float(question.minutes))]
    return [
        Shift(shift.name, shift.officers, float(question.minutes), shift.starts)
        for shift in read_shifts(question.shifts)
    ]


def _with_demand(places: pd.DataFrame, answer: Answer, shifts: list[Shift]) -> pd.DataFrame:
    """The places with what each shift would find there on an average day."""
    days = max(answer.days[0], 1.0)
    table = places[["hotspot_id", "x", "y", "area_code"]].copy()
    if not answer.question.shifts:
        held = places["weighted"] if "weighted" in places else places["n"]
        return table.assign(**{shifts[0].name: held.to_numpy(float) / days})
    asked = read_shifts(answer.question.shifts)
    per_place = [_by_hour(answer, place.x, place.y) for place in places.itertuples()]
    for shift in asked:
        hours = _hours(shift, answer.question.minutes)
        table[shift.name] = [float(by_hour @ hours) / days for by_hour in per_place]
    return table


def _by_hour(answer: Answer, x: float, y: float) -> np.ndarray:
    """Incidents of a place by hour of the day, those of an uncertain time shared out."""
    counted, radius = answer.counted, answer.question.radius
    inside = (counted["x"] - x) ** 2 + (counted["y"] - y) ** 2 <= radius**2
    timed = counted["precision"].isin(["instant", "interval"])
    return np.asarray(dayparts(counted[inside & timed]).weights.sum(axis=0))


def _hours(shift: AskedShift, minutes: int) -> np.ndarray:
    """The share of each hour of the day that a shift is on duty."""
    start = int(shift.starts[:2]) * 60 + int(shift.starts[3:])
    minute = (start + np.arange(minutes)) % 1_440
    return np.bincount(minute // 60, minlength=24) / 60
