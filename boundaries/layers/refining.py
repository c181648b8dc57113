"""Replace some blocks by smaller ones, such as an LSOA by its output areas, with their people.

A block keeps its outline: the smaller areas divide it between them, also where they were drawn a
little differently. Its figures are shared out among them, and add up to what they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.electorates import electorates
from boundaries.layers.snapping import snap
from geo.allocation.apportionment import apportion
from geo.areal.best_fit import overlap_shares
from geo.errors import InputError
from geo.locate import OUTSIDE, AreaLocator

PEOPLE = "residents"
"""Column that counts people, besides those of electors."""

_NODED_M = 0.01
"""Vertices of old and new blocks that are this close become one, so that their edges match."""

_SLIVER = 0.01
"""A part that is smaller than this share of the largest is a line drawn slightly differently."""

_MOST_ADRIFT = 0.05
"""Most of a block that may lie in none of the smaller areas that divide it."""

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RefinedBlocks:
    """A layer of blocks of which some are replaced by smaller ones.

    Attributes
    ----------
    areas
        The new layer, by code, with the columns of the old one.
    parent
        The old block that each block of the new layer lies in, by its code: itself where it was
        not replaced.
    whole
        Codes of blocks that should have been replaced, but have fewer than two smaller areas.
    note
        By what people were shared out, for readers of the figures.
    """

    areas: gpd.GeoDataFrame
    parent: pd.Series
    whole: tuple[str, ...]
    note: str


def refine_blocks(
    blocks: gpd.GeoDataFrame,
    smaller: gpd.GeoDataFrame,
    replaced: Iterable[str],
    *,
    points: gpd.GeoDataFrame | None = None,
) -> RefinedBlocks:
    """Replace some blocks by the smaller areas that lie in them for the most part.

    Parameters
    ----------
    blocks
        Polygons in metres that tile, indexed by code.
    smaller
        Polygons in the same CRS, indexed by code, with `area_name`.
    replaced
        Codes of the blocks to replace.
    points
        Where people live, such as postcodes, in the same CRS: with a column of `residents` or
        `electors` without gaps each point weighs as much, else each weighs the same. None for no
        such points.

    Returns
    -------
    The new layer. Whole numbers of people are shared by largest remainder, so that they stay
    whole and add up exactly; they go by the points, else by the people of the smaller areas where
    all are known, else by surface, as `note` says. Every other column is copied from the old
    block.

    Raises
    ------
    InputError
        If a block is unknown, none can be replaced, a code would stand twice, the smaller areas
        leave more than 5 per cent of a block empty, or the new layer does not tile.
    """
    wanted = list(dict.fromkeys(replaced))
    unknown = [code for code in wanted if code not in blocks.index]
    if unknown:
        raise InputError(f"{unknown[0]} is not one of the blocks; check its code")
    inside = _inside(blocks.loc[wanted], smaller)
    divided = [code for code in wanted if len(inside.get(code, [])) > 1]
    if not divided:
        raise InputError(
            "no block has two smaller areas in it, so none can be replaced; choose a finer layer"
        )
    parts = {code: _divide(blocks.geometry[code], smaller, inside[code], code) for code in divided}
    stay = blocks.drop(index=divided)
    _refuse_repeated(stay.index, parts.values())
    rule, note = _sharing(smaller, parts, points)
    new = [_shared(blocks.loc[[code]], parts[code], smaller, rule) for code in divided]
    together = gpd.GeoDataFrame(pd.concat([stay, *new]), crs=blocks.crs).sort_index()
    together.index.name = blocks.index.name
    tiled, _ = snap(together, _NODED_M)
    lies_in = {part: code for code in divided for part in parts[code].index}
    parent = pd.Series([lies_in.get(code, code) for code in tiled.index], index=tiled.index)
    whole = tuple(code for code in wanted if code not in parts)
    return RefinedBlocks(tiled, parent, whole, note)


def _inside(blocks: gpd.GeoDataFrame, smaller: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """The smaller areas that lie for the most part in each block."""
    overlap = overlap_shares(smaller, blocks)
    overlap = overlap[overlap["share"] > 0.5]
    groups = overlap.groupby("area_code")["block_code"]
    return {str(code): list(map(str, codes)) for code, codes in groups}


def _divide(
    block: shapely.Geometry, smaller: gpd.GeoDataFrame, codes: Sequence[str], code: str
) -> gpd.GeoSeries:
    """The parts of a block that some smaller areas divide it into; together they are the block."""
    pieces = shapely.intersection(smaller.loc[list(codes)].geometry.to_numpy(), block)
    pieces = np.array([_main_parts(piece) for piece in pieces], dtype=object)
    rest = shapely.difference(block, shapely.union_all(pieces))
    empty = float(shapely.area(rest) / shapely.area(block))
    if empty > _MOST_ADRIFT:
        raise InputError(
            f"the smaller areas leave {100 * empty:.0f} % of {code} empty; choose a layer that "
            "covers it"
        )
    # What is left over are slivers where the two layers were drawn apart: each goes to the part
    # that it touches longest.
    for sliver in shapely.get_parts(_polygons(rest)):
        nearby = shapely.buffer(sliver, _NODED_M)  # lines that were cut apart hardly ever meet
        touched = shapely.length(shapely.intersection(shapely.boundary(pieces), nearby))
        longest = int(touched.argmax())
        pieces[longest] = _polygons(shapely.union(pieces[longest], sliver))
    return gpd.GeoSeries(pieces, index=list(codes), crs=smaller.crs)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape without the points and lines where others only touch it."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _main_parts(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape without slivers that lie apart from it."""
    parts = shapely.get_parts(_polygons(shape))
    sizes = shapely.area(parts)
    return shapely.union_all(parts[sizes >= _SLIVER * sizes.max()]) if len(parts) else shape


def _refuse_repeated(stay: pd.Index, parts: Iterable[gpd.GeoSeries]) -> None:
    codes = [*map(str, stay), *(str(code) for part in parts for code in part.index)]
    repeated = pd.Index(codes)[pd.Index(codes).duplicated()]
    if len(repeated):
        raise InputError(f"{repeated[0]} would stand for two blocks; give the areas other codes")


def _sharing(
    smaller: gpd.GeoDataFrame, parts: dict[str, gpd.GeoSeries], points: gpd.GeoDataFrame | None
) -> tuple[pd.Series, str]:
    """What people are shared out by: a number for each part, and what it is."""
    every = gpd.GeoSeries(pd.concat(list(parts.values())))
    names = [PEOPLE, *electorates(smaller.columns)]
    if points is not None:
        # Of points whose people are partly unknown, each counts the same.
        name = next((name for name in names if name in points and points[name].notna().all()), "")
        return _point_weights(every, points, name), f"by {name or 'the number'} of the points"
    for name in names:
        if name in smaller and smaller.loc[every.index, name].notna().all():
            return smaller.loc[every.index, name].astype(float), f"by {name} of the smaller areas"
    by_surface = pd.Series(shapely.area(every.to_numpy()), index=every.index)
    return by_surface, "by surface, as if people were spread evenly: nothing else is known"


def _point_weights(parts: gpd.GeoSeries, points: gpd.GeoDataFrame, name: str) -> pd.Series:
    x, y = shapely.get_coordinates(points.geometry.representative_point().to_numpy()).T
    weight = points[name].to_numpy(float) if name else np.ones(len(points))
    areas = gpd.GeoDataFrame(geometry=parts.to_numpy(), index=parts.index, crs=points.crs)
    at = AreaLocator(areas).locate(x, y)
    inside = at != OUTSIDE
    counts = np.bincount(at[inside], weight[inside], len(parts))
    return pd.Series(counts, index=parts.index)


def _shared(
    block: gpd.GeoDataFrame, parts: gpd.GeoSeries, smaller: gpd.GeoDataFrame, rule: pd.Series
) -> gpd.GeoDataFrame:
    """The rows of the parts of a block, with its people shared out among them."""
    weights = rule[parts.index].to_numpy(float)
    if not weights.sum() > 0:  # a block in which nobody is known to live
        weights = shapely.area(parts.to_numpy())
    rows = block.iloc[[0] * len(parts)].set_axis(parts.index)
    rows["area_name"] = smaller.loc[parts.index, "area_name"].to_numpy()
    rows["geometry"] = parts.to_numpy()
    for name in (PEOPLE, *electorates(block.columns)):
        if name in block and pd.notna(total := block[name].iloc[0]):
            rows[name] = _share(total, weights)
    return rows


def _share(total: float, weights: Floats) -> Floats | Ints:
    if total % 1:
        return np.asarray(total * weights / weights.sum())
    return apportion(weights, int(total), method="largest-remainder")
