"""The folium map of an allocation: officers by area, patches, or rounds with numbered stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader

from api.maps.basemap import PLAIN, Ground
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
from api.maps.rounds import draw_rounds
from api.pages.allocation_summary import HUES, Sheet, patch_hues
from geo.crs import Projection

STEPS: Final = ("#f7faff", "#b3d1e8", "#61a5d0", "#2070b0")
"""After ColorBrewer's Blues, for the share of the need; dark letters can be read on each."""

_PATCH_EDGE = {"fill": False, "color": "#111111", "weight": 4, "opacity": 1}
_AROUND_STOPS_M = 400.0
_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


def draw_sheet(
    sheet: Sheet,
    *,
    projection: Projection,
    ground: Ground = PLAIN,
) -> MapPage:
    """Draw the map of an answer.

    Parameters
    ----------
    projection
        Leads from the answer's metres to the map's degrees.
    ground
        What lies under everything, such as roads.
    """
    drawing, figure = new_map(), OfflineFigure(title="Patchmap")
    figure.add_child(drawing)
    if ground.tiles:
        add_pictures(drawing, ground.tiles)
    else:
        outlines(sheet.answer.areas, projection, LAND).add_to(drawing)
    legend = _PAINTERS[sheet.view.tab](drawing, sheet, projection)
    if ground.shapes is not None:
        add_thin_lines(drawing, ground.shapes, projection, seen=sheet.answer.areas)
    outlines(sheet.answer.areas, projection, OUTLINE | {"weight": 1.6}).add_to(drawing)
    _FINISHERS[sheet.view.tab](drawing, sheet, projection)
    bounds = bounds_of(_seen(sheet), projection)
    drawing.fit_bounds(bounds, padding=(8, 8))
    name_from(figure, sheet.map_address)
    template = _TEMPLATES.get_template("allocation_legend.html")
    text = with_own_parts(
        figure.render(),
        title=sheet.title,
        legend=template.render(
            sheet=sheet, accounts=sheet.answer.accounts, steps=legend, hues=HUES
        ),
        bounds=bounds,
    )
    return page_of(text, tiles=ground.tiles, standalone=False)


def _seen(sheet: Sheet) -> gpd.GeoDataFrame:
    """What the map opens on: the areas, or what is near the stops, whose numbers need room."""
    if sheet.view.tab == "patrols":
        stops = [(stop["x"], stop["y"]) for row in sheet.officers for stop in row["stops"]]
        near = shapely.buffer(shapely.points(stops), _AROUND_STOPS_M)
        return gpd.GeoDataFrame(geometry=near, crs=sheet.answer.areas.crs)
    within = sheet.view.question.within
    areas = sheet.answer.areas
    return areas[areas.index.isin(within)] if within else areas


def _paint_posts(drawing: folium.Map, sheet: Sheet, projection: Projection) -> list[dict[str, str]]:
    """Areas by their share of the need, in four classes of about as many areas each."""
    rows = sheet.rows
    limits = np.unique(np.quantile(rows["share"], [0.25, 0.5, 0.75]))
    step = np.searchsorted(limits, rows["share"].to_numpy(), side="left")
    held = _held(rows)
    for number in range(len(limits) + 1):
        chosen = step == number
        shown = gpd.GeoDataFrame(
            {
                "at": rows["area_code"].astype(str)[chosen],
                "area": rows["area_name"].map(inert)[chosen],
                "held": held[chosen],
                "share": (rows["share"][chosen] * 100).round(1).astype(str) + " %",
            },
            geometry=rows.geometry[chosen],
            crs=rows.crs,
        )
        names = ["Area", "Need pays" if "need_pence" in rows else "Officers", "Share of need"]
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


def _held(rows: pd.DataFrame) -> pd.Series:
    if "need_pence" in rows:
        return rows["need_pence"].map(lambda pence: f"£{pence / 100:,.0f}")
    return rows["posts"].astype(str)


def _label_posts(drawing: folium.Map, sheet: Sheet, projection: Projection) -> None:
    rows = sheet.rows
    x, y = _inside(rows, projection)
    for held, at_x, at_y in zip(_held(rows), x, y, strict=True):
        add_label(drawing, held, at=(at_x, at_y), kind="area-number")
    _label_areas(drawing, rows, projection)


def _paint_patches(
    drawing: folium.Map, sheet: Sheet, projection: Projection
) -> list[dict[str, str]]:
    rows, hues = sheet.rows, patch_hues(sheet)
    told = {one["patch"]: f"{one['against']:+.0%} against a fair share" for one in sheet.patches}
    for patch, chosen in rows.groupby("patch"):
        shown = gpd.GeoDataFrame(
            {
                "at": chosen["area_code"].astype(str),
                "area": chosen["area_name"].map(inert),
                "patch": chosen["patch"].astype(str),
                "work": told[patch],
            },
            geometry=chosen.geometry,
            crs=rows.crs,
        )
        hue = HUES[hues[patch]]
        _fill(drawing, shown, projection, hue=hue, aliases=["Area", "Patch", "Work of the patch"])
    return []


def _label_patches(drawing: folium.Map, sheet: Sheet, projection: Projection) -> None:
    rows = sheet.rows
    whole = rows.dissolve("patch", as_index=False)
    outlines(whole, projection, _PATCH_EDGE).add_to(drawing)
    x, y = _inside(whole, projection)
    for patch, at_x, at_y in zip(whole["patch"], x, y, strict=True):
        add_label(drawing, str(patch), at=(at_x, at_y), kind="area-number")
    _label_areas(drawing, rows, projection)


def _paint_patrols(
    _drawing: folium.Map, _sheet: Sheet, _projection: Projection
) -> list[dict[str, str]]:
    return []


def _label_patrols(drawing: folium.Map, sheet: Sheet, projection: Projection) -> None:
    draw_rounds(drawing, sheet, projection)
    _label_areas(drawing, sheet.answer.areas.reset_index(), projection)


def _fill(
    drawing: folium.Map,
    shown: gpd.GeoDataFrame,
    projection: Projection,
    *,
    hue: str,
    aliases: list[str],
) -> None:
    """Areas in one colour, that say what their columns hold when pointed at."""
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
    """Names, a little below the numbers; the page hides those that would lie over others."""
    largest = rows.iloc[np.argsort(-rows.geometry.area.to_numpy(), kind="stable")]
    x, y = _inside(largest, projection)
    for name, at_x, at_y in zip(largest["area_name"], x, y, strict=True):
        add_label(drawing, str(name), at=(at_x, at_y), kind="area-label")


def _inside(rows: gpd.GeoDataFrame, projection: Projection) -> tuple[Any, Any]:
    """Longitudes and latitudes of a point deep inside each area."""
    deep = shapely.maximum_inscribed_circle(rows.geometry.to_numpy())
    points = shapely.get_coordinates(shapely.get_point(deep, 0))
    return projection.to_lonlat(points[:, 0], points[:, 1])


_Painter = Callable[[folium.Map, Sheet, Projection], list[dict[str, str]]]
_PAINTERS: Final[dict[str, _Painter]] = {
    "posts": _paint_posts,
    "patches": _paint_patches,
    "patrols": _paint_patrols,
}
_FINISHERS: Final[dict[str, Callable[[folium.Map, Sheet, Projection], None]]] = {
    "posts": _label_posts,
    "patches": _label_patches,
    "patrols": _label_patrols,
}
