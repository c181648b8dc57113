"""Which areas of a layer are neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Contiguity:
    """The areas of a layer, ordered by code, and which of them are neighbours.

    Attributes
    ----------
    codes
        n area codes, in their order.
    edges
        m × 2 positions of neighbours, the lower first, each pair once, bridges included.
    shared_m
        Metres of boundary that each pair shares; 0 over a bridge.
    area_m2, perimeter_m
        Of each area.
    """

    codes: tuple[str, ...]
    edges: Ints
    shared_m: Floats
    area_m2: Floats
    perimeter_m: Floats

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def neighbour_masks(self) -> tuple[int, ...]:
        """The neighbours of each area as a bit mask, bit i for the area at position i."""
        masks = [0] * len(self)
        for one, other in self.edges.tolist():
            masks[one] |= 1 << other
            masks[other] |= 1 << one
        return tuple(masks)

    @cached_property
    def pieces(self) -> list[list[int]]:
        """The connected parts, as positions: more than one where there are islands."""
        left, pieces = (1 << len(self)) - 1, []
        while left:
            piece = self.reach(left & -left, left)
            pieces.append(positions(piece))
            left &= ~piece
        return pieces

    def reach(self, start: int, within: int) -> int:
        """The areas that can be reached from some areas without leaving others.

        Parameters
        ----------
        start
            Bit mask of the areas to start from.
        within
            Bit mask of the areas that may be entered.

        Returns
        -------
        A bit mask; 0 where no area of `start` lies in `within`.
        """
        reached = fringe = start & within
        while fringe:
            bit = fringe & -fringe
            fringe ^= bit
            new = self.neighbour_masks[bit.bit_length() - 1] & within & ~reached
            reached |= new
            fringe |= new
        return reached

    def hangs_together(self, mask: int) -> bool:
        """Whether the areas of a mask are connected."""
        return mask != 0 and self.reach(mask & -mask, mask) == mask


def contiguity(
    areas: gpd.GeoDataFrame,
    *,
    shortest_edge_m: float = 1.0,
    gap_m: float = 0.0,
    bridges: Mapping[str, tuple[str, str]] | None = None,
) -> Contiguity:
    """Find the neighbours among areas: those that share an edge and not only a corner (rook).

    Parameters
    ----------
    areas
        Polygons indexed by area code, in metres.
    shortest_edge_m
        A shared edge must be longer than this many metres.
    gap_m
        Where edges do not match, the distance at which they still count as shared. Then
        `shortest_edge_m` should be several times as long, because every corner is this wide.
    bridges
        Name → two area codes: neighbours across a river or a strait.

    Returns
    -------
    The areas with their neighbours, in the order of their codes.

    Raises
    ------
    InputError
        If the areas are in degrees, a code is repeated, or a bridge ends outside the areas.

    Source: rook contiguity as in Anselin 1988.
    """
    if areas.crs is not None and areas.crs.is_geographic:
        raise InputError("these areas are in degrees; project them to metres to find neighbours")
    ordered = areas.sort_index()
    codes = tuple(str(code) for code in ordered.index)
    if len(set(codes)) < len(codes):
        raise InputError("two areas have the same code; give each area a code of its own")
    geometries = ordered.geometry.to_numpy()
    shared = _shared_edges(geometries, gap_m=gap_m)
    lengths = {pair: length for pair, length in shared.items() if length > shortest_edge_m}
    for pair in _bridge_ends(bridges or {}, codes):
        lengths.setdefault(pair, 0.0)
    pairs = sorted(lengths)
    return Contiguity(
        codes,
        np.array(pairs, np.int64).reshape(-1, 2),
        np.array([lengths[pair] for pair in pairs], float),
        shapely.area(geometries),
        shapely.length(geometries),
    )


def positions(mask: int) -> list[int]:
    """The positions of the bits that are set in a mask, from the lowest."""
    bits = []
    while mask:
        bit = mask & -mask
        bits.append(bit.bit_length() - 1)
        mask ^= bit
    return bits


def mask_of(members: Iterable[int]) -> int:
    """A mask with the bits of these positions set."""
    mask = 0
    for position in members:
        mask |= 1 << int(position)
    return mask


def _shared_edges(geometries: NDArray[np.object_], *, gap_m: float) -> dict[tuple[int, int], float]:
    tree = shapely.STRtree(geometries)
    one, other = tree.query(geometries, predicate="dwithin", distance=gap_m)
    one, other = one[one < other], other[one < other]
    lines = shapely.boundary(geometries)
    if gap_m > 0:
        # The shorter of the two, so that the wide buffer of a jagged edge is not counted as edge.
        near = shapely.buffer(lines, gap_m)
        there = shapely.length(shapely.intersection(lines[one], near[other]))
        back = shapely.length(shapely.intersection(lines[other], near[one]))
        length = np.minimum(there, back)
    else:
        length = shapely.length(shapely.intersection(lines[one], lines[other]))
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return dict(zip(pairs, length.tolist(), strict=True))


def _bridge_ends(
    bridges: Mapping[str, tuple[str, str]], codes: tuple[str, ...]
) -> list[tuple[int, int]]:
    at = {code: position for position, code in enumerate(codes)}
    ends = []
    for name, (one, other) in bridges.items():
        for code in (one, other):
            if code not in at:
                raise InputError(
                    f"the bridge {name} ends in {code}, which is not one of these areas"
                )
        if one == other:
            raise InputError(f"the bridge {name} joins {one} to itself; name two areas")
        low, high = sorted((at[one], at[other]))
        ends.append((low, high))
    return ends
