"""What is wrong with the polygons of a layer, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.errors import InputError

_PLACE = re.compile(r"^(?P<fault>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)\]$")


@dataclass(frozen=True)
class Finding:
    """One fault of one area, with a place in the coordinates of the file."""

    area: str
    fault: str
    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.area}: {self.fault} at {self.x:.6g}, {self.y:.6g}"


def invalid_rings(areas: gpd.GeoDataFrame) -> list[Finding]:
    """The areas whose rings break the rules of OGC Simple Features, with the place of each."""
    geometries = areas.geometry.to_numpy()
    findings = []
    for position in np.flatnonzero(~shapely.is_valid(geometries)):
        reason = shapely.is_valid_reason(geometries[position])
        told = _PLACE.match(reason)
        place = shapely.get_coordinates(geometries[position])[0]
        x, y = (float(told["x"]), float(told["y"])) if told else place
        findings.append(
            Finding(str(areas.index[position]), told["fault"] if told else reason, x, y)
        )
    return findings


def repair_rings(areas: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Mend invalid rings with `shapely.make_valid`, keeping what is polygon of the result.

    Returns
    -------
    The mended layer, and one line for each area that was changed: the fault, its place, and
    by how much the area changed.

    Raises
    ------
    InputError
        If nothing but lines is left of a polygon.
    """
    findings = invalid_rings(areas)
    if not findings:
        return areas, []
    geometries = areas.geometry.to_numpy().copy()
    lines = []
    for finding in findings:
        position = areas.index.get_loc(finding.area)
        before = geometries[position]
        # The `structure` method keeps rings as rings: its result is polygons only.
        after = shapely.make_valid(before, method="structure", keep_collapsed=False)
        if after.is_empty:
            raise InputError(f"{finding}: it holds no area, so it cannot be mended")
        geometries[position] = after
        change = (after.area / before.area - 1) * 100 if before.area else 0.0
        parts = shapely.get_num_geometries(after)
        lines.append(f"{finding}: mended, {parts} part(s), area {change:+.4f} %")
    return areas.set_geometry(gpd.GeoSeries(geometries, index=areas.index, crs=areas.crs)), lines
