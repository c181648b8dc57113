"""Flows between two sets of areas: how many blocks, people and incidents go from where to where."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from boundaries.plans.measures import PlanMeasures
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError
from geo.locate import AreaLocator

FLOW = ["from_area", "to_area"]
"""Key columns of every flow table."""

_OTHER_BLOCKS = "the assignments are of different blocks; compare two on the same blocks"


def flow_table(before: pd.Series, after: pd.Series, sums: pd.DataFrame) -> pd.DataFrame:
    """How much goes from each old area to each new one, including what stays.

    Parameters
    ----------
    before, after
        The area code of each block, `UNASSIGNED` for none, on the same index.
    sums
        Figures of the blocks that add up, on the same index.

    Returns
    -------
    `from_area`, `to_area`, `blocks`, each column of `sums`, and for each of these `…_share_from`
    (of the old area: where it goes) and `…_share_to` (of the new area: what it is made of), 0 to
    1. Sorted by area codes.

    Raises
    ------
    InputError
        If the assignments are not of the same blocks.
    """
    if not (before.index.equals(after.index) and before.index.equals(sums.index)):
        raise InputError(_OTHER_BLOCKS)
    keys = [before.to_numpy(object), after.to_numpy(object)]
    table = sums.assign(blocks=1).groupby(keys, sort=True).sum()
    table.index.names = FLOW
    table = table[["blocks", *sums.columns]].reset_index()
    return _with_shares(table)


def incident_flow(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, x: ArrayLike, y: ArrayLike
) -> pd.DataFrame:
    """How many incidents go from each area of one layer to each of another, by their points.

    This compares layers of different years without common blocks.

    Parameters
    ----------
    before, after
        Polygons in metres indexed by code.
    x, y
        Coordinates of the incidents in the same CRS; points outside both layers are left out.

    Returns
    -------
    As `flow_table`, with `incidents` instead of `blocks`; `UNASSIGNED` stands for outside a layer.
    """
    codes = [
        np.append(areas.index.to_numpy(object), UNASSIGNED)[AreaLocator(areas).locate(x, y)]
        for areas in (before, after)
    ]
    points = pd.DataFrame(dict(zip(FLOW, codes, strict=True)))
    points = points[(points != UNASSIGNED).any(axis=1)]
    table = points.groupby(FLOW, sort=True).size().rename("incidents").reset_index()
    return _with_shares(table)


def successors(flow: pd.DataFrame, *, by: str) -> pd.Series:
    """Match each old area with the new one that succeeds it, whatever their codes.

    Parameters
    ----------
    flow
        A flow table.
    by
        The column that decides. The largest flows are matched first, each area once; equal flows
        by area codes.

    Returns
    -------
    New area code by old area code; old areas without a successor are left out.
    """
    between = flow[(flow["from_area"] != UNASSIGNED) & (flow["to_area"] != UNASSIGNED)]
    # Greedy, largest first: the area that keeps most of its people keeps its successor.
    order = between.sort_values([by, *FLOW], ascending=[False, True, True])
    matches: dict[str, str] = {}
    for old, new, amount in order[[*FLOW, by]].itertuples(index=False):
        if amount > 0 and old not in matches and new not in matches.values():
            matches[old] = new
    return pd.Series(matches, name="to_area", dtype="str").rename_axis("from_area").sort_index()


def carried(before: pd.Series, carried_on: pd.Series) -> pd.Series:
    """Translate old area codes to those of their successors.

    Parameters
    ----------
    before
        Old area codes.
    carried_on
        New code by old code, as `successors` returns it.

    Returns
    -------
    New area codes on the index of `before`; `UNASSIGNED` without a successor.
    """
    codes = [carried_on.get(code, UNASSIGNED) for code in before]
    return pd.Series(codes, index=before.index, dtype=object)


def moved_blocks(
    before: pd.Series, after: pd.Series, *, carried_on: pd.Series | None = None
) -> pd.DataFrame:
    """The blocks that change area.

    Parameters
    ----------
    before, after
        The area code of each block, `UNASSIGNED` for none, on the same index.
    carried_on
        New code by old code, as `successors` returns it: a block that goes to the successor of
        its area does not count as moved. None to compare the codes as they are.

    Returns
    -------
    `from_area` and `to_area` by block code; empty if nothing moves.

    Raises
    ------
    InputError
        If the assignments are not of the same blocks.
    """
    if not before.index.equals(after.index):
        raise InputError(_OTHER_BLOCKS)
    expected = before if carried_on is None else carried(before, carried_on)
    left = (before != UNASSIGNED) | (after != UNASSIGNED)
    moved = left & (expected.to_numpy(object) != after.to_numpy(object))
    return pd.DataFrame({"from_area": before[moved], "to_area": after[moved]})


def side_by_side(before: PlanMeasures, after: PlanMeasures) -> pd.DataFrame:
    """Every measure of every area before and after, with the change.

    Parameters
    ----------
    before, after
        The measures of two plans.

    Returns
    -------
    By area code: `area_name` (the new one if they differ), and `…_before`, `…_after`, `…_change`
    for each numeric measure of `PlanMeasures.frame` that both have; NaN where an area is new or
    gone.
    """
    old, new = before.frame, after.frame
    codes = old.index.union(new.index).rename("area_code")
    names = new["area_name"].reindex(codes).fillna(old["area_name"].reindex(codes))
    columns = [name for name in new if name in old and name not in ("area_name", "locked")]
    one, other = (frame[columns].astype(float).reindex(codes) for frame in (old, new))
    parts = {"before": one, "after": other, "change": other - one}
    sides = {f"{name}_{side}": part[name] for name in columns for side, part in parts.items()}
    return pd.DataFrame({"area_name": names}).assign(**sides)


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    for name in [column for column in table.columns if column not in FLOW]:
        for area, ending in (("from_area", "from"), ("to_area", "to")):
            whole = table.groupby(area)[name].transform("sum")
            table[f"{name}_share_{ending}"] = table[name] / whole.where(whole > 0)
    return table
