"""Which features a tile of WebMercatorQuad shows, and where in it.

Source: OGC 17-083r4, Two Dimensional Tile Matrix Set, annex D.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.ogc.items import MOST_KEPT, Areas, Items, Points, Positions
from api.ogc.mvt.commands import draw_points, draw_polygons
from api.ogc.mvt.encode import BUFFER, EXTENT, encode_tile
from api.ogc.mvt.packing import Ints
from api.ogc.mvt.values import Words

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


class Worded:
    """Features whose properties tiles tell, made ready once where they are not too many."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def words(self, found: Ints) -> Words:
        """The properties of some features."""
        if len(self._items) > MOST_KEPT:
            return Words.read(self._items.rows(found))
        return self._all.take(found)

    @cached_property
    def _all(self) -> Words:
        return Words.read(self._items.table)


class TiledAreas(Worded):
    """Areas on the unit square of the world in Web Mercator, y downwards."""

    def __init__(self, items: Items, places: Areas) -> None:
        super().__init__(items)
        lonlat = items.projection.geometries_to_lonlat(places.geometries)
        moved = shapely.transform(lonlat, lambda xy: np.column_stack(to_unit(xy[:, 0], xy[:, 1])))
        self.places = np.asarray(moved, dtype=object)
        self.tree = shapely.STRtree(self.places)
        self.nbytes = 3 * items.nbytes

    def tile(self, tile: Tile, name: str, chosen: Positions | None) -> bytes:
        """The areas of a tile; of those that were chosen, if any were."""
        found = np.sort(self.tree.query(shapely.box(*tile.box)))
        if chosen is not None:
            found = np.intersect1d(found, chosen)
        shapes = np.asarray(shapely.transform(self.places[found], tile.within), dtype=object)
        bounds = shapely.bounds(shapes)
        over = (bounds[:, :2] < -BUFFER).any(axis=1) | (bounds[:, 2:] > EXTENT + BUFFER).any(axis=1)
        edge = EXTENT + BUFFER
        shapes[over] = shapely.clip_by_rect(shapes[over], -BUFFER, -BUFFER, edge, edge)
        return encode_tile(name, draw_polygons(shapes), found, self.words(found))


class TiledPoints(Worded):
    """Points on the unit square of the world in Web Mercator, y downwards, from west to east."""

    def __init__(self, items: Items, places: Points) -> None:
        super().__init__(items)
        longitude, latitude = items.projection.to_lonlat(places.x, places.y)
        x, y = to_unit(longitude, latitude)
        self.order = np.argsort(x, kind="stable")
        self.x, self.y = x[self.order], y[self.order]
        self.nbytes = 24 * len(self.x) + (0 if len(items) > MOST_KEPT else 150 * len(items))

    def tile(self, tile: Tile, name: str, chosen: Positions | None) -> bytes:
        """The points of a tile; of those that were chosen, if any were."""
        west, north, east, south = tile.box
        first, last = np.searchsorted(self.x, west), np.searchsorted(self.x, east, "right")
        height = self.y[first:last]
        near = first + np.flatnonzero((height >= north) & (height <= south))
        found = self.order[near]
        if chosen is not None:
            kept = np.isin(found, chosen)
            near, found = near[kept], found[kept]
        units = tile.within(np.column_stack([self.x[near], self.y[near]]))
        if tile.zoom >= ALONE:
            return encode_tile(name, draw_points(units), found, self.words(found))
        pixels, one, count = np.unique(
            np.floor(units / _PIXEL), axis=0, return_index=True, return_counts=True
        )
        told = Words.read(pd.DataFrame({"points": count}))
        return encode_tile(name, draw_points((pixels + 0.5) * _PIXEL), found[one], told)


def tiled(items: Items) -> TiledAreas | TiledPoints:
    """The places of a collection, ready to be cut into tiles."""
    if isinstance(items.places, Points):
        return TiledPoints(items, items.places)
    return TiledAreas(items, items.places)


def to_unit(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Degrees to the unit square of the world in Web Mercator, from its north-west corner."""
    sine = np.sin(np.radians(latitude))
    return longitude / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)
