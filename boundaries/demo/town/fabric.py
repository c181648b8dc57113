"""The fabric of a city: small cells of land between streets, with exactly shared edges.

Cells are the Voronoi regions of seeds. Seeds stand on locally turned and bent grids, so that
rows of houses appear rather than a mosaic; seeds that stand in pairs beside a line make cell
edges follow it. Cells are used whole or not at all, never cut, so that shared vertices are equal to
the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
import shapely
from numpy.typing import NDArray

from boundaries.demo.town.lines import (
    CENTRE,
    INNER_RING_M,
    RADIUS_M,
    Bools,
    Floats,
    Ints,
    Lines,
    beside,
    distance_to,
    from_centre,
    resample,
)
from geo.properties import cached_property

WATER_HALF_M = 34.0
"""Seeds this far from the river's middle stand for its water; the banks lie twice as far."""

ROAD_ROW_M = 34.0
SHORT_EDGE_M = 16.0
DISTRICTS = 54


@dataclass(frozen=True)
class Fabric:
    """Cells of land and the edges between them.

    Attributes
    ----------
    nodes
        Corners, metres, shape (n, 2), rounded to centimetres.
    seeds
        A point inside each cell, shape (m, 2).
    cells
        Polygons, shape (m,).
    bank
        1 where a cell is the left half of a stretch of the river, -1 where it is the right
        half, 0 on land, shape (m,).
    edges
        Node numbers at both ends of each edge, shape (e, 2).
    sides
        Cell numbers at both sides of each edge, -1 for outside the city, shape (e, 2).
    """

    nodes: Floats
    seeds: Floats
    cells: NDArray[np.object_]
    bank: Ints
    edges: Ints
    sides: Ints

    @property
    def water(self) -> Bools:
        """Whether a cell belongs to the river."""
        return np.asarray(self.bank != 0)

    @property
    def over_river(self) -> Bools:
        """Whether an edge is a piece of the middle of the river."""
        left, right = self.bank[self.sides].T
        return np.asarray((left * right == -1) & (self.sides >= 0).all(axis=1))

    @cached_property
    def lengths(self) -> Floats:
        """Length of each edge in metres."""
        start, end = self.nodes[self.edges.T]
        return np.asarray(np.hypot(*(end - start).T))

    @cached_property
    def areas(self) -> Floats:
        """Area of each cell in square metres."""
        return np.asarray(shapely.area(self.cells))

    @cached_property
    def middles(self) -> Floats:
        """Middle of each edge, shape (e, 2)."""
        return np.asarray(self.nodes[self.edges].mean(axis=1))


def weave(lines: Lines, rng: np.random.Generator) -> Fabric:
    """Fill the outline of a city with cells along its lines."""
    seeds, bank = _seeds(lines, rng)
    diagram = scipy.spatial.Voronoi(seeds)
    inside = _largest_piece(lines.inside_edge(seeds), diagram.ridge_points)
    nodes, node_of = _joined_corners(diagram)
    number = np.cumsum(inside) - 1
    sides = np.where(inside[diagram.ridge_points], number[diagram.ridge_points], -1)
    vertices = np.asarray(diagram.ridge_vertices)
    bounded = (sides >= 0).any(axis=1)
    edges = node_of[vertices[bounded]]
    apart = edges[:, 0] != edges[:, 1]
    rings = [
        node_of[diagram.regions[diagram.point_region[cell]]] for cell in np.flatnonzero(inside)
    ]
    return Fabric(
        nodes=nodes,
        seeds=seeds[inside],
        cells=_polygons(nodes, rings),
        bank=bank[inside],
        edges=edges[apart],
        sides=sides[bounded][apart],
    )


def _seeds(lines: Lines, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Seeds of all kinds, and the bank of the river that each stands for."""
    stations = resample(lines.river, 85.0)
    rows = [beside(stations, side * WATER_HALF_M) for side in (1, -1, 3, -3)]
    for number, road in enumerate(lines.roads):
        row = resample(road, 95.0)
        clear = distance_to(lines.river, row) > WATER_HALF_M * 4.4
        for earlier in lines.roads[:number]:
            clear &= distance_to(earlier, row) > ROAD_ROW_M * 1.9
        rows += [beside(row, side * ROAD_ROW_M)[clear] for side in (1, -1)]
    land = _land_seeds(lines, rng)
    land = land[distance_to(np.vstack(lines.roads), land) > ROAD_ROW_M * 2.1]
    land = land[distance_to(lines.river, land) > WATER_HALF_M * 4.4]
    seeds = np.vstack([*rows, land])
    bank = np.zeros(len(seeds), dtype=np.int64)
    bank[: 2 * len(stations)] = np.repeat([1, -1], len(stations))
    return seeds, bank


def _land_seeds(lines: Lines, rng: np.random.Generator) -> Floats:
    """Seeds of the districts, each with a grid of its own direction, size and bend."""
    centres = _district_centres(rng)
    nearest_district = scipy.spatial.KDTree(centres)
    roads = np.vstack([resample(road, 50.0) for road in lines.roads])
    headings = np.vstack([np.gradient(resample(road, 50.0), axis=0) for road in lines.roads])
    _, beside_road = scipy.spatial.KDTree(roads).query(centres)
    turns = np.arctan2(headings[beside_road, 1], headings[beside_road, 0])
    turns += rng.normal(0, 0.16, len(centres))
    seeds, rooms = [], []
    for number, (centre, turn) in enumerate(zip(centres, turns, strict=True)):
        room = _plot_size(centre, rng)
        grid = _bent_grid(centre, room, turn=turn, rng=rng)
        own = nearest_district.query(grid)[1] == number
        seeds.append(grid[own])
        rooms.append(np.full(own.sum(), room.min()))
    return _thinned(np.vstack(seeds), np.concatenate(rooms))


def _district_centres(rng: np.random.Generator) -> Floats:
    # A sunflower spiral spreads evenly; the power packs smaller districts round the centre.
    order = np.arange(DISTRICTS) + 0.5
    distance = (RADIUS_M + 1_400) * (order / DISTRICTS) ** 0.6
    angle = order * np.pi * (3 - np.sqrt(5)) + rng.uniform(0, 2 * np.pi)
    spiral = CENTRE + distance[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(spiral + rng.normal(0, 130, spiral.shape))


def _plot_size(centre: Floats, rng: np.random.Generator) -> Floats:
    """Length and depth in metres of the cells of the district at `centre`."""
    distance = float(from_centre(centre[None])[0])
    depth = np.interp(distance, [0, 600, 3_000, 4_400, 5_500], [58, 66, 84, 120, 230])
    length = depth * rng.uniform(1.25, 2.2 if distance > INNER_RING_M else 1.4)
    return np.array([length, depth * rng.uniform(0.9, 1.12)])


def _bent_grid(centre: Floats, room: Floats, *, turn: float, rng: np.random.Generator) -> Floats:
    """Points of a grid whose rows are arcs: bent without shear, corners stay nearly square."""
    steps = [np.arange(-1_900, 1_900, size) + rng.uniform(0, size) for size in room]
    u, v = (axis.ravel() for axis in np.meshgrid(*steps))
    radius = rng.choice([-1, 1]) * rng.uniform(1_900, 7_000)
    x, y = (radius + v) * np.sin(u / radius), (radius + v) * np.cos(u / radius) - radius
    old_town = from_centre(centre[None])[0] < INNER_RING_M
    jitter = rng.normal(0, 0.11 if old_town else 0.02, (len(u), 2)) * room
    points = np.column_stack([x, y]) + jitter
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(centre + points @ np.array([[cos, sin], [-sin, cos]]))


def _thinned(seeds: Floats, room: Floats) -> Floats:
    """Drop seeds that stand too close to an earlier one, where two districts meet."""
    pairs = scipy.spatial.KDTree(seeds).query_pairs(0.72 * room.max(), output_type="ndarray")
    gap = np.hypot(*(seeds[pairs[:, 0]] - seeds[pairs[:, 1]]).T)
    crowded = gap < 0.72 * room[pairs].max(axis=1)
    keep = np.ones(len(seeds), dtype=bool)
    keep[pairs[crowded].max(axis=1)] = False
    return seeds[keep]


def _largest_piece(chosen: Bools, neighbours: NDArray[np.int32]) -> Bools:
    """Keep one piece without islands, and give back what it encloses."""
    outside = _piece_of(~chosen, neighbours)
    return _piece_of(~outside, neighbours)


def _piece_of(chosen: Bools, neighbours: NDArray[np.int32]) -> Bools:
    """The largest connected piece of what is chosen."""
    both = chosen[neighbours].all(axis=1)
    a, b = neighbours[both].T
    links = scipy.sparse.coo_array((np.ones(len(a)), (a, b)), shape=(len(chosen), len(chosen)))
    _, piece = scipy.sparse.csgraph.connected_components(links, directed=False)
    sizes = np.bincount(piece[chosen])
    return np.asarray(chosen & (piece == sizes.argmax()))


def _joined_corners(diagram: scipy.spatial.Voronoi) -> tuple[Floats, Ints]:
    """Join corners that are only a few steps apart, as two roads meet in one crossing.

    A grid's four cells meet in one point; bent a little, Voronoi makes two of it.
    """
    ridges = np.asarray(diagram.ridge_vertices)
    ridges = ridges[(ridges >= 0).all(axis=1)]
    start, end = diagram.vertices[ridges.T]
    a, b = ridges[np.hypot(*(end - start).T) < SHORT_EDGE_M].T
    n = len(diagram.vertices)
    links = scipy.sparse.coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    count, group = scipy.sparse.csgraph.connected_components(links, directed=False)
    size = np.bincount(group, minlength=count)
    nodes = np.column_stack(
        [np.bincount(group, diagram.vertices[:, axis], count) / size for axis in (0, 1)]
    )
    return nodes.round(2), group.astype(np.int64)


def _polygons(nodes: Floats, rings: list[Ints]) -> NDArray[np.object_]:
    closed = [ring[np.append(True, ring[1:] != ring[:-1])] for ring in rings]
    closed = [np.append(ring, ring[0]) if ring[0] != ring[-1] else ring for ring in closed]
    cell = np.repeat(np.arange(len(closed)), [len(ring) for ring in closed])
    return np.asarray(
        shapely.polygons(shapely.linearrings(nodes[np.concatenate(closed)], indices=cell))
    )
