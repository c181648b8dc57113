"""Assign whole blocks to areas: by best fit to polygons, or from a table.

A block is never cut. It goes whole to the area that contains its population-weighted centroid,
as the Office for National Statistics fits output areas to wards, or, if that point is not known,
to the area with most of its surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.locate import OUTSIDE, AreaLocator, refuse_overlaps
from geo.lookup import are_among
from geo.prepared import prepared_array

UNASSIGNED = ""
"""The area code of a block that belongs to no area."""

DRAWN_APART = 0.01
"""Share of an area by which two layers may differ only because they were generalised separately."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class BestFit:
    """How blocks fit areas.

    Attributes
    ----------
    assignment
        The area code of each block, by block code; `UNASSIGNED` if it touches no area.
    straddling
        One row per block that does not lie wholly in its area, by block code: `area_code`,
        `share` (of the block's surface in that area, 0 to 1), `elsewhere` (the other areas, the
        largest share first), `share_outside` (of its surface in no area). The worst fit first.
    overlap
        How much of each block lies in each area, as `overlap_shares` returns it.
    """

    assignment: pd.Series
    straddling: pd.DataFrame
    overlap: pd.DataFrame


def best_fit(
    blocks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    centres: gpd.GeoSeries | None = None,
    tolerance: float = DRAWN_APART,
) -> BestFit:
    """Fit whole blocks to areas.

    Parameters
    ----------
    blocks, areas
        Valid polygons indexed by code, in the same CRS in metres.
    centres
        Population-weighted centroids by block code. Blocks without one, or whose centroid is in
        no area, go by surface; equal surfaces go to the lower area code.
    tolerance
        A block straddles if more than this share of its surface lies outside its area.

    Returns
    -------
    The area of each block, and the blocks that straddle.

    Raises
    ------
    InputError
        If the layers are in different coordinate systems, or areas overlap.

    References
    ----------
    Office for National Statistics: best-fitting of output areas to higher geographies by
    population-weighted centroid.
    """
    if blocks.crs != areas.crs or (centres is not None and centres.crs != areas.crs):
        raise InputError(
            "blocks, their centres and areas are in different coordinate systems; convert them "
            "to one"
        )
    refuse_overlaps(
        areas,
        "a block would belong to several",
        "choose a layer whose areas do not overlap",
    )
    overlap = overlap_shares(blocks, areas)
    largest = overlap.drop_duplicates("block_code").set_index("block_code")["area_code"]
    assignment = largest.reindex(blocks.index, fill_value=UNASSIGNED).rename("area_code")
    if centres is not None:
        known = centres.notna().to_numpy() & are_among(centres.index, blocks.index)
        x, y = shapely.get_coordinates(centres.to_numpy()[known]).T
        position = AreaLocator(areas).locate(x, y)
        inside = position != OUTSIDE
        assignment[centres.index[known][inside]] = areas.index[position[inside]]
    assignment = assignment.astype("str").rename_axis("block_code")
    return BestFit(assignment, _straddling(assignment, overlap, tolerance), overlap)


def overlap_shares(blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """How much of each block lies in each area.

    Parameters
    ----------
    blocks, areas
        Valid polygons indexed by code, in the same CRS in metres.

    Returns
    -------
    `block_code`, `area_code`, `area_m2`, `share` (of the block's surface, 0 to 1), for pairs that
    share any surface; by block code, then the largest share first, then by area code.
    """
    shapes = blocks.geometry.to_numpy()
    others = prepared_array(areas.geometry.to_numpy())  # for the containment test below
    tree = shapely.STRtree(others)
    block, area = tree.query(shapes, predicate="intersects")
    # Most blocks lie wholly in one area; intersecting only the others is many times faster.
    cut = ~shapely.contains(others[area], shapes[block])
    if shapely.coverage_is_valid(others):
        # Areas that do not overlap only touch a block that lies wholly in another one.
        counted = ~cut | ~np.isin(block, block[~cut])
        block, area, cut = block[counted], area[counted], cut[counted]
    common = shapely.area(shapes[block])
    common[cut] = shapely.area(shapely.intersection(shapes[block[cut]], others[area[cut]]))
    frame = pd.DataFrame(
        {
            "block_code": blocks.index[block],
            "area_code": areas.index[area],
            "area_m2": common,
            "share": common / shapely.area(shapes[block]),
        }
    )
    frame = frame[frame["area_m2"] > 0]
    order = ["block_code", "area_m2", "area_code"]
    return frame.sort_values(order, ascending=[True, False, True], kind="stable", ignore_index=True)


def assignment_from_table(
    table: Table,
    block_codes: tuple[str, ...],
    *,
    block: str = "block_code",
    area: str = "area_code",
) -> pd.Series:
    """Read a table of block → area, such as other redistricting tools export.

    Parameters
    ----------
    table
        One row per block; blocks that it lacks are unassigned.
    block_codes
        The codes of every block of the plan.
    block, area
        The table's columns of block codes and of area codes.

    Returns
    -------
    The area code of each block, in the order of `block_codes`; `UNASSIGNED` for none.

    Raises
    ------
    InputError
        If a column is missing, or a block is repeated or unknown.
    """
    table.require(block, area)
    blocks, areas = table.text(block), table.text(area)
    known = set(block_codes)
    earlier: set[str] = set()
    for row, code in enumerate(blocks):
        where = f"{table.file}, line {table.lines[row]}: block {code!r}"
        if code not in known:
            raise InputError(f"{where} is not in this plan's layer of blocks; check the codes")
        if code in earlier:
            raise InputError(f"{where} appears twice; keep one row per block")
        earlier.add(code)
    index = pd.Index(block_codes, name="block_code", dtype="str")
    assignment = pd.Series(areas.to_numpy(), index=blocks.to_numpy(), name="area_code", dtype="str")
    return assignment.reindex(index, fill_value=UNASSIGNED)


def _straddling(assignment: pd.Series, overlap: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    # A block that a centroid placed need not be in the area with most of its surface.
    own = overlap["area_code"].to_numpy() == assignment[overlap["block_code"]].to_numpy()
    share = overlap[own].set_index("block_code")["share"].reindex(assignment.index, fill_value=0.0)
    inside = overlap.groupby("block_code")["share"].sum().reindex(assignment.index, fill_value=0.0)
    others = overlap[~own & (overlap["share"] > tolerance)]
    elsewhere = others.groupby("block_code")["area_code"].agg(", ".join)
    frame = pd.DataFrame(
        {
            "area_code": assignment,
            "share": share,
            "elsewhere": elsewhere.reindex(assignment.index, fill_value=""),
            "share_outside": (1.0 - inside).where(inside < 1.0 - _ROUNDING, 0.0),
        }
    )
    straddling = frame[frame["share"] < 1.0 - tolerance]
    return straddling.sort_values("share", kind="stable")
