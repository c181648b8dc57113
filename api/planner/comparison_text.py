"""A comparison of two sets of boundaries, in words and in tables for people, and as facts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from api.planner.facts import rows
from api.text_tables import listed, text_table
from boundaries.layers.best_fit import UNASSIGNED
from boundaries.plans.comparison import Comparison
from boundaries.plans.flows import FLOW
from boundaries.plans.plan_layers import Side

_LEAST_SHARE = 0.005
_CALLED = {"electors_forecast": "electors of the forecast"}


def comparison_lines(found: Comparison) -> list[str]:
    """What changes, from where to where, and what each new area is made of."""
    by = f"the {len(found.block_layer.graph):,} blocks of {found.block_layer.layer_id}"
    rule = f"an area is carried on by the one that takes most of its {found.weighed_by}"
    lines = [
        f"{found.before.name} → {found.after.name}, by {by}",
        f"moved: {_totals(found)} ({rule})",
    ]
    lines += [*_straddling(found.before), *_straddling(found.after)]
    changes = found.changes
    if len(changes):
        lines += ["", "from where to where:", *text_table(_flow_columns(found, changes))]
    lines += ["", "what each new area is made of:", *_made_of_lines(found)]
    moved = found.hotspots[found.hotspots["moved"]] if len(found.hotspots) else found.hotspots
    if len(moved):
        lines += ["", "hotspots that move:", *text_table(_hotspot_columns(found, moved))]
    if len(found.officers):
        lines += ["", "officers:", *text_table(_officer_columns(found))]
    return lines


def comparison_facts(found: Comparison) -> dict[str, Any]:
    """The same for machines."""
    accounts = found.figures.accounts
    return {
        "before": found.before.name,
        "after": found.after.name,
        "blocks": found.block_layer.layer_id,
        "weighed_by": found.weighed_by,
        "moved": found.totals,
        "carried_on": found.carried_on.to_dict(),
        "flow": rows(found.flow),
        "moved_blocks": rows(found.moved.reset_index()),
        "hotspots": rows(found.hotspots),
        "officers": rows(found.officers),
        "straddling": {
            side.name: rows(side.straddling.reset_index()) for side in (found.before, found.after)
        },
        "accounts": accounts.as_dict() if accounts else None,
    }


def made_of(found: Comparison) -> dict[str, list[tuple[str, float]]]:
    """Each new area that is not an old one as it was: its old areas with their shares of it."""
    share = f"{found.weighed_by}_share_to"
    flow = found.flow[found.flow["blocks"] > 0]
    alone = [flow.groupby(name)["blocks"].transform("size") == 1 for name in FLOW]
    inside = (flow[FLOW] != UNASSIGNED).all(axis=1)
    mixed = flow[~(alone[0] & alone[1] & inside) & (flow["to_area"] != UNASSIGNED)]
    return {
        found.after.titles[code]: [
            (found.before.titles[part.from_area], getattr(part, share))
            for part in parts.sort_values(share, ascending=False).itertuples()
            if getattr(part, share) >= _LEAST_SHARE
        ]
        for code, parts in mixed.groupby("to_area", sort=True)
    }


def changed_flow(found: Comparison) -> list[dict[str, Any]]:
    """What does not follow its area, with the names of the areas as `from` and `to`."""
    changes = found.changes
    named = changes.assign(
        **{
            "from": [found.before.titles[code] for code in changes["from_area"]],
            "to": [found.after.titles[code] for code in changes["to_area"]],
        }
    )
    return rows(named)


def _made_of_lines(found: Comparison) -> list[str]:
    told = made_of(found)
    lines = [
        f"  {area}: {', '.join(f'{share:.0%} {old}' for old, share in parts)}"
        for area, parts in told.items()
    ]
    stay = len(found.after.plan.now.areas) - len(told)
    return [*lines, *([f"  {stay} stay as they were"] if stay else [])]


def _totals(found: Comparison) -> str:
    return ", ".join(
        f"{value:,.0f} of {found.grand_totals[name]:,.0f} {_CALLED.get(name, name)}"
        for name, value in found.totals.items()
    )


def _straddling(side: Side) -> list[str]:
    if side.straddling.empty:
        return []
    codes = [str(code) for code in side.straddling.index]
    return [f"{side.name}: {len(codes):,} blocks straddle its areas: {listed(codes)}"]


def _flow_columns(found: Comparison, changes: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "from": [found.before.titles[code] for code in changes["from_area"]],
        "to": [found.after.titles[code] for code in changes["to_area"]],
    }
    numbers = [name for name in changes if name not in FLOW and "_share_" not in name]
    columns |= {name: changes[name] for name in numbers}
    for ending, heading in (("from", " of old %"), ("to", " of new %")):
        share = changes[f"{found.weighed_by}_share_{ending}"]
        columns[heading] = [f"{100 * value:.0f}" if pd.notna(value) else "" for value in share]
    return columns


def _hotspot_columns(found: Comparison, moved: pd.DataFrame) -> dict[str, Any]:
    return {
        "hotspot": moved["hotspot_id"],
        "incidents": moved["n"],
        "from": [found.before.titles[code] for code in moved["from_area"]],
        "to": [found.after.titles[code] for code in moved["to_area"]],
        "areas before": moved["split_before"],
        "areas after": moved["split_after"],
    }


def _officer_columns(found: Comparison) -> dict[str, Any]:
    officers = found.officers
    return {
        "area": [found.after.titles[code] if code else "" for code in officers["area_code"]],
        "carries on": [found.before.titles[code] if code else "" for code in officers["from_area"]],
        "before": officers["posts_before"],
        "after": officers["posts_after"],
        " change": [f"{change:+d}" if change else "0" for change in officers["change"]],
    }
