"""Which blocks of a layer lie side by side, and which parts of an area hang together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from boundaries.layers.topology import refuse_unfit
from geo.allocation.adjacency import contiguity
from geo.errors import InputError
from geo.store.contract import StoreReader

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bridge = tuple[str, str]


@dataclass(frozen=True, eq=False)
class BlockGraph:
    """The blocks of a layer and their neighbours: those that share an edge (rook).

    Attributes
    ----------
    codes
        n block codes, in the order of their layer.
    edges
        m × 2 positions of neighbours by land, the lower first, each pair once.
    shared_m
        Metres of edge that each pair shares.
    bridges
        k × 2 positions of blocks that count as neighbours all the same.
    """

    codes: tuple[str, ...]
    edges: Ints
    shared_m: Floats
    bridges: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each block stands."""
        return {code: position for position, code in enumerate(self.codes)}

    @cached_property
    def land(self) -> tuple[frozenset[int], ...]:
        """The neighbours of each block by land."""
        return _neighbours(len(self), self.edges.tolist())

    @cached_property
    def near(self) -> tuple[frozenset[int], ...]:
        """The neighbours of each block, those over bridges included."""
        if not self.bridges:
            return self.land
        return _neighbours(len(self), [*self.edges.tolist(), *self.bridges])

    def bridged(self, bridges: Mapping[str, Bridge]) -> BlockGraph:
        """The same blocks with these named bridges, each between two blocks, and no others.

        Raises
        ------
        InputError
            If a bridge leads nowhere.
        """
        ends = tuple(self._ends(name, *bridge) for name, bridge in bridges.items())
        return replace(self, bridges=ends)

    def _ends(self, name: str, one: str, other: str) -> tuple[int, int]:
        for code in (one, other):
            if code not in self.positions:
                raise InputError(
                    f"the bridge {name} ends in {code}, which is no block of this plan"
                )
        if one == other:
            raise InputError(f"the bridge {name} leads from {one} to itself")
        return self.positions[one], self.positions[other]

    def pieces(self, members: Iterable[int]) -> list[list[int]]:
        """The parts of an area that hang together, the one of most blocks first.

        Parameters
        ----------
        members
            Positions of the area's blocks.

        Returns
        -------
        Sorted positions of each part; parts of equal size stand in the order of their first block.
        """
        left, found = set(members), []
        while left:
            piece = self.reach(left.pop(), left)
            left.difference_update(piece)
            found.append(sorted(piece))
        return sorted(found, key=lambda piece: (-len(piece), piece[0]))

    def reach(self, start: int, within: Collection[int]) -> list[int]:
        """A block and all of `within` that can be reached from it without leaving that."""
        left = set(within) - {start}
        reached = [start]
        for block in reached:  # which grows while it is read
            found = self.near[block] & left
            left -= found
            reached.extend(found)
        return reached


def _neighbours(size: int, pairs: Iterable[Iterable[int]]) -> tuple[frozenset[int], ...]:
    found: list[set[int]] = [set() for _ in range(size)]
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return tuple(map(frozenset, found))


def block_graph(blocks: gpd.GeoDataFrame, *, shortest_edge_m: float = 1.0) -> BlockGraph:
    """Find the neighbours among blocks, in the order of their codes.

    Parameters
    ----------
    blocks
        Polygons indexed by code, in metres, whose edges match: a layer that
        `boundaries.layers.topology.refuse_unfit` lets pass.
    shortest_edge_m
        Neighbours share an edge longer than this many metres; a corner is not enough.

    Raises
    ------
    InputError
        If the blocks are in degrees or a code stands twice.
    """
    found = contiguity(blocks, shortest_edge_m=shortest_edge_m)
    return BlockGraph(found.codes, found.edges, found.shared_m)


@dataclass(frozen=True, eq=False)
class BlockLayer:
    """A layer of blocks that is fit for plans.

    Checking a layer and finding its neighbours takes some tenths of a second for a city. It
    depends on the layer alone: a service keeps this by the layer's id and the data version's
    counter of layers, and hands it to every plan on that layer.

    Attributes
    ----------
    layer_id
        The layer.
    areas
        Its polygons in metres with their attributes, in the order of the graph.
    graph
        Which blocks lie side by side.
    """

    layer_id: str
    areas: gpd.GeoDataFrame
    graph: BlockGraph

    @classmethod
    def read(cls, store: StoreReader, layer_id: str) -> BlockLayer:
        """Read the blocks of a layer.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        InputError
            If its areas do not tile: with what was found, and how to repair it.
        """
        _, areas = store.layer(layer_id)
        try:
            refuse_unfit(areas)
        except InputError as error:
            raise InputError(f"layer {layer_id} cannot carry a plan: {error}") from error
        graph = block_graph(areas)
        return cls(layer_id, areas.loc[list(graph.codes)], graph)
