"""The edges of areas that tile: who lies on either side of each segment, found by its vertices.

Areas of a valid coverage share their edges vertex by vertex, so equal coordinates are enough to
match them. That takes tenths of a second where intersecting each pair of neighbours takes many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

_SHAPES_AT_ONCE = 4_000
_LEAST_VERTICES = 4  # of a ring: a triangle that ends where it begins


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
    is_ccw
        Whether each ring runs counter-clockwise.
    """

    xy: Floats
    starts: Ints
    areas: Ints
    is_outer: NDArray[np.bool_]
    is_ccw: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: Shapes) -> Rings:
        """The rings of polygons and multipolygons."""
        # Each part and ring is copied on the way: of all shapes at once they would take more
        # memory than the shapes themselves.
        firsts = range(0, max(len(shapes), 1), _SHAPES_AT_ONCE)
        some = [cls._of_some(shapes[first : first + _SHAPES_AT_ONCE], first) for first in firsts]
        vertices = np.cumsum([0, *(len(rings.xy) for rings in some)])
        starts = [rings.starts[:-1] + before for rings, before in zip(some, vertices, strict=False)]
        return cls(
            np.concatenate([rings.xy for rings in some]),
            np.concatenate([*starts, vertices[-1:]]),
            np.concatenate([rings.areas for rings in some]),
            np.concatenate([rings.is_outer for rings in some]),
            np.concatenate([rings.is_ccw for rings in some]),
        )

    @classmethod
    def _of_some(cls, shapes: Shapes, first: int) -> Rings:
        """The rings of shapes of which the first one has a position among others."""
        polygons, owner = shapely.get_parts(shapes, return_index=True)
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        starts = np.searchsorted(ring, np.arange(len(rings) + 1))
        is_outer = np.append(True, polygon[1:] != polygon[:-1])[: len(polygon)]
        return cls(xy, starts, first + owner[polygon], is_outer, shapely.is_ccw(rings))


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
    place
        A number for each vertex of `Rings.xy`, the same for vertices at the same coordinates.
    """

    start: Ints
    area: Ints
    beyond: Ints
    ring: Ints
    place: Ints

    @classmethod
    def of(cls, rings: Rings) -> Segments:
        """Match the segments of rings by their ends."""
        start, ring, place = _starts(rings)
        key = _keys(start, place)
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(key[order[1:]] == key[order[:-1]])
        one, other = order[same], order[same + 1]
        area = rings.areas[ring]
        beyond = np.full(len(start), -1, dtype=np.int64)
        apart = area[one] != area[other]
        beyond[one[apart]] = area[other[apart]]
        beyond[other[apart]] = area[one[apart]]
        return cls(start, area, beyond, ring, place)


def _starts(rings: Rings) -> tuple[Ints, Ints, Ints]:
    """The first vertex of each segment, its ring, and the place of each vertex."""
    sizes = np.diff(rings.starts)
    ring = np.repeat(np.arange(len(sizes)), sizes)
    is_start = np.ones(len(rings.xy), dtype=bool)
    is_start[rings.starts[1:] - 1] = False
    start = np.flatnonzero(is_start)
    numbers = np.ascontiguousarray(rings.xy).view(np.complex128).ravel()
    return start, ring[start], np.unique(numbers, return_inverse=True)[1]


def _keys(start: Ints, place: Ints) -> Ints:
    """A number for each segment, the same for segments with the same ends."""
    ends = np.stack([place[start], place[start + 1]])
    keys: Ints = ends.min(axis=0) * len(place) + ends.max(axis=0)
    return keys


def border(rings: Rings) -> Shapes:
    """The segments that do not have exactly one area on either side.

    Parameters
    ----------
    rings
        The rings of valid polygons.

    Returns
    -------
    Lines of two vertices. Only across these does the number of areas that cover a place change:
    between two areas that share a segment, one ends where the other begins. So all overlaps and
    gaps of the polygons lie between such lines.
    """
    start, ring, place = _starts(rings)
    first, second = place[start], place[start + 1]
    which, count = np.unique(_keys(start, place), return_inverse=True, return_counts=True)[1:]
    # Seen from its own area, each side of a shared segment runs the other way.
    along = np.where((first < second) == (rings.is_ccw == rings.is_outer)[ring], 1, -1)
    is_pair = (count == 2) & (np.bincount(which, along, minlength=len(count)) == 0)
    left = start[~is_pair[which] & (first != second)]
    return np.asarray(shapely.linestrings(np.stack([rings.xy[left], rings.xy[left + 1]], axis=1)))


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
    return _arcs(Segments.of(rings))


def _arcs(segments: Segments) -> Ints:
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


def simplified(rings: Rings, tolerance: float) -> tuple[Rings, Ints]:
    """Rings with fewer vertices that still share their edges.

    Parameters
    ----------
    rings
        The rings of a valid coverage.
    tolerance
        How far, in the unit of the coordinates, a vertex that is left out may lie from the edge.

    Returns
    -------
    The rings, and their `arcs`. Each arc is simplified by itself (Douglas–Peucker), so that lines
    nearer to each other than twice the tolerance may cross: to draw, not to measure.
    """
    segments = Segments.of(rings)
    rows = _arcs(segments)
    remaining = _few(rings.xy, rows, tolerance)
    # An area beyond an arc may begin its ring in the middle of it.
    remaining[rings.starts[:-1]] = True
    remaining = _at_all(segments.place, remaining)
    vertices = np.add.reduceat(remaining, rings.starts[:-1], dtype=np.int64)
    remaining |= np.repeat(vertices < _LEAST_VERTICES, np.diff(rings.starts))
    remaining = _at_all(segments.place, remaining)
    before = np.append(0, np.cumsum(remaining))
    fewer = replace(rings, xy=rings.xy[remaining], starts=before[rings.starts])
    return fewer, np.column_stack([rows[:, :2], before[rows[:, 2:]]])


def _few(xy: Floats, rows: Ints, tolerance: float) -> NDArray[np.bool_]:
    """Which vertices are left of some arcs when each is simplified by itself."""
    is_left = np.zeros(len(xy), dtype=bool)
    is_left[rows[:, 2:]] = True  # the ends of an arc
    longer = rows[rows[:, 3] - rows[:, 2] > 1]
    for first in range(0, len(longer), _SHAPES_AT_ONCE):
        some = longer[first : first + _SHAPES_AT_ONCE]
        sizes = some[:, 3] - some[:, 2] + 1
        vertex = np.arange(sizes.sum()) + np.repeat(some[:, 2] - np.cumsum(sizes) + sizes, sizes)
        # Each vertex carries its position as its height, which simplifying leaves alone.
        numbered = np.column_stack([xy[vertex], vertex])
        lines = shapely.linestrings(numbered, indices=np.repeat(np.arange(len(some)), sizes))
        few = shapely.simplify(lines, tolerance, preserve_topology=False)
        is_left[shapely.get_coordinates(few, include_z=True)[:, 2].astype(np.int64)] = True
    return is_left


def _at_all(place: Ints, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which vertices lie where one of the chosen ones does."""
    places = np.zeros(len(place), dtype=bool)
    places[place[chosen]] = True
    return places[place]
