"""Rounds of patrols on a folium map: each officer's way as a line, and numbered stops."""

from __future__ import annotations

from typing import Any

import folium
import geopandas as gpd
import numpy as np

from api.maps.parts import MAP_DECIMALS, add_label, geojson, inert
from api.pages.allocation_summary import HUES, Sheet
from geo.crs import Projection

_STOP_PX = 28  # the width of the number of a stop


def draw_rounds(drawing: folium.Map, sheet: Sheet, projection: Projection) -> None:
    """Draw the rounds of an answer about patrols.

    Parameters
    ----------
    sheet
        Its officers are drawn, each in a colour of their own; a known base is a part of the way.
    projection
        Leads from the answer's metres to the map's degrees.
    """
    base = sheet.base
    crowd = _crowd(sheet)
    for row in sheet.officers:
        line = [(stop["x"], stop["y"]) for stop in row["stops"]]
        if base:
            line = [base, *line, base]
        elif row["rounds"] > 1:
            line.append(line[0])
        lon, lat = projection.to_lonlat(*np.array(line, float).T)
        way = np.round(np.column_stack([lat, lon]), MAP_DECIMALS).tolist()
        for colour, weight in (("#111111", 7), (row["hue"], 4)):
            dash = {"dash_array": "10 8"} if row["dashed"] and weight == 4 else {}
            folium.PolyLine(way, color=colour, weight=weight, opacity=1, **dash).add_to(drawing)
        _add_stops(drawing, row, projection, crowd=crowd)
    if base:
        lon, lat = projection.to_lonlat(*np.array([base], float).T)
        add_label(drawing, "base", at=(lon[0], lat[0]), kind="place-number")


def _crowd(sheet: Sheet) -> dict[str, list[str]]:
    """The officers who visit each place: their numbers stand side by side."""
    found: dict[str, list[str]] = {}
    for row in sheet.officers:
        for stop in row["stops"]:
            found.setdefault(stop["hotspot_id"], []).append(row["officer"])
    return found


def _add_stops(
    drawing: folium.Map,
    row: dict[str, Any],
    projection: Projection,
    *,
    crowd: dict[str, list[str]],
) -> None:
    stops = row["stops"]
    at_x, at_y = (np.array([stop[axis] for stop in stops], float) for axis in ("x", "y"))
    shown = gpd.GeoDataFrame(
        {
            # Not `at`: that is the place itself, which lights up as a circle.
            "stop": [stop["hotspot_id"] for stop in stops],
            "told": [inert(_told(row, stop)) for stop in stops],
        },
        geometry=gpd.points_from_xy(at_x, at_y),
    )
    folium.GeoJson(
        geojson(shown, projection),
        marker=folium.CircleMarker(radius=13, stroke=False, fill=True, fill_opacity=0),
        tooltip=folium.GeoJsonTooltip(fields=["told"], labels=False),
    ).add_to(drawing)
    hue = HUES.index(row["hue"])
    for stop, lon, lat in zip(stops, *projection.to_lonlat(at_x, at_y), strict=True):
        here = crowd[stop["hotspot_id"]]
        aside = round(_STOP_PX * (here.index(row["officer"]) - (len(here) - 1) / 2))
        add_label(drawing, str(stop["stop"]), at=(lon, lat), kind=f"stop hue-{hue}", aside=aside)


def _told(row: dict[str, Any], stop: dict[str, Any]) -> str:
    times = ", ".join(stop["times"]) or f"{row['rounds']} visits a day"
    return f"{row['officer']}, stop {stop['stop']}: {stop['streets']}; {times}"
