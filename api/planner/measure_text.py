"""What the measures of a plan say, in words and in tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from api.text_tables import listed, text_table
from boundaries.plans.electoral import EXTREME, NOTABLE, review_triggers
from boundaries.plans.export import area_titles, history_frame, pieces_layer
from boundaries.plans.measures import ELECTORATES, PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.state import State

_VARIANCE = "variance %"
_SHOWN: Mapping[str, str] = {
    "area_name": "name",
    "members": "members",
    "blocks": "blocks",
    "electors": "electors",
    "electors_per_member": "a member",
    "variance_percent": _VARIANCE,
    "electors_forecast": "forecast",
    "variance_percent_forecast": _VARIANCE,
    "residents": "residents",
    "incidents": "incidents",
    "harm": "harm",
    "imd_score": "imd score",
    "pieces": "pieces",
    "polsby_popper": "compact",
}
"""Columns of the measures that fit a terminal, and how they are headed there."""
_MARKS = {10: "*", 30: "**"}
"""What stands beside a variance beyond ±10 %, and beyond ±30 %."""


def measures_table(
    measures: PlanMeasures,
    shared: pd.DataFrame | None = None,
    *,
    before: pd.DataFrame | None = None,
) -> list[str]:
    """The measures of each area as lines.

    Parameters
    ----------
    shared
        Posts and pounds by area.
    before
        What the variance is held against, by the same areas; shown where it was another.
    """
    frame = measures.frame
    table: dict[str, Iterable[object]] = {"area": frame.index}
    for name, heading in _SHOWN.items():
        if name not in frame or (frame[name].isna().all() and name not in ("blocks", "pieces")):
            continue
        if heading == _VARIANCE:
            table |= _variances(frame, frame if before is None else before, name)
        else:
            rounded = frame[name].round() if name.endswith("_per_member") else frame[name]
            table[heading] = rounded
    for name in ("posts", "pounds"):
        if shared is not None and name in shared:
            table[name] = shared[name].reindex(frame.index)
    return text_table(table)


def _variances(now: pd.DataFrame, before: pd.DataFrame, name: str) -> dict[str, list[object]]:
    """Variances with a mark for each trigger, and what they were where some have changed."""
    ending = name.removeprefix("variance_percent")
    # A space tells columns of the same heading apart, and sets them to the right.
    blank = " " if ending else "  "
    beyond = now[f"beyond{ending}"]
    told: list[object] = [
        percent(value, mark) for value, mark in zip(now[name], beyond, strict=True)
    ]
    columns = {f"{blank}{_VARIANCE}": told}
    was: list[object] = [percent(value) for value in before[name]] if name in before else told
    if was != [percent(value) for value in now[name]]:
        columns[f"{blank}was"] = was
    return columns


def percent(value: float, beyond: int = 0) -> str:
    """A whole per cent with its sign and the mark of the trigger that it is beyond."""
    if np.isnan(value):
        return ""
    return (f"{value:+.0f}" if value else "0") + _MARKS.get(int(beyond), "")


def trigger_lines(measures: PlanMeasures) -> list[str]:
    """Whether the variances call for a review, now and forecast."""
    lines = []
    for electors, ending in ELECTORATES.items():
        name = f"variance{ending}"
        if name not in measures.frame or measures.frame[name].isna().all():
            continue
        found = review_triggers(measures.frame[name])
        verdict = "calls for a review" if found.review else "no review called for"
        when = "forecast" if ending else "now"
        lines.append(
            f"{when}: {measures.average(electors):,.0f} electors a member; {found.notable} of "
            f"{found.areas} areas beyond ±{100 * NOTABLE:.0f} % (*), {found.extreme} beyond "
            f"±{100 * EXTREME:.0f} % (**): {verdict}"
        )
    return lines


def whole_lines(measures: PlanMeasures) -> list[str]:
    """What is unassigned, and which areas lie in more than one piece."""
    rest = measures.unassigned
    lines = []
    if rest["blocks"]:
        sums = ", ".join(f"{value:,.0f} {name}" for name, value in rest.items() if name != "blocks")
        blocks = _blocks(rest["blocks"])
        lines.append(f"unassigned: {blocks}{f' ({sums})' if sums else ''}")
    pieces = pieces_layer(measures.state, measures.blocks)
    for code, found in pieces.groupby("area_code", sort=False):
        places = found.geometry.representative_point()
        where = [
            f"{_blocks(blocks)} at {place.x:.0f}, {place.y:.0f}"
            for blocks, place in zip(found["blocks"], places, strict=True)
        ]
        lines.append(f"{code} lies in {len(found)} pieces: {listed(where)}")
    return lines


def _blocks(number: float) -> str:
    return "1 block" if number == 1 else f"{number:,.0f} blocks"


def step_lines(before: PlanMeasures, after: PlanMeasures) -> list[str]:
    """What a step did to the areas that it touched, and to the whole."""
    lines = []
    for code, area in after.state.areas.items():
        was = before.by_area.get(code)
        if was is after.by_area[code] and area == before.state.areas.get(code):
            continue
        lines.append(f"  {area.name} ({code}): {_area_words(before, after, code)}")
    return [*lines, *whole_lines(after)]


def _area_words(before: PlanMeasures, after: PlanMeasures, code: str) -> str:
    new = after.frame.loc[code]
    old = before.frame.loc[code] if code in before.frame.index else None
    told = []
    units = {"blocks": "", "electors": "", "variance_percent": " %"}
    for name, unit in units.items():
        if name in new and not pd.isna(new[name]):
            sign = "+" if unit else ""
            value = f"{new[name]:{sign},.0f}{unit}"
            if old is not None and not pd.isna(old[name]) and old[name] != new[name]:
                value = f"{old[name]:{sign},.0f} → {value}"
            told.append(f"{name.removesuffix('_percent')} {value}")
    return ", ".join(told)


def sides_lines(
    things: str, found: Overlaps, state: State, *, least_share: float = 0.0
) -> list[str]:
    """Which things the plan's boundaries split, and what share of each lies in which area."""
    split = found.split(state.assigned, least_share=least_share)
    split = split[split["share"] >= least_share]
    names, titles = split["name"].nunique(), area_titles(state.areas)
    lines = [f"{things} split by a boundary: {names} of {len(found.names)}"]
    for name, sides in split.groupby("name", sort=False):
        told = [f"{titles[side.area_code]} {side.share:.0%}" for side in sides.itertuples()]
        lines.append(f"  {name}: {', '.join(told)}")
    return lines


def shown_history(plan: Plan) -> list[str]:
    """Every step of a plan, the first one first."""
    told = history_frame(plan, area_titles(plan.start.areas) | area_titles(plan.now.areas))
    table = told[["step", "at", "by", "what", "reason"]].copy()
    table["at"] = [moment[:16].replace("T", " ") for moment in told["at"]]
    table["what"] += [
        (" (forced)" if forced else "") + ("" if in_force else " (undone)")
        for forced, in_force in zip(told["forced"], told["in_force"], strict=True)
    ]
    return text_table(table) or ["no steps yet"]
