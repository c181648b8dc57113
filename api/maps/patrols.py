"""Patrols on a folium map: each officer's round as a line with numbered stops."""

from __future__ import annotations

from collections.abc import Callable

import folium
import geopandas as gpd
import numpy as np

from api.maps.parts import MapDrawing, geojson, inert
from api.maps.shapes import MAP_DECIMALS
from api.pages.allocation_summary import HUES, AllocationSummary, Patrol, Stop
from api.pages.text import officer_words

# folium has no types for the options of its lines.
_polyline: Callable[..., folium.MacroElement] = folium.PolyLine

_STOP_PX = 28
"""The width of a stop's number."""
_STOP_RADIUS_PX = 13
"""How far from the middle of a stop's number a click still opens its place."""


def draw_patrols(drawing: MapDrawing, summary: AllocationSummary) -> None:
    """Draw the patrols of a summary, each officer in another colour."""
    base = summary.base
    visitors = _visitors(summary)
    for patrol in summary.patrols:
        lon, lat = drawing.projection.to_lonlat(*np.array(patrol.line(base), float).T)
        line = np.round(np.column_stack([lat, lon]), MAP_DECIMALS).tolist()
        # A wide dark line under the coloured one, so that it can be seen on any background.
        for colour, weight in (("#111111", 7), (patrol.hue, 4)):
            dash = "10 8" if patrol.dashed and weight == 4 else None
            style = {"color": colour, "weight": weight, "opacity": 1}
            drawing.add(_polyline(line, **style, **({"dash_array": dash} if dash else {})))
        _add_stops(drawing, patrol, visitors)
    if base:
        drawing.labels(["base"], base[:1], base[1:], kind="place-number base")


def _visitors(summary: AllocationSummary) -> dict[str, list[str]]:
    """The officers who visit each place: their numbers are drawn side by side."""
    visitors: dict[str, list[str]] = {}
    for patrol in summary.patrols:
        for stop in patrol.stops:
            visitors.setdefault(stop.hotspot_id, []).append(patrol.officer)
    return visitors


def _add_stops(drawing: MapDrawing, patrol: Patrol, visitors: dict[str, list[str]]) -> None:
    stops = patrol.stops
    x, y = np.array([(stop.x, stop.y) for stop in stops], float).T
    asides = []
    for stop in stops:
        officers = visitors[stop.hotspot_id]
        place = officers.index(patrol.officer) - (len(officers) - 1) / 2
        asides.append(round(_STOP_PX * place))
    points = gpd.GeoDataFrame(
        {
            # Not `at`: map.js takes a feature with `at` for the place itself and lights it up.
            "stop": [stop.hotspot_id for stop in stops],
            "text": [inert(_tooltip(patrol, stop)) for stop in stops],
            # A number drawn beside its place opens the place too.
            "radius": [_STOP_RADIUS_PX + abs(aside) for aside in asides],
        },
        geometry=gpd.points_from_xy(x, y),
    )
    drawing.add(
        folium.GeoJson(
            geojson(points, drawing.projection),
            style_function=lambda feature: {"radius": feature["properties"]["radius"]},
            marker=folium.CircleMarker(
                radius=_STOP_RADIUS_PX, stroke=False, fill=True, fill_opacity=0
            ),
            tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False),
        )
    )
    kind = f"stop hue-{HUES.index(patrol.hue)}"
    drawing.labels([stop.stop for stop in stops], x, y, kind=kind, asides=asides)


def _tooltip(patrol: Patrol, stop: Stop) -> str:
    times = ", ".join(stop.times) or f"{patrol.rounds} visits a day"
    return f"{officer_words(patrol.officer)}, stop {stop.stop}: {stop.streets}; {times}"
