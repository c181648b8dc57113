"""Invalid polygons of a layer: find them and repair them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError

# GEOS writes "Self-intersection[-1.5 52.9]".
_REASON = re.compile(r"^(?P<fault>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)\]$")


@dataclass(frozen=True)
class RingFault:
    """A fault of one area.

    Attributes
    ----------
    area
        The area's code.
    fault
        What is wrong, in the words of GEOS.
    x, y
        Where, in the layer's coordinates.
    """

    area: str
    fault: str
    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.area}: {self.fault} at {self.x:.6g}, {self.y:.6g}"


def invalid_rings(areas: gpd.GeoDataFrame) -> list[RingFault]:
    """The areas whose polygons are invalid by OGC Simple Features, with the first fault of each.

    Returns
    -------
    One fault per invalid area, in the order of the layer; empty if all are valid.
    """
    shapes = areas.geometry.to_numpy()
    return [_fault(str(areas.index[at]), shapes[at]) for at in _invalid(shapes)]


def repair_rings(areas: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Repair invalid polygons with `shapely.make_valid`.

    Returns
    -------
    The repaired layer (`areas` itself if all polygons are valid), and one line for each area
    that changed: the fault, where it was, and by how much the area changed.

    Raises
    ------
    InputError
        If a polygon has no surface.
    """
    shapes = areas.geometry.to_numpy().copy()
    lines = []
    for at in _invalid(shapes):
        before = shapes[at]
        fault = _fault(str(areas.index[at]), before)
        # Unlike the default, the `structure` method returns polygons only, without stray lines.
        after = shapely.make_valid(before, method="structure", keep_collapsed=False)
        if after.is_empty:
            raise InputError(f"{fault}: it has no surface, so it cannot be repaired; redraw it")
        shapes[at] = after
        change = (after.area / before.area - 1) * 100 if before.area else 0.0
        parts = shapely.get_num_geometries(after)
        lines.append(f"{fault}: repaired, {parts} part(s), area {change:+.4f} %")
    if not lines:
        return areas, []
    return areas.set_geometry(gpd.GeoSeries(shapes, index=areas.index, crs=areas.crs)), lines


def _invalid(shapes: NDArray[np.object_]) -> list[int]:
    positions: list[int] = np.flatnonzero(~shapely.is_valid(shapes)).tolist()
    return positions


def _fault(code: str, shape: shapely.Geometry) -> RingFault:
    reason = shapely.is_valid_reason(shape)
    match = _REASON.match(reason)
    if match:
        return RingFault(code, match["fault"], float(match["x"]), float(match["y"]))
    x, y = shapely.get_coordinates(shape)[0]
    return RingFault(code, reason, x, y)
