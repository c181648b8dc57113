"""The folium map of an allocation: officers by area, patches, or patrols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader
from numpy.typing import NDArray

from api.maps.basemap import NO_BASEMAP, Basemap
from api.maps.pages import MapPage, page_of
from api.maps.parts import (
    LAND,
    OUTLINE,
    OfflineFigure,
    add_label,
    add_pictures,
    add_thin_lines,
    bounds_of,
    geojson,
    inert,
    name_from,
    new_map,
    outlines,
    with_own_parts,
)
from api.maps.patrols import draw_patrols
from api.pages.allocation_summary import HUES, AllocationSummary
from geo.crs import Projection

STEPS: Final = ("#f7faff", "#b3d1e8", "#61a5d0", "#2070b0")
"""Shades for the share of the need, after ColorBrewer's Blues; black text is legible on each."""

Floats = NDArray[np.float64]

_PATCH_EDGE = {"fill": False, "color": "#111111", "weight": 4, "opacity": 1}
_AROUND_STOPS_M = 400.0
"""Room around the stops of patrols, in metres."""

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


def draw_allocation(
    summary: AllocationSummary,
    *,
    projection: Projection,
    basemap: Basemap = NO_BASEMAP,
) -> MapPage:
    """Draw the map of an allocation.

    Parameters
    ----------
    projection
        Converts the summary's metres to the map's degrees.
    basemap
        What is drawn under everything, such as roads.
    """
    drawing, figure = new_map(), OfflineFigure(title="Patchmap")
    figure.add_child(drawing)
    if basemap.tiles:
        add_pictures(drawing, basemap.tiles)
    else:
        outlines(summary.answer.areas, projection, LAND).add_to(drawing)
    legend = _PAINTERS[summary.view.tab](drawing, summary, projection)
    if basemap.shapes is not None:
        add_thin_lines(drawing, basemap.shapes, projection, extent=summary.answer.areas)
    outlines(summary.answer.areas, projection, OUTLINE | {"weight": 1.6}).add_to(drawing)
    _FINISHERS[summary.view.tab](drawing, summary, projection)
    bounds = bounds_of(_extent(summary), projection)
    drawing.fit_bounds(bounds, padding=(8, 8))
    name_from(figure, summary.map_address)
    template = _TEMPLATES.get_template("allocation_legend.html")
    text = with_own_parts(
        figure.render(),
        title=summary.title,
        legend=template.render(
            summary=summary, accounts=summary.answer.accounts, steps=legend, hues=HUES
        ),
        bounds=bounds,
    )
    return page_of(text, tiles=basemap.tiles, standalone=False)


def _extent(summary: AllocationSummary) -> gpd.GeoDataFrame:
    """What the map is fitted to: the areas, or the surroundings of the stops."""
    if summary.view.tab == "patrols":
        stops = [(stop.x, stop.y) for patrol in summary.patrols for stop in patrol.stops]
        near = shapely.buffer(shapely.points(stops), _AROUND_STOPS_M)
        return gpd.GeoDataFrame(geometry=near, crs=summary.answer.areas.crs)
    within = summary.view.question.within
    areas = summary.answer.areas
    return areas[areas.index.isin(within)] if within else areas


def _paint_posts(
    drawing: folium.Map, summary: AllocationSummary, projection: Projection
) -> list[dict[str, str]]:
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
        names = ["Area", "By need" if "need_pence" in rows else "Officers", "Share of need"]
        _fill(drawing, shown, projection, hue=STEPS[number], aliases=names)
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


def _label_posts(drawing: folium.Map, summary: AllocationSummary, projection: Projection) -> None:
    rows = summary.rows
    x, y = _inside(rows, projection)
    for amount, at_x, at_y in zip(_amounts(rows), x, y, strict=True):
        add_label(drawing, amount, at=(at_x, at_y), kind="area-number")
    _label_areas(drawing, rows, projection)


def _paint_patches(
    drawing: folium.Map, summary: AllocationSummary, projection: Projection
) -> list[dict[str, str]]:
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
        _fill(
            drawing,
            shown,
            projection,
            hue=patch.hue,
            aliases=["Area", "Patch", "Work of the patch"],
        )
    return []


def _label_patches(drawing: folium.Map, summary: AllocationSummary, projection: Projection) -> None:
    rows = summary.rows
    whole = rows.dissolve("patch", as_index=False)
    outlines(whole, projection, _PATCH_EDGE).add_to(drawing)
    x, y = _inside(whole, projection)
    for patch, at_x, at_y in zip(whole["patch"], x, y, strict=True):
        add_label(drawing, str(patch), at=(at_x, at_y), kind="area-number")
    _label_areas(drawing, rows, projection)


def _paint_patrols(
    _drawing: folium.Map, _summary: AllocationSummary, _projection: Projection
) -> list[dict[str, str]]:
    return []


def _label_patrols(drawing: folium.Map, summary: AllocationSummary, projection: Projection) -> None:
    draw_patrols(drawing, summary, projection)
    _label_areas(drawing, summary.answer.areas.reset_index(), projection)


def _fill(
    drawing: folium.Map,
    shown: gpd.GeoDataFrame,
    projection: Projection,
    *,
    hue: str,
    aliases: list[str],
) -> None:
    """Draw areas in one colour, with their columns as a tooltip.

    Parameters
    ----------
    shown
        The areas; `at` is their id for the page, the other columns are the tooltip.
    hue
        The colour.
    aliases
        The title of each column of the tooltip.
    """
    if shown.empty:
        return
    style = {"fillColor": hue, "fillOpacity": 0.85, "weight": 0}
    fields = [name for name in shown.columns if name not in ("at", "geometry")]
    folium.GeoJson(
        geojson(shown, projection),
        style_function=lambda _feature: style,
        smooth_factor=0.5,
        tooltip=folium.GeoJsonTooltip(fields=fields, aliases=aliases, sticky=True),
    ).add_to(drawing)


def _label_areas(drawing: folium.Map, rows: gpd.GeoDataFrame, projection: Projection) -> None:
    """Draw the names; labels.js hides those that would overlap a larger area's."""
    largest = rows.iloc[np.argsort(-rows.geometry.area.to_numpy(), kind="stable")]
    x, y = _inside(largest, projection)
    for name, at_x, at_y in zip(largest["area_name"], x, y, strict=True):
        add_label(drawing, str(name), at=(at_x, at_y), kind="area-label")


def _inside(rows: gpd.GeoDataFrame, projection: Projection) -> tuple[Floats, Floats]:
    """The longitude and latitude of a point well inside each area."""
    deep = shapely.maximum_inscribed_circle(rows.geometry.to_numpy())
    points = shapely.get_coordinates(shapely.get_point(deep, 0))
    return projection.to_lonlat(points[:, 0], points[:, 1])


_Painter = Callable[[folium.Map, AllocationSummary, Projection], list[dict[str, str]]]
_PAINTERS: Final[dict[str, _Painter]] = {
    "posts": _paint_posts,
    "patches": _paint_patches,
    "patrols": _paint_patrols,
}
_FINISHERS: Final[dict[str, Callable[[folium.Map, AllocationSummary, Projection], None]]] = {
    "posts": _label_posts,
    "patches": _label_patches,
    "patrols": _label_patrols,
}
