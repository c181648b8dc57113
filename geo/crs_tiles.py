"""Transforming many points fast, by cubic surfaces fitted to a coordinate operation.

An operation between two coordinate systems is smooth nearly everywhere, so over a tile some tens
of kilometres wide a cubic polynomial follows it to micrometres. Each tile is fitted to the
operation and compared with it. If the error is too large, as on the creases of a correction grid,
the operation itself transforms the points of the tile.

Do not use it for data to be stored: the last digits differ from those of `geo.crs`. Importing this
module loads compiled code.
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

MOST_ERROR: Final = 1e-4
"""Metres from the operation above which a tile is not used: a tenth of the promised millimetre."""

FEW: Final = 50_000
"""Points for which fitting tiles can take longer than transforming them one by one."""

NO_TILE: Final = -1

# Within a tile both coordinates run from −1 to 1. Fits at Chebyshev nodes stay close in between.
_NODES: Final = np.cos((2 * np.arange(4) + 1) * np.pi / 8)
_CHECKS: Final = np.array([-1.0, -0.67, -0.33, 0.05, 0.41, 0.72, 1.0])


class Tiles(NamedTuple):
    """Tiles over a box in degrees.

    Attributes
    ----------
    west, south
        The corner of the box.
    numbers
        rows × columns: the position of a tile in `surfaces`, or `NO_TILE`.
    surfaces
        tiles × 2 × 4 × 4 coefficients of u^i v^j, for x and for y.
    """

    west: float
    south: float
    numbers: NDArray[np.int32]
    surfaces: Floats


def to_metres_fast(projection: Projection, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Transform many longitudes and latitudes to metres, within a millimetre.

    Parameters
    ----------
    projection
        The working CRS. With fewer than `FEW` points, its own `to_metres` is used.
    lon, lat
        n degrees, one-dimensional.

    Returns
    -------
    x, y
        n coordinates in the working CRS; not finite where the input is not.
    """
    points = np.ascontiguousarray(lon, dtype=float), np.ascontiguousarray(lat, dtype=float)
    if len(points[0]) < FEW:
        return projection.to_metres(*points)
    return transform_by_tiles(projection.to_metres, points, box=projection.area_of_use)


def transform_by_tiles(
    operation: Operation, points: tuple[Floats, Floats], *, box: tuple[float, float, float, float]
) -> tuple[Floats, Floats]:
    """Approximate a coordinate operation to a tenth of a millimetre.

    Parameters
    ----------
    operation
        Takes longitudes and latitudes in degrees, returns x and y in metres.
    points
        n longitudes and n latitudes.
    box
        West, south, east and north in degrees of the area for tiles. Points outside it, and NaN,
        are transformed by the operation itself.

    Returns
    -------
    x, y
        n coordinates in metres.
    """
    lon, lat = points
    west, south, east, north = box
    # A box across the date line has west > east, and gets no tiles.
    shape = (int(np.ceil(max(north - south, 0) / TILE)), int(np.ceil(max(east - west, 0) / TILE)))
    tiles = Tiles(west, south, np.full(shape, NO_TILE, dtype=np.int32), np.empty((0, 2, 4, 4)))
    _mark_tiles(tiles, lon, lat)
    tiles = _with_surfaces(operation, tiles)
    x, y = np.empty_like(lon), np.empty_like(lat)
    if _evaluate(tiles, lon, lat, (x, y)):
        left = np.flatnonzero(np.isnan(x))
        x[left], y[left] = operation(lon[left], lat[left])
    return x, y


def _with_surfaces(operation: Operation, tiles: Tiles) -> Tiles:
    """The tiles with surfaces for those that are marked, except where the error is too large."""
    row, column = np.nonzero(tiles.numbers != NO_TILE)
    corners = np.array([tiles.west, tiles.south]) + np.column_stack([column, row]) * TILE
    to_powers = np.linalg.inv(np.vander(_NODES, increasing=True))
    at_nodes = _at(operation, corners, _NODES)
    surfaces = np.einsum("ia,tcab,jb->tcij", to_powers, at_nodes, to_powers)
    powers = np.vander(_CHECKS, 4, increasing=True)
    fitted = np.einsum("ai,tcij,bj->tcab", powers, surfaces, powers)
    with np.errstate(invalid="ignore"):
        error = np.abs(fitted - _at(operation, corners, _CHECKS)).max(axis=(1, 2, 3))
    # Where the operation returns infinity, `error` is not finite and the comparison is false.
    number = np.where(error <= MOST_ERROR, np.arange(len(row)), NO_TILE)
    tiles.numbers[row, column] = number
    return tiles._replace(surfaces=np.ascontiguousarray(surfaces))


def _at(operation: Operation, corners: Floats, nodes: Floats) -> Floats:
    """The operation at `nodes` × `nodes` of each tile: tiles × 2 × n × n."""
    west, south = corners.T[:, :, None] + (nodes + 1) / 2 * TILE
    lon, lat = np.broadcast_arrays(west[:, :, None], south[:, None, :])
    x, y = operation(lon.ravel(), lat.ravel())
    return np.stack([x.reshape(lon.shape), y.reshape(lon.shape)], axis=1)


@compiled
def _mark_tiles(tiles: Tiles, lon: Floats, lat: Floats) -> None:
    """Mark each tile that holds a point."""
    rows, columns = tiles.numbers.shape
    for i in range(len(lon)):
        u, v = (lon[i] - tiles.west) / TILE, (lat[i] - tiles.south) / TILE
        if 0 <= u < columns and 0 <= v < rows:
            tiles.numbers[int(v), int(u)] = 0


@compiled
def _evaluate(tiles: Tiles, lon: Floats, lat: Floats, xy: tuple[Floats, Floats]) -> int:
    """Write x and y of each point, NaN if it has no tile; return how many have none."""
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
