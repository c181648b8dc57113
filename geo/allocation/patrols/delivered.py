"""Patrols as they were delivered, beside the plan."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import InputError

VISIT_COLUMNS = ("officer", "hotspot_id", "arrived", "left")


def visits_from_fixes(
    fixes: pd.DataFrame,
    hotspots: pd.DataFrame,
    *,
    radius_m: float = 150.0,
    longest_gap_minutes: float = 5.0,
    shortest_stay_minutes: float = 1.0,
) -> pd.DataFrame:
    """Find visits in positions sent by radios or vehicles.

    A stay lasts from the first fix of a run within the radius to its last. A run ends where the
    officer leaves the radius, comes nearer to another hotspot, or sends nothing for too long:
    time without fixes is not counted.

    Parameters
    ----------
    fixes
        `officer`, `time` (timestamps), `x`, `y` (metres), in any order.
    hotspots
        `hotspot_id`, `x`, `y` of the centres.
    radius_m
        How near to a centre an officer counts as being there.
    longest_gap_minutes
        Between two fixes of one stay.
    shortest_stay_minutes
        Shorter stays count as driving through.

    Returns
    -------
    `officer`, `hotspot_id`, `arrived`, `left`, by officer and time.

    Source: stay points as in Li et al. 2008, with fixed places.
    """
    ordered = fixes.sort_values(["officer", "time"], kind="stable", ignore_index=True)
    spot = _nearest(ordered, hotspots, radius_m)
    gap = ordered["time"].diff() > pd.Timedelta(minutes=longest_gap_minutes)
    # The first row always begins a run (no officer is before it), so np.roll's wrap does no harm.
    fresh = gap | (ordered["officer"] != ordered["officer"].shift()) | (spot != np.roll(spot, 1))
    runs = ordered.assign(spot=spot, run=fresh.cumsum())[spot >= 0].groupby("run")
    stays = runs.agg(
        officer=("officer", "first"),
        spot=("spot", "first"),
        arrived=("time", "min"),
        left=("time", "max"),
    )
    long = stays["left"] - stays["arrived"] >= pd.Timedelta(minutes=shortest_stay_minutes)
    visits = stays[long].reset_index(drop=True)
    ids = hotspots["hotspot_id"].astype(str).to_numpy()
    visits.insert(1, "hotspot_id", ids[visits.pop("spot").to_numpy(np.int64)])
    return visits


def planned_totals(stops: pd.DataFrame, *, days: int = 1) -> pd.DataFrame:
    """The visits and minutes planned for each hotspot over some days of the same plan.

    Parameters
    ----------
    stops
        As `PatrolAnswer.stops`.
    days
        The number of days.

    Returns
    -------
    By `hotspot_id`: `planned_visits`, `planned_officer_minutes`, and `planned_patrol_minutes`
    in which two officers at one place at one time count once.
    """
    begin = pd.Timestamp(0) + pd.to_timedelta(stops["after_minutes"], unit="min")
    stays = stops[["shift", "hotspot_id", "minutes"]].assign(
        begin=begin, end=begin + pd.to_timedelta(stops["minutes"], unit="min")
    )
    present = _present(stays, ["shift", "hotspot_id"]).groupby("hotspot_id").sum()
    minutes = stays.groupby("hotspot_id")["minutes"].agg(["size", "sum"])
    totals = pd.DataFrame(
        {
            "planned_visits": minutes["size"] * days,
            "planned_officer_minutes": minutes["sum"] * days,
            "planned_patrol_minutes": present * days,
        }
    )
    return totals.rename_axis("hotspot_id")


def compare_delivered(planned: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Planned against delivered, hotspot by hotspot.

    Parameters
    ----------
    planned
        As `planned_totals`.
    visits
        `officer`, `hotspot_id`, `arrived`, `left`: timestamps of one kind.

    Returns
    -------
    One row for every hotspot that was planned or visited, by id: `hotspot_id`, the planned
    columns, `visits` (stays of officers; overlapping stays of the same officer are one),
    `officer_minutes`, `patrol_minutes` (with at least one officer there) and `delivered_share`
    (patrol-minutes, delivered over planned; empty where none were planned).

    Raises
    ------
    InputError
        If a column is missing, or a visit ends before it begins.

    Source: patrol time at hotspots as measured by Williams & Coupe 2017.
    """
    missing = [name for name in VISIT_COLUMNS if name not in visits.columns]
    if missing:
        raise InputError(
            f"the visits have no column {missing[0]!r}; they need {', '.join(VISIT_COLUMNS)}"
        )
    backward = visits["left"] < visits["arrived"]
    if backward.any():
        row = visits[backward].iloc[0]
        raise InputError(
            f"the visit of {row['officer']} to {row['hotspot_id']} at {row['arrived']} ends "
            "before it begins"
        )
    stays = visits.rename(columns={"arrived": "begin", "left": "end"})
    stays = stays.assign(hotspot_id=stays["hotspot_id"].astype(str))
    own = _present(stays, ["hotspot_id", "officer"])
    done = pd.DataFrame(
        {
            "visits": _stays(stays, ["hotspot_id", "officer"]).groupby("hotspot_id").sum(),
            "officer_minutes": own.groupby("hotspot_id").sum(),
            "patrol_minutes": _present(stays, ["hotspot_id"]),
        }
    )
    table = planned.join(done, how="outer").sort_index()
    counted = [name for name in table.columns if name != "delivered_share"]
    table[counted] = table[counted].fillna(0)
    table = table.astype({"planned_visits": np.int64, "visits": np.int64})
    share = table["patrol_minutes"] / table["planned_patrol_minutes"]
    table["delivered_share"] = share.where(table["planned_patrol_minutes"] > 0)
    return table.rename_axis("hotspot_id").reset_index()


def _nearest(fixes: pd.DataFrame, hotspots: pd.DataFrame, radius_m: float) -> np.ndarray:
    """The position of the nearest hotspot within the radius of each fix, −1 where there is none."""
    centres = gpd.points_from_xy(hotspots["x"], hotspots["y"]).to_numpy()
    points = gpd.points_from_xy(fixes["x"], fixes["y"]).to_numpy()
    nearest = np.full(len(fixes), -1, np.int64)
    tree = shapely.STRtree(centres)
    at, spot = tree.query_nearest(points, max_distance=radius_m, all_matches=True)
    # Written backwards, so that of equally near hotspots the first in the list remains.
    nearest[at[::-1]] = spot[::-1]
    return nearest


def _merged(stays: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Stays with the same keys that overlap or touch, joined into one."""
    ordered = stays.sort_values([*keys, "begin", "end"], kind="stable")
    reached = ordered.groupby(keys)["end"].cummax()
    before = reached.groupby([ordered[key] for key in keys]).shift()
    apart = (before.isna() | (ordered["begin"] > before)).cumsum()
    return ordered.groupby([*[ordered[key] for key in keys], apart.rename("stay")]).agg(
        begin=("begin", "min"), end=("end", "max")
    )


def _present(stays: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Minutes with at least one stay, by the keys."""
    merged = _merged(stays, keys)
    minutes = pd.to_timedelta(merged["end"] - merged["begin"]) / pd.Timedelta(minutes=1)
    return minutes.groupby(level=keys).sum()


def _stays(stays: pd.DataFrame, keys: list[str]) -> pd.Series:
    """The number of stays by the keys, overlapping ones joined."""
    return _merged(stays, keys).groupby(level=keys).size()
