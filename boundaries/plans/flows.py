"""Before and after: which blocks, people and incidents go from which area to which."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from boundaries.layers.best_fit import UNASSIGNED
from boundaries.plans.measures import PlanMeasures
from geo.errors import InputError
from geo.locate import AreaLocator

FLOW = ["from_area", "to_area"]


def flow_table(before: pd.Series, after: pd.Series, sums: pd.DataFrame) -> pd.DataFrame:
    """How much goes from each area to each, what stays included.

    Parameters
    ----------
    before, after
        The area code of each block, `UNASSIGNED` for none, on the same index.
    sums
        What the blocks hold that adds up, on the same index.

    Returns
    -------
    `from_area`, `to_area`, `blocks`, each column of `sums`, and beside each of them
    `…_share_from` and `…_share_to`: the share of the old and of the new area (read the one way
    it says where an old area goes, the other way what a new one is made of). By area codes.

    Raises
    ------
    InputError
        If the assignments are not of the same blocks.
    """
    if not (before.index.equals(after.index) and before.index.equals(sums.index)):
        raise InputError("only assignments of the same blocks can be compared")
    keys = [before.to_numpy(object), after.to_numpy(object)]
    table = sums.assign(blocks=1).groupby(keys, sort=True).sum()
    table.index.names = FLOW
    table = table[["blocks", *sums.columns]].reset_index()
    return _with_shares(table)


def incident_flow(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, x: ArrayLike, y: ArrayLike
) -> pd.DataFrame:
    """How many incidents go from each area of one layer to each of another, from the points.

    So vintages can be compared that have no blocks in common; `UNASSIGNED` is outside a layer,
    and points outside both are left out.

    Returns
    -------
    As `flow_table`, with `incidents` and no `blocks`.
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
    """The new area that carries each old one on, though codes differ between vintages.

    Parameters
    ----------
    flow
        A flow table.
    by
        The column that decides: the largest flows are matched first, each area once; equal
        flows by area codes.

    Returns
    -------
    New area code by old area code; old areas that nothing carries on are left out.
    """
    between = flow[(flow["from_area"] != UNASSIGNED) & (flow["to_area"] != UNASSIGNED)]
    order = between.sort_values([by, *FLOW], ascending=[False, True, True])
    found: dict[str, str] = {}
    for old, new, amount in order[[*FLOW, by]].itertuples(index=False):
        if amount > 0 and old not in found and new not in found.values():
            found[old] = new
    return pd.Series(found, name="to_area", dtype="str").rename_axis("from_area").sort_index()


def carried(before: pd.Series, carried_on: pd.Series) -> pd.Series:
    """The new code of each old one by `successors`, `UNASSIGNED` where nothing carries it on."""
    found = [carried_on.get(code, UNASSIGNED) for code in before]
    return pd.Series(found, index=before.index, dtype=object)


def moved_blocks(
    before: pd.Series, after: pd.Series, *, carried_on: pd.Series | None = None
) -> pd.DataFrame:
    """The blocks that change area, with `from_area` and `to_area`, by block code.

    Parameters
    ----------
    carried_on
        New code by old code, of `successors`: a block that follows its area is not moved.
    """
    if not before.index.equals(after.index):
        raise InputError("only assignments of the same blocks can be compared")
    expected = before if carried_on is None else carried(before, carried_on)
    left = (before != UNASSIGNED) | (after != UNASSIGNED)
    moved = left & (expected.to_numpy(object) != after.to_numpy(object))
    return pd.DataFrame({"from_area": before[moved], "to_area": after[moved]})


def side_by_side(before: PlanMeasures, after: PlanMeasures) -> pd.DataFrame:
    """Every measure of every area before, after, and the change, by area code.

    Returns
    -------
    `area_name` (the new one where there are two), and for each measure of `PlanMeasures.frame`
    that is a number and that both have `…_before`, `…_after`, `…_change`; NaN where an area is
    new or gone.
    """
    old, new = before.frame, after.frame
    codes = old.index.union(new.index).rename("area_code")
    frame = pd.DataFrame({"area_name": new["area_name"].reindex(codes)})
    frame["area_name"] = frame["area_name"].fillna(old["area_name"].reindex(codes))
    columns = [name for name in new if name in old and name not in ("area_name", "locked")]
    one, other = (each[columns].astype(float).reindex(codes) for each in (old, new))
    parts = {"before": one, "after": other, "change": other - one}
    sides = {f"{name}_{side}": part[name] for name in columns for side, part in parts.items()}
    return frame.assign(**sides)


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    for name in [column for column in table.columns if column not in FLOW]:
        for area, ending in (("from_area", "from"), ("to_area", "to")):
            whole = table.groupby(area)[name].transform("sum")
            table[f"{name}_share_{ending}"] = table[name] / whole.where(whole > 0)
    return table
