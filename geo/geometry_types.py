"""The types of geometry that a layer can have, and geometries brought to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

GeometryType = Literal["Point", "MultiPoint", "MultiLineString", "MultiPolygon"]
"""The one type of all geometries of a layer, as GeoJSON names it."""

LayerKind = Literal["points", "lines", "areas"]
"""What the features of a layer are."""

KINDS: Final[Mapping[GeometryType, LayerKind]] = {
    "Point": "points",
    "MultiPoint": "points",
    "MultiLineString": "lines",
    "MultiPolygon": "areas",
}


def code_column(geometry_type: GeometryType) -> str:
    """The name of the column of codes in a layer's table and of the index of its frame."""
    return "area_code" if KINDS[geometry_type] == "areas" else "code"


def of_type(geometries: NDArray[np.object_], geometry_type: GeometryType) -> NDArray[np.object_]:
    """Bring geometries to one type: a single one becomes a collection with one part.

    Parameters
    ----------
    geometries
        n geometries of the kind of the type, none of them empty; for `Point`, points.
    geometry_type
        The type.

    Returns
    -------
    n geometries of the type.
    """
    if geometry_type == "Point":
        return geometries
    parts, owner = shapely.get_parts(geometries, return_index=True)
    if geometry_type == "MultiPoint":
        return np.asarray(shapely.multipoints(parts, indices=owner), dtype=object)
    if geometry_type == "MultiLineString":
        return np.asarray(shapely.multilinestrings(parts, indices=owner), dtype=object)
    return np.asarray(shapely.multipolygons(parts, indices=owner), dtype=object)
