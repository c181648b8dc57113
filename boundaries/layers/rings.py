"""Invalid polygons of a layer: find them and repair them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Final

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import InputError
from geo.formats.sandbox import ProcessLimits, run_sandboxed
from geo.temporary import TemporaryFolder

REPAIR_LIMITS: Final = ProcessLimits(
    memory_bytes=2 * 2**30, cpu_seconds=30, wall_seconds=120.0, file_bytes=512 * 2**20
)
"""Limits on the repair of a layer."""

_WORKER: Final = Path(__file__).with_name("repair_worker.py")

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
    """Repair invalid polygons with `shapely.make_valid`, in a process of its own.

    How long that takes depends on how often a ring crosses itself, not on its length: a ring of
    3,000 points can take minutes and gigabytes.

    Returns
    -------
    The repaired layer (`areas` itself if all polygons are valid), and one line for each area
    that changed: the fault, where it was, and by how much the area changed.

    Raises
    ------
    InputError
        If a polygon has no surface, or its repair takes more than `REPAIR_LIMITS`.
    """
    shapes = areas.geometry.to_numpy().copy()
    invalid = _invalid(shapes)
    if not invalid:
        return areas, []
    lines = []
    faults = [_fault(str(areas.index[at]), shapes[at]) for at in invalid]
    for at, fault, after in zip(invalid, faults, _repaired(shapes[invalid], faults), strict=True):
        before = shapes[at]
        if after.is_empty:
            raise InputError(f"{fault}: it has no surface, so it cannot be repaired; redraw it")
        shapes[at] = after
        change = (after.area / before.area - 1) * 100 if before.area else 0.0
        parts = shapely.get_num_geometries(after)
        lines.append(f"{fault}: repaired, {parts} part(s), area {change:+.4f} %")
    return areas.set_geometry(gpd.GeoSeries(shapes, index=areas.index, crs=areas.crs)), lines


def _repaired(shapes: NDArray[np.object_], faults: list[RingFault]) -> list[BaseGeometry]:
    with TemporaryFolder() as name:
        folder = Path(name)
        request = orjson.dumps([shape.hex() for shape in shapely.to_wkb(shapes)])
        with suppress(TimeoutExpired):
            run_sandboxed(_WORKER, request, folder, limits=REPAIR_LIMITS)
        # Without the last line, which is empty, or half of one where the worker was ended.
        answers = (folder / "answer").read_text().split("\n")[:-1]
    if len(answers) < len(shapes):
        raise InputError(
            f"{faults[len(answers)]}: repairing it takes too long, because its outline crosses "
            "itself too often; redraw it"
        )
    return [shapely.from_wkb(answer) for answer in answers]


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
