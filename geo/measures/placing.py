"""Places entries of money and time on a layer: whole where they went, or not at all.

An amount is never divided: who decided on a ward of 2022 decided on no half of a ward of 2025.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import PatchmapError
from geo.measures.carrying import overlap_of

UNPLACED_COLUMNS: Final = ("area_name", "why")


@dataclass(frozen=True)
class PlacedEntries:
    """Entries on the areas of one layer: placed + city-wide + not placed are all of them.

    Attributes
    ----------
    placed
        With `ENTRY_COLUMNS`; `layer_id` and `area_code` are those of the layer asked.
    city_wide
        Entries of no area.
    not_placed
        Entries whose area does not lie wholly in one of the layer, as they were added, and with
        the `area_name` of their own area and `why`.
    """

    placed: pd.DataFrame
    city_wide: pd.DataFrame
    not_placed: pd.DataFrame

    @property
    def total(self) -> int:
        """The sum of all amounts, in pence or minutes."""
        frames = (self.placed, self.city_wide, self.not_placed)
        return sum(int(frame["amount"].sum()) for frame in frames)


def place_entries(
    entries: pd.DataFrame,
    layer_id: str,
    areas: gpd.GeoDataFrame,
    layer_of: Callable[[str], gpd.GeoDataFrame],
) -> PlacedEntries:
    """Place entries on the areas of a layer.

    Parameters
    ----------
    entries
        With `ENTRY_COLUMNS`, of any layers.
    layer_id, areas
        The layer to place them on, indexed by code.
    layer_of
        Reads the areas of another layer; raises where there is none.

    Returns
    -------
    An entry goes whole to the area that 99 % of its own lies in; else it is not placed.
    """
    none = entries["area_code"] == ""
    parts = [
        _placed_of(part, layer_id, areas, _areas_or_none(own, layer_id, areas, layer_of))
        for own in entries.loc[~none, "layer_id"].unique()
        for part in (entries[~none & (entries["layer_id"] == own)],)
    ]
    empty = entries[:0].assign(area_name="", why="")
    every = pd.concat([empty, *parts]).sort_index()
    is_placed = (every["why"] == "").to_numpy()
    placed = every[is_placed].drop(columns=list(UNPLACED_COLUMNS)).assign(layer_id=layer_id)
    return PlacedEntries(
        placed.reset_index(drop=True),
        entries[none].reset_index(drop=True),
        every[~is_placed].reset_index(drop=True),
    )


def _areas_or_none(
    own: str,
    layer_id: str,
    areas: gpd.GeoDataFrame,
    layer_of: Callable[[str], gpd.GeoDataFrame],
) -> gpd.GeoDataFrame | None:
    if own == layer_id:
        return areas
    try:
        return layer_of(own)
    except PatchmapError:
        return None


def _placed_of(
    entries: pd.DataFrame, layer_id: str, areas: gpd.GeoDataFrame, own: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Entries of one layer with their new codes, the names of their areas, and why not."""
    codes = entries["area_code"]
    if own is None:
        return entries.assign(area_name="", why="its layer is no longer in the store")
    position = own.index.astype(str).get_indexer(pd.Index(codes))
    names = np.append(own["area_name"].to_numpy(object), "")[position]
    to = position if own is areas else np.append(overlap_of(own, areas).inside, -1)[position]
    lacking = f"{entries['layer_id'].iloc[0]} has no such area any more"
    cut = f"its area lies in no single area of {layer_id}"
    why = np.where(position < 0, lacking, np.where(to < 0, cut, ""))
    placed = np.append(areas.index.astype(str).to_numpy(object), "")[to]
    return entries.assign(
        area_code=np.where(why == "", placed, codes.to_numpy(object)), area_name=names, why=why
    )
