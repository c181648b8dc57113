"""The streets of a city: which edges of its cells they run along, their kinds and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from boundaries.demo.town.fabric import Fabric
from boundaries.demo.town.land import PARK, WORKS, Land
from boundaries.demo.town.lines import (
    INNER_RING_M,
    RADIUS_M,
    Bools,
    Floats,
    Ints,
    Lines,
    distance_to,
    from_centre,
)
from boundaries.demo.town.names import street_names
from geo.crs import BRITISH_NATIONAL_GRID

KINDS: Final = ("none", "residential", "main", "ring")
NONE, RESIDENTIAL, MAIN, RING = range(4)

STRAYING_M: Final = 12.0
"""A road that leaves its drawn line by this much costs twice its length."""

LONGEST_M: Final = {RESIDENTIAL: 620.0, MAIN: 1_900.0, RING: 2_400.0}
SHARPEST_TURN: Final = np.radians(38)
"""Where the way turns more than this, another street begins."""


@dataclass(frozen=True)
class Streets:
    """Named streets and the edges of the fabric that they run along.

    Attributes
    ----------
    named
        One row per street: `street_name`, `kind` and a LineString in metres.
    segments
        One row per edge between two junctions: `street` (position in `named`), `place` (along
        the street, from 0), `edge` (number in the fabric), `forward` (whether the street runs
        from the edge's first node to its second), in the order of street and place.
    """

    named: gpd.GeoDataFrame
    segments: pd.DataFrame


def name_streets(fabric: Fabric, kind: Ints, *, rng: np.random.Generator) -> Streets:
    """Chain the edges that are streets into streets, and name these.

    Parameters
    ----------
    kind
        For each edge of the fabric its position in `KINDS`.
    """
    chains = _chains(fabric, kind)
    middle = np.array([fabric.middles[halves >> 1].mean(axis=0) for halves in chains])
    length = np.array([fabric.lengths[halves >> 1].sum() for halves in chains])
    # Names are handed out from the middle of the town outwards, the longest street first.
    order = np.lexsort((-length, from_centre(middle) // 250))
    chains, middle = [chains[number] for number in order], middle[order]
    kinds = [KINDS[kind[halves[0] >> 1]] for halves in chains]
    old_town = list(from_centre(middle) < INNER_RING_M * 1.05)
    named = gpd.GeoDataFrame(
        {"street_name": street_names(kinds, old_town=old_town, rng=rng), "kind": kinds},
        geometry=_lines(fabric, chains),
        crs=BRITISH_NATIONAL_GRID,
    )
    return Streets(named, _segments(chains))


def _segments(chains: list[Ints]) -> pd.DataFrame:
    halves = np.concatenate(chains)
    sizes = np.array([len(chain) for chain in chains])
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return pd.DataFrame(
        {
            "street": np.repeat(np.arange(len(chains)), sizes),
            "place": np.arange(len(halves)) - starts,
            "edge": halves >> 1,
            "forward": halves % 2 == 0,
        }
    )


def _lines(fabric: Fabric, chains: list[Ints]) -> NDArray[np.object_]:
    nodes = fabric.edges.ravel()  # node of each half-edge: number 2 * edge + end
    walked = [np.append(nodes[chain[0]], nodes[chain ^ 1]) for chain in chains]
    street = np.repeat(np.arange(len(chains)), [len(walk) for walk in walked])
    return np.asarray(shapely.linestrings(fabric.nodes[np.concatenate(walked)], indices=street))


def _chains(fabric: Fabric, kind: Ints) -> list[Ints]:
    """Walk along partners: each chain is an array of half-edges, 2 * edge + the end it enters."""
    partner = _partners(fabric, kind)
    halves = np.flatnonzero(np.repeat(kind != NONE, 2))
    # Ends first, so that only closed loops are entered in their middle.
    halves = np.concatenate([halves[partner[halves] < 0], halves[partner[halves] >= 0]])
    walked = np.zeros(len(kind), dtype=bool)
    chains = []
    for start in halves.tolist():
        chain, half = [], start
        while half >= 0 and not walked[half >> 1]:
            walked[half >> 1] = True
            chain.append(half)
            half = int(partner[half ^ 1])
        if chain:
            chains += _cut(np.array(chain), fabric, limit=LONGEST_M[int(kind[start >> 1])])
    return chains


def _cut(chain: Ints, fabric: Fabric, *, limit: float) -> list[Ints]:
    """Cut a chain into pieces of about equal length, none much longer than `limit` metres."""
    lengths = fabric.lengths[chain >> 1]
    pieces = int(np.ceil(lengths.sum() / limit))
    if pieces == 1:
        return [chain]
    along = np.cumsum(lengths) - lengths / 2
    piece = np.floor(along / lengths.sum() * pieces)
    return [part for part in np.split(chain, np.flatnonzero(np.diff(piece)) + 1) if len(part)]


def _partners(fabric: Fabric, kind: Ints) -> Ints:
    """For each half-edge the one that continues it straightest beyond their node, or -1."""
    halves = _half_edges(fabric, kind)
    pairs = halves.merge(halves, on=["node", "class"], suffixes=("", "_next"))
    pairs = pairs[pairs["half"] < pairs["half_next"]]
    swing = np.abs(pairs["heading"] - pairs["heading_next"]) % (2 * np.pi)
    pairs = pairs.assign(turn=np.abs(np.pi - swing))
    pairs = pairs[pairs["turn"] < SHARPEST_TURN].sort_values(["turn", "half"])
    partner = np.full(2 * len(kind), -1)
    for half, other in pairs[["half", "half_next"]].to_numpy().tolist():
        if partner[half] < 0 and partner[other] < 0:
            partner[half], partner[other] = other, half
    return partner


def _half_edges(fabric: Fabric, kind: Ints) -> pd.DataFrame:
    half = np.flatnonzero(np.repeat(kind != NONE, 2))
    node = fabric.edges.ravel()
    dx, dy = (fabric.nodes[node[half ^ 1]] - fabric.nodes[node[half]]).T
    return pd.DataFrame(
        {
            "half": half,
            "node": node[half],
            "class": kind[half >> 1],
            "heading": np.arctan2(dy, dx),
        }
    )


def edge_kinds(fabric: Fabric, land: Land, *, lines: Lines, rng: np.random.Generator) -> Ints:
    """Say for each edge of the fabric which of `KINDS` it is."""
    within = (fabric.sides >= 0).all(axis=1)
    water = within & fabric.water[fabric.sides].all(axis=1)
    kind = np.where(within & ~water & ~_gaps(fabric, land, rng=rng), RESIDENTIAL, NONE)
    # Between two stretches of water lies either the middle of the river or a bridge's place.
    passable = within & ~fabric.over_river
    for line in lines.radials:
        kind[_followed(fabric, line, passable=passable)] = MAIN
    for line in (lines.ring, lines.inner_ring):
        kind[_followed(fabric, line, passable=passable)] = RING
    kind[~_joined_up(fabric, kind != NONE)] = NONE
    return kind


def _gaps(fabric: Fabric, land: Land, *, rng: np.random.Generator) -> Bools:
    """Edges without a street: open land has few, and grids should meet in T-junctions."""
    use = land.use[fabric.sides]
    gap = np.interp(from_centre(fabric.middles), [0, 2_500, RADIUS_M], [0.12, 0.2, 0.34])
    gap[(use == WORKS).all(axis=1)] = 0.55
    gap[(use == PARK).all(axis=1)] = 1.0
    return rng.random(len(gap)) < gap


def _followed(fabric: Fabric, line: Floats, *, passable: Bools) -> Ints:
    """The edges of the way through the fabric that follows a drawn line most closely."""
    edges = np.flatnonzero(passable)
    straying = distance_to(line, fabric.middles[edges]) / STRAYING_M
    cost = fabric.lengths[edges] * (1 + straying**2)
    a, b = fabric.edges[edges].T
    n = len(fabric.nodes)
    graph = scipy.sparse.coo_array(
        (np.tile(cost, 2), (np.append(a, b), np.append(b, a))), shape=(n, n)
    ).tocsr()
    reachable = np.unique(fabric.edges[edges])
    at = fabric.nodes[reachable]
    stops = reachable[scipy.spatial.KDTree(at).query(_stops(at, line))[1]]
    _, before = scipy.sparse.csgraph.dijkstra(graph, indices=stops[:-1], return_predecessors=True)
    steps = [
        step
        for row, start, stop in zip(before, stops[:-1], stops[1:], strict=True)
        for step in _steps_back(row, start, stop)
    ]
    pairs = np.sort(fabric.edges[edges]) @ [n, 1]  # one number for each pair of nodes
    order = pairs.argsort(kind="stable")
    on_way = np.array(steps) @ [n, 1]
    return edges[order[np.searchsorted(pairs[order], on_way)]]


def _stops(nodes: Floats, line: Floats) -> Floats:
    """A few points of the line within the city, both ends among them."""
    near = line[distance_to(nodes, line) < 60]
    return np.asarray(near[np.linspace(0, len(near) - 1, 7).astype(int)])


def _steps_back(before: NDArray[np.int32], start: int, stop: int) -> list[tuple[int, int]]:
    steps, node = [], int(stop)
    while node != start:
        earlier = int(before[node])
        steps.append((min(node, earlier), max(node, earlier)))
        node = earlier
    return steps


def _joined_up(fabric: Fabric, street: Bools) -> Bools:
    """Keep the streets that can be reached from one another."""
    a, b = fabric.edges[street].T
    n = len(fabric.nodes)
    graph = scipy.sparse.coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    _, piece = scipy.sparse.csgraph.connected_components(graph, directed=False)
    largest = np.bincount(piece[a]).argmax()
    return np.asarray(street & (piece[fabric.edges[:, 0]] == largest))
