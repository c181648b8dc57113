"""Which features a tile of WebMercatorQuad shows, and where in it.

Source: OGC 17-083r4, Two Dimensional Tile Matrix Set, annex D.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.items import Areas, Items, Points, Positions
from api.mvt import BUFFER, EXTENT, encode_tile

DEEPEST: Final = 20
"""The finest zoom level: a unit of its tiles is about a centimetre."""

ALONE: Final = 14
"""From this zoom level on points are told one by one; before it, one for each pixel."""

_PIXEL: Final = EXTENT // 256

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tile:
    """A tile of WebMercatorQuad: its zoom level, column from the west and row from the north."""

    zoom: int
    column: int
    row: int

    def within(self, unit: Floats) -> Floats:
        """Coordinates of the unit square of the world, in units of the tile."""
        return (unit * 2.0**self.zoom - [self.column, self.row]) * EXTENT

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The tile and its buffer in the unit square of the world."""
        margin, side = BUFFER / EXTENT, 2.0**-self.zoom
        ends = (
            self.column - margin,
            self.row - margin,
            self.column + 1 + margin,
            self.row + 1 + margin,
        )
        west, north, east, south = (end * side for end in ends)
        return west, north, east, south


class TiledAreas:
    """Areas on the unit square of the world in Web Mercator, y downwards."""

    def __init__(self, items: Items, places: Areas) -> None:
        lonlat = items.projection.geometries_to_lonlat(places.geometries)
        moved = shapely.transform(lonlat, lambda xy: np.column_stack(to_unit(xy[:, 0], xy[:, 1])))
        self.places = np.asarray(moved, dtype=object)
        self.tree = shapely.STRtree(self.places)
        self.nbytes = 3 * items.nbytes

    def tile(self, tile: Tile, items: Items, name: str, chosen: Positions | None) -> bytes:
        """The areas of a tile; of those that were chosen, if any were."""
        found = np.sort(self.tree.query(shapely.box(*tile.box)))
        if chosen is not None:
            found = np.intersect1d(found, chosen)
        if not len(found):
            return b""
        shapes = np.asarray(shapely.transform(self.places[found], tile.within), dtype=object)
        bounds = shapely.bounds(shapes)
        over = (bounds[:, :2] < -BUFFER).any(axis=1) | (bounds[:, 2:] > EXTENT + BUFFER).any(axis=1)
        edge = EXTENT + BUFFER
        shapes[over] = shapely.clip_by_rect(shapes[over], -BUFFER, -BUFFER, edge, edge)
        seen = ~shapely.is_empty(shapes)
        return encode_tile(name, shapes[seen], found[seen], items.rows(found[seen]))


class TiledPoints:
    """Points on the unit square of the world in Web Mercator, y downwards."""

    def __init__(self, items: Items, places: Points) -> None:
        longitude, latitude = items.projection.to_lonlat(places.x, places.y)
        self.x, self.y = to_unit(longitude, latitude)
        self.nbytes = 16 * len(self.x)

    def tile(self, tile: Tile, items: Items, name: str, chosen: Positions | None) -> bytes:
        """The points of a tile; of those that were chosen, if any were."""
        west, north, east, south = tile.box
        inside = (self.x >= west) & (self.x <= east) & (self.y >= north) & (self.y <= south)
        found = np.flatnonzero(inside)
        if chosen is not None:
            found = np.intersect1d(found, chosen)
        if not len(found):
            return b""
        units = tile.within(np.column_stack([self.x[found], self.y[found]]))
        if tile.zoom >= ALONE:
            return encode_tile(name, _points(units), found, items.rows(found))
        pixels, first, count = np.unique(
            np.floor(units / _PIXEL), axis=0, return_index=True, return_counts=True
        )
        middles = (pixels + 0.5) * _PIXEL
        return encode_tile(name, _points(middles), found[first], pd.DataFrame({"points": count}))


def tiled(items: Items) -> TiledAreas | TiledPoints:
    """The places of a collection, ready to be cut into tiles."""
    if isinstance(items.places, Points):
        return TiledPoints(items, items.places)
    return TiledAreas(items, items.places)


def to_unit(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Degrees to the unit square of the world in Web Mercator, from its north-west corner."""
    sine = np.sin(np.radians(latitude))
    return longitude / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)


def _points(units: Floats) -> NDArray[np.object_]:
    return np.asarray(shapely.points(units), dtype=object)
