"""Patrol cards: for each officer and shift a map, the stops, the times, and what to look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from api.maps.drawing import area_names, path_of, scale_bar
from api.pages.allocation_summary import Sheet
from boundaries.layers.lines import thinned
from geo.analyses.briefing import Briefing, briefing

WIDTH = 640.0
"""Units of a card's map across: lines and letters are measured in them."""

_MARGIN_M = 300.0
_LETTER = 3.6  # half the mean width of a letter of a name, in the same units


@dataclass(frozen=True)
class Stop:
    """One place of a round: what the plan says of it, and what is known of it."""

    plan: dict[str, Any]
    known: Briefing


@dataclass(frozen=True)
class Card:
    """What one officer takes along.

    Attributes
    ----------
    officer, shift, hours
        Who, when, and from when to when (empty where no hour is planned).
    rounds
        How often the round is walked.
    drawing
        The map, in metres with y downwards.
    """

    officer: str
    shift: str
    hours: str
    rounds: int
    travel: float
    stops: list[Stop]
    drawing: dict[str, Any]


def cards_of(sheet: Sheet, *, ground: gpd.GeoDataFrame | None = None) -> list[Card]:
    """A card for each officer, in their order.

    Parameters
    ----------
    ground
        Areas whose outlines help to find the way, such as street blocks.
    """
    cards = []
    for row in sheet.officers:
        hours = _hours_of_day(sheet, row["shift"])
        stops = [
            Stop(stop, briefing(sheet.answer, x=stop["x"], y=stop["y"], hours=hours))
            for stop in row["stops"]
        ]
        cards.append(
            Card(
                officer=row["officer"],
                shift=row["shift"],
                hours=_hours(sheet, row["shift"]),
                rounds=row["rounds"],
                travel=row["travel"],
                stops=stops,
                drawing=_drawing(sheet, row, ground),
            )
        )
    return cards


def _hours(sheet: Sheet, name: str) -> str:
    terms = sheet.view.question.patrols
    shift = terms.shift(name)
    if shift is None:
        return ""
    end = (shift.first_minute + terms.minutes) % 1_440
    return f"{shift.clock} to {end // 60:02}:{end % 60:02}"


def _hours_of_day(sheet: Sheet, name: str) -> list[int]:
    """The hours of the day that a shift touches."""
    terms = sheet.view.question.patrols
    shift = terms.shift(name)
    if shift is None:
        return []
    last = shift.first_minute + terms.minutes - 1
    return sorted({hour % 24 for hour in range(shift.first_minute // 60, last // 60 + 1)})


def _drawing(sheet: Sheet, row: dict[str, Any], ground: gpd.GeoDataFrame | None) -> dict[str, Any]:
    """The round on the areas around it."""
    places = np.array([(stop["x"], stop["y"]) for stop in row["stops"]], float)
    base = sheet.base
    way = np.vstack([[base], places, [base]]) if base else places
    if not base and row["rounds"] > 1:
        way = np.vstack([places, places[:1]])
    west, south = way.min(axis=0) - _MARGIN_M
    east, north = way.max(axis=0) + _MARGIN_M
    # As wide as the paper, and neither higher nor lower than leaves room for the stops.
    wide, high = east - west, north - south
    spare_x, spare_y = max(0.0, 2.2 * high - wide) / 2, max(0.0, wide / 2.2 - high) / 2
    west, east, south, north = west - spare_x, east + spare_x, south - spare_y, north + spare_y
    unit = (east - west) / WIDTH
    seen = shapely.box(west, south, east, north)
    near = _cut(sheet.answer.areas, seen)
    return {
        "box": (round(west), round(-north), round(east - west), round(north - south)),
        "unit": round(unit, 3),
        "ground": ""
        if ground is None
        else path_of(thinned(ground, (west, south, east, north)).geometry, unit),
        "outlines": path_of(near.geometry, unit),
        "names": [
            (x, y, name)
            for x, y, name in area_names(near, places, unit=unit)
            if west + _LETTER * unit * len(name) < x < east - _LETTER * unit * len(name)
        ],
        "way": "M" + "L".join(f"{x:.0f} {-y:.0f}" for x, y in way),
        "base": tuple(round(each) for each in (way[0, 0], -way[0, 1])) if base else (),
        "bar": scale_bar(west, south, unit),
    }


def _cut(areas: gpd.GeoDataFrame, seen: shapely.Geometry) -> gpd.GeoDataFrame:
    """What of the areas lies in sight, as polygons."""
    near = areas[areas.intersects(seen)]
    cut = near.assign(geometry=near.geometry.intersection(seen))
    return cut[cut.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
