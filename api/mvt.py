"""Vector tiles: features in the whole numbers of a tile, as Mapbox Vector Tile bytes.

Commands, deltas and varints are made for all features of a tile at once.

Source: Mapbox Vector Tile specification 2.1.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

EXTENT: Final = 4096
"""Units along the side of a tile."""

BUFFER: Final = 64
"""Units beyond the edge that are drawn too, so that no outline shows there."""

_MOVE, _LINE, _CLOSE = 1, 2, 7
_POINT, _POLYGON = 1, 3
_TOLERANCE = 2.0  # units: an eighth of a pixel

Ints = NDArray[np.int64]


def encode_tile(
    name: str, geometries: NDArray[np.object_], ids: Ints, properties: pd.DataFrame
) -> bytes:
    """A tile of one layer; empty where nothing is large enough to be seen.

    Parameters
    ----------
    geometries
        Points, or polygons and multipolygons, in units of the tile with y downwards.
    ids
        A number for each.
    properties
        A row for each; empty values are left out.
    """
    if not len(geometries):
        return b""
    points = bool((shapely.get_type_id(geometries) == shapely.GeometryType.POINT).all())
    encode = _point_commands if points else _polygon_commands
    commands, rows = encode(geometries)
    if not len(rows):
        return b""
    tags, keys, values = _tags(properties.iloc[rows])
    kind = bytes([0x18, _POINT if points else _POLYGON])
    features = [
        _field(2, b"\x08" + _varint(number) + _field(2, tag) + kind + _field(4, command))
        for number, tag, command in zip(ids[rows] + 1, tags, commands, strict=True)
    ]
    head = _field(1, name.encode())
    words = [_field(3, key.encode()) for key in keys] + [_field(4, value) for value in values]
    end = b"\x28" + _varint(EXTENT) + b"\x78" + _varint(2)
    return _field(3, b"".join((head, *features, *words, end)))


def _point_commands(points: NDArray[np.object_]) -> tuple[list[bytes], Ints]:
    xy = np.rint(shapely.get_coordinates(points)).astype(np.int64)
    flat = np.column_stack([np.full(len(xy), _MOVE | 1 << 3), _zigzag(xy)]).ravel()
    rows = np.arange(len(xy))
    return _packed(flat, np.repeat(rows, 3), len(xy)), rows


def _polygon_commands(polygons: NDArray[np.object_]) -> tuple[list[bytes], Ints]:
    """The commands of each polygon that is large enough, and which those are."""
    small = shapely.simplify(polygons, _TOLERANCE, preserve_topology=False)
    parts, part_row = shapely.get_parts(small, return_index=True)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, part_row = shapely.orient_polygons(parts[flat], exterior_cw=False), part_row[flat]
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    xy = np.rint(coordinates).astype(np.int64)
    # A ring repeats its first point at its end, and rounding makes neighbours fall together.
    following = np.roll(xy, -1, axis=0)
    last = np.append(ring[1:] != ring[:-1], np.ones(min(len(ring), 1), dtype=bool))
    keep = ~last & (xy != following).any(axis=1)
    xy, ring = xy[keep], ring[keep]
    xy, ring = _seen(xy, ring, ring_part)
    rows = part_row[ring_part[ring]]
    flat_commands, owner = _ring_commands(xy, ring, rows)
    seen = np.unique(rows)
    return _packed(flat_commands, np.searchsorted(seen, owner), len(seen)), seen


def _seen(xy: Ints, ring: Ints, ring_part: Ints) -> tuple[Ints, Ints]:
    """Leave out rings that rounding made flat or turned over, and holes without their polygon."""
    if not len(ring):
        return xy, ring
    count = np.bincount(ring, minlength=len(ring_part))
    first = np.cumsum(count) - count
    following = np.arange(len(ring)) + 1
    following[(first + count - 1)[count > 0]] = first[count > 0]
    cross = xy[:, 0] * xy[following, 1] - xy[following, 0] * xy[:, 1]
    area = np.bincount(ring, cross, minlength=len(ring_part))
    outer = np.append(True, ring_part[1:] != ring_part[:-1])
    good = np.where(outer, area > 0, area < 0) & (count >= 3)
    drawn = np.zeros(ring_part.max() + 1, dtype=bool)
    drawn[ring_part[outer & good]] = True
    good &= drawn[ring_part]
    return xy[good[ring]], ring[good[ring]]


def _ring_commands(xy: Ints, ring: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """The commands of all rings one after another, and the row that each belongs to."""
    if not len(ring):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.flatnonzero(np.append(True, ring[1:] != ring[:-1]))
    count = np.diff(np.append(starts, len(ring)))
    # The pen stays where the ring before it ended; each feature begins at 0, 0.
    before = np.roll(xy, 1, axis=0)
    before[np.append(True, rows[1:] != rows[:-1])] = 0
    moves = _zigzag(xy - before)
    length = 2 * count + 3  # move, line and close beside the coordinates
    offset = np.cumsum(length) - length
    commands = np.empty(length.sum(), dtype=np.int64)
    commands[offset] = _MOVE | 1 << 3
    commands[offset + 3] = _LINE | (count - 1) << 3
    commands[offset + length - 1] = _CLOSE | 1 << 3
    number = np.arange(len(ring)) - np.repeat(starts, count)
    place = np.repeat(offset, count) + 2 * number + np.where(number == 0, 1, 2)
    commands[place], commands[place + 1] = moves[:, 0], moves[:, 1]
    return commands, np.repeat(rows[starts], length)


def _tags(properties: pd.DataFrame) -> tuple[list[bytes], list[str], list[bytes]]:
    """For each row its pairs of key and value numbers; then the keys and the values."""
    values: list[bytes] = []
    numbers = []
    for key, name in enumerate(properties.columns):
        codes, found = pd.factorize(properties[name])
        start = len(values)
        values += [_value(value) for value in found]
        numbers.append((np.full(len(codes), key), np.where(codes >= 0, codes + start, -1)))
    if not numbers:
        return [b""] * len(properties), [], []
    pairs = np.column_stack([part for pair in numbers for part in pair])
    known = np.repeat(pairs[:, 1::2] >= 0, 2, axis=1)
    owner = np.broadcast_to(np.arange(len(pairs))[:, None], pairs.shape)
    tags = _packed(pairs[known], owner[known], len(pairs))
    return tags, [str(name) for name in properties.columns], values


def _value(value: object) -> bytes:
    if isinstance(value, bool | np.bool_):
        return b"\x38" + bytes([bool(value)])
    if isinstance(value, int | np.integer):
        return b"\x30" + _varint(int(_zigzag(np.int64(value))))
    if isinstance(value, float | np.floating):
        return b"\x19" + np.float64(value).tobytes()
    text = value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, pd.Timestamp) else str(value)
    return _field(1, text.encode())


def _zigzag(numbers: Ints | np.int64) -> Ints:
    return np.asarray((numbers << 1) ^ (numbers >> 63))


def _packed(numbers: Ints, owner: Ints, owners: int) -> list[bytes]:
    """Numbers as varints, cut where the owner changes; owners are in order."""
    size = np.ones(len(numbers), dtype=np.int64)
    for bits in (7, 14, 21, 28):
        size += numbers >= 1 << bits
    first = np.cumsum(size) - size
    packed = np.empty(int(size.sum()), dtype=np.uint8)
    for place in range(int(size.max(initial=0))):
        long = size > place
        more = np.where(size[long] > place + 1, 0x80, 0)
        packed[first[long] + place] = (numbers[long] >> (7 * place) & 0x7F) | more
    ends = np.cumsum(np.bincount(owner, size, minlength=owners)).astype(np.int64)
    whole = packed.tobytes()
    return [whole[start:end] for start, end in pairwise([0, *ends])]


def _varint(number: int) -> bytes:
    parts = bytearray()
    number = int(number)
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content
