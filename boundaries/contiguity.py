"""Which blocks of a layer lie side by side, and which parts of an area hang together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError

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
    """Find the neighbours among blocks.

    Parameters
    ----------
    blocks
        Polygons indexed by code, in metres, whose edges match: a layer without findings of
        `boundaries.coverage.check_layer`.
    shortest_edge_m
        Neighbours share an edge longer than this many metres; a corner is not enough.

    Raises
    ------
    InputError
        If the blocks are in degrees or a code stands twice.
    """
    if blocks.crs is not None and blocks.crs.is_geographic:
        raise InputError("contiguity is measured in metres, and these blocks are in degrees")
    codes = tuple(str(code) for code in blocks.index)
    if len(set(codes)) < len(codes):
        raise InputError("two blocks have the same code")
    pairs, lengths = _shared_edges(blocks.geometry.to_numpy())
    kept = lengths > shortest_edge_m
    return BlockGraph(codes, pairs[kept], lengths[kept])


def _shared_edges(geometries: NDArray[np.object_]) -> tuple[Ints, Floats]:
    """Pairs of polygons that have straight pieces of edge in common, and how many metres.

    Where edges match, a shared piece stands in both polygons with the same two ends to the last
    bit, so that sorting finds the pairs without any geometry.
    """
    segments, owner = _segments(geometries)
    order = np.lexsort(segments.T)
    segments, owner = segments[order], owner[order]
    same = (segments[1:] == segments[:-1]).all(axis=1) & (owner[1:] != owner[:-1])
    low, high = np.minimum(owner[1:], owner[:-1])[same], np.maximum(owner[1:], owner[:-1])[same]
    length = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)[1:][same]
    keys, pair = np.unique(low * len(geometries) + high, return_inverse=True)
    pairs = np.column_stack(np.divmod(keys, max(len(geometries), 1))).astype(np.int64)
    return pairs, np.bincount(pair, weights=length, minlength=len(keys)).astype(float)


def _segments(geometries: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Rows of x, y, x, y with the lower end first, and the polygon of each."""
    parts, part_owner = shapely.get_parts(geometries, return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    along = ring[1:] == ring[:-1]
    begin, end = points[:-1][along], points[1:][along]
    swap = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    begin[swap], end[swap] = end[swap], begin[swap]
    return np.hstack([begin, end]), part_owner[ring_owner][ring[:-1][along]].astype(np.int64)
