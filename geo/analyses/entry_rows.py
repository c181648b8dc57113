"""Entries of money and time as rows of areas, and those that stand in no area."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd

from geo.analyses.analysis import as_layer
from geo.errors import QuestionError
from geo.measures.placing import PlacedEntries
from geo.question.answer import Answer

CITY_WIDE: Final = "City-wide"
ELSEWHERE: Final = "elsewhere"
"""The table of what stands in no area of the layer."""


def on_areas(answer: Answer, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """A table of rows of areas as a layer of those that the Question shows.

    Parameters
    ----------
    answer
        With the areas.
    table
        With `area_code`.

    Returns
    -------
    The rows with `area_name` and the geometry of their area.
    """
    codes = answer.areas.index.astype(str)
    at = codes.get_indexer(pd.Index(table["area_code"]))
    rows = table.copy()
    rows.insert(1, "area_name", answer.areas["area_name"].to_numpy()[at])
    return answer.shown(as_layer(rows, answer.areas.geometry.to_numpy()[at], answer))


def elsewhere(entries: PlacedEntries) -> pd.DataFrame:
    """Entries of no area of the layer, with where they stand in place of its code."""
    lost = entries.not_placed
    names = lost["area_name"].astype(str) + " (not placed)"
    parts = [entries.city_wide.assign(area_code=CITY_WIDE), lost.assign(area_code=names)]
    return pd.concat(parts, ignore_index=True)


def visible_entries(answer: Answer, entries: PlacedEntries) -> pd.DataFrame:
    """All entries that a reader sees, wherever they stand.

    Parameters
    ----------
    answer
        It knows which areas its reader sees.
    entries
        On the areas of the Answer.

    Returns
    -------
    With `ENTRY_COLUMNS`: every one; of a reader who sees some areas only those placed in these, so
    that neither priorities nor days of others are known to them.
    """
    codes = answer.visible.codes
    if codes is not None:
        own = entries.placed["area_code"].isin(codes)
        return entries.placed[own].reset_index(drop=True)
    parts = [entries.placed, entries.city_wide, entries.not_placed]
    return pd.concat(parts, ignore_index=True)


def refuse_none(answer: Answer, entries: pd.DataFrame, what: str) -> None:
    """Refuse to add up nothing: what was not entered may have been spent all the same.

    Parameters
    ----------
    answer
        With the period.
    entries
        All that its reader sees of the period.
    what
        What they are, for people: "money", "officers' time".

    Raises
    ------
    QuestionError
        If there is none.
    """
    if entries.empty:
        where = "" if answer.visible.codes is None else " in your areas"
        raise QuestionError(
            answer.question.period_option,
            f"no {what} is recorded in {answer.accounts.period.title}{where}; choose another time",
        )


def placing_caveats(entries: PlacedEntries) -> list[str]:
    """What to know of entries that stand in no area of the layer."""
    caveats = []
    if n := len(entries.city_wide):
        one = "1 entry is" if n == 1 else f"{n:,} entries are"
        caveats.append(f"{one} of the whole city and shared out to no area.")
    if n := len(entries.not_placed):
        one = (
            "1 entry is of an area that lies" if n == 1 else f"{n:,} entries are of areas that lie"
        )
        caveats.append(f"{one} in no one area here: not placed, but part of the total.")
    return caveats
