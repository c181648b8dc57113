"""The tiles of WebMercatorQuad, on the unit square of the world with y downwards.

Source: OGC 17-083r4, Two Dimensional Tile Matrix Set, annex D.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.tiles.encode import BUFFER, EXTENT

Floats = NDArray[np.float64]

WORLD_M: Final = 20_037_508.342789244
"""Half the side of the world in Web Mercator, in metres."""

_FARTHEST_NORTH: Final = 85.0511287798066


class Box(NamedTuple):
    """A box in degrees of longitude and latitude."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Tile:
    """A tile of WebMercatorQuad: its zoom level, column from the west and row from the north."""

    zoom: int
    column: int
    row: int

    def to_units(self, unit: Floats) -> Floats:
        """Return coordinates of the unit square of the world in units of the tile."""
        return (unit * 2.0**self.zoom - [self.column, self.row]) * EXTENT

    def from_units(self, units: Floats, *, extent: int = EXTENT) -> Floats:
        """Coordinates in units of the tile on the unit square of the world.

        Parameters
        ----------
        units
            n rows of x and y, y downwards.
        extent
            Units along the side of the tile.

        Returns
        -------
        n rows of x and y.
        """
        return (units / extent + [self.column, self.row]) * 2.0**-self.zoom

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, north, east and south of the tile and its buffer, in the world's unit square."""
        margin, side = BUFFER / EXTENT, 2.0**-self.zoom
        return (
            (self.column - margin) * side,
            (self.row - margin) * side,
            (self.column + 1 + margin) * side,
            (self.row + 1 + margin) * side,
        )


class TileRange(NamedTuple):
    """The tiles of one zoom that touch a box; both ends are inclusive."""

    zoom: int
    first_column: int
    first_row: int
    last_column: int
    last_row: int

    @property
    def size(self) -> int:
        """How many tiles there are."""
        return (self.last_column - self.first_column + 1) * (self.last_row - self.first_row + 1)

    def touches(self, level: int, column: int, row: int) -> bool:
        """Whether any of them lies within a tile of a level that is no deeper than they are.

        Parameters
        ----------
        level, column, row
            The tile; `level` is at most `zoom`.

        Returns
        -------
        Whether it does.
        """
        deeper = self.zoom - level
        return (
            self.first_column >> deeper <= column <= self.last_column >> deeper
            and self.first_row >> deeper <= row <= self.last_row >> deeper
        )

    def tiles(self) -> Iterator[Tile]:
        """Each tile, column by column."""
        for column in range(self.first_column, self.last_column + 1):
            for row in range(self.first_row, self.last_row + 1):
                yield Tile(self.zoom, column, row)


def tiles_of(box: Box, zoom: int) -> TileRange:
    """The tiles of a zoom that touch a box.

    Parameters
    ----------
    box
        In degrees; what lies beyond the world of Web Mercator is cut off.
    zoom
        The zoom level.

    Returns
    -------
    The columns and rows from the first to the last.
    """
    latitudes = np.clip([box.north, box.south], -_FARTHEST_NORTH, _FARTHEST_NORTH)
    x, y = to_unit(np.array([box.west, box.east]), latitudes)
    last = 2**zoom - 1
    columns = np.clip(np.floor(x * 2.0**zoom), 0, last).astype(int).tolist()
    rows = np.clip(np.floor(y * 2.0**zoom), 0, last).astype(int).tolist()
    return TileRange(zoom, columns[0], rows[0], columns[1], rows[1])


def to_unit(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Degrees on the unit square of the world, from its north-west corner.

    Parameters
    ----------
    longitude, latitude
        n degrees.

    Returns
    -------
    n x and n y, y downwards.
    """
    sine = np.sin(np.radians(latitude))
    return longitude / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)


def from_unit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude of points of the unit square of the world.

    Parameters
    ----------
    x, y
        n coordinates, y downwards.

    Returns
    -------
    n longitudes and n latitudes in degrees.
    """
    return (x - 0.5) * 360, np.degrees(np.arcsin(np.tanh((0.5 - y) * 2 * np.pi)))
