"""Lines without codes or names, such as roads: drawn on a map, or followed by patrols."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import Projection, implausible
from geo.errors import InputError
from geo.formats.geojson import LINES, POLYGONS, collection_crs, feature_collection, read_geometry

MOST_VERTICES = 60_000
"""With more, the lines would make a page heavier than everything else on it."""

_FINEST_M, _COARSEST_M = 2.0, 200.0


def read_lines(
    content: bytes,
    *,
    file: str,
    projection: Projection,
    kinds: Collection[str] = (*LINES, *POLYGONS),
) -> gpd.GeoDataFrame:
    """Read a GeoJSON FeatureCollection of lines or polygons; codes and names are not needed.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS of its `crs` member.
    file
        The file's name, for messages.
    projection
        To the working CRS.
    kinds
        The types of geometry that the file may hold.

    Returns
    -------
    The lines, and the outlines of polygons, in metres.

    Raises
    ------
    InputError
        If the file cannot be read; the message names the first feature at fault.
    """
    collection = feature_collection(content, file)
    crs = collection_crs(collection, file)
    shapes = np.array(
        [
            read_geometry(feature, f"{file}, feature {number}", kinds=kinds)
            for number, feature in enumerate(collection["features"], start=1)
        ],
        dtype=object,
    )
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons = implausible(xy[:, 0], xy[:, 1], source=crs, projection=projection)
    for first in np.flatnonzero(reasons != "")[:1]:
        x, y = xy[first]
        raise InputError(
            f"{file}, feature {owner[first] + 1}, at {x:.6g}, {y:.6g}: {reasons[first]}"
        )
    metres = projection.geometries_to_metres(shapes, source=crs)
    return gpd.GeoDataFrame(geometry=as_lines(metres), crs=projection.crs)


def as_lines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons as their outlines; lines unchanged."""
    is_area = shapely.get_dimensions(shapes) == 2
    return np.where(is_area, shapely.boundary(shapes), shapes)


def thinned(
    lines: gpd.GeoDataFrame, bounds: tuple[float, float, float, float], *, most: int = MOST_VERTICES
) -> gpd.GeoDataFrame:
    """Clip lines to a box and simplify them until a page can carry them.

    Parameters
    ----------
    lines
        Lines or polygons in metres.
    bounds
        West, south, east and north in metres.
    most
        How many vertices there may be. The tolerance starts at 2 m and doubles up to 200 m, so
        that there can still be more.

    Returns
    -------
    The lines in the box; empty if there are none.
    """
    clipped = shapely.clip_by_rect(as_lines(lines.geometry.to_numpy()), *bounds)
    clipped = clipped[~shapely.is_empty(clipped)]
    tolerance = _FINEST_M
    while shapely.get_num_coordinates(clipped).sum() > most and tolerance <= _COARSEST_M:
        clipped = shapely.simplify(clipped, tolerance)
        tolerance *= 2
    return gpd.GeoDataFrame(geometry=clipped, crs=lines.crs)
