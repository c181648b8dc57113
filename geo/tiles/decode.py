"""Vector tiles as features: what `encode` writes, and what others write, read with suspicion.

Source: Mapbox Vector Tile specification 2.1, section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.tiles.packing import Ints, unpacked, unzigzag
from geo.tiles.tile_file import unpacked_tile

Floats = NDArray[np.float64]
Value = str | float | int | bool
Properties = Mapping[str, Value]

_LAYER = 3
_NAME, _FEATURE, _KEY, _VALUE, _EXTENT = 1, 2, 3, 4, 5
_TAGS, _KIND, _COMMANDS = 2, 3, 4
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_MOVE, _LINE, _CLOSE = 1, 2, 7
_MOST_VARINT: Final = 10
_FLOATS: Final = {2: "<f", 3: "<d"}


class TileFeature(NamedTuple):
    """A feature of a tile.

    Attributes
    ----------
    kind
        Of geometry: 1 points, 2 lines, 3 polygons.
    properties
        Its properties.
    paths
        Its points, lines or rings, as rows of x and y in units of the tile, y downwards; rings
        repeat their first point.
    extent
        Units along the side of the tile.
    """

    kind: int
    properties: Properties
    paths: list[Floats]
    extent: int


def layers_of(tile: bytes) -> tuple[str, ...]:
    """The names of the layers of a tile.

    Raises
    ------
    InputError
        If it is no vector tile.
    """
    with _tile_errors():
        return tuple(_name(layer) for layer in _layers(unpacked_tile(tile)))


def read_tile(
    tile: bytes,
    *,
    layer: Callable[[str], bool],
    feature: Callable[[str, Properties], bool] = lambda _layer, _properties: True,
) -> dict[str, list[TileFeature]]:
    """Read some of the features of a tile.

    Parameters
    ----------
    tile
        The tile, compressed by gzip or not at all.
    layer
        Whether a layer of this name is wanted; others are passed over.
    feature
        Whether a feature of a layer with these properties is wanted.

    Returns
    -------
    The features of each layer that was wanted and is there.

    Raises
    ------
    InputError
        If it is no vector tile.
    """
    with _tile_errors():
        return {
            name: list(_features(content, name, feature))
            for content in _layers(unpacked_tile(tile))
            if layer(name := _name(content))
        }


@contextmanager
def _tile_errors() -> Iterator[None]:
    """Whatever goes wrong in parsing means that it is no vector tile."""
    try:
        yield
    except (ValueError, IndexError, struct.error) as error:
        raise InputError("a tile is not a vector tile, or is damaged") from error


def _layers(tile: bytes) -> Iterator[bytes]:
    for number, content in _fields(tile):
        if number == _LAYER and isinstance(content, bytes):
            yield content


def _name(layer: bytes) -> str:
    for number, content in _fields(layer):
        if number == _NAME and isinstance(content, bytes):
            return content.decode()
    raise ValueError("a layer without a name")


def _features(
    layer: bytes, name: str, wanted: Callable[[str, Properties], bool]
) -> Iterator[TileFeature]:
    features: list[bytes] = []
    keys: list[str] = []
    values: list[Value] = []
    extent = 4096
    for number, content in _fields(layer):
        if number == _FEATURE and isinstance(content, bytes):
            features.append(content)
        elif number == _KEY and isinstance(content, bytes):
            keys.append(content.decode())
        elif number == _VALUE and isinstance(content, bytes):
            values.append(_value(content))
        elif number == _EXTENT and isinstance(content, int):
            extent = content
    if not extent:
        raise ValueError("a layer without an extent")
    for content in features:
        parts = dict(_fields(content))
        tags = _numbers(parts.get(_TAGS)).tolist()
        properties = {
            keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)
        }
        kind = parts.get(_KIND)
        if isinstance(kind, int) and 1 <= kind <= 3 and wanted(name, properties):
            paths = _paths(_numbers(parts.get(_COMMANDS)), kind)
            yield TileFeature(kind, properties, paths, extent)


def _numbers(content: object) -> Ints:
    return unpacked(content) if isinstance(content, bytes) else np.empty(0, dtype=np.int64)


def _paths(numbers: Ints, kind: int) -> list[Floats]:
    """The points, lines or rings that commands draw."""
    steps: list[Ints] = []
    begins: list[int] = []
    closes: list[int] = []
    at = drawn = 0
    while at < len(numbers):
        command, count = int(numbers[at]) & 7, int(numbers[at]) >> 3
        at += 1
        if command == _CLOSE:
            closes.append(len(begins) - 1)
            continue
        if command not in (_MOVE, _LINE) or at + 2 * count > len(numbers):
            raise ValueError("an unknown command")
        if command == _MOVE:
            begins += range(drawn, drawn + count)
        steps.append(unzigzag(numbers[at : at + 2 * count]))
        at, drawn = at + 2 * count, drawn + count
    if not steps:
        return []
    points = np.cumsum(np.concatenate(steps).reshape(-1, 2), axis=0).astype(np.float64)
    paths = np.split(points, begins[1:])
    if kind == 3:
        closed = set(closes)
        return [
            np.vstack([path, path[:1]]) if number in closed else path
            for number, path in enumerate(paths)
        ]
    return paths


def _value(content: bytes) -> Value:
    """A value of any type; '' for one of no type that is known."""
    for number, value in _fields(content):
        if isinstance(value, int):
            return _whole(number, value)
        if number == 1:
            return value.decode()
        if number in _FLOATS:
            return float(struct.unpack(_FLOATS[number], value)[0])
    return ""


def _whole(number: int, value: int) -> Value:
    if number == 7:
        return bool(value)
    return (value >> 1) ^ -(value & 1) if number == 6 else value


def _fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message: its number with its bytes, or with its whole number."""
    at, end = 0, len(content)
    while at < end:
        key, at = _varint(content, at)
        wire = key & 7
        if wire == _VARINT:
            value, at = _varint(content, at)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            size, at = _varint(content, at)
        elif wire in (_EIGHT, _FOUR):
            size = 8 if wire == _EIGHT else 4
        else:
            raise ValueError("an unknown type of field")
        if at + size > end:
            raise ValueError("a field is cut off")
        yield key >> 3, content[at : at + size]
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(_MOST_VARINT):
        byte = content[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("a number is too long")
