"""Scores of plans in words: a table with a column for each plan, and how the plans differ."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from api.text_tables import cell_text, text_table
from boundaries.layers.electorates import CURRENT, electorate_title
from boundaries.plans.electoral import EXTREME, NOTABLE, whole_percent

_TITLES = {
    "version": "version",
    "areas": "areas",
    "members": "members elected",
    "unassigned": "blocks without an area",
    "in_pieces": "areas in pieces",
    "blocks_moved": "blocks moved since it began",
    "hotspots_split": "hotspots split",
    "polsby_popper": "mean compactness (Polsby-Popper)",
    "least_polsby_popper": "least compactness (Polsby-Popper)",
    "cut_edges": "cut edges",
}
_EQUALITY = {
    "beyond_10": f"areas beyond ±{100 * NOTABLE:.0f} %",
    "beyond_30": f"areas beyond ±{100 * EXTREME:.0f} %",
    "largest_variance": "largest variance %",
    "mean_variance": "mean variance %",
}


_COUNTS = ("beyond_10", "beyond_30", "in_pieces", "hotspots_split", "split_", "whole_")
"""Scores of which a difference of one is a difference on the ground."""


def scores_lines(scores: pd.DataFrame) -> list[str]:
    """The table of `boundaries.plans.scores.plan_scores`, turned: a row for each score.

    Parameters
    ----------
    scores
        One row per plan. Variances, which are shares, are shown in per cent.
    """
    rows = scores_table(scores)
    table: dict[str, list[str]] = {"score": list(rows)}
    for number, plan_id in enumerate(scores.index):
        table[f" {plan_id}"] = [cells[number] for cells in rows.values()]
    return text_table(table)


def scores_table(scores: pd.DataFrame) -> dict[str, list[str]]:
    """The scores that are known of any plan, by their titles: a text for each plan."""
    named = [name for name in map(str, scores) if name != "title" and scores[name].notna().any()]
    return {_title(name): [_cell(name, value) for value in scores[name]] for name in named}


def score_differences(scores: pd.DataFrame) -> list[str]:
    """Sentences on what clearly tells plans apart, and on what stands in the way of comparing them.

    Only what is counted, and variances in the whole per cent in which reviews print them. A plan
    that is not finished is named and left out of the rest: each of its figures is still to change.

    Parameters
    ----------
    scores
        As `scores_lines` takes them.
    """
    names = _names(scores)
    sentences = [
        f"{names[plan_id]} is not finished: {_blocks(int(blocks))} no area yet"
        for plan_id, blocks in scores["unassigned"].items()
        if blocks
    ]
    finished = scores[scores["unassigned"] == 0]
    if len(finished) < 2:
        return sentences
    if len(set(finished["members"])) > 1:
        elected = [f"{names[plan]}: {number}" for plan, number in finished["members"].items()]
        sentences.append(
            f"They elect different numbers of members ({', '.join(elected)}), so each variance is "
            "held against another average"
        )
    for name in map(str, finished):
        if name.startswith((*_COUNTS, "largest_variance")):
            sentences += _difference(name, finished[name], names)
    return sentences


def _difference(name: str, values: pd.Series, names: Mapping[object, str]) -> list[str]:
    if values.isna().any():
        return []
    in_percent = name.startswith("largest_variance")
    shown = pd.Series(whole_percent(values), values.index) if in_percent else values
    least, most = shown.min(), shown.max()
    if least == most:
        return []
    low, high = ("lowest", "highest") if in_percent else ("fewest", "most")
    unit = " %" if in_percent else ""

    def end(value: float) -> str:
        plans = " and ".join(names[plan] for plan in shown.index[shown == value])
        return f"in {plans} ({value:,.0f}{unit})"

    title = _title(name).replace(" %,", ",") if in_percent else _title(name)
    return [f"{title[0].upper()}{title[1:]}: {low} {end(least)}, {high} {end(most)}"]


def _names(scores: pd.DataFrame) -> dict[object, str]:
    """The title of each plan; those that several share get their ids behind."""
    shared = scores["title"].duplicated(keep=False)
    return {
        plan_id: f"{title} ({plan_id})" if is_shared else str(title)
        for plan_id, title, is_shared in zip(scores.index, scores["title"], shared, strict=True)
    }


def _blocks(number: int) -> str:
    return "1 block has" if number == 1 else f"{number:,} blocks have"


def _title(name: str) -> str:
    for start, title in _EQUALITY.items():
        if name.startswith(start):
            ending = name.removeprefix(start)
            return f"{title}, {electorate_title(CURRENT + ending)}"
    if name.startswith("whole_"):
        return f"communities of {name.removeprefix('whole_')} kept whole"
    layer = name.removeprefix("split_")
    return _TITLES.get(name) or f"areas of {layer} split"


def _cell(name: str, value: object) -> str:
    if name.startswith(("largest_variance", "mean_variance")) and isinstance(value, float):
        return "" if pd.isna(value) else f"{100 * value:.1f}"
    if isinstance(value, float) and value.is_integer():
        return cell_text(int(value))
    return cell_text(value)
