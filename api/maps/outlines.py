"""Simplified outlines of areas in whole numbers, without gaps between neighbours."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import Projection
from geo.tiles.grid import WORLD_M, to_unit

STEPS = 8_000
"""Steps along the longer side of all areas: the precision of an outline."""

_TOLERANCE = 4.0
"""Steps by which a simplified outline may differ: less than a screen shows."""


def outlines(areas: gpd.GeoDataFrame, *, projection: Projection) -> dict[str, object]:
    """The areas on a grid of `width` × `height` steps, from its north-western corner.

    Parameters
    ----------
    areas
        Indexed by `area_code`, with `area_name`, in metres.
    projection
        Converts the metres to degrees.

    Returns
    -------
    `codes`, `names` and `rings`: the rings of each area, each as its first x and y, then
    differences. `west` and `north` of the corner and the length of a `step` are metres of Web
    Mercator, so that a basemap fits under the areas.
    """
    west, south, east, north = areas.total_bounds
    tolerance = max(east - west, north - south) / STEPS * _TOLERANCE
    simplified = shapely.coverage_simplify(areas.geometry.to_numpy(), tolerance)
    shapes = shapely.transform(projection.geometries_to_lonlat(simplified), _to_web_mercator)
    west, south, east, north = shapely.total_bounds(shapes)
    step = max(east - west, north - south) / STEPS
    drawn = shapely.transform(
        shapes, lambda xy: np.round(np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) / step)
    )
    return {
        "width": int(np.ceil((east - west) / step)),
        "height": int(np.ceil((north - south) / step)),
        "west": float(west),
        "north": float(north),
        "step": float(step),
        "codes": [str(code) for code in areas.index],
        "names": areas["area_name"].astype(str).tolist(),
        "rings": [_rings(shape) for shape in drawn],
    }


def _to_web_mercator(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = to_unit(degrees[:, 0], degrees[:, 1])
    return np.column_stack([x - 0.5, 0.5 - y]) * 2 * WORLD_M


def _rings(shape: shapely.Geometry) -> list[list[int]]:
    polygons = shapely.get_parts(shape)
    rings = shapely.get_rings(polygons)
    return [_differences(shapely.get_coordinates(ring)[:-1]) for ring in rings]


def _differences(corners: np.ndarray) -> list[int]:
    steps = np.diff(corners, axis=0, prepend=np.zeros((1, 2)))
    return [int(number) for number in steps.ravel()]
