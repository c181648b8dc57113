"""A comparison of two sets of boundaries as text, tables and JSON members."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from api.formats.encoding import records
from api.planner.facts import Row
from api.text_tables import listed, text_table
from boundaries.plans.comparison import Comparison
from boundaries.plans.flows import FLOW
from boundaries.plans.plan_layers import Side
from geo.areal.best_fit import UNASSIGNED

_LEAST_SHARE = 0.005
"""Smaller parts of a new area are not listed: they would print as 0 %."""
_HEADINGS = {"electors_forecast": "electors of the forecast"}


def comparison_lines(comparison: Comparison) -> list[str]:
    """What moves, and what each new area is made of."""
    by = f"the {len(comparison.block_layer.graph):,} blocks of {comparison.block_layer.layer_id}"
    rule = f"the successor of an area is the new area with most of its {comparison.weighed_by}"
    lines = [
        f"{comparison.before.name} → {comparison.after.name}, by {by}",
        f"moved: {_totals(comparison)} ({rule})",
    ]
    lines += [*_straddling(comparison.before), *_straddling(comparison.after)]
    changes = comparison.changes
    if len(changes):
        lines += ["", "what moves:", *text_table(_flow_columns(comparison, changes))]
    lines += ["", "what each new area is made of:", *_made_of_lines(comparison)]
    moved = (
        comparison.hotspots[comparison.hotspots["moved"]]
        if len(comparison.hotspots)
        else comparison.hotspots
    )
    if len(moved):
        lines += ["", "hotspots that move:", *text_table(_hotspot_columns(comparison, moved))]
    if len(comparison.measures):
        lines += ["", "measures of each new area:", *text_table(_measure_columns(comparison))]
    if len(comparison.officers):
        lines += ["", "officers:", *text_table(_officer_columns(comparison))]
    return lines


def comparison_facts(comparison: Comparison) -> Row:
    """A comparison as JSON members."""
    accounts = comparison.figures.accounts
    return {
        "before": comparison.before.name,
        "after": comparison.after.name,
        "blocks": comparison.block_layer.layer_id,
        "weighed_by": comparison.weighed_by,
        "moved": comparison.totals,
        "carried_on": comparison.carried_on.to_dict(),
        "flow": records(comparison.flow),
        "moved_blocks": records(comparison.moved.reset_index()),
        "hotspots": records(comparison.hotspots),
        "officers": records(comparison.officers),
        "measures": records(comparison.measures),
        "straddling": {
            side.name: records(side.straddling.reset_index())
            for side in (comparison.before, comparison.after)
        },
        "accounts": accounts.as_dict() if accounts else None,
    }


def made_of(comparison: Comparison) -> dict[str, list[tuple[str, float]]]:
    """The old areas that each changed area is made of, with their shares of it."""
    share = f"{comparison.weighed_by}_share_to"
    flow = comparison.flow[comparison.flow["blocks"] > 0]
    alone = [flow.groupby(name)["blocks"].transform("size") == 1 for name in FLOW]
    inside = (flow[FLOW] != UNASSIGNED).all(axis=1)
    mixed = flow[~(alone[0] & alone[1] & inside) & (flow["to_area"] != UNASSIGNED)]
    result = {}
    for code, parts in mixed.groupby("to_area", sort=True):
        ordered = parts.sort_values(share, ascending=False, kind="stable")
        result[comparison.after.titles[str(code)]] = [
            (comparison.before.titles[old], part)
            for old, part in zip(ordered["from_area"], ordered[share], strict=True)
            if part >= _LEAST_SHARE
        ]
    return result


def changed_flow(comparison: Comparison) -> list[Row]:
    """Flows that do not follow their area, with area names as `from` and `to`."""
    changes = comparison.changes
    named = changes.assign(
        **{
            "from": [comparison.before.titles[code] for code in changes["from_area"]],
            "to": [comparison.after.titles[code] for code in changes["to_area"]],
        }
    )
    return records(named)


def _made_of_lines(comparison: Comparison) -> list[str]:
    parts_by_area = made_of(comparison)
    lines = [
        f"  {area}: {', '.join(f'{share:.0%} {old}' for old, share in parts)}"
        for area, parts in parts_by_area.items()
    ]
    stay = len(comparison.after.plan.now.areas) - len(parts_by_area)
    return [*lines, *([f"  {stay} do not change"] if stay else [])]


def _totals(comparison: Comparison) -> str:
    return ", ".join(
        f"{value:,.0f} of {comparison.grand_totals[name]:,.0f} {_HEADINGS.get(name, name)}"
        for name, value in comparison.totals.items()
    )


def _straddling(side: Side) -> list[str]:
    if side.straddling.empty:
        return []
    codes = [str(code) for code in side.straddling.index]
    return [f"{side.name}: {len(codes):,} blocks straddle its areas: {listed(codes)}"]


def _flow_columns(comparison: Comparison, changes: pd.DataFrame) -> dict[str, Iterable[object]]:
    columns: dict[str, Iterable[object]] = {
        "from": [comparison.before.titles[code] for code in changes["from_area"]],
        "to": [comparison.after.titles[code] for code in changes["to_area"]],
    }
    numbers = [name for name in map(str, changes) if name not in FLOW and "_share_" not in name]
    columns |= {name: changes[name] for name in numbers}
    for ending, heading in (("from", " of old %"), ("to", " of new %")):
        share = changes[f"{comparison.weighed_by}_share_{ending}"]
        columns[heading] = [f"{100 * value:.0f}" if pd.notna(value) else "" for value in share]
    return columns


def _hotspot_columns(comparison: Comparison, moved: pd.DataFrame) -> dict[str, Iterable[object]]:
    return {
        "hotspot": moved["hotspot_id"],
        "incidents": moved["n"],
        "from": [comparison.before.titles[code] for code in moved["from_area"]],
        "to": [comparison.after.titles[code] for code in moved["to_area"]],
        "areas before": moved["split_before"],
        "areas after": moved["split_after"],
    }


def _measure_columns(comparison: Comparison) -> dict[str, Iterable[object]]:
    measures, old, new = comparison.measures, comparison.before.titles, comparison.after.titles
    return {
        "area": [new[code] for code in measures["area_code"]],
        "successor of": [old[code] if code else "" for code in measures["from_area"]],
        "measure": [comparison.figures.titles[name] for name in measures["measure"]],
        "before": measures["before"],
        "after": measures["after"],
    }


def _officer_columns(comparison: Comparison) -> dict[str, Iterable[object]]:
    officers = comparison.officers
    old, new = comparison.before.titles, comparison.after.titles
    return {
        "area": [new[code] if code else "" for code in officers["area_code"]],
        "successor of": [old[code] if code else "" for code in officers["from_area"]],
        "before": officers["posts_before"],
        "after": officers["posts_after"],
        " change": [f"{change:+d}" if change else "0" for change in officers["change"]],
    }
