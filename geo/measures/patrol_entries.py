"""Delivered patrols as entries of time: officers' minutes by area and day."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.locate import OUTSIDE, AreaLocator
from geo.measures.model import entries_frame


def patrol_entries(
    visits: pd.DataFrame,
    hotspots: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    layer_id: str,
    *,
    file_id: str,
) -> pd.DataFrame:
    """Make an entry of each area's minutes on each day.

    Parameters
    ----------
    visits
        `officer`, `hotspot_id`, `arrived`, `left`: stays, with their time zone, in which the day
        is that of the arrival. Two officers count twice, an officer who is at one place twice at a
        time once.
    hotspots
        `hotspot_id`, `x`, `y` in metres: where the places are. A visit to another place, or to one
        in no area, is of the whole city.
    areas, layer_id
        The layer, indexed by code.
    file_id
        Of what the visits were read: the same file gives the same ids.

    Returns
    -------
    With `ENTRY_COLUMNS`; minutes are rounded for each area and day.
    """
    places = hotspots.drop_duplicates("hotspot_id").assign(
        hotspot_id=lambda frame: frame["hotspot_id"].astype(str)
    )
    at = AreaLocator(areas).locate(places["x"].to_numpy(float), places["y"].to_numpy(float))
    names = np.append(areas.index.astype(str).to_numpy(object), "")
    codes = dict(zip(places["hotspot_id"], names[np.where(at == OUTSIDE, -1, at)], strict=True))
    stays = _merged(visits).assign(
        area_code=lambda frame: frame["hotspot_id"].map(codes).fillna("").astype(str),
        day=lambda frame: frame["arrived"].dt.strftime("%Y-%m-%d"),
    )
    seconds = (stays["left"] - stays["arrived"]).dt.total_seconds()
    sums = stays.assign(minutes=seconds / 60).groupby(["area_code", "day"], as_index=False)
    frame = sums["minutes"].sum()
    frame["amount"] = np.floor(frame["minutes"] + 0.5).astype("int64")
    frame = frame[frame["amount"] > 0]
    return entries_frame(
        frame.assign(
            entry_id=[
                f"{file_id}:{day}:{code}"
                for day, code in zip(frame["day"], frame["area_code"], strict=True)
            ],
            kind="time",
            layer_id=np.where(frame["area_code"] == "", "", layer_id),
            activity="patrol",
        )
    )


def _merged(visits: pd.DataFrame) -> pd.DataFrame:
    """Stays of an officer at a place that overlap or touch, joined into one."""
    keys = ["officer", "hotspot_id"]
    stays = visits.assign(hotspot_id=visits["hotspot_id"].astype(str))
    stays = stays.sort_values([*keys, "arrived", "left"], kind="stable", ignore_index=True)
    before = stays.groupby(keys)["left"].cummax().groupby([stays[key] for key in keys]).shift()
    stay = (before.isna() | (stays["arrived"] > before)).cumsum()
    return stays.groupby([*keys, stay.rename("stay")], as_index=False).agg(
        arrived=("arrived", "min"), left=("left", "max")
    )
