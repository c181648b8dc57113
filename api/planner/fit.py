"""How far a plan fits another layer: as JSON for pages and commands, and as lines."""

from __future__ import annotations

from typing import TypedDict

import pandas as pd
from fastapi import Response

from api.formats.encoding import records
from api.formats.registry import CSV
from api.planner.facts import Row
from api.text_tables import text_table
from boundaries.plans.draft import Draft
from boundaries.plans.fit import (
    PlanFit,
    blocks_between,
    people_column,
    summed_changes,
    target_changes,
)
from boundaries.plans.units import Units
from geo.formats.csv_text import to_csv

MOST_LINES = 20
"""Blocks in between that a command lists; its file has all of them."""


class FitSummary(TypedDict):
    """How far a plan fits: its areas with blocks, those that are whole, and two shares (0 to 1).

    A share is null where it is not known.
    """

    areas: int
    whole: int
    blocks_share: float | None
    people_share: float | None


class FitPayload(TypedDict):
    """How far a plan fits a target, as it began and now; blocks in between; what changed.

    `people` is the column that counts people, '' where none does.
    """

    target: str
    names: dict[str, str]
    people: str
    before: FitSummary
    now: FitSummary
    areas: list[Row]
    between: list[Row]
    changes: list[Row]


def fit_payload(draft: Draft, target: Units) -> FitPayload:
    """How far a plan fits a target.

    Parameters
    ----------
    draft
        The plan.
    target
        On the same blocks.
    """
    now = PlanFit.of(draft.plan.now, draft.blocks, target)
    return {
        "target": target.layer_id,
        "names": dict(target.names),
        "people": now.people,
        "before": _summary(PlanFit.of(draft.plan.start, draft.blocks, target)),
        "now": _summary(now),
        "areas": records(now.areas.reset_index()),
        "between": records(blocks_between(draft, now).reset_index()),
        "changes": records(summed_changes(target_changes(draft, target))),
    }


def fit_lines(draft: Draft, target: Units) -> list[str]:
    """How far a plan fits a target, as lines for a terminal.

    Parameters
    ----------
    draft, target
        As for `fit_payload`.
    """
    before = PlanFit.of(draft.plan.start, draft.blocks, target)
    now = PlanFit.of(draft.plan.now, draft.blocks, target)
    between = blocks_between(draft, now)
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    return [
        *_summary_lines(before, now),
        "",
        *_area_lines(now),
        "",
        *_between_lines(between, now, names),
        "",
        *_change_lines(draft, target),
    ]


def changes_file(draft: Draft, target: Units) -> Response:
    """What changed for whom, block by block, as a CSV file; see `target_changes`."""
    content = to_csv(target_changes(draft, target).reset_index())
    headers = CSV.attachment(f"{draft.plan.metadata.plan_id}-changes")
    return Response(content, media_type=CSV.content_type, headers=headers)


def _summary(fit: PlanFit) -> FitSummary:
    return {
        "areas": len(fit.areas),
        "whole": fit.whole,
        "blocks_share": _known(fit.share("blocks")),
        "people_share": _known(fit.share("people")),
    }


def _known(share: float) -> float | None:
    return None if pd.isna(share) else share


def _summary_lines(before: PlanFit, now: PlanFit) -> list[str]:
    target = now.target.layer_id
    shares = {
        title: tuple(_percent(fit.share(of)) for fit in (before, now))
        for of, title in {"blocks": "of the blocks", "people": f"of the {now.people}"}.items()
        if not pd.isna(now.share(of))
    }
    whole = f"{before.whole} → {now.whole} of {len(now.areas)} areas"
    return [
        f"whole in one area of {target}: {whole} (as the plan began → now)",
        *(
            f"{title}, where most of their area lies: {was} → {is_now}"
            for title, (was, is_now) in shares.items()
        ),
    ]


def _area_lines(fit: PlanFit) -> list[str]:
    areas = fit.areas.sort_values(["whole", "area_name"], kind="stable")
    columns: dict[str, pd.Series] = {
        "area": areas["area_name"],
        "mostly in": areas["target_name"],
        " blocks": areas["blocks"],
        " blocks there %": 100 * areas["blocks_within"] / areas["blocks"],
    }
    if fit.people:
        total = areas["people"].where(areas["people"] > 0)
        columns[f" {fit.people}"] = areas["people"]
        columns[f" {fit.people} there %"] = 100 * areas["people_within"] / total
    columns["whole"] = areas["whole"]
    return text_table(pd.DataFrame(columns))


def _between_lines(between: pd.DataFrame, fit: PlanFit, names: dict[str, str]) -> list[str]:
    if between.empty:
        return ["no block lies in between"]
    open_ones = int((between["decided"] == 0).sum())
    first = f"; the first {MOST_LINES}:" if len(between) > MOST_LINES else ":"
    listed = between.head(MOST_LINES)
    return [
        f"{len(between):,} blocks in between, {open_ones:,} not decided on yet{first}",
        *text_table(
            {
                "block": listed.index,
                "area": [names[code] for code in listed["area_code"]],
                "lies in": [fit.target.called(code) for code in listed["target_code"]],
                " %": 100 * listed["share"],
                "and in": [fit.target.called(code) for code in listed["across"]],
                "other side": [names.get(code, "none beside it") for code in listed["other_area"]],
                " step": [str(number or "") for number in listed["decided"]],
            }
        ),
    ]


def _change_lines(draft: Draft, target: Units) -> list[str]:
    changes = target_changes(draft, target)
    if changes.empty:
        return ["no block has moved since the plan began"]
    pairs = summed_changes(changes)
    people, column = changes["people"].sum(min_count=1), people_column(draft.blocks)
    who = "" if pd.isna(people) else f" with {people:,.0f} {column}"
    columns = pd.DataFrame(
        {"from": _named(pairs, "from"), "to": _named(pairs, "to"), " blocks": pairs["blocks"]}
    )
    if who:
        columns[f" {column}"] = pairs["people"]
    return [f"{len(changes):,} blocks{who} have moved since the plan began:", *text_table(columns)]


def _named(pairs: pd.DataFrame, side: str) -> list[str]:
    return [
        name or code or "unassigned"
        for name, code in zip(pairs[f"{side}_name"], pairs[f"{side}_area"], strict=True)
    ]


def _percent(share: float) -> str:
    return "unknown" if pd.isna(share) else f"{100 * share:.1f} %"
