"""Simplified outlines of areas in whole numbers, without gaps between neighbours."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

STEPS = 8_000
"""Steps along the longer side of all areas: the precision of an outline."""

_TOLERANCE = 4.0
"""Steps by which a simplified outline may differ: less than a screen shows."""


def outlines(areas: gpd.GeoDataFrame) -> dict[str, object]:
    """The areas on a grid of `width` × `height` steps, from its north-western corner.

    Parameters
    ----------
    areas
        Indexed by `area_code`, with `area_name`, in metres.

    Returns
    -------
    `codes`, `names` and `rings`: the rings of each area, each as its first x and y, then
    differences.
    """
    west, south, east, north = areas.total_bounds
    step = max(east - west, north - south) / STEPS
    shapes = shapely.coverage_simplify(areas.geometry.to_numpy(), step * _TOLERANCE)
    drawn = shapely.transform(
        shapes, lambda xy: np.round(np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) / step)
    )
    return {
        "width": int(np.ceil((east - west) / step)),
        "height": int(np.ceil((north - south) / step)),
        "codes": [str(code) for code in areas.index],
        "names": areas["area_name"].astype(str).tolist(),
        "rings": [_rings(shape) for shape in drawn],
    }


def _rings(shape: shapely.Geometry) -> list[list[int]]:
    polygons = shapely.get_parts(shape)
    rings = shapely.get_rings(polygons)
    return [_differences(shapely.get_coordinates(ring)[:-1]) for ring in rings]


def _differences(corners: np.ndarray) -> list[int]:
    steps = np.diff(corners, axis=0, prepend=np.zeros((1, 2)))
    return [int(number) for number in steps.ravel()]
