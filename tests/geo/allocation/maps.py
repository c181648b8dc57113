"""Drawn and random maps of areas, with all their plans found the slow way."""

from collections.abc import Iterator

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from geo.allocation.adjacency import Contiguity, contiguity
from geo.crs import BRITISH_NATIONAL_GRID


def squares(*rows: str, side: float = 100.0) -> gpd.GeoDataFrame:
    """One area for each letter of a picture, made of its squares; spaces and dots are no land."""
    parts: dict[str, list[shapely.Geometry]] = {}
    for up, row in enumerate(reversed(rows)):
        for across, letter in enumerate(row):
            if letter not in " .":
                x, y = across * side, up * side
                parts.setdefault(letter, []).append(shapely.box(x, y, x + side, y + side))
    shapes = {letter: shapely.union_all(boxes) for letter, boxes in sorted(parts.items())}
    index = pd.Index(list(shapes), name="area_code")
    return gpd.GeoDataFrame(
        {"area_name": [f"Ward {letter}" for letter in shapes]},
        index=index,
        geometry=list(shapes.values()),
        crs=BRITISH_NATIONAL_GRID,
    )


def random_areas(n: int, *, seed: int) -> gpd.GeoDataFrame:
    """A random planar map: the Voronoi cells of n points in a square, with work and members."""
    rng = np.random.default_rng(seed)
    box = shapely.box(0, 0, 1000, 1000)
    points = shapely.MultiPoint(rng.uniform(0, 1000, (n, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box))
    return gpd.GeoDataFrame(
        {
            "area_name": [f"Ward {at}" for at in range(n)],
            "workload": rng.integers(1, 40, n).astype(float),
            "members": rng.integers(1, 3, n),
        },
        index=pd.Index([f"W{at:03}" for at in range(n)], name="area_code"),
        geometry=shapely.intersection(cells, box),
        crs=BRITISH_NATIONAL_GRID,
    )


def graph_of(layer: Contiguity) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(layer)))
    graph.add_edges_from(layer.edges.tolist())
    return graph


def all_partitions(n: int, groups: int) -> Iterator[list[int]]:
    """Every way to put n things into so many groups, as restricted growth strings."""

    def extend(plan: list[int], used: int) -> Iterator[list[int]]:
        if len(plan) == n:
            if used == groups:
                yield plan
            return
        for label in range(min(used + 1, groups)):
            yield from extend([*plan, label], max(used, label + 1))

    yield from extend([], 0)


def slow_plans(areas: gpd.GeoDataFrame, groups: int) -> list[tuple[int, ...]]:
    """Every contiguous plan, by trying all."""
    graph = graph_of(contiguity(areas))
    result = []
    for plan in all_partitions(len(areas), groups):
        parts = [[at for at, label in enumerate(plan) if label == k] for k in range(groups)]
        if all(nx.is_connected(graph.subgraph(part)) for part in parts):
            result.append(tuple(plan))
    return result
