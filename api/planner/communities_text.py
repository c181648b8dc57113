"""How far a plan keeps communities whole: as JSON members, and as lines for a terminal."""

from __future__ import annotations

from typing import Final, TypedDict

import pandas as pd

from api.formats.encoding import records
from api.planner.facts import Row
from api.text_tables import text_table
from boundaries.plans.communities import Communities
from boundaries.plans.draft import Draft

PEOPLE: Final = ("residents", "electors")
"""Columns of blocks that count people, the better one first."""


class CommunitiesPayload(TypedDict):
    """Communities, how many of them are whole, and the column that counts their people ('')."""

    people: str
    whole: int
    communities: list[Row]


def people_column(draft: Draft) -> str:
    """The column of the blocks that counts people; '' where there is none."""
    return next((name for name in PEOPLE if name in draft.blocks.sums), "")


def communities_kept(draft: Draft, communities: Communities) -> pd.DataFrame:
    """How far a plan keeps communities whole; see `Communities.wholeness`."""
    people = people_column(draft)
    weight = draft.blocks.sums[people] if people else None
    return communities.wholeness(draft.plan.now.assigned, weight)


def communities_payload(draft: Draft, communities: Communities) -> CommunitiesPayload:
    """How far a plan keeps communities whole, as JSON members."""
    table = communities_kept(draft, communities)
    return {
        "people": people_column(draft),
        "whole": int(table["whole"].sum()),
        "communities": records(table.reset_index()),
    }


def communities_lines(draft: Draft, communities: Communities) -> list[str]:
    """How far a plan keeps communities whole, as lines: the most divided first."""
    people, table = people_column(draft), communities_kept(draft, communities)
    if table.empty:
        return ["no block belongs to a community: none of them holds half of a block"]
    counted = ("people", "people_in_largest") if people else ("blocks", "blocks_in_largest")
    part = table[counted[1]] / table[counted[0]].where(table[counted[0]] > 0)
    table = table.assign(part=part).sort_values("part", kind="stable")
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    columns: dict[str, list[object]] = {
        "community": list(table.index),
        " blocks": list(table["blocks"]),
        **({f" {people}": [f"{number:,.0f}" for number in table["people"]]} if people else {}),
        " areas": list(table["areas"]),
        "largest part in": [names.get(code, "no area") for code in table["area_code"]],
        " of it %": ["" if pd.isna(share) else f"{100 * share:.0f}" for share in table["part"]],
    }
    whole = int(table["whole"].sum())
    return [*text_table(columns), "", f"{whole} of {len(table)} communities are in one area"]
