"""Which features of a collection are on a tile of WebMercatorQuad, and where on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.ogc.items import MAX_CACHED, Geometries, Items, Kind, PointGeometries
from geo.properties import cached_property
from geo.tiles.commands import (
    Drawing,
    draw_lines,
    draw_multipoints,
    draw_points,
    draw_polygons,
)
from geo.tiles.encode import BUFFER, EXTENT, encode_tile
from geo.tiles.grid import Tile, to_unit
from geo.tiles.packing import Ints
from geo.tiles.values import TileValues

MAX_ZOOM: Final = 20
"""The finest zoom level: a unit of its tiles is about a centimetre."""

SINGLE_POINTS_ZOOM: Final = 14
"""From this zoom level on each point is drawn; below it, one point for each pixel."""

_PIXEL: Final = EXTENT // 256

Floats = NDArray[np.float64]

_DRAWN: Final[Mapping[Kind, Callable[[NDArray[np.object_]], Drawing]]] = {
    "Point": draw_multipoints,
    "MultiPoint": draw_multipoints,
    "MultiLineString": draw_lines,
    "Polygon": draw_polygons,
    "MultiPolygon": draw_polygons,
}


class _ValueCache:
    """The properties of features for tiles, encoded once where they are not too many."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def values(self, positions: Ints) -> TileValues:
        """Return the properties of some features."""
        if len(self._items) > MAX_CACHED:
            return TileValues.read(self._items.rows(positions))
        return self._all.take(positions)

    @cached_property
    def _all(self) -> TileValues:
        return TileValues.read(self._items.table)


class TiledShapes:
    """Geometries of one kind on the unit square of the world in Web Mercator, y downwards."""

    def __init__(self, items: Items, shapes: Geometries) -> None:
        self._cache = _ValueCache(items)
        self._draw = _DRAWN[shapes.kind]
        lonlat = items.projection.geometries_to_lonlat(shapes.geometries)
        self._geometries: NDArray[np.object_] = shapely.transform(
            lonlat, lambda xy: np.column_stack(to_unit(xy[:, 0], xy[:, 1]))
        )
        self._tree = shapely.STRtree(self._geometries)

    def tile(self, tile: Tile, name: str, selected: Ints | None) -> bytes:
        """Return the features of a tile.

        Parameters
        ----------
        name
            Of the layer in the tile.
        selected
            Positions of the features to draw; None for all.
        """
        positions = np.sort(self._tree.query(shapely.box(*tile.box)))
        if selected is not None:
            positions = np.intersect1d(positions, selected)
        shapes: NDArray[np.object_] = shapely.transform(self._geometries[positions], tile.to_units)
        bounds = shapely.bounds(shapes)
        edge = EXTENT + BUFFER
        over = (bounds[:, :2] < -BUFFER).any(axis=1) | (bounds[:, 2:] > edge).any(axis=1)
        shapes[over] = shapely.clip_by_rect(shapes[over], -BUFFER, -BUFFER, edge, edge)
        return encode_tile(name, self._draw(shapes), positions, self._cache.values(positions))


class TiledPoints:
    """Points on the unit square of the world in Web Mercator, y downwards, from west to east."""

    def __init__(self, items: Items, points: PointGeometries) -> None:
        self._cache = _ValueCache(items)
        longitude, latitude = items.projection.to_lonlat(points.x, points.y)
        x, y = to_unit(longitude, latitude)
        # Sorted, so that the points of a tile are found by their easting without an index.
        self._order = np.argsort(x, kind="stable")
        self._x, self._y = x[self._order], y[self._order]

    def tile(self, tile: Tile, name: str, selected: Ints | None) -> bytes:
        """Return the points of a tile.

        Parameters
        ----------
        name
            Of the layer in the tile.
        selected
            Positions of the features to draw; None for all.
        """
        west, north, east, south = tile.box
        first, last = np.searchsorted(self._x, west), np.searchsorted(self._x, east, "right")
        height = self._y[first:last]
        near = first + np.flatnonzero((height >= north) & (height <= south))
        positions = self._order[near]
        if selected is not None:
            drawn = np.isin(positions, selected)
            near, positions = near[drawn], positions[drawn]
        units = tile.to_units(np.column_stack([self._x[near], self._y[near]]))
        if tile.zoom >= SINGLE_POINTS_ZOOM:
            values = self._cache.values(positions)
            return encode_tile(name, draw_points(units), positions, values)
        pixels, one, count = np.unique(
            np.floor(units / _PIXEL), axis=0, return_index=True, return_counts=True
        )
        values = TileValues.read(pd.DataFrame({"points": count}))
        return encode_tile(name, draw_points((pixels + 0.5) * _PIXEL), positions[one], values)


def tiled(items: Items) -> TiledShapes | TiledPoints:
    """Return the features of a collection ready to be cut into tiles."""
    if isinstance(items.geometries, PointGeometries):
        return TiledPoints(items, items.geometries)
    return TiledShapes(items, items.geometries)
