"""Patrols on a folium map: each officer's round as a line with numbered stops."""

from __future__ import annotations

from collections.abc import Callable

import folium
import geopandas as gpd
import numpy as np

from api.maps.parts import MAP_DECIMALS, add_label, geojson, inert
from api.pages.allocation_summary import HUES, AllocationSummary, Patrol, Stop
from geo.crs import Projection

# folium has no types for the options of its lines.
_polyline: Callable[..., folium.MacroElement] = folium.PolyLine

_STOP_PX = 28
"""The width of a stop's number."""


def draw_patrols(drawing: folium.Map, summary: AllocationSummary, projection: Projection) -> None:
    """Draw the patrols of a summary, each officer in another colour.

    Parameters
    ----------
    projection
        Converts the summary's metres to the map's degrees.
    """
    base = summary.base
    visitors = _visitors(summary)
    for patrol in summary.patrols:
        lon, lat = projection.to_lonlat(*np.array(patrol.line(base), float).T)
        line = np.round(np.column_stack([lat, lon]), MAP_DECIMALS).tolist()
        # A wide dark line under the coloured one, so that it can be seen on any background.
        for colour, weight in (("#111111", 7), (patrol.hue, 4)):
            dash = "10 8" if patrol.dashed and weight == 4 else None
            style = {"color": colour, "weight": weight, "opacity": 1}
            _polyline(line, **style, **({"dash_array": dash} if dash else {})).add_to(drawing)
        _add_stops(drawing, patrol, projection, visitors)
    if base:
        lon, lat = projection.to_lonlat(*np.array([base], float).T)
        add_label(drawing, "base", at=(lon[0], lat[0]), kind="place-number")


def _visitors(summary: AllocationSummary) -> dict[str, list[str]]:
    """The officers who visit each place: their numbers are drawn side by side."""
    visitors: dict[str, list[str]] = {}
    for patrol in summary.patrols:
        for stop in patrol.stops:
            visitors.setdefault(stop.hotspot_id, []).append(patrol.officer)
    return visitors


def _add_stops(
    drawing: folium.Map, patrol: Patrol, projection: Projection, visitors: dict[str, list[str]]
) -> None:
    stops = patrol.stops
    x, y = np.array([(stop.x, stop.y) for stop in stops], float).T
    points = gpd.GeoDataFrame(
        {
            # Not `at`: map.js takes a feature with `at` for the place itself and lights it up.
            "stop": [stop.hotspot_id for stop in stops],
            "text": [inert(_tooltip(patrol, stop)) for stop in stops],
        },
        geometry=gpd.points_from_xy(x, y),
    )
    folium.GeoJson(
        geojson(points, projection),
        marker=folium.CircleMarker(radius=13, stroke=False, fill=True, fill_opacity=0),
        tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False),
    ).add_to(drawing)
    hue = HUES.index(patrol.hue)
    for stop, lon, lat in zip(stops, *projection.to_lonlat(x, y), strict=True):
        officers = visitors[stop.hotspot_id]
        aside = round(_STOP_PX * (officers.index(patrol.officer) - (len(officers) - 1) / 2))
        add_label(drawing, str(stop.stop), at=(lon, lat), kind=f"stop hue-{hue}", aside=aside)


def _tooltip(patrol: Patrol, stop: Stop) -> str:
    times = ", ".join(stop.times) or f"{patrol.rounds} visits a day"
    return f"{patrol.officer}, stop {stop.stop}: {stop.streets}; {times}"
