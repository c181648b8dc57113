"""Scores of plans as lines for a terminal: a column for each plan."""

from __future__ import annotations

import pandas as pd

from api.text_tables import cell_text, text_table
from boundaries.layers.electorates import CURRENT, electorate_title
from boundaries.plans.electoral import EXTREME, NOTABLE

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


def scores_lines(scores: pd.DataFrame) -> list[str]:
    """The table of `boundaries.plans.scores.plan_scores`, turned: a row for each score.

    Parameters
    ----------
    scores
        One row per plan. Variances, which are shares, are shown in per cent.
    """
    named = [name for name in map(str, scores) if name != "title" and scores[name].notna().any()]
    table: dict[str, list[object]] = {"score": [_title(name) for name in named]}
    for plan_id, row in scores.iterrows():
        table[f" {plan_id}"] = [_cell(name, row[name]) for name in named]
    return text_table(table)


def _title(name: str) -> str:
    for start, title in _EQUALITY.items():
        if name.startswith(start):
            ending = name.removeprefix(start)
            return f"{title}, {electorate_title(CURRENT + ending)}"
    layer = name.removeprefix("split_")
    return _TITLES.get(name) or f"areas of {layer} split"


def _cell(name: str, value: object) -> str:
    if name.startswith(("largest_variance", "mean_variance")) and isinstance(value, float):
        return "" if pd.isna(value) else f"{100 * value:.1f}"
    if isinstance(value, float) and value.is_integer():
        return cell_text(int(value))
    return cell_text(value)
