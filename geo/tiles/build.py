"""A pyramid of vector tiles from frames of features, zoom by zoom."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.commands import Drawing, draw_lines, draw_multipoints, draw_polygons
from geo.tiles.encode import BUFFER, EXTENT, encode_tile
from geo.tiles.grid import to_unit
from geo.tiles.packing import Ints
from geo.tiles.tile_file import LARGEST_TILE, StoredTile
from geo.tiles.values import TileValues

FROM_ZOOM: Final = "from_zoom"
"""The column with the first zoom at which a feature is drawn."""

MOST_TILES: Final = 200_000
"""Tiles of one pyramid; Great Britain has about as many down to zoom 13."""

_SHORTEST: Final = 3 * EXTENT / 256
"""Units: a shorter line, three pixels, is left to deeper zooms."""

_DRAWN: Final[Mapping[int, Callable[[NDArray[np.object_]], Drawing]]] = {
    0: draw_multipoints,
    1: draw_lines,
    2: draw_polygons,
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Layer:
    """The features of one layer on the unit square of the world."""

    name: str
    dimension: int
    shapes: NDArray[np.object_]
    first: Ints
    values: TileValues


@dataclass(frozen=True)
class _Zoom:
    """The features of one layer at one zoom, in units counted from the corner of the world.

    `tile` has the column and row of each pair of a tile and a feature in it, `feature` the
    position of the feature, both in the order of the tiles.
    """

    layer: _Layer
    shapes: NDArray[np.object_]
    tile: Ints
    feature: Ints


def build_tiles(
    layers: Mapping[str, gpd.GeoDataFrame], projection: Projection, *, zooms: range
) -> Iterator[StoredTile]:
    """Cut features into tiles.

    Parameters
    ----------
    layers
        For each layer of the tiles its features in metres of the working CRS: points, lines or
        polygons, not mixed. Their columns become properties, but for `FROM_ZOOM`.
    projection
        From metres to degrees.
    zooms
        The zoom levels. At the last of them everything is drawn; before it, short lines and small
        areas are left out.

    Yields
    ------
    Tiles compressed by gzip, zoom by zoom, column by column; none without features.

    Raises
    ------
    InputError
        If there would be too many tiles, or one would be too large.
    """
    read = [_read_layer(name, frame, projection) for name, frame in layers.items() if len(frame)]
    for zoom in zooms:
        parts = [_at_zoom(layer, zoom, is_last=zoom == zooms[-1]) for layer in read]
        positions = np.unique(np.concatenate([part.tile for part in parts]), axis=0)
        for column, row in positions.tolist():
            content = b"".join(_encoded(part, column, row) for part in parts)
            if len(content) > LARGEST_TILE:
                raise InputError(
                    f"tile {zoom}/{column}/{row} would have {len(content):,} bytes; choose fewer "
                    "features"
                )
            if content:
                yield StoredTile(zoom, column, row, packed_tile(content))


def packed_tile(content: bytes) -> bytes:
    """A tile compressed by gzip; the same content gives the same bytes."""
    writer = zlib.compressobj(level=6, wbits=31)
    return writer.compress(content) + writer.flush()


def _read_layer(name: str, frame: gpd.GeoDataFrame, projection: Projection) -> _Layer:
    metres = np.asarray(frame.geometry.to_numpy(), dtype=object)
    dimensions = shapely.get_dimensions(metres)
    if (dimensions != dimensions[0]).any():
        raise InputError(f"{name}: points, lines and areas are mixed; choose one kind of them")
    first = frame.get(FROM_ZOOM)
    columns = frame.columns.difference([FROM_ZOOM, frame.geometry.name], sort=False)
    return _Layer(
        name,
        int(dimensions[0]),
        shapely.transform(
            projection.geometries_to_lonlat(metres),
            lambda xy: np.column_stack(to_unit(xy[:, 0], xy[:, 1])),
        ),
        np.zeros(len(frame), dtype=np.int64) if first is None else first.to_numpy(np.int64),
        TileValues.read(frame[list(columns)]),
    )


def _at_zoom(layer: _Layer, zoom: int, *, is_last: bool) -> _Zoom:
    scale = 2.0**zoom * EXTENT
    shown = np.flatnonzero((layer.first <= zoom) | is_last)
    shapes: NDArray[np.object_] = shapely.transform(layer.shapes[shown], lambda xy: xy * scale)
    if layer.dimension == 1 and not is_last:
        long = shapely.length(shapes) >= _SHORTEST
        shown, shapes = shown[long], shapes[long]
    tile, place = _pairs(shapely.bounds(shapes), 2**zoom - 1)
    return _Zoom(layer, shapes, tile, np.column_stack([place, shown[place]]))


def _pairs(bounds: Floats, last: int) -> tuple[Ints, Ints]:
    """Column and row of each tile that a box touches, and the position of the box."""
    low = np.clip(np.floor((bounds[:, :2] - BUFFER) / EXTENT), 0, last).astype(np.int64)
    high = np.clip(np.floor((bounds[:, 2:] + BUFFER) / EXTENT), 0, last).astype(np.int64)
    across, down = (high - low + 1).T
    count = across * down
    if count.sum() > 50 * MOST_TILES or len(np.unique(low, axis=0)) > MOST_TILES:
        raise InputError("the features cover too large an area for tiles; choose some of them")
    place = np.repeat(np.arange(len(bounds)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    tile = low[place] + np.column_stack([within % across[place], within // across[place]])
    order = np.lexsort((place, tile[:, 1], tile[:, 0]))
    return tile[order], place[order]


def _encoded(part: _Zoom, column: int, row: int) -> bytes:
    """One layer of one tile; empty where nothing of it is there."""
    begin, end = _span(part.tile, column, row)
    if begin == end:
        return b""
    place, feature = part.feature[begin:end].T
    origin = np.array([column, row]) * EXTENT
    shapes: NDArray[np.object_] = shapely.transform(part.shapes[place], lambda xy: xy - origin)
    edge = EXTENT + BUFFER
    if part.layer.dimension:
        bounds = shapely.bounds(shapes)
        over = (bounds[:, :2] < -BUFFER).any(axis=1) | (bounds[:, 2:] > edge).any(axis=1)
        shapes[over] = shapely.clip_by_rect(shapes[over], -BUFFER, -BUFFER, edge, edge)
    drawing = _DRAWN[part.layer.dimension](shapes)
    return encode_tile(part.layer.name, drawing, feature, part.layer.values.take(feature))


def _span(tile: Ints, column: int, row: int) -> tuple[int, int]:
    """Where the pairs of a tile begin and end; they are in the order of column and row."""
    first, last = np.searchsorted(tile[:, 0], [column, column + 1])
    begin, end = np.searchsorted(tile[first:last, 1], [row, row + 1])
    return int(first + begin), int(first + end)
