"""How much of many small shapes lies in one large shape."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

_FEW_VERTICES: Final = 2_000
"""A shape with fewer is intersected as it is: to cut it up would take as long."""

_FEW: Final = 8
"""So few shapes are intersected with what they share, however many vertices it has."""


def overlap_areas(whole: shapely.Geometry, shapes: Shapes) -> Floats:
    """The area of each shape inside one shape.

    An intersection takes time for every vertex of both. So the shapes are halved by where they lie,
    again and again, and the whole is first cut to what each half can touch: a coast of a million
    vertices, or ten thousand plots, is not gone through for every cell along it.

    Parameters
    ----------
    whole
        A polygon or multipolygon in metres.
    shapes
        n polygons, small beside it.

    Returns
    -------
    Square metres of each of them.
    """
    areas = np.zeros(len(shapes))
    middles = shapely.bounds(shapes).reshape(-1, 2, 2).mean(axis=1)
    waiting = [(whole, np.arange(len(shapes)))]
    while waiting:
        piece, at = waiting.pop()
        if len(at) <= _FEW or shapely.get_num_coordinates(piece) < _FEW_VERTICES:
            areas[at] = shapely.area(shapely.intersection(piece, shapes[at]))
            continue
        axis = int(np.ptp(middles[at], axis=0).argmax())
        ordered = at[np.argsort(middles[at, axis], kind="stable")]
        for half in np.array_split(ordered, 2):
            box = shapely.box(*shapely.total_bounds(shapes[half]))
            waiting.append((_surfaces(shapely.intersection(piece, box)), half))
    return areas


def _surfaces(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a geometry, without the lines along which it only touches another."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    surfaces: shapely.MultiPolygon = shapely.multipolygons(
        parts[shapely.get_dimensions(parts) == 2]
    )
    return surfaces
