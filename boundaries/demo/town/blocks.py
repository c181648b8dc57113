"""Blocks, the small areas that wards are made of: cells grown together, and who lives there."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.demo.town.fabric import Fabric
from boundaries.demo.town.land import Land
from boundaries.demo.town.lines import CENTRE, RADIUS_M, Floats, Ints
from boundaries.demo.town.regions import Places, grow_many, neighbour_graph
from boundaries.demo.town.streets import MAIN, RING
from geo.crs import BRITISH_NATIONAL_GRID

BLOCKS: Final = 780
OVER_WATER_M: Final = 12_000.0
ALONG_WATER_M: Final = 3_000.0
OVER_MAIN_ROAD_M: Final = 260.0


def crossing_cost(fabric: Fabric, kind: Ints) -> Floats:
    """Metres that crossing each edge costs on top of the way: most where people feel a border."""
    inner = (fabric.sides >= 0).all(axis=1)
    water = inner & fabric.water[fabric.sides].all(axis=1)
    cost = np.where((kind == MAIN) | (kind == RING), OVER_MAIN_ROAD_M, 0.0)
    # Along a bank it costs too: else the river would be one long block.
    cost[water] = ALONG_WATER_M
    cost[fabric.over_river] = OVER_WATER_M
    return cost


def group_cells(fabric: Fabric, land: Land, *, kind: Ints, rng: np.random.Generator) -> Ints:
    """Say for each cell which block it belongs to, 0 … `BLOCKS` - 1."""
    inner = (fabric.sides >= 0).all(axis=1)
    graph = neighbour_graph(
        fabric.seeds, fabric.sides[inner], extra_cost=crossing_cost(fabric, kind)[inner]
    )
    places = Places(fabric.seeds, land.residents.astype(float), graph)
    return grow_many(places, BLOCKS, rounds=14, rng=rng)


def make_blocks(
    fabric: Fabric, land: Land, *, block: Ints, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Blocks with their people, in the order of `block`, without codes and names."""
    residents = np.bincount(block, land.residents, BLOCKS).astype(np.int64)
    weight = land.residents + 0.01
    score = np.bincount(block, weight * land.deprivation, BLOCKS) / np.bincount(block, weight)
    people = _people(residents, score, middles=_middles(fabric, block), rng=rng)
    return gpd.GeoDataFrame(
        people, geometry=dissolved(fabric.cells, block), crs=BRITISH_NATIONAL_GRID
    )


def dissolved(polygons: NDArray[np.object_], group: Ints) -> NDArray[np.object_]:
    """Join polygons that share edges exactly; one geometry for each group, in its order."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    parts = np.split(np.asarray(polygons)[order], starts[1:])
    return np.array([_single(shapely.coverage_union_all(part)) for part in parts])


def _single(geometry: shapely.Geometry) -> shapely.Geometry:
    """A polygon in one part is a Polygon, whatever the union calls it."""
    parts = shapely.get_parts(geometry)
    return shapely.normalize(parts[0] if len(parts) == 1 else geometry)


def _middles(fabric: Fabric, block: Ints) -> Floats:
    count = np.bincount(block, minlength=BLOCKS)
    return np.column_stack(
        [np.bincount(block, fabric.seeds[:, axis], BLOCKS) / count for axis in (0, 1)]
    )


def _people(
    residents: Ints, score: Floats, *, middles: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    # Fewer are registered where people move often: in the centre and where they are poor.
    registered = 0.79 - 0.0016 * score + rng.normal(0, 0.025, len(score))
    electors = np.rint(residents * np.clip(registered, 0.55, 0.86)).astype(np.int64)
    forecast = np.rint(electors * (1 + _growth(middles, rng))).astype(np.int64)
    decile = np.ceil(pd.Series(-score).rank(method="first") / len(score) * 10).astype(int)
    return pd.DataFrame(
        {
            "residents": residents,
            "electors": electors,
            "electors_forecast": forecast,
            "imd_score": score.round(1),
            "imd_decile": decile,
        }
    )


def _growth(middles: Floats, rng: np.random.Generator) -> Floats:
    """Share by which electors grow in five years: two places at the edge are being built on."""
    growth = rng.normal(0.02, 0.02, len(middles))
    for bearing in rng.uniform(0, 2 * np.pi) + np.array([0.0, 2.6]):
        site = CENTRE + 0.8 * RADIUS_M * np.array([np.cos(bearing), np.sin(bearing)])
        growth += 0.45 * np.exp(-((np.hypot(*(middles - site).T) / 650) ** 2))
    return growth
