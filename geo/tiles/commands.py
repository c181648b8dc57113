"""Geometries as the drawing commands of vector tiles, for all features of a tile at once.

Source: Mapbox Vector Tile specification 2.1, section 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.tiles.packing import Ints, zigzag

_MOVE, _LINE, _CLOSE = 1, 2, 7
_PIXEL = 16.0  # units: a tile of 4096 is drawn on 256 pixels
_TOLERANCE = _PIXEL / 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drawing:
    """Features as commands.

    Attributes
    ----------
    kind
        Of geometry: 1 points, 2 lines, 3 polygons.
    commands
        Of all features, one feature after another.
    count
        How many commands each feature has.
    rows
        The position of each feature; those that are too small to be visible are left out.
    """

    kind: int
    commands: Ints
    count: Ints
    rows: Ints


def draw_points(xy: Floats) -> Drawing:
    """Draw points, a row of coordinates for each."""
    moves = zigzag(np.rint(xy).astype(np.int64))
    flat = np.column_stack([np.full(len(xy), _MOVE | 1 << 3), moves]).ravel()
    return Drawing(1, flat, np.full(len(xy), 3), np.arange(len(xy)))


def draw_multipoints(points: NDArray[np.object_]) -> Drawing:
    """Draw points and multipoints, each with all its points."""
    coordinates, row = shapely.get_coordinates(points, return_index=True)
    xy = np.rint(coordinates).astype(np.int64)
    moves = zigzag(xy - _positions_before(xy, row))
    drawn, starts, count = np.unique(row, return_index=True, return_counts=True)
    commands = np.insert(moves.ravel(), 2 * starts, _MOVE | count << 3)
    return Drawing(1, commands, 2 * count + 1, drawn)


def draw_lines(lines: NDArray[np.object_]) -> Drawing:
    """Draw lines and multilines; parts that rounding made a point are left out."""
    parts, part_row = shapely.get_parts(_simplified(lines), return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    xy = np.rint(coordinates).astype(np.int64)
    following = np.append(True, (xy[1:] != xy[:-1]).any(axis=1) | (part[1:] != part[:-1]))
    xy, part = xy[following[: len(xy)]], part[following[: len(xy)]]
    long = np.bincount(part, minlength=len(parts)) > 1
    xy, part = xy[long[part]], part[long[part]]
    return _draw_paths(xy, part, part_row[part], kind=2)


def draw_polygons(polygons: NDArray[np.object_]) -> Drawing:
    """Draw polygons and multipolygons."""
    parts, part_row = shapely.get_parts(_simplified(polygons), return_index=True)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, ring_part = shapely.get_rings(parts[flat], return_index=True)
    part_row = part_row[flat]
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    outer = np.append(np.ones(min(len(rings), 1), dtype=bool), ring_part[1:] != ring_part[:-1])
    xy = np.rint(_oriented(coordinates, ring, outer)).astype(np.int64)
    # A ring repeats its first point at its end, and rounding makes neighbours fall together.
    last = np.append(ring[1:] != ring[:-1], np.ones(min(len(ring), 1), dtype=bool))
    keep = ~last & (xy != np.roll(xy, -1, axis=0)).any(axis=1)
    xy, ring = _visible(xy[keep], ring[keep], ring_part, outer)
    return _draw_paths(xy, ring, part_row[ring_part[ring]], kind=3)


def _simplified(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons without invisible corners; where corners are far apart, all are visible."""
    simplified = polygons.copy()
    dense = shapely.length(polygons) < _PIXEL * shapely.get_num_coordinates(polygons)
    simplified[dense] = shapely.simplify(polygons[dense], _TOLERANCE, preserve_topology=False)
    return simplified


def _oriented(xy: Floats, ring: Ints, outer: NDArray[np.bool_]) -> Floats:
    """Return outer rings clockwise as drawn, with y downwards, and holes counter-clockwise."""
    count = np.bincount(ring, minlength=len(outer))
    ends = 2 * np.cumsum(count) - count - 1
    turned = ((_areas(xy, ring, len(outer)) > 0) != outer)[ring]
    place = np.arange(len(xy))
    place[turned] = ends[ring[turned]] - place[turned]
    return xy[place]


def _areas(xy: NDArray, ring: Ints, rings: int) -> Floats:
    """Return twice the signed area of each ring, whether it repeats its first point or not."""
    count = np.bincount(ring, minlength=rings)
    ends = np.cumsum(count)
    following = np.arange(len(ring)) + 1
    following[ends[count > 0] - 1] = (ends - count)[count > 0]
    cross = xy[:, 0] * xy[following, 1] - xy[following, 0] * xy[:, 1]
    return np.asarray(np.bincount(ring, cross, minlength=rings))


def _visible(xy: Ints, ring: Ints, ring_part: Ints, outer: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Leave out rings that rounding made flat or inverted, and holes without their polygon."""
    area = _areas(xy, ring, len(outer))
    good = np.where(outer, area > 0, area < 0) & (np.bincount(ring, minlength=len(outer)) >= 3)
    drawn = np.zeros(ring_part.max(initial=-1) + 1, dtype=bool)
    drawn[ring_part[outer & good]] = True
    good &= drawn[ring_part]
    return xy[good[ring]], ring[good[ring]]


def _positions_before(xy: Ints, rows: Ints) -> Ints:
    """Return where the pen is before each point: it begins each feature at 0, 0."""
    before = np.roll(xy, 1, axis=0)
    before[np.append(True, rows[1:] != rows[:-1])[: len(rows)]] = 0
    return before


def _draw_paths(xy: Ints, path: Ints, rows: Ints, *, kind: int) -> Drawing:
    """Draw rings (kind 3), which are closed, or lines (2), each of the row that it belongs to."""
    if not len(path):
        return Drawing(kind, *(np.empty(0, np.int64) for _ in range(3)))
    starts = np.flatnonzero(np.append(True, path[1:] != path[:-1]))
    count = np.diff(np.append(starts, len(path)))
    # The pen stays where the path before it ended.
    moves = zigzag(xy - _positions_before(xy, rows))
    closed = kind == 3
    length = 2 * count + 2 + closed  # move, line and close beside the coordinates
    offset = np.cumsum(length) - length
    commands = np.empty(length.sum(), dtype=np.int64)
    commands[offset] = _MOVE | 1 << 3
    commands[offset + 3] = _LINE | (count - 1) << 3
    if closed:
        commands[offset + length - 1] = _CLOSE | 1 << 3
    number = np.arange(len(path)) - np.repeat(starts, count)
    place = np.repeat(offset, count) + 2 * number + np.where(number == 0, 1, 2)
    commands[place], commands[place + 1] = moves[:, 0], moves[:, 1]
    drawn, index = np.unique(rows[starts], return_inverse=True)
    return Drawing(kind, commands, np.bincount(index, length).astype(np.int64), drawn)
