"""One coordinate operation, many points: cubic surfaces fitted to it, tile by tile.

An operation between two coordinate systems is smooth nearly everywhere, so over a tile a few
kilometres wide a cubic polynomial follows it to micrometres. Each tile is fitted to the operation
itself and compared with it; where it strays, as on the creases of a grid of corrections, the
operation itself moves the tile's points.

Not for what is stored: the last digits are others than `geo.crs` gives. Importing this loads what
is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.compiled import compiled
from geo.crs import Projection

Floats = NDArray[np.float64]
Operation = Callable[[Floats, Floats], tuple[Floats, Floats]]

TILE: Final = 0.5
"""Degrees across a tile."""

STRAYS: Final = 1e-4
"""Metres from the operation beyond which a tile is given up: a tenth of what is promised."""

FEW: Final = 50_000
"""Points for which fitting tiles may take longer than moving them one by one."""

NO_TILE: Final = -1

# Within a tile both coordinates run from −1 to 1. Chebyshev's nodes keep a fit near in between.
_NODES: Final = np.cos((2 * np.arange(4) + 1) * np.pi / 8)
_CHECKS: Final = np.array([-1.0, -0.67, -0.33, 0.05, 0.41, 0.72, 1.0])


class Tiles(NamedTuple):
    """Tiles over a box in degrees.

    Attributes
    ----------
    west, south
        The corner of the box.
    numbers
        rows × columns: which surfaces a tile has in `surfaces`, or `NO_TILE`.
    surfaces
        tiles × 2 × 4 × 4 factors of u^i v^j, for x and for y.
    """

    west: float
    south: float
    numbers: NDArray[np.int32]
    surfaces: Floats


def to_metres_fast(projection: Projection, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Longitudes and latitudes to x and y in metres, of many points within a millimetre.

    Fewer than `FEW` points get what `Projection.to_metres` gives.

    Parameters
    ----------
    lon, lat
        Degrees, one dimension, of equal length. What is not finite stays not finite.
    """
    points = np.ascontiguousarray(lon, dtype=float), np.ascontiguousarray(lat, dtype=float)
    if len(points[0]) < FEW:
        return projection.to_metres(*points)
    return transform_by_tiles(projection.to_metres, points, box=projection.area_of_use)


def transform_by_tiles(
    operation: Operation, points: tuple[Floats, Floats], *, box: tuple[float, float, float, float]
) -> tuple[Floats, Floats]:
    """Coordinates that an operation gives, to a tenth of a millimetre.

    Parameters
    ----------
    operation
        Takes longitudes and latitudes in degrees, gives x and y in metres.
    points
        Longitudes and latitudes of equal length.
    box
        West, south, east and north in degrees: where tiles are worth fitting. What lies beyond, or
        is no number, goes through the operation itself.
    """
    lon, lat = points
    west, south, east, north = box
    # A box over the date line has its west east of its east, and gets no tiles.
    shape = (int(np.ceil(max(north - south, 0) / TILE)), int(np.ceil(max(east - west, 0) / TILE)))
    tiles = Tiles(west, south, np.full(shape, NO_TILE, dtype=np.int32), np.empty((0, 2, 4, 4)))
    _mark_tiles(tiles, lon, lat)
    tiles = _fitted(operation, tiles)
    x, y = np.empty_like(lon), np.empty_like(lat)
    if _evaluate(tiles, lon, lat, (x, y)):
        left = np.flatnonzero(np.isnan(x))
        x[left], y[left] = operation(lon[left], lat[left])
    return x, y


def _fitted(operation: Operation, tiles: Tiles) -> Tiles:
    """Surfaces for the tiles that are marked, unless they stray."""
    row, column = np.nonzero(tiles.numbers != NO_TILE)
    corners = np.array([tiles.west, tiles.south]) + np.column_stack([column, row]) * TILE
    to_powers = np.linalg.inv(np.vander(_NODES, increasing=True))
    at_nodes = _at(operation, corners, _NODES)
    surfaces = np.einsum("ia,tcab,jb->tcij", to_powers, at_nodes, to_powers)
    powers = np.vander(_CHECKS, 4, increasing=True)
    found = np.einsum("ai,tcij,bj->tcab", powers, surfaces, powers)
    with np.errstate(invalid="ignore"):
        strays = np.abs(found - _at(operation, corners, _CHECKS)).max(axis=(1, 2, 3))
    # Where the operation gives no number, `strays` is none, and no comparison holds.
    number = np.where(strays <= STRAYS, np.arange(len(row)), NO_TILE)
    tiles.numbers[row, column] = number
    return tiles._replace(surfaces=np.ascontiguousarray(surfaces))


def _at(operation: Operation, corners: Floats, places: Floats) -> Floats:
    """What the operation gives at `places` × `places` of each tile: tiles × 2 × len × len."""
    west, south = corners.T[:, :, None] + (places + 1) / 2 * TILE
    lon, lat = np.broadcast_arrays(west[:, :, None], south[:, None, :])
    x, y = operation(lon.ravel(), lat.ravel())
    return np.stack([x.reshape(lon.shape), y.reshape(lon.shape)], axis=1)


@compiled
def _mark_tiles(tiles: Tiles, lon: Floats, lat: Floats) -> None:
    """Give a number to each tile that holds a point."""
    rows, columns = tiles.numbers.shape
    for i in range(len(lon)):
        u, v = (lon[i] - tiles.west) / TILE, (lat[i] - tiles.south) / TILE
        if 0 <= u < columns and 0 <= v < rows:
            tiles.numbers[int(v), int(u)] = 0


@compiled
def _evaluate(tiles: Tiles, lon: Floats, lat: Floats, xy: tuple[Floats, Floats]) -> int:
    """Write x and y of each point, NaN where it has no tile, and return how many have none."""
    rows, columns = tiles.numbers.shape
    without = 0
    for i in range(len(lon)):
        u, v = (lon[i] - tiles.west) / TILE, (lat[i] - tiles.south) / TILE
        number = NO_TILE
        if 0 <= u < columns and 0 <= v < rows:
            number = tiles.numbers[int(v), int(u)]
        if number == NO_TILE:
            xy[0][i] = np.nan
            without += 1
            continue
        u, v = 2 * (u - int(u)) - 1, 2 * (v - int(v)) - 1
        for axis in range(2):
            total = 0.0
            for power in range(3, -1, -1):
                s = tiles.surfaces[number, axis, power]
                total = total * u + (s[0] + v * (s[1] + v * (s[2] + v * s[3])))
            xy[axis][i] = total
    return without
