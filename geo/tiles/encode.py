"""Vector tiles: features in the integer units of a tile, as Mapbox Vector Tile bytes.

All features of a tile are written at once: every part of a feature is a varint, even its
lengths, so that a tile is one array of numbers until the last step.

Source: Mapbox Vector Tile specification 2.1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from geo.tiles.commands import Drawing
from geo.tiles.packing import Ints, field, packed, varint, varint_sizes
from geo.tiles.values import TileValues

EXTENT: Final = 4096
"""Units along the side of a tile."""

BUFFER: Final = 64
"""Units beyond the edge that are drawn too, so that no outline appears at the edge."""


def encode_tile(name: str, drawing: Drawing, ids: Ints, values: TileValues) -> bytes:
    """A tile of one layer.

    Parameters
    ----------
    name
        Of the layer.
    drawing
        Some of the features, in units of the tile with y downwards.
    ids
        A number for each feature.
    values
        The properties of each feature.

    Returns
    -------
    The bytes of the tile; empty where nothing is drawn.
    """
    if not len(drawing.rows):
        return b""
    drawn = values.take(drawing.rows)
    features = packed(_features(ids[drawing.rows] + 1, drawn.tags(), drawing))
    end = b"\x28" + varint(EXTENT) + b"\x78" + varint(2)
    return field(3, b"".join((field(1, name.encode()), features, *drawn.fields(), end)))


def _features(ids: Ints, tags: tuple[Ints, Ints], drawing: Drawing) -> Ints:
    """Return every feature as numbers: its length, id, tags, kind and commands.

    Parameters
    ----------
    tags
        The tags of all features one after another, and how many each feature has.
    """
    (tag, tag_count), command_count = tags, drawing.count
    tag_size = _sums(varint_sizes(tag), tag_count)
    command_size = _sums(varint_sizes(drawing.commands), command_count)
    size = 5 + tag_size + command_size
    size += sum(varint_sizes(numbers) for numbers in (ids, tag_size, command_size))
    before, after = (
        (0x12, size, 0x08, ids, 0x12, tag_size),
        (0x18, drawing.kind, 0x22, command_size),
    )
    length = len(before) + tag_count + len(after) + command_count
    start = np.cumsum(length) - length
    middle = start + len(before) + tag_count
    numbers = np.empty(length.sum(), dtype=np.int64)
    for place, part in enumerate(before):
        numbers[start + place] = part
    numbers[_spread(start + len(before), tag_count)] = tag
    for place, part in enumerate(after):
        numbers[middle + place] = part
    numbers[_spread(middle + len(after), command_count)] = drawing.commands
    return numbers


def _sums(numbers: Ints, count: Ints) -> Ints:
    """Return the sum of each group of consecutive numbers; `count` is the size of each group."""
    total = np.concatenate([[0], np.cumsum(numbers)])
    return np.asarray(np.diff(total[np.concatenate([[0], np.cumsum(count)])]))


def _spread(start: Ints, count: Ints) -> Ints:
    """Return `count` consecutive positions from each start."""
    return np.asarray(np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum()))
