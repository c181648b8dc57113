"""The blocks that plans are made of, and which of them are neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.layers.shared_edges import shared_edges
from boundaries.layers.topology import refuse_unfit
from geo.errors import InputError
from geo.properties import cached_property
from geo.store.contract import StoreReader

Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Bridge = tuple[str, str]


# Neighbours may share less than `shortest_edge_m` with several others; that is not the outside.
_LEAST_OUTSIDE_M = 5.0


@dataclass(frozen=True)
class Span:
    """What a bridge spans.

    Attributes
    ----------
    metres
        The shortest distance between the blocks that it joins.
    between
        Positions of other blocks whose land lies on that way.
    """

    metres: float
    between: tuple[int, ...]


@dataclass(frozen=True, eq=False)  # comparing arrays would be ambiguous
class BlockGraph:
    """The blocks of a layer and their neighbours: blocks that share an edge (rook contiguity).

    Attributes
    ----------
    codes
        n block codes, sorted.
    edges
        Positions of neighbours by land, shape (m, 2): the lower first, each pair once.
    shared_m
        Metres of edge that each pair shares, shape (m,).
    shapes
        The polygons of the blocks in metres, shape (n,).
    bridges
        Positions of pairs that count as neighbours although no edge joins them.
    """

    codes: tuple[str, ...]
    edges: Ints
    shared_m: Floats
    shapes: Shapes = field(repr=False)
    bridges: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def positions(self) -> dict[str, int]:
        """The position of each block, by code."""
        return {code: position for position, code in enumerate(self.codes)}

    @cached_property
    def land(self) -> tuple[frozenset[int], ...]:
        """The neighbours of each block by land."""
        return _neighbours(len(self), self.edges)

    @cached_property
    def near(self) -> tuple[frozenset[int], ...]:
        """The neighbours of each block, including those over bridges."""
        if not self.bridges:
            return self.land
        return _neighbours(len(self), np.concatenate([self.edges, np.array(self.bridges)]))

    @cached_property
    def outer(self) -> Ints:
        """Positions of the blocks at the outside of the layer, or at a hole in it."""
        inside = np.bincount(self.edges.ravel(), np.repeat(self.shared_m, 2), minlength=len(self))
        return np.flatnonzero(shapely.length(self.shapes) - inside > _LEAST_OUTSIDE_M)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """What each bridge spans, in the order of `bridges`."""
        return tuple(self.span(*ends) for ends in self.bridges)

    def span(self, one: int, other: int) -> Span:
        """What a bridge between two blocks would span.

        Parameters
        ----------
        one, other
            The positions of the blocks.

        Returns
        -------
        The length of the shortest way between them, and the blocks on it.
        """
        way = shapely.shortest_line(self.shapes[one], self.shapes[other])
        if not way.length:
            return Span(0.0, ())
        crossed = np.flatnonzero(shapely.intersects(self.shapes, way))
        on_land = shapely.length(shapely.intersection(self.shapes[crossed], way))
        between = crossed[(on_land > 0) & ~np.isin(crossed, (one, other))]
        return Span(float(way.length), tuple(between.tolist()))

    def bridged(self, bridges: Mapping[str, Bridge]) -> BlockGraph:
        """The same blocks with these bridges and no others.

        Raises
        ------
        InputError
            If a bridge ends at an unknown block or at the block where it starts.
        """
        ends = tuple(self._ends(name, *bridge) for name, bridge in bridges.items())
        return replace(self, bridges=ends)

    def _ends(self, name: str, one: str, other: str) -> tuple[int, int]:
        for code in (one, other):
            if code not in self.positions:
                raise InputError(
                    f"the bridge {name} ends in {code}, which is not a block of this plan"
                )
        if one == other:
            raise InputError(f"the bridge {name} leads from {one} to itself")
        return self.positions[one], self.positions[other]

    def pieces(self, members: Iterable[int]) -> list[list[int]]:
        """The connected parts of an area, the one with most blocks first.

        Parameters
        ----------
        members
            Positions of the area's blocks.

        Returns
        -------
        Sorted positions of each part; parts of equal size in the order of their first block.
        """
        left, pieces = set(members), []
        while left:
            piece = self.reach(left.pop(), left)
            left.difference_update(piece)
            pieces.append(sorted(piece))
        return sorted(pieces, key=lambda piece: (-len(piece), piece[0]))

    def reach(self, start: int, within: Collection[int]) -> list[int]:
        """The blocks that can be reached from one block without leaving a set.

        Parameters
        ----------
        start
            Position of the block to start from.
        within
            Positions of the blocks that may be crossed.

        Returns
        -------
        Positions, `start` first.
        """
        left = set(within) - {start}
        reached = [start]
        for block in reached:  # the list grows as it is read
            new = self.near[block] & left
            left -= new
            reached.extend(new)
        return reached


def _neighbours(size: int, pairs: Ints) -> tuple[frozenset[int], ...]:
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    numbers = list(range(size))  # one object for each block, in however many sets
    others = [numbers[other] for other in both[:, 1].tolist()]
    ends = np.searchsorted(both[:, 0], np.arange(size + 1)).tolist()
    return tuple(frozenset(others[first:last]) for first, last in pairwise(ends))


def block_graph(blocks: gpd.GeoDataFrame, *, shortest_edge_m: float = 1.0) -> BlockGraph:
    """Find which blocks are neighbours.

    Parameters
    ----------
    blocks
        Polygons in metres indexed by code, whose edges match: a layer that passes
        `topology.refuse_unfit`.
    shortest_edge_m
        Neighbours share more than this many metres of edge; touching at a corner is not enough.

    Returns
    -------
    The graph, with blocks in the order of their codes.

    Raises
    ------
    InputError
        If the blocks are in degrees or a code is repeated.
    """
    if blocks.crs is not None and blocks.crs.is_geographic:
        raise InputError("these blocks are in degrees; project them to metres to find neighbours")
    ordered = blocks.sort_index()
    if not ordered.index.is_unique:
        raise InputError("two blocks have the same code; give each block a code of its own")
    shapes = ordered.geometry.to_numpy()
    edges, shared_m = shared_edges(shapes)
    long = shared_m > shortest_edge_m
    return BlockGraph(tuple(map(str, ordered.index)), edges[long], shared_m[long], shapes)


@dataclass(frozen=True, eq=False)
class BlockLayer:
    """A layer of blocks that plans can be made of.

    Checking a layer and finding neighbours takes some tenths of a second for a city and depends
    on the layer alone, so a service caches this by layer id and data version for all plans.

    Attributes
    ----------
    layer_id
        The layer's id.
    areas
        Its polygons in metres with their attributes, in the order of the graph.
    graph
        Which blocks are neighbours.
    """

    layer_id: str
    areas: gpd.GeoDataFrame
    graph: BlockGraph

    @classmethod
    def read(cls, store: StoreReader, layer_id: str) -> BlockLayer:
        """Read the blocks of a layer.

        Parameters
        ----------
        store
            Holds the layer.
        layer_id
            The layer's id.

        Returns
        -------
        The blocks, in the order of their codes.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        InputError
            If its areas do not tile; the message says what to repair.
        """
        return cls.of(layer_id, store.layer(layer_id)[1])

    @classmethod
    def of(cls, layer_id: str, areas: gpd.GeoDataFrame) -> BlockLayer:
        """Take areas as blocks.

        Parameters
        ----------
        layer_id
            The id of their layer.
        areas
            Polygons in metres, indexed by code.

        Returns
        -------
        The blocks, in the order of their codes.

        Raises
        ------
        InputError
            If they do not tile; the message says what to repair.
        """
        try:
            refuse_unfit(areas)
        except InputError as error:
            raise InputError(f"layer {layer_id} cannot be the blocks of a plan: {error}") from error
        graph = block_graph(areas)
        # The graph sorts by code; figures and assignments are looked up by its positions.
        return cls(layer_id, areas.loc[list(graph.codes)], graph)
