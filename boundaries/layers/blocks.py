"""The blocks that plans are made of, and which of them are neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from boundaries.layers.topology import refuse_unfit
from geo.allocation.adjacency import contiguity
from geo.errors import InputError
from geo.properties import cached_property
from geo.store.contract import StoreReader

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bridge = tuple[str, str]


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
    bridges
        Positions of pairs that count as neighbours although no edge joins them.
    """

    codes: tuple[str, ...]
    edges: Ints
    shared_m: Floats
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
        return _neighbours(len(self), self.edges.tolist())

    @cached_property
    def near(self) -> tuple[frozenset[int], ...]:
        """The neighbours of each block, including those over bridges."""
        if not self.bridges:
            return self.land
        return _neighbours(len(self), [*self.edges.tolist(), *self.bridges])

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


def _neighbours(size: int, pairs: Iterable[Iterable[int]]) -> tuple[frozenset[int], ...]:
    near: list[set[int]] = [set() for _ in range(size)]
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    return tuple(map(frozenset, near))


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
    neighbours = contiguity(blocks, shortest_edge_m=shortest_edge_m)
    return BlockGraph(neighbours.codes, neighbours.edges, neighbours.shared_m)


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
        _, areas = store.layer(layer_id)
        try:
            refuse_unfit(areas)
        except InputError as error:
            raise InputError(f"layer {layer_id} cannot be the blocks of a plan: {error}") from error
        graph = block_graph(areas)
        # The graph sorts by code; figures and assignments are looked up by its positions.
        return cls(layer_id, areas.loc[list(graph.codes)], graph)
