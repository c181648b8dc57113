"""What the map of a file shows: its cells or outlines, and the layer of the board under them."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from api.data.tried import Preview
from api.look.facts import Place
from api.snapshot import Snapshot
from geo.crs import Projection
from geo.errors import PatchmapError
from geo.question.ask import default_layer

_MOST_UNDER: Final = 2_000
"""Areas of the layer under the map; a finer one is only shown by its extent."""

_STEPS: Final = 1_500
"""Parts of the extent that an outline may differ by."""

Ring = list[list[float]]


def map_payload(snapshot: Snapshot, preview: Preview, place: Place | None) -> dict[str, Any]:
    """The map of a file, in degrees of latitude and longitude, as Leaflet takes them.

    Parameters
    ----------
    snapshot
        The store, of which the board's layer is drawn below.
    preview
        Of a layer, its areas are drawn.
    place
        Where the file's points lie; None where that is not known.

    Returns
    -------
    `bounds`, `cells` (a ring and a count each), `areas` and `under` (rings), `what` is counted.
    """
    projection = snapshot.projection
    return {
        "bounds": _corners(place.bounds) if place else None,
        "what": place.what if place else "",
        "cells": _cells(place, projection) if place and preview.areas is None else [],
        "areas": [] if preview.areas is None else _rings(preview.areas, projection),
        "under": _under(snapshot),
    }


def _corners(bounds: tuple[float, float, float, float]) -> list[list[float]]:
    west, south, east, north = bounds
    return [[south, west], [north, east]]


def _cells(place: Place, projection: Projection) -> list[tuple[Ring, int]]:
    """The cells of the grid that hold something, each a ring and its count."""
    counts = np.array(place.counts)
    west, south, east, north = place.grid_m
    width, height = (east - west) / counts.shape[1], (north - south) / counts.shape[0]
    cells = []
    for row, column in zip(*np.nonzero(counts), strict=True):
        x, y = west + column * width, north - row * height
        corners = np.array([[x, y], [x + width, y], [x + width, y - height], [x, y - height]])
        cells.append((_lonlat(corners, projection), int(counts[row, column])))
    return cells


def _under(snapshot: Snapshot) -> list[Ring]:
    """The outlines of the layer that the board opens with; none in a store without layers."""
    try:
        areas = snapshot.layer(default_layer(snapshot))[1]
    except PatchmapError:
        return []
    if len(areas) > _MOST_UNDER:
        hull = shapely.box(*areas.total_bounds)
        areas = gpd.GeoDataFrame(geometry=[hull], crs=areas.crs)
    return _rings(areas, snapshot.projection)


def _rings(areas: gpd.GeoDataFrame, projection: Projection) -> list[Ring]:
    if not len(areas):
        return []
    west, south, east, north = areas.total_bounds
    tolerance = max(east - west, north - south) / _STEPS
    shapes = shapely.simplify(areas.geometry.to_numpy(), tolerance)
    rings = shapely.get_exterior_ring(shapely.get_parts(shapes))
    return [_lonlat(shapely.get_coordinates(ring), projection) for ring in rings]


def _lonlat(corners: NDArray[np.float64], projection: Projection) -> Ring:
    lon, lat = projection.to_lonlat(corners[:, 0], corners[:, 1])
    return [[round(float(y), 5), round(float(x), 5)] for x, y in zip(lon, lat, strict=True)]
