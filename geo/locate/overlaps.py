"""Areas of one layer that overlap, as a town and an estate inside it do.

Most layers tile: a point lies in one area. Where areas overlap, a point lies in several, and each
of them counts it. Edges that were drawn or rounded apart leave slivers in which neighbours overlap
too; those are no more than a wide line, and a point there still belongs to the lowest code.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.locate.touching import TouchingAreas
from geo.prepared import prepared_array

Floats = NDArray[np.float64]
Pairs = NDArray[np.int32]

WIDTH_M: Final = 10.0
"""Areas overlap where a circle this wide fits into both. A narrower surface is a sliver: addresses
and snap points are themselves no better than this."""

SHARE: Final = 0.5
"""Areas also overlap where the surface in both is at least this share of the smaller one, however
narrow: a street of shops inside a ward."""

MOST_NAMED: Final = 3
"""How many overlapping pairs a message names."""

_CACHED_LAYERS = 64

# A pattern of DE-9IM: the insides of both have points in common.
_INSIDES_MEET = "T********"


class Memberships(NamedTuple):
    """Which points lie in which areas, one pair a row, by point and then by code.

    Attributes
    ----------
    point
        Positions of points; one that lies in several areas appears with each.
    area
        Positions of areas.
    """

    point: NDArray[np.int64]
    area: NDArray[np.int32]


def overlapping_pairs(areas: gpd.GeoDataFrame) -> Pairs:
    """Find the areas of a layer that overlap; computed once for each layer.

    Parameters
    ----------
    areas
        Valid polygons in metres, indexed by code.

    Returns
    -------
    pairs
        n × 2 positions in `areas.index`, each pair once, the lower code first; see `WIDTH_M` and
        `SHARE` for what counts as an overlap.
    """
    pairs = _pairs_of(_Layer(areas.geometry.to_numpy()))
    codes = areas.index.to_numpy().astype(str)
    # Codes are compared as text, as the join does.
    swapped = codes[pairs[:, 0]] > codes[pairs[:, 1]]
    pairs = np.where(swapped[:, None], pairs[:, ::-1], pairs)
    order = np.lexsort((codes[pairs[:, 1]], codes[pairs[:, 0]]))
    ordered: Pairs = pairs[order]
    return ordered


def overlaps_text(areas: gpd.GeoDataFrame) -> str:
    """Name the pairs of areas that overlap.

    Parameters
    ----------
    areas
        As in `overlapping_pairs`.

    Returns
    -------
    text
        `A and B, A and C`, the first few and how many more; '' where no areas overlap.
    """
    pairs, codes = overlapping_pairs(areas), areas.index.to_numpy().astype(str)
    named = [f"{codes[one]} and {codes[other]}" for one, other in pairs[:MOST_NAMED]]
    more = len(pairs) - len(named)
    return ", ".join([*named, *([f"{more:,} more"] if more else [])])


def refuse_overlaps(areas: gpd.GeoDataFrame, purpose: str, advice: str) -> None:
    """Refuse areas that overlap where each incident or place must have one area.

    Parameters
    ----------
    areas
        As in `overlapping_pairs`.
    purpose
        What cannot be done with them, as in `officers cannot be shared over them`.
    advice
        What to do instead.

    Raises
    ------
    InputError
        If some overlap, with the codes of the first pairs.
    """
    if pairs := overlaps_text(areas):
        raise InputError(f"areas overlap ({pairs}), so {purpose}; {advice}")


def every_area(
    touching: TouchingAreas, pairs: Pairs, x: Floats, y: Floats, *, lowest: NDArray[np.int32]
) -> Memberships:
    """Find all areas of points where areas overlap.

    Of areas that a point touches, it belongs to the one with the lowest code, and to each further
    one that overlaps all those before it. So a point on an edge between two neighbours belongs to
    one of them, and also to the estate that lies across that edge.

    Parameters
    ----------
    touching
        The areas.
    pairs
        Those that overlap, as in `overlapping_pairs`.
    x, y
        n coordinates in the CRS of the areas.
    lowest
        The position of the touching area with the lowest code for each point, −1 outside.

    Returns
    -------
    memberships
        A pair for each point that is not outside, and one more for each further area.
    """
    # A point whose first area overlaps no other can belong to no second one.
    several = np.flatnonzero(np.isin(lowest, pairs))
    distinct, index = np.unique(
        np.column_stack([x[several], y[several]]).view(np.complex128).ravel(), return_inverse=True
    )
    place, area = touching.touches(distinct.real, distinct.imag)
    chosen = _without_neighbours(place, area, pairs, size=len(touching.codes))
    place, area = place[chosen], area[chosen]
    # Each point takes the areas of its place, which stand together and in the order of codes.
    first = np.searchsorted(place, index)
    number = np.searchsorted(place, index, side="right") - first
    taken = np.repeat(first, number) + _counting(number)
    single = np.flatnonzero((lowest >= 0) & ~np.isin(np.arange(len(lowest)), several))
    point = np.concatenate([single, np.repeat(several, number)])
    areas = np.concatenate([lowest[single], area[taken]])
    order = np.argsort(point, kind="stable")
    return Memberships(point[order], areas[order].astype(np.int32))


def joined_codes(
    memberships: Memberships, codes: NDArray[np.object_], points: int
) -> NDArray[np.object_]:
    """Write the codes, or names, of the areas of each point as one text.

    Parameters
    ----------
    memberships
        Of the points.
    codes
        The text of each area.
    points
        How many points there are.

    Returns
    -------
    texts
        For each point its areas joined with `;`, '' outside all of them.
    """
    texts = np.full(points, "", dtype=object)
    point, area = memberships
    first = np.diff(point, prepend=-1) != 0
    texts[point[first]] = codes[area[first]]
    for at, text in zip(point[~first], codes[area[~first]], strict=True):
        texts[at] = f"{texts[at]};{text}"
    return texts


class _Layer:
    """Geometries that are equal where their contents are, as the key of a cache."""

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        self.geometries = geometries
        digest = hashlib.blake2b(digest_size=16)
        for content in shapely.to_wkb(geometries):
            digest.update(content or b"-")
        self._digest = digest.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Layer) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


@lru_cache(maxsize=_CACHED_LAYERS)
def _pairs_of(layer: _Layer) -> Pairs:
    polygons = np.flatnonzero(shapely.get_dimensions(layer.geometries) == 2)
    # Most layers tile, and to see that takes a third of looking at all neighbours.
    if shapely.coverage_is_valid(layer.geometries[polygons]):
        layer.geometries = np.empty(0, dtype=object)
        return np.empty((0, 2), dtype=np.int32)
    shapes = prepared_array(layer.geometries[polygons])
    one, other = shapely.STRtree(shapes).query(shapes)
    one, other = one[one < other], other[one < other]
    # Neighbours that tile have no inner point in common: only few pairs are intersected.
    meeting = shapely.relate_pattern(shapes[one], shapes[other], _INSIDES_MEET)
    one, other = one[meeting], other[meeting]
    common = shapely.intersection(shapes[one], shapes[other])
    smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    # What a circle fits into is not empty when it shrinks by the radius.
    wide = ~shapely.is_empty(shapely.buffer(common, -WIDTH_M / 2, quad_segs=2))
    real = wide | (shapely.area(common) >= SHARE * smaller)
    layer.geometries = np.empty(0, dtype=object)  # the cache needs the digest only
    return np.column_stack([polygons[one[real]], polygons[other[real]]]).astype(np.int32)


def _without_neighbours(
    place: NDArray[np.int64], area: NDArray[np.int64], pairs: Pairs, *, size: int
) -> NDArray[np.bool_]:
    """Which areas of places count, where rows stand by place and then by code."""
    chosen = np.ones(len(place), dtype=bool)
    either = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
    overlapping = set((either[:, 0] * size + either[:, 1]).tolist())
    starts = np.unique(place, return_index=True)[1]
    for start, stop in pairwise([*starts.tolist(), len(place)]):
        taken: list[int] = []
        for row in range(start, stop):
            own = int(area[row])
            chosen[row] = all(own * size + before in overlapping for before in taken)
            if chosen[row]:
                taken.append(own)
    return chosen


def _counting(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … up to each of some numbers, one after the other."""
    ends = np.cumsum(numbers)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - numbers, numbers)
