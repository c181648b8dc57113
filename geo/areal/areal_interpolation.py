"""Carry figures from one layer's areas to another's.

Small areas go whole to the area that they fit best. If the old areas are not smaller than the
new ones, their figures can only be shared out by surface: an estimate, and labelled as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geo.areal.best_fit import DRAWN_APART, UNASSIGNED, best_fit, overlap_shares
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError

_NAMED = 3
_ROUNDING = 1e-9
_BY_SURFACE = "estimated by surface, as if people were spread evenly"


@dataclass(frozen=True)
class Carried:
    """Figures of one layer's areas on another's.

    Attributes
    ----------
    values
        The summed and averaged columns, indexed by new area code.
    outside
        What of each summed column fell in no new area; with it the totals equal the old ones.
    straddling
        How many old areas do not lie wholly in their new one; 0 if shared out by surface.
    note
        One line for readers of the figures.
    """

    values: pd.DataFrame
    outside: pd.Series
    straddling: int
    note: str


def carry(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    sums: Sequence[str] = (),
    means: Mapping[str, str] | None = None,
    by_surface: bool = False,
) -> Carried:
    """Carry figures from one layer's areas to another's, by best fit or by surface.

    Parameters
    ----------
    source, target
        Valid polygons indexed by code, in the same CRS in metres.
    sums
        Columns of `source` that add up.
    means
        Column to average → the column that weighs it.
    by_surface
        Share figures out by surface, as if people were spread evenly over each old area, instead
        of giving each old area whole to one new area.

    Returns
    -------
    The figures. Integers stay integers by best fit. An average is NaN where its weights add up
    to 0.

    Raises
    ------
    InputError
        If a column is missing or not numeric, or a summed one has gaps; or no old area fits a
        new one, so that its figures would be 0.
    """
    weight_of = dict(means or {})
    weights = [name for name in dict.fromkeys(weight_of.values()) if name not in sums]
    measured = MeasuredBlocks.of(source, sums=[*sums, *weights], means=weight_of)
    parts = pd.DataFrame(measured.columns, index=source.index)
    share_out = _by_surface if by_surface else _by_best_fit
    totals, straddling = share_out(source, target, parts)
    summed = totals[list(range(len(sums)))].set_axis(list(sums), axis=1)
    total = measured.sums[list(sums)].sum()
    outside = _without_rounding(total - summed.sum(), total)
    integers = [name for name in sums if not by_surface and _is_integer(source[name])]
    values = summed.astype(dict.fromkeys(integers, "int64"))
    # The columns of `measured.columns`: sums, then weighted values, then the weights of those.
    first, number = len(measured.sums.columns), len(weight_of)
    for at, name in enumerate(weight_of):
        weight = totals[first + number + at]
        values[name] = (totals[first + at] / weight).where(weight > 0)
    way = _BY_SURFACE if by_surface else f"by best fit of {len(source):,} whole areas"
    return Carried(values, outside, straddling, _note(values, way, total=total, outside=outside))


def interpolate(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    columns: Sequence[str],
    tolerance: float = DRAWN_APART,
) -> Carried:
    """Share figures out by surface (areal weighting).

    People are taken to be spread evenly over each old area, so this is a last resort: use the
    figures of blocks if there are any.

    Parameters
    ----------
    source, target
        Valid polygons indexed by code, in the same CRS in metres; the targets do not overlap.
    columns
        Columns of `source` that add up.
    tolerance
        If at most this share of an old area lies in no new area, the boundary was only drawn
        differently, and its figures are shared out whole.

    Returns
    -------
    The estimates.

    Raises
    ------
    InputError
        If a column is missing, not numeric, or has gaps; if the layers are in different
        coordinate systems; or the targets overlap, so that people would count twice.

    References
    ----------
    Goodchild and Lam (1980), "Areal interpolation: a variant of the traditional spatial problem",
    Geo-Processing 1.
    """
    if source.crs != target.crs:
        raise InputError("the layers are in different coordinate systems; convert them to one")
    values = _numbers(source, columns)
    # `overlap_shares` names its columns after blocks; here the old areas take their place.
    overlap = overlap_shares(source, target)
    covered = overlap.groupby("block_code")["share"].sum()
    if (covered > 1 + tolerance).any():
        raise InputError(
            f"the new areas overlap in {covered.idxmax()}, which would count people twice; repair "
            "them first"
        )
    scale = (1.0 / covered).where(covered >= 1 - tolerance, 1.0)
    share = overlap["share"] * overlap["block_code"].map(scale)
    parts = values.reindex(overlap["block_code"]).mul(share.to_numpy(), axis=0)
    sums = parts.groupby(overlap["area_code"].to_numpy()).sum()
    sums = sums.reindex(target.index, fill_value=0.0).rename_axis("area_code")
    total = values.sum()
    outside = _without_rounding(total - sums.sum(), total)
    return Carried(sums, outside, 0, _note(sums, _BY_SURFACE, total=total, outside=outside))


def _by_best_fit(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, parts: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    fit = best_fit(source, target)
    without = [str(code) for code in target.index.difference(pd.Index(fit.assignment.unique()))]
    if without:
        more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
        raise InputError(
            f"no area fits {', '.join(without[:_NAMED])}{more} best, so the figures there would be "
            "0; share them out with --by-surface instead"
        )
    totals = parts.groupby(fit.assignment.to_numpy(object)).sum()
    return totals.drop(index=UNASSIGNED, errors="ignore").reindex(target.index), len(fit.straddling)


def _by_surface(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, parts: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    names = [f"part {number}" for number in parts.columns]
    drawn = gpd.GeoDataFrame(
        parts.set_axis(names, axis=1), geometry=source.geometry.to_numpy(), crs=source.crs
    )
    shares = interpolate(drawn, target, columns=names).values
    return shares.set_axis(parts.columns, axis=1), 0


def _numbers(source: gpd.GeoDataFrame, columns: Sequence[str]) -> pd.DataFrame:
    for name in columns:
        if name not in source.columns:
            raise InputError(f"the old areas have no column {name}")
        if not pd.api.types.is_numeric_dtype(source[name]):
            raise InputError(f"the old areas' column {name} is not numeric")
        if source[name].isna().any():
            raise InputError(f"{name} is missing for {source.index[source[name].isna()][0]}")
    return pd.DataFrame(source)[list(columns)].astype(float)


def _without_rounding(outside: pd.Series, total: pd.Series) -> pd.Series:
    """The remainder of a complete sharing is rounding, and no people."""
    return outside.where(outside.abs() > _ROUNDING * total.abs(), 0.0)


def _is_integer(values: pd.Series) -> bool:
    return bool((values.to_numpy(float) % 1 == 0).all())


def _note(values: pd.DataFrame, way: str, *, total: pd.Series, outside: pd.Series) -> str:
    preserved = ", ".join(
        f"{name} {amount:,.0f}" + (f" (of it {rest:,.0f} in no new area)" if rest else "")
        for name, amount, rest in zip(total.index, total, outside, strict=True)
    )
    named = ", ".join(map(str, values.columns))
    return f"{named}: {way}" + (f"; totals preserved: {preserved}" if preserved else "")
