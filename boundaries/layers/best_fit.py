"""Which area each block goes to: by best fit to polygons, or from a table.

A block is never cut: it goes whole to the area that holds its population-weighted centroid, as
the Office for National Statistics fits output areas to wards. Where no such point is known, it
goes to the area that holds most of its surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.locate import OUTSIDE, AreaLocator

UNASSIGNED = ""
"""The area code of a block that belongs to no area."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class BestFit:
    """How blocks fit areas.

    Attributes
    ----------
    assignment
        The area code of each block, by block code; `UNASSIGNED` where no area touches it.
    straddling
        A row for each block that does not lie whole in its area, by block code: `area_code`,
        `share` (how much of the block's area lies there, 0 to 1), `elsewhere` (the other areas,
        the largest share first), `share_outside` (how much lies in no area). The least fitting
        block stands first.
    """

    assignment: pd.Series
    straddling: pd.DataFrame


def best_fit(
    blocks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    centres: gpd.GeoSeries | None = None,
    tolerance: float = 0.01,
) -> BestFit:
    """Fit whole blocks to areas.

    Parameters
    ----------
    blocks, areas
        Valid polygons indexed by code, in the same CRS in metres.
    centres
        The population-weighted centroids of blocks, by block code; blocks that it lacks, or
        whose centroid lies in no area, go by surface, equal surfaces to the lower area code.
    tolerance
        A block straddles when more than this share of its area lies outside its area; layers
        that were generalised apart differ by a little everywhere.

    Raises
    ------
    InputError
        If the layers are in different coordinate systems.
    """
    if blocks.crs != areas.crs or (centres is not None and centres.crs != areas.crs):
        raise InputError("blocks, their centres and areas are in different coordinate systems")
    overlap = overlap_shares(blocks, areas)
    largest = overlap.drop_duplicates("block_code").set_index("block_code")["area_code"]
    assignment = largest.reindex(blocks.index, fill_value=UNASSIGNED).rename("area_code")
    if centres is not None:
        known = centres[centres.notna() & centres.index.isin(blocks.index)]
        found = AreaLocator(areas).locate(known.x, known.y)
        assignment[known.index[found != OUTSIDE]] = areas.index[found[found != OUTSIDE]]
    assignment = assignment.astype("str").rename_axis("block_code")
    return BestFit(assignment, _straddling(assignment, overlap, tolerance))


def overlap_shares(blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """How much of each block lies in each area that it shares some surface with.

    Returns
    -------
    `block_code`, `area_code`, `area_m2`, `share` (of the block's area); for each block the
    largest share first, equal shares by area code.
    """
    shapes, others = blocks.geometry.to_numpy(), areas.geometry.to_numpy()
    shapely.prepare(others)
    tree = shapely.STRtree(others)
    block, area = tree.query(shapes, predicate="intersects")
    common = shapely.area(shapes[block])
    cut = ~shapely.contains(others[area], shapes[block])
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
    return frame.sort_values(order, ascending=[True, False, True], ignore_index=True)


def assignment_from_table(
    table: Table,
    graph_codes: tuple[str, ...],
    *,
    block: str = "block_code",
    area: str = "area_code",
) -> pd.Series:
    """Read a table of block → area, such as another tool exports.

    Parameters
    ----------
    graph_codes
        The codes of every block of the plan; those that the table lacks are unassigned.
    block, area
        The columns of the table.

    Raises
    ------
    InputError
        If a column is missing, a block stands twice, or is not of the plan's layer.
    """
    table.require(block, area)
    blocks, areas = table.text(block), table.text(area)
    known = set(graph_codes)
    seen: set[str] = set()
    for row, code in enumerate(blocks):
        where = f"{table.file}, line {table.lines[row]}: block {code!r}"
        if code not in known:
            raise InputError(f"{where} is not of this plan's layer")
        if code in seen:
            raise InputError(f"{where} stands twice")
        seen.add(code)
    index = pd.Index(graph_codes, name="block_code", dtype="str")
    given = pd.Series(areas.to_numpy(), index=blocks.to_numpy(), name="area_code", dtype="str")
    return given.reindex(index, fill_value=UNASSIGNED)


def _straddling(assignment: pd.Series, overlap: pd.DataFrame, tolerance: float) -> pd.DataFrame:
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
    astray = frame[frame["share"] < 1.0 - tolerance]
    return astray.sort_values("share", kind="stable")
