"""Lines without codes or names, such as roads: they lie under a map, or patrols go along them."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import Projection, implausible
from geo.errors import InputError
from geo.formats.geojson import (
    LINES,
    POLYGONS,
    collection_crs,
    feature_collection,
    read_geometry,
)

MOST_CORNERS = 60_000
"""More would make a page heavier than all that stands on it."""

_COARSEST_M = 200.0


def read_lines(
    content: bytes,
    *,
    file: str,
    projection: Projection,
    kinds: Collection[str] = (*LINES, *POLYGONS),
) -> gpd.GeoDataFrame:
    """Read a GeoJSON FeatureCollection of lines or polygons; it needs no codes or names.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS that its `crs` member names.
    projection
        Leads to the working CRS.
    kinds
        The types of geometry that it may hold.

    Returns
    -------
    gpd.GeoDataFrame
        The lines, and the outlines of the polygons, in metres.

    Raises
    ------
    InputError
        With one line that names the first feature at fault.
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
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons = implausible(corners[:, 0], corners[:, 1], source=crs, projection=projection)
    for first in np.flatnonzero(reasons != "")[:1]:
        x, y = corners[first]
        raise InputError(
            f"{file}, feature {owner[first] + 1}, at {x:.6g}, {y:.6g}: {reasons[first]}"
        )
    metres = projection.geometries_to_metres(shapes, source=crs)
    return gpd.GeoDataFrame(geometry=as_lines(metres), crs=projection.crs)


def as_lines(shapes: np.ndarray) -> np.ndarray:
    """Polygons by their outlines; lines as they are."""
    is_area = shapely.get_dimensions(shapes) == 2
    return np.where(is_area, shapely.boundary(shapes), shapes)


def thinned(
    lines: gpd.GeoDataFrame, bounds: tuple[float, float, float, float], *, most: int = MOST_CORNERS
) -> gpd.GeoDataFrame:
    """What of some lines lies in a box, as fine as a page can carry.

    Parameters
    ----------
    bounds
        West, south, east and north in metres.
    most
        How many corners there may be: lines become coarser, by doubling from 2 m, until they fit.
    """
    found = shapely.clip_by_rect(as_lines(lines.geometry.to_numpy()), *bounds)
    found = found[~shapely.is_empty(found)]
    tolerance = 2.0
    while shapely.get_num_coordinates(found).sum() > most and tolerance <= _COARSEST_M:
        found = shapely.simplify(found, tolerance)
        tolerance *= 2
    return gpd.GeoDataFrame(geometry=found, crs=lines.crs)
