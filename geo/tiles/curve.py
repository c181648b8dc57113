"""The Hilbert curve on which a PMTiles archive lists its tiles, zoom after zoom.

Source: PMTiles version 3 specification (protomaps/PMTiles, spec/v3/spec.md), "Tile ID".
"""

from __future__ import annotations


def curve_number(zoom: int, column: int, row: int) -> int:
    """The place of a tile on the curve through all tiles, zoom by zoom.

    Parameters
    ----------
    zoom, column, row
        A tile whose row counts from the north.

    Returns
    -------
    Its number, from 0 for the tile of the whole world.
    """
    before: int = (4**zoom - 1) // 3
    number, x, y = 0, column, row
    side = 1 << zoom >> 1
    while side:
        right, below = int(x & side > 0), int(y & side > 0)
        number += side * side * ((3 * right) ^ below)
        if not below:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side >>= 1
    return before + number


def numbers_within(zoom: int, level: int, column: int, row: int) -> tuple[int, int]:
    """The part of a zoom's curve that lies within a tile of a level that is no deeper.

    Parameters
    ----------
    zoom
        Of the tiles that are numbered.
    level, column, row
        The tile that they lie within.

    Returns
    -------
    The first number, and that after the last.
    """
    # The curve goes through all tiles within one tile before it comes to the next.
    count = 4 ** (zoom - level)
    before = curve_number(level, column, row) - curve_number(level, 0, 0)
    low = curve_number(zoom, 0, 0) + before * count
    return low, low + count


def quarters(level: int, column: int, row: int) -> list[tuple[int, int, int]]:
    """The four tiles of the next level within a tile.

    Parameters
    ----------
    level, column, row
        The tile.

    Returns
    -------
    Level, column and row of each.
    """
    return [
        (level + 1, 2 * column + right, 2 * row + below) for right in (0, 1) for below in (0, 1)
    ]
