"""History on new boundaries.

Incidents are counted again from their points. What is only known of blocks goes with the whole
blocks. Where there are no blocks, what is known of old areas is shared out by surface; that is
an estimate, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.best_fit import overlap_shares
from boundaries.plans.state import UNASSIGNED
from geo.errors import InputError
from geo.incidents import london_months
from geo.locate import OUTSIDE, AreaLocator


def recount(areas: gpd.GeoDataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    """Count a whole incident history on other boundaries, from the points.

    Parameters
    ----------
    areas
        Valid polygons by code, in metres.
    incidents
        An incident frame in the same metres.

    Returns
    -------
    `area_code`, `category`, `month` (London, `YYYY-MM`), `n`; no rows for nought, as a month
    that was not published is unknown. Incidents outside the areas have the code `UNASSIGNED`,
    so that `n` adds up to all of them.
    """
    found = AreaLocator(areas).locate(incidents["x"], incidents["y"])
    codes = np.append(areas.index.to_numpy(object), UNASSIGNED)
    rows = pd.DataFrame(
        {
            "area_code": codes[np.where(found == OUTSIDE, len(areas), found)],
            "category": incidents["category"].to_numpy(object),
            "month": london_months(incidents["occurred_from"]).astype(str),
        }
    )
    keys = ["area_code", "category", "month"]
    return rows.groupby(keys, sort=True).size().rename("n").reset_index()


@dataclass(frozen=True)
class Interpolated:
    """Figures of old areas, shared out to new ones.

    Attributes
    ----------
    areas
        The estimates by new area code.
    outside
        What of each column fell in no new area: with it the totals are those of the old areas.
    note
        One line for whoever reads the figures.
    """

    areas: pd.DataFrame
    outside: pd.Series
    note: str


def interpolate(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    columns: Sequence[str],
    tolerance: float = 0.01,
) -> Interpolated:
    """Share figures of one layer's areas out to another's by surface (areal interpolation).

    It takes people to be spread evenly over an area, so it is the last resort: use the blocks'
    figures where there are any.

    Parameters
    ----------
    source, target
        Valid polygons by code, in the same CRS in metres; the targets do not overlap.
    columns
        Columns of `source` that add up.
    tolerance
        Where no more than this share of an old area lies in no new one, the boundary was only
        drawn otherwise: its figures are then shared out whole.

    Raises
    ------
    InputError
        If a column is missing, holds no numbers, or has a hole; if the layers are in different
        coordinate systems, or the targets overlap so that people would count twice.

    Source: Goodchild & Lam 1980, areal weighting.
    """
    if source.crs != target.crs:
        raise InputError("the layers are in different coordinate systems")
    values = _summed(source, columns)
    overlap = overlap_shares(source, target)
    covered = overlap.groupby("block_code")["share"].sum()
    if (covered > 1 + tolerance).any():
        raise InputError(f"the new areas overlap within {covered.idxmax()}: it would count twice")
    scale = (1.0 / covered).where(covered >= 1 - tolerance, 1.0)
    share = overlap["share"] * overlap["block_code"].map(scale)
    parts = values.reindex(overlap["block_code"]).mul(share.to_numpy(), axis=0)
    sums = parts.groupby(overlap["area_code"].to_numpy()).sum()
    sums = sums.reindex(target.index, fill_value=0.0).rename_axis("area_code")
    outside = values.sum() - sums.sum()
    # What is left of a complete sharing is rounding, and no people.
    outside = outside.where(outside.abs() > 1e-9 * values.sum().abs(), 0.0)
    return Interpolated(sums, outside, _note(values.sum(), outside))


def _summed(source: gpd.GeoDataFrame, columns: Sequence[str]) -> pd.DataFrame:
    for name in columns:
        if name not in source.columns:
            raise InputError(f"the old areas have no column {name}")
        if not pd.api.types.is_numeric_dtype(source[name]):
            raise InputError(f"the old areas' column {name} holds no numbers")
        if source[name].isna().any():
            raise InputError(f"{name} is missing for {source.index[source[name].isna()][0]}")
    return pd.DataFrame(source)[list(columns)].astype(float)


def _note(totals: pd.Series, outside: pd.Series) -> str:
    kept = ", ".join(
        f"{name} {totals[name]:,.0f}"
        + (f" (of it {outside[name]:,.0f} in no new area)" if outside[name] else "")
        for name in totals.index
    )
    return f"estimated by surface, as if people were spread evenly; totals preserved: {kept}"
