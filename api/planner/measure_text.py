"""The measures of a plan as text and tables for the command line and the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from api.planner.facts import review_facts
from api.text_tables import listed, text_table
from boundaries.layers.electorates import electorate_title
from boundaries.plans.electoral import EXTREME, NOTABLE
from boundaries.plans.export import area_titles, history_frame, pieces_layer
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.state import State

_VARIANCE = "variance %"
_SHOWN: Mapping[str, str] = {
    "area_name": "name",
    "members": "members",
    "blocks": "blocks",
    "electors": "electors",
    "electors_per_member": "per member",
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
"""Headings of the measures that a terminal has room for, by their columns."""
_NO_MEMBERS = (
    "no variance yet: set the size of the council (patchmap plan council-size), and the members "
    "of each area (patchmap plan share-seats or members)"
)
_MARKS = {10: "*", 30: "**"}
"""The mark beside a variance beyond ±10 %, and beyond ±30 %."""


def measures_table(
    measures: PlanMeasures,
    shared: pd.DataFrame | None = None,
    *,
    before: pd.DataFrame | None = None,
    titles: Mapping[str, str] | None = None,
) -> list[str]:
    """The measures of each area as lines.

    Parameters
    ----------
    shared
        Posts and pounds by area.
    before
        The measures of the same areas before; shown where the variance has changed.
    titles
        The titles of further columns to show.
    """
    frame = measures.frame
    table: dict[str, Iterable[object]] = {"area": frame.index}
    for name, heading in {**_SHOWN, **_further(measures), **(titles or {})}.items():
        if name not in frame or (frame[name].isna().all() and name not in ("blocks", "pieces")):
            continue
        if name.startswith("variance_percent"):
            table |= _variances(frame, frame if before is None else before, name)
        else:
            table[heading] = frame[name].round() if name.endswith("_per_member") else frame[name]
    for name in ("posts", "pounds"):
        if shared is not None and name in shared:
            table[name] = shared[name].reindex(frame.index)
    return text_table(table)


def _further(measures: PlanMeasures) -> dict[str, str]:
    """Headings of the forecasts besides the one of the review."""
    headings: dict[str, str] = {}
    for electors, ending in measures.electorates.items():
        if electors not in _SHOWN:
            year = ending.strip("_")
            headings |= {electors: year, f"variance_percent{ending}": f"{_VARIANCE} {year}"}
    return headings


def _variances(now: pd.DataFrame, before: pd.DataFrame, name: str) -> dict[str, list[object]]:
    """Variances marked where beyond a trigger, and the old ones if any has changed."""
    ending = name.removeprefix("variance_percent")
    # Two columns of one heading would be one key: leading spaces keep them apart, and align right.
    blank = " " if ending else "  "
    year = "" if ending in ("", "_forecast") else f" {ending.strip('_')}"
    beyond = now[f"beyond{ending}"]
    plain = [percent(value) for value in now[name]]
    marked = [percent(value, mark) for value, mark in zip(now[name], beyond, strict=True)]
    columns: dict[str, list[object]] = {f"{blank}{_VARIANCE}{year}": [*marked]}
    old = [percent(value) for value in before[name]] if name in before else marked
    if old != plain:
        columns[f"{blank}was{year}"] = [*old]
    return columns


def percent(value: float, beyond: int = 0) -> str:
    """A whole per cent with its sign, marked where it is beyond a trigger; "" for NaN."""
    if np.isnan(value):
        return ""
    return (f"{value:+.0f}" if value else "0") + _MARKS.get(int(beyond), "")


def council_line(measures: PlanMeasures) -> list[str]:
    """The council size of a plan, and how many members its areas elect.

    Where neither is known, why electors have no variance; else nothing if the size is not set.
    """
    state = measures.state
    if state.council_size is None:
        needed = "electors" in measures.frame and not state.members_elected
        return [_NO_MEMBERS] if needed else []
    return [f"council size: {state.council_size:,}; the areas elect {state.members_elected:,}"]


def trigger_lines(measures: PlanMeasures) -> list[str]:
    """Whether the variances meet the criteria for an electoral review, now and forecast."""
    lines = []
    for electors, facts in review_facts(measures).items():
        verdict = f"{'meets' if facts['review'] else 'does not meet'} the criteria for a review"
        when = electorate_title(electors)
        lines.append(
            f"{when}: {facts['average']:,.0f} electors per member; "
            f"{facts['notable']} of {facts['areas']} areas beyond ±{100 * NOTABLE:.0f} % (*), "
            f"{facts['extreme']} beyond ±{100 * EXTREME:.0f} % (**): {verdict}"
        )
    return lines


def whole_lines(measures: PlanMeasures) -> list[str]:
    """What is unassigned, and which areas are in more than one piece."""
    rest = measures.unassigned
    lines = []
    if rest["blocks"]:
        sums = ", ".join(f"{value:,.0f} {name}" for name, value in rest.items() if name != "blocks")
        blocks = _blocks(rest["blocks"])
        lines.append(f"unassigned: {blocks}{f' ({sums})' if sums else ''}")
    pieces = pieces_layer(measures.state, measures.blocks)
    for code, parts in pieces.groupby("area_code", sort=False):
        places = parts.geometry.representative_point()
        where = [
            f"{_blocks(blocks)} at {place.x:.0f}, {place.y:.0f}"
            for blocks, place in zip(parts["blocks"], places, strict=True)
        ]
        lines.append(f"{code} is in {len(parts)} pieces: {listed(where)}")
    return lines


def _blocks(number: float) -> str:
    return "1 block" if number == 1 else f"{number:,.0f} blocks"


def step_lines(before: PlanMeasures, after: PlanMeasures) -> list[str]:
    """What a step changed in the areas that it touched, and in the plan as a whole."""
    lines = []
    for code, area in after.state.areas.items():
        was = before.by_area.get(code)
        if was is after.by_area[code] and area == before.state.areas.get(code):
            continue
        lines.append(f"  {area.name} ({code}): {_area_changes(before, after, code)}")
    if before.state.council_size != after.state.council_size:
        lines += [*council_line(after), *trigger_lines(after)]
    return [*lines, *whole_lines(after)]


def _area_changes(before: PlanMeasures, after: PlanMeasures, code: str) -> str:
    changes: list[str] = []
    for name, unit in {"blocks": "", "electors": "", "variance_percent": " %"}.items():
        now, old = (_number(measures.frame, code, name) for measures in (after, before))
        if np.isnan(now):
            continue
        sign = "+" if unit else ""
        value = f"{now:{sign},.0f}{unit}"
        if not np.isnan(old) and old != now:
            value = f"{old:{sign},.0f} → {value}"
        changes.append(f"{name.removesuffix('_percent')} {value}")
    return ", ".join(changes)


def _number(frame: pd.DataFrame, code: str, name: str) -> float:
    """A measure of an area; NaN where there is none."""
    return float(frame[name].get(code, np.nan)) if name in frame else np.nan


def split_lines(
    things: str, overlaps: Overlaps, state: State, *, least_share: float = 0.0
) -> list[str]:
    """Which things the plan's boundaries split, and what share of each lies in which area.

    Parameters
    ----------
    things
        What to call them: hotspots, or the areas of a layer.
    least_share
        A smaller share does not count.
    """
    split = overlaps.split(state.assigned, least_share=least_share)
    split = split[split["share"] >= least_share]
    names, titles = split["name"].nunique(), area_titles(state.areas)
    lines = [f"{things} split by a boundary: {names} of {len(overlaps.names)}"]
    for name, sides in split.groupby("name", sort=False):
        pairs = zip(sides["area_code"], sides["share"], strict=True)
        shares = ", ".join(f"{titles[code]} {share:.0%}" for code, share in pairs)
        lines.append(f"  {name}: {shares}")
    return lines


def history_lines(plan: Plan) -> list[str]:
    """Every step of a plan as a table, the oldest first."""
    history = history_frame(plan)
    table = history[["step", "at", "by", "what", "reason"]].copy()
    table["at"] = [moment[:16].replace("T", " ") for moment in history["at"]]
    table["what"] += [
        (" (forced)" if forced else "") + ("" if in_force else " (undone)")
        for forced, in_force in zip(history["forced"], history["in_force"], strict=True)
    ]
    return text_table(table) or ["no steps yet"]
