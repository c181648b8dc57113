"""Pictures of a basemap for a drawing on paper: as they are, bent onto the drawing's metres."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from api.basemap.sources import TileSource
from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.grid import Box, Tile, from_unit
from geo.tiles.tile_file import StoredTile, media_type_of

MOST_BYTES: Final = 1_500_000
"""Most bytes of the pictures of one drawing: of more a coarser zoom is taken."""

_MOST_TILES: Final = 100
_UNITS: Final = 128.0
"""Units of paper across a picture of 256 pixels at least: twice as fine as on a screen."""

_WORLD_M: Final = 40_075_016.7


class PlacedPicture(NamedTuple):
    """A picture on a drawing: its address, and the matrix that lays a unit square onto it."""

    address: str
    matrix: tuple[float, float, float, float, float, float]


def draw_pictures(
    source: TileSource, projection: Projection, *, degrees: Box, unit: float
) -> list[PlacedPicture]:
    """The pictures of a box, of the finest zoom that is not too heavy.

    Parameters
    ----------
    source
        Pictures.
    projection
        To the metres of the drawing.
    degrees
        The box.
    unit
        Metres in a unit of paper.
    """
    across = _WORLD_M * float(np.cos(np.radians((degrees.south + degrees.north) / 2)))
    finest = int(np.ceil(np.log2(across / (_UNITS * unit))))
    for zoom in range(min(max(finest, source.first), source.last), source.first - 1, -1):
        tiles = _light(source, zoom, degrees)
        if tiles is not None:
            return [_placed(source, tile, projection) for tile in tiles]
    return []


def _light(source: TileSource, zoom: int, degrees: Box) -> Sequence[StoredTile] | None:
    """The pictures of a zoom; None where they are too many or too heavy."""
    try:
        tiles = list(islice(source.tiles(zoom, degrees), _MOST_TILES + 1))
    except InputError:
        return None
    if len(tiles) > _MOST_TILES or sum(len(tile.data) for tile in tiles) > MOST_BYTES:
        return None
    return [tile for tile in tiles if media_type_of(tile.data, source.kind)]


def _placed(source: TileSource, stored: StoredTile, projection: Projection) -> PlacedPicture:
    tile = Tile(stored.zoom, stored.column, stored.row)
    corners = tile.from_units(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), extent=1)
    x, y = projection.to_metres(*from_unit(*corners.T))
    # A picture is so small that its sides are straight in metres too, though not upright.
    matrix = (x[1] - x[0], y[0] - y[1], x[2] - x[0], y[0] - y[2], x[0], -y[0])
    address = f"data:{media_type_of(stored.data, source.kind)};base64,"
    rounded = [round(float(number), 2) for number in matrix]
    return PlacedPicture(
        address + base64.b64encode(stored.data).decode(),
        (rounded[0], rounded[1], rounded[2], rounded[3], rounded[4], rounded[5]),
    )
