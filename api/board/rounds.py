"""The rounds of a brief: one map of all patrols, each stop with its officer's letter and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from api.basemap.picture import BasemapPicture, draw_basemap
from api.basemap.sources import Basemap
from api.maps.drawing import WIDTH, ScaleBar, area_names, path_of, scale_bar, shown_areas
from api.pages.allocation_summary import AllocationSummary, Patrol
from geo.crs import Projection

_MARGIN_M: Final = 400.0
_ASPECT: Final = 1.5
"""The least width to height of the map: a higher one would leave no room for the stops."""

_LETTER: Final = 6.2
"""The mean width of a letter of a name, in units of paper."""

_LINE: Final = 13
"""The height of a name, in units of paper."""

_MARK: Final = 11.0
"""The radius of a stop's number, in units of paper."""

_WAYS: Final = ("", "9 5", "2 5", "12 4 2 4")
"""Dashes of the lines, in units of paper: on grey paper colours cannot tell rounds apart."""


@dataclass(frozen=True)
class DrawnStop:
    """One number on the map: x and y of its middle, and of the place that it belongs to."""

    x: float
    y: float
    place_x: int
    place_y: int
    label: str


@dataclass(frozen=True)
class DrawnRound:
    """One officer's round: its line as a path, its colour, dashes and numbered stops."""

    path: str
    hue: str
    dashes: str
    stops: list[DrawnStop]


@dataclass(frozen=True)
class RoundsDrawing:
    """The template variables of the map, in metres with y downwards; see `Drawing`.

    Attributes
    ----------
    base
        X and y of where the rounds begin; None where no base is known.
    """

    box: tuple[int, int, int, int]
    unit: float
    land: str
    names: list[tuple[float, float, str]]
    rounds: list[DrawnRound]
    base: tuple[int, int] | None
    bar: ScaleBar
    basemap: BasemapPicture | None


def letters(patrols: Sequence[Patrol]) -> dict[str, str]:
    """What each officer is called on the map, by name: `A` to `Z`, then `A2.` and so on."""
    return {
        patrol.officer: ascii_uppercase[number % 26]
        + (f"{number // 26 + 1}." if number >= len(ascii_uppercase) else "")
        for number, patrol in enumerate(patrols)
    }


def draw_rounds(
    summary: AllocationSummary, basemap: Basemap, projection: Projection
) -> RoundsDrawing | None:
    """Draw all rounds on the areas around them.

    Parameters
    ----------
    basemap
        Its vector tiles are drawn under the rounds.
    projection
        From the degrees of the basemap to metres.

    Returns
    -------
    None where no officer has a stop.
    """
    base = summary.base
    lines = [patrol.line(base) for patrol in summary.patrols if patrol.stops]
    if not lines:
        return None
    box = _box_around(np.array([point for line in lines for point in line], float))
    west, south, east, north = box
    unit = (east - west) / WIDTH
    spots = np.array([(stop.x, stop.y) for one in summary.patrols for stop in one.stops], float)
    near = _clipped(shown_areas(summary.answer), shapely.box(*box))
    names = [
        (x, y, name)
        for x, y, name in area_names(near, spots, unit=unit)
        if west + _LETTER * unit * len(name) / 2 < x < east - _LETTER * unit * len(name) / 2
        and south + _LINE * unit < -y < north - _LINE * unit
    ]
    taken = [(x, -y, _LETTER * unit * len(name) / 2) for x, y, name in names]
    taken += [(x, y, _MARK * unit) for x, y in spots.tolist()]
    return RoundsDrawing(
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        land=path_of(near.geometry, unit),
        names=names,
        rounds=_rounds(summary, unit),
        base=(round(base[0]), round(-base[1])) if base else None,
        bar=scale_bar(west, south, unit),
        basemap=draw_basemap(
            basemap.vectors, projection, box=box, unit=unit, taken=taken, pictures=basemap.pictures
        ),
    )


def _rounds(summary: AllocationSummary, unit: float) -> list[DrawnRound]:
    called, visitors = letters(summary.patrols), _visitors(summary.patrols)
    rounds = []
    for number, patrol in enumerate(summary.patrols):
        line = patrol.line(summary.base)
        stops = []
        for stop in patrol.stops:
            # Numbers of one place stand side by side.
            officers = visitors[stop.hotspot_id]
            aside = officers.index(patrol.officer) - (len(officers) - 1) / 2
            stops.append(
                DrawnStop(
                    x=round(stop.x + 2 * _MARK * unit * aside, 1),
                    y=round(-stop.y, 1),
                    place_x=round(stop.x),
                    place_y=round(-stop.y),
                    label=f"{called[patrol.officer]}{stop.stop}",
                )
            )
        path = "M" + "L".join(f"{x:.0f} {-y:.0f}" for x, y in line) if line else ""
        dashes = " ".join(
            f"{float(part) * unit:.0f}" for part in _WAYS[number % len(_WAYS)].split()
        )
        rounds.append(DrawnRound(path, patrol.hue, dashes, stops))
    return rounds


def _visitors(patrols: Sequence[Patrol]) -> dict[str, list[str]]:
    """The officers who visit each place."""
    visitors: dict[str, list[str]] = {}
    for patrol in patrols:
        for stop in patrol.stops:
            visitors.setdefault(stop.hotspot_id, []).append(patrol.officer)
    return visitors


def _box_around(points: np.ndarray) -> tuple[float, float, float, float]:
    """West, south, east and north around all points, at least `_ASPECT` times as wide as high."""
    west, south = (points.min(axis=0) - _MARGIN_M).tolist()
    east, north = (points.max(axis=0) + _MARGIN_M).tolist()
    aside = max(0.0, _ASPECT * (north - south) - (east - west)) / 2
    above = max(0.0, (east - west) / (1.6 * _ASPECT) - (north - south)) / 2
    return west - aside, south - above, east + aside, north + above


def _clipped(areas: gpd.GeoDataFrame, box: shapely.Polygon) -> gpd.GeoDataFrame:
    """The parts of areas inside a box, without the lines and points that only touch it."""
    near = areas[areas.intersects(box)]
    cut = near.assign(geometry=near.geometry.intersection(box))
    return cut[cut.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
