"""Areas as outlines to draw: few points, whole numbers, neighbours still fitting."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

STEPS = 8_000
"""How finely an outline is drawn: steps along the longer side of all areas."""

_TOLERANCE = 4.0  # steps: what a screen does not show


def outlines(areas: gpd.GeoDataFrame) -> dict[str, object]:
    """The areas in a picture of `width` × `height` steps, from its north-western corner.

    Parameters
    ----------
    areas
        Indexed by `area_code`, with `area_name`, in metres.

    Returns
    -------
    `codes`, `names` and `rings`: for each area its rings, each as x, y, then differences.
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
