"""The folium map of an allocation: officers by area, patches, or patrols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader
from numpy.typing import NDArray

from api.basemap.sources import NO_BASEMAP, Basemap
from api.maps.drawing import shown_areas
from api.maps.pages import MapPage
from api.maps.parts import OUTLINE, MapDrawing, inert
from api.maps.patrols import draw_patrols
from api.pages.allocation_summary import HUES, AllocationSummary
from api.pages.text import officer_words
from geo.crs import Projection

STEPS: Final = ("#f7faff", "#b3d1e8", "#61a5d0", "#2070b0")
"""Shades for the share of the need, after ColorBrewer's Blues; black text is legible on each."""

Floats = NDArray[np.float64]

_PATCH_EDGE = {"fill": False, "color": "#111111", "weight": 4, "opacity": 1}
_AROUND_STOPS_M = 400.0
"""Room around the stops of patrols, in metres."""

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)
_TEMPLATES.filters["officer_words"] = officer_words


def draw_allocation(
    summary: AllocationSummary, *, projection: Projection, basemap: Basemap = NO_BASEMAP
) -> MapPage:
    """Draw the map of an allocation.

    Parameters
    ----------
    projection
        Converts the summary's metres to the map's degrees.
    basemap
        What is drawn under everything, such as roads.
    """
    areas = summary.answer.areas
    drawing = MapDrawing(projection, basemap, land=areas)
    paint = _PAINTERS.get(summary.view.tab)
    steps = paint(drawing, summary) if paint else []
    drawing.thin_lines(basemap.shapes, extent=areas)
    drawing.outline(areas, OUTLINE | {"weight": 1.6})
    _FINISHERS[summary.view.tab](drawing, summary)
    return drawing.page(
        seed=summary.map_address,
        title=summary.title,
        legend=_TEMPLATES.get_template("allocation_legend.html").render(
            summary=summary, accounts=summary.answer.accounts, steps=steps, hues=HUES
        ),
        extent=_extent(summary),
    )


def _extent(summary: AllocationSummary) -> gpd.GeoDataFrame:
    """What the map is fitted to: the areas, or the surroundings of the stops."""
    if summary.view.tab == "patrols":
        stops = [(stop.x, stop.y) for patrol in summary.patrols for stop in patrol.stops]
        near = shapely.buffer(shapely.points(stops), _AROUND_STOPS_M)
        return gpd.GeoDataFrame(geometry=near, crs=summary.answer.areas.crs)
    return shown_areas(summary.answer)


def _paint_posts(drawing: MapDrawing, summary: AllocationSummary) -> list[dict[str, str]]:
    """Areas by their share of the need, in four classes with about as many areas each."""
    rows = summary.rows
    limits = np.unique(np.quantile(rows["share"], [0.25, 0.5, 0.75]))
    step = np.searchsorted(limits, rows["share"].to_numpy(), side="left")
    amounts = _amounts(rows)
    for number in range(len(limits) + 1):
        chosen = step == number
        shown = gpd.GeoDataFrame(
            {
                "at": rows["area_code"].astype(str)[chosen],
                "area": rows["area_name"].map(inert)[chosen],
                "amount": amounts[chosen],
                "share": (rows["share"][chosen] * 100).round(1).astype(str) + " %",
            },
            geometry=rows.geometry[chosen],
            crs=rows.crs,
        )
        amount = "By need" if "need_pence" in rows else "Officers"
        titles = {"area": "Area", "amount": amount, "share": "Share of need"}
        _fill(drawing, shown, STEPS[number], titles)
    edges = [0.0, *limits.tolist(), 1.0]
    return [
        {"hue": STEPS[number], "words": _between(edges, number)}
        for number in range(len(limits) + 1)
    ]


def _between(edges: list[float], number: int) -> str:
    if number == 0:
        return f"up to {edges[1]:.1%}".replace("%", " %")
    if number == len(edges) - 2:
        return f"above {edges[-2]:.1%}".replace("%", " %")
    return f"{edges[number]:.1%} to {edges[number + 1]:.1%}".replace("%", " %")


def _amounts(rows: pd.DataFrame) -> pd.Series:
    """The money or officers of each area as text."""
    if "need_pence" in rows:
        return rows["need_pence"].map(lambda pence: f"£{pence / 100:,.0f}")
    return rows["posts"].astype(str)


def _label_posts(drawing: MapDrawing, summary: AllocationSummary) -> None:
    rows = summary.rows
    drawing.labels(_amounts(rows), *_inside(rows), kind="area-number")
    _label_areas(drawing, rows)


def _paint_patches(drawing: MapDrawing, summary: AllocationSummary) -> list[dict[str, str]]:
    rows = summary.rows
    for patch in summary.patches:
        chosen = rows[rows["patch"] == patch.patch]
        shown = gpd.GeoDataFrame(
            {
                "at": chosen["area_code"].astype(str),
                "area": chosen["area_name"].map(inert),
                "patch": chosen["patch"].astype(str),
                "work": f"{patch.against:+.0%} from a fair share",
            },
            geometry=chosen.geometry,
            crs=rows.crs,
        )
        titles = {"area": "Area", "patch": "Patch", "work": "Work of the patch"}
        _fill(drawing, shown, patch.hue, titles)
    return []


def _label_patches(drawing: MapDrawing, summary: AllocationSummary) -> None:
    rows = summary.rows
    whole = rows.dissolve("patch", as_index=False)
    drawing.outline(whole, _PATCH_EDGE)
    drawing.labels(whole["patch"], *_inside(whole), kind="area-number")
    _label_areas(drawing, rows)


def _label_patrols(drawing: MapDrawing, summary: AllocationSummary) -> None:
    draw_patrols(drawing, summary)
    _label_areas(drawing, summary.answer.named_areas.reset_index())


def _fill(
    drawing: MapDrawing, shown: gpd.GeoDataFrame, hue: str, titles: Mapping[str, str]
) -> None:
    if len(shown):
        style = {"fillColor": hue, "fillOpacity": 0.85, "weight": 0}
        drawing.shapes(shown, style, tooltip=titles)


def _label_areas(drawing: MapDrawing, rows: gpd.GeoDataFrame) -> None:
    """Name each area, the largest first: where names overlap, labels.js hides the later one."""
    largest = rows.iloc[np.argsort(-rows.geometry.area.to_numpy(), kind="stable")]
    drawing.labels(largest["area_name"], *_inside(largest), kind="area-label")


def _inside(rows: gpd.GeoDataFrame) -> tuple[Floats, Floats]:
    """The point of each area that is furthest from its edge, in metres."""
    deep = shapely.maximum_inscribed_circle(rows.geometry.to_numpy())
    points = shapely.get_coordinates(shapely.get_point(deep, 0))
    return points[:, 0], points[:, 1]


_PAINTERS: Final[dict[str, Callable[[MapDrawing, AllocationSummary], list[dict[str, str]]]]] = {
    "posts": _paint_posts,
    "patches": _paint_patches,
}
_FINISHERS: Final[dict[str, Callable[[MapDrawing, AllocationSummary], None]]] = {
    "posts": _label_posts,
    "patches": _label_patches,
    "patrols": _label_patrols,
}
