"""Which edges of the fabric are streets, and of what kind."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from boundaries.demo.fabric import Fabric
from boundaries.demo.land import PARK, WORKS, Land
from boundaries.demo.lines import RADIUS_M, Bools, Floats, Ints, Lines, distance_to, from_centre

KINDS: Final = ("none", "residential", "main", "ring")
NONE, RESIDENTIAL, MAIN, RING = range(4)

STRAYING_M: Final = 12.0
"""A road that leaves its drawn line by this much costs twice its length."""


def edge_kinds(fabric: Fabric, land: Land, *, lines: Lines, rng: np.random.Generator) -> Ints:
    """Say for each edge of the fabric which of `KINDS` it is."""
    within = (fabric.sides >= 0).all(axis=1)
    water = within & fabric.water[fabric.sides].all(axis=1)
    kind = np.where(within & ~water & _kept(fabric, land, rng=rng), RESIDENTIAL, NONE)
    # Between two stretches of water lies either the middle of the river or a bridge's place.
    passable = within & ~fabric.over_river
    for line in lines.radials:
        kind[_followed(fabric, line, passable=passable)] = MAIN
    for line in (lines.ring, lines.inner_ring):
        kind[_followed(fabric, line, passable=passable)] = RING
    kind[~_joined_up(fabric, kind != NONE)] = NONE
    return kind


def _kept(fabric: Fabric, land: Land, *, rng: np.random.Generator) -> Bools:
    """Leave out some edges: open land has few streets, and grids should meet in T-junctions."""
    use = land.use[fabric.sides]
    gap = np.interp(from_centre(fabric.middles), [0, 2_500, RADIUS_M], [0.12, 0.2, 0.34])
    gap[(use == WORKS).all(axis=1)] = 0.55
    gap[(use == PARK).all(axis=1)] = 1.0
    return np.asarray(rng.random(len(gap)) >= gap)


def _followed(fabric: Fabric, line: Floats, *, passable: Bools) -> Ints:
    """The edges of the way through the fabric that follows a drawn line most closely."""
    edges = np.flatnonzero(passable)
    straying = distance_to(line, fabric.middles[edges]) / STRAYING_M
    cost = fabric.lengths[edges] * (1 + straying**2)
    a, b = fabric.edges[edges].T
    n = len(fabric.nodes)
    graph = coo_array((np.tile(cost, 2), (np.append(a, b), np.append(b, a))), shape=(n, n)).tocsr()
    reachable = np.unique(fabric.edges[edges])
    at = fabric.nodes[reachable]
    stops = reachable[KDTree(at).query(_stops(at, line))[1]]
    _, before = dijkstra(graph, indices=stops[:-1], return_predecessors=True)
    steps = [
        step
        for row, start, stop in zip(before, stops[:-1], stops[1:], strict=True)
        for step in _steps_back(row, start, stop)
    ]
    pairs = np.sort(fabric.edges[edges]) @ [n, 1]  # one number for each pair of nodes
    order = pairs.argsort()
    wanted = np.array(steps) @ [n, 1]
    return np.asarray(edges[order[np.searchsorted(pairs[order], wanted)]])


def _stops(nodes: Floats, line: Floats) -> Floats:
    """A few points of the line within the city, both ends among them."""
    near = line[distance_to(nodes, line) < 60]
    return np.asarray(near[np.linspace(0, len(near) - 1, 7).astype(int)])


def _steps_back(before: Ints, start: int, stop: int) -> list[tuple[int, int]]:
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
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    _, piece = connected_components(graph, directed=False)
    largest = np.bincount(piece[a]).argmax()
    return np.asarray(street & (piece[fabric.edges[:, 0]] == largest))
