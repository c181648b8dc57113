"""Carry what is known of the areas of one layer to those of another.

Small areas go whole to the area that they fit best. Where the old areas are not smaller than
the new ones, their figures can only be shared out by surface: an estimate, which says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from boundaries.layers.best_fit import UNASSIGNED, best_fit, overlap_shares
from boundaries.layers.measured_blocks import MeasuredBlocks
from geo.errors import InputError

_NAMED = 3


@dataclass(frozen=True)
class Carried:
    """Figures of one layer's areas on another's.

    Attributes
    ----------
    values
        The summed and averaged columns by new area code.
    outside
        What of each summed column fell in no new area: with it the totals are the old ones.
    straddling
        How many old areas do not lie whole in their new one; nought where shared by surface.
    note
        One line for whoever reads the figures.
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
    """Carry figures from one layer's areas to another's.

    Parameters
    ----------
    source, target
        Valid polygons by code, in the same CRS in metres.
    sums
        Columns of `source` that add up.
    means
        Column that is averaged → the column that weighs it.
    by_surface
        Share out by surface, as if people were spread evenly over each old area, instead of
        giving each whole to one new area.

    Raises
    ------
    InputError
        If a column is missing, holds no numbers or, where it adds up, a hole; or a new area is
        fitted by no old one, so that its figures would be nought.
    """
    weighed = dict(means or {})
    weights = [name for name in dict.fromkeys(weighed.values()) if name not in sums]
    measured = MeasuredBlocks.of(source, sums=[*sums, *weights], means=weighed)
    parts = pd.DataFrame(measured.columns, index=source.index)
    share = _by_surface if by_surface else _by_best_fit
    totals, straddling = share(source, target, parts)
    summed = totals[list(range(len(sums)))].set_axis(list(sums), axis=1)
    outside = measured.sums[list(sums)].sum() - summed.sum()
    # What is left of a complete sharing is rounding, and no people.
    outside = outside.where(outside.abs() > 1e-9 * measured.sums[list(sums)].sum().abs(), 0.0)
    whole = [name for name in sums if not by_surface and _is_whole(source[name])]
    values = summed.astype(dict.fromkeys(whole, "int64"))
    first, number = len(measured.sums.columns), len(weighed)
    for at, name in enumerate(weighed):
        weight = totals[first + number + at]
        values[name] = (totals[first + at] / weight).where(weight > 0)
    way = (
        "estimated by surface, as if people were spread evenly"
        if by_surface
        else f"by best fit of {len(source):,} whole areas"
    )
    return Carried(values, outside, straddling, _note(measured, outside, way))


def _by_best_fit(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, parts: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    fit = best_fit(source, target)
    without = [str(code) for code in target.index.difference(fit.assignment.unique())]
    if without:
        more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
        raise InputError(
            f"nothing fits {', '.join(without[:_NAMED])}{more} best, so the figures there would be "
            "nought; share them out by surface instead"
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
    shared = interpolate(drawn, target, columns=names).areas
    return shared.set_axis(parts.columns, axis=1), 0


def _is_whole(values: pd.Series) -> bool:
    return bool((values.to_numpy(float) % 1 == 0).all())


def _note(measured: MeasuredBlocks, outside: pd.Series, way: str) -> str:
    kept = ", ".join(
        f"{name} {measured.sums[name].sum():,.0f}"
        + (f" (of it {lost:,.0f} in no area)" if lost else "")
        for name, lost in outside.items()
    )
    named = ", ".join([*map(str, outside.index), *measured.weights])
    return f"{named}: {way}" + (f"; totals preserved: {kept}" if kept else "")


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
    return Interpolated(sums, outside, _surface_note(values.sum(), outside))


def _summed(source: gpd.GeoDataFrame, columns: Sequence[str]) -> pd.DataFrame:
    for name in columns:
        if name not in source.columns:
            raise InputError(f"the old areas have no column {name}")
        if not pd.api.types.is_numeric_dtype(source[name]):
            raise InputError(f"the old areas' column {name} holds no numbers")
        if source[name].isna().any():
            raise InputError(f"{name} is missing for {source.index[source[name].isna()][0]}")
    return pd.DataFrame(source)[list(columns)].astype(float)


def _surface_note(totals: pd.Series, outside: pd.Series) -> str:
    kept = ", ".join(
        f"{name} {totals[name]:,.0f}"
        + (f" (of it {outside[name]:,.0f} in no new area)" if outside[name] else "")
        for name in totals.index
    )
    return f"estimated by surface, as if people were spread evenly; totals preserved: {kept}"
