"""Wards and priority estates, both made of whole blocks."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.demo.town.blocks import OVER_WATER_M, crossing_cost, dissolved
from boundaries.demo.town.fabric import Fabric
from boundaries.demo.town.lines import CENTRE, RADIUS_M, Floats, Ints, from_centre
from boundaries.demo.town.names import ESTATES, ward_names
from boundaries.demo.town.regions import Places, grow_few, grow_many, neighbour_graph
from geo.crs import BRITISH_NATIONAL_GRID

WARDS: Final = 17
TWO_MEMBER_WARDS: Final = 4
NEVER_M: Final = 1e6
TRIES: Final = 6
WIDEST_VARIANCE: Final = 0.17
"""How far from the city's mean the electors per member are meant to lie at most."""


def block_neighbours(fabric: Fabric, block: Ints, *, kind: Ints) -> tuple[Ints, Floats]:
    """Pairs of blocks that share an edge, and what it costs to cross there."""
    inner = (fabric.sides >= 0).all(axis=1)
    pairs = block[fabric.sides[inner]]
    apart = pairs[:, 0] != pairs[:, 1]
    # A block is three cells wide: what deters a cell must deter a block three times as much.
    return pairs[apart], 3 * crossing_cost(fabric, kind)[inner][apart]


def group_blocks(
    blocks: gpd.GeoDataFrame, *, neighbours: tuple[Ints, Floats], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Divide blocks into wards: the ward of each block, and the members of each ward.

    A ward on both banks of a river is not one neighbourhood, so of several tries the first
    without any such ward is taken, if its electors are shared out as they were meant to be,
    or else the best.
    """
    points = blocks.geometry.representative_point().get_coordinates().to_numpy()
    pairs, cost = neighbours
    graph = neighbour_graph(points, pairs, extra_cost=cost)
    places = Places(points, blocks["electors"].to_numpy(float), graph)
    across = pairs[cost > OVER_WATER_M]  # three times as much, see above
    tries = []
    for _ in range(TRIES):
        ward, members = _divided(places, rng)
        on_both_banks = len(np.unique(ward[across[:, 0]][np.equal(*ward[across].T)]))
        variance = _widest_variance(places.weight, ward, members=members)
        tries.append((on_both_banks, variance, ward, members))
        if not on_both_banks and variance < WIDEST_VARIANCE + 0.035:
            break
    _, _, ward, members = min(tries, key=lambda tried: tried[:2])
    return ward, members


def _widest_variance(electors: Floats, ward: Ints, *, members: Ints) -> float:
    per_member = np.bincount(ward, electors, WARDS) / members
    return float(np.abs(per_member / (electors.sum() / members.sum()) - 1).max())


def _divided(places: Places, rng: np.random.Generator) -> tuple[Ints, Ints]:
    members = np.full(WARDS, 3)
    members[rng.choice(WARDS, TWO_MEMBER_WARDS, replace=False)] = 2
    variance = rng.permutation(np.linspace(-WIDEST_VARIANCE, WIDEST_VARIANCE, WARDS))
    share = members * (1 + variance)
    targets = share / share.sum() * places.weight.sum()
    seeds = _ward_seeds(places.points, rng)
    return grow_few(places, seeds, targets=targets, rounds=10), members


def _ward_seeds(points: Floats, rng: np.random.Generator) -> Ints:
    order = np.arange(WARDS) + 0.5
    angle = order * np.pi * (3 - np.sqrt(5)) + rng.uniform(0, 2 * np.pi)
    distance = RADIUS_M * 0.9 * np.sqrt(order / WARDS)
    spiral = CENTRE + distance[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    gap = np.hypot(*(points[:, None] - spiral).transpose(2, 0, 1))
    return np.asarray(gap.argmin(axis=0))


def name_areas(
    blocks: gpd.GeoDataFrame, ward: Ints, *, members: Ints
) -> tuple[gpd.GeoDataFrame, Ints]:
    """Name the wards, and give blocks the codes and names that follow from their ward.

    Returns
    -------
    blocks
        Indexed by `area_code`, in the order of the codes, with `area_name` and `ward_code`.
    members
        Councillors of each ward, in the order of the wards' codes.
    """
    points = blocks.geometry.representative_point().get_coordinates().to_numpy()
    middles = np.column_stack(
        [np.bincount(ward, points[:, axis]) / np.bincount(ward) for axis in (0, 1)]
    )
    names = np.array(ward_names(middles - CENTRE))
    # Codes follow the alphabet, as the Office for National Statistics gives them out.
    rank = names.argsort(kind="stable").argsort(kind="stable")
    order = np.lexsort((from_centre(points), rank[ward]))
    coded = blocks.iloc[order].reset_index(drop=True)
    place = coded.groupby(rank[ward][order]).cumcount() + 1
    ward_name = pd.Series(names[ward][order])
    coded.insert(0, "area_name", ward_name + " " + place.astype(str).str.zfill(2))
    # Numbers of statistical areas run on in the order of the blocks.
    coded["lsoa_code"] = [f"D01{n + 1:06d}" for n in pd.factorize(coded.pop("lsoa"))[0]]
    coded["ward_code"] = [ward_code(number) for number in rank[ward][order]]
    coded.index = pd.Index(
        [f"D00{number:06d}" for number in range(1, len(coded) + 1)], name="area_code"
    )
    return coded, members[names.argsort(kind="stable")]


def group_neighbourhoods(
    blocks: gpd.GeoDataFrame,
    ward: Ints,
    *,
    neighbours: tuple[Ints, Floats],
    rng: np.random.Generator,
) -> Ints:
    """Group about five blocks each, never across a ward's edge: what statistics call an LSOA."""
    points = blocks.geometry.representative_point().get_coordinates().to_numpy()
    across = ward[neighbours[0]]
    cost = neighbours[1] + np.where(across[:, 0] != across[:, 1], NEVER_M, 0.0)
    places = Places(
        points,
        blocks["residents"].to_numpy(float),
        neighbour_graph(points, neighbours[0], extra_cost=cost),
    )
    return grow_many(places, len(blocks) // 5, rounds=6, rng=rng)


def ward_code(number: int) -> str:
    """Code of the ward at position `number`; no real code of the ONS begins with D."""
    return f"D05{number + 1:06d}"


def make_wards(blocks: gpd.GeoDataFrame, members: Ints) -> gpd.GeoDataFrame:
    """Dissolve blocks into wards, summing their people and averaging their deprivation."""
    ward = blocks["ward_code"].str[3:].to_numpy().astype(np.int64) - 1
    wards = gpd.GeoDataFrame(
        _summed(blocks, ward),
        geometry=dissolved(blocks.geometry.to_numpy(), ward),
        crs=BRITISH_NATIONAL_GRID,
    )
    name = blocks["area_name"].str.replace(r" \d+$", "", regex=True)
    wards.insert(0, "area_name", name.groupby(ward).first().to_numpy())
    wards.insert(4, "members", members)
    wards["officers"] = 1
    wards.index = pd.Index([ward_code(number) for number in range(len(wards))], name="area_code")
    return wards


def make_estates(
    blocks: gpd.GeoDataFrame, poorest: Floats, *, pairs: Ints, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Priority estates: a few blocks each around the poorest places, whatever their ward.

    Parameters
    ----------
    poorest
        A point in each estate, shape (estates, 2).
    pairs
        Positions of neighbouring blocks, shape (e, 2).
    """
    sizes = rng.permutation([5, 6, 7, 8])
    groups = [
        _estate(blocks, point, pairs=pairs, size=size)
        for point, size in zip(poorest, sizes, strict=True)
    ]
    chosen = blocks.iloc[np.concatenate(groups)]
    estate = np.repeat(np.arange(len(groups)), sizes)
    frame = gpd.GeoDataFrame(
        _summed(chosen, estate),
        geometry=dissolved(chosen.geometry.to_numpy(), estate),
        crs=BRITISH_NATIONAL_GRID,
    )
    frame.insert(0, "area_name", ESTATES)
    frame["blocks"] = sizes
    frame.index = pd.Index([f"D99{n + 1:06d}" for n in range(len(frame))], name="area_code")
    return frame


def _estate(blocks: gpd.GeoDataFrame, point: Floats, *, pairs: Ints, size: int) -> Ints:
    """Take the neighbouring block that is poorest and nearest until there are enough."""
    middles = blocks.geometry.representative_point().get_coordinates().to_numpy()
    gap = np.hypot(*(middles - point).T)
    appeal = blocks["imd_score"].to_numpy() - gap / 12
    both_ways = np.vstack([pairs, pairs[:, ::-1]])
    estate = [int(gap.argmin())]
    while len(estate) < size:
        beside = both_ways[np.isin(both_ways[:, 0], estate), 1]
        free = np.setdiff1d(beside, estate)
        estate.append(int(free[appeal[free].argmax()]))
    return np.array(estate)


def _summed(blocks: gpd.GeoDataFrame, group: Ints) -> pd.DataFrame:
    people = blocks[["residents", "electors", "electors_forecast"]].groupby(group).sum()
    weighted = (blocks["imd_score"] * blocks["residents"]).groupby(group).sum()
    return people.assign(imd_score=(weighted / people["residents"]).round(1))
