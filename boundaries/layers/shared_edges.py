"""The edges of areas that tile: who lies on either side of each segment, found by its vertices.

Areas of a valid coverage share their edges vertex by vertex, so equal coordinates are enough to
match them. That takes tenths of a second where intersecting each pair of neighbours takes many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Rings:
    """All rings of some areas, one after the other.

    Attributes
    ----------
    xy
        Coordinates of their vertices, shape (vertices, 2); each ring ends where it begins.
    starts
        Position in `xy` at which each ring starts, and at the end the number of vertices.
    areas
        Position of each ring's area, shape (rings,); rings of one area follow each other.
    is_outer
        Whether each ring is the outside of a polygon; its holes follow it.
    """

    xy: Floats
    starts: Ints
    areas: Ints
    is_outer: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: Shapes) -> Rings:
        """The rings of polygons and multipolygons."""
        polygons, owner = shapely.get_parts(shapes, return_index=True)
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        starts = np.searchsorted(ring, np.arange(len(rings) + 1))
        first = np.append(True, polygon[1:] != polygon[:-1])[: len(polygon)]
        return cls(xy, starts, owner[polygon], first)


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of rings, and the area on the other side of each.

    Attributes
    ----------
    start
        Position in `Rings.xy` of the first vertex of each; the second one follows it.
    area
        Position of the area that each belongs to.
    beyond
        Position of the area beyond it; −1 for none.
    ring
        Position of its ring.
    """

    start: Ints
    area: Ints
    beyond: Ints
    ring: Ints

    @classmethod
    def of(cls, rings: Rings) -> Segments:
        """Match the segments of rings by their ends."""
        sizes = np.diff(rings.starts)
        ring = np.repeat(np.arange(len(sizes)), sizes)
        is_start = np.ones(len(rings.xy), dtype=bool)
        is_start[rings.starts[1:] - 1] = False
        start = np.flatnonzero(is_start)
        vertex = np.unique(rings.xy.copy().view(np.complex128).ravel(), return_inverse=True)[1]
        ends = np.sort(np.stack([vertex[start], vertex[start + 1]]), axis=0)
        key = ends[0] * len(rings.xy) + ends[1]
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(key[order[1:]] == key[order[:-1]])
        one, other = order[same], order[same + 1]
        area = rings.areas[ring[start]]
        beyond = np.full(len(start), -1, dtype=np.int64)
        apart = area[one] != area[other]
        beyond[one[apart]] = area[other[apart]]
        beyond[other[apart]] = area[one[apart]]
        return cls(start, area, beyond, ring[start])


def shared_edges(shapes: Shapes) -> tuple[Ints, Floats]:
    """Which areas of a valid coverage share an edge, and how much of it.

    Parameters
    ----------
    shapes
        Polygons, shape (n,).

    Returns
    -------
    Pairs of positions, the lower first, sorted, shape (pairs, 2); and the length that each pair
    shares, in the unit of the coordinates.
    """
    rings = Rings.of(shapes)
    segments = Segments.of(rings)
    once = segments.area < segments.beyond
    start = segments.start[once]
    lengths = np.hypot(*(rings.xy[start + 1] - rings.xy[start]).T)
    keys = segments.area[once] * len(shapes) + segments.beyond[once]
    pairs, which = np.unique(keys, return_inverse=True)
    shared = np.bincount(which, lengths, minlength=len(pairs)).astype(np.float64)
    return np.stack(np.divmod(pairs, len(shapes)), axis=1), shared


def arcs(rings: Rings) -> Ints:
    """Every stretch of a ring between two areas, or between an area and the outside, once.

    Parameters
    ----------
    rings
        The rings of a valid coverage.

    Returns
    -------
    One row per arc, shape (arcs, 4): the area, the area beyond it (−1 outside, else the higher
    one), and the positions in `Rings.xy` of the first and the last vertex.
    """
    segments = Segments.of(rings)
    change = np.flatnonzero(
        (segments.beyond[1:] != segments.beyond[:-1]) | (segments.ring[1:] != segments.ring[:-1])
    )
    first = np.append(0, change + 1)[: len(segments.start)]
    last = np.append(change, len(segments.start) - 1)[: len(segments.start)]
    rows = np.stack(
        [
            segments.area[first], segments.beyond[first],
            segments.start[first], segments.start[last] + 1,
        ],
        axis=1,
    )  # fmt: skip
    once: Ints = rows[(rows[:, 1] == -1) | (rows[:, 0] < rows[:, 1])]
    return once
