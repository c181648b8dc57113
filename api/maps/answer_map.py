"""The folium map of an Answer, drawn on canvas with local files only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader

from api.basemap.sources import NO_BASEMAP, Basemap
from api.maps.drawing import fitted_areas, shown_areas
from api.maps.modes import DEFAULT_MODE, paint
from api.maps.overlays import Overlay
from api.maps.pages import MapPage
from api.maps.painting import Painting, Style
from api.maps.parts import OUTLINE, MapDrawing, inert
from api.maps.patrols import draw_patrols
from api.pages.allocation_summary import HUES, AllocationSummary
from api.pages.text import headline, officer_words, shown_words
from geo.analyses import LAYERS
from geo.crs import Projection
from geo.question.answer import Answer
from geo.question.exclusions import place_title

MOST_LABELS = 120
"""Areas that get their name on the map: those that it is about, then the largest."""

MOST_SINGLE_CELLS = 6_000
"""Cells of one shade that are drawn one by one, with a tooltip; more become one shape."""

MOST_OUTLINED = 1_000
"""Areas that are outlined over the cells; more get thin outlines under them."""

INVISIBLE = {"fillOpacity": 0, "weight": 0}  # but it can be clicked
UNKNOWN = "unknown"
UNKNOWN_STYLE = {
    "fillColor": "#767676",
    "fillOpacity": 0.35,
    "color": "#4d4d4d",
    "weight": 1.5,
    "dashArray": "2 5",
}
THIN_OUTLINE = {**OUTLINE, "fill": True, "fillOpacity": 0, "weight": 0.5}
HOTSPOT = {"fill": False, "color": "#7a0c1c", "weight": 3}
PLACE = {"fill": False, "color": "#111111", "weight": 2.5, "dashArray": "5 4"}

_TOOLTIP = {"n": "Incidents", "meaning": "Meaning", "area": "Area", "at": "Cell"}

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)
_TEMPLATES.filters["officer_words"] = officer_words


def draw(
    answer: Answer,
    *,
    projection: Projection,
    painting: Painting | None = None,
    places: gpd.GeoDataFrame | None = None,
    basemap: Basemap = NO_BASEMAP,
    over: Sequence[Overlay] = (),
    patrols: AllocationSummary | None = None,
    standalone: bool = False,
) -> MapPage:
    """Draw the cells and the areas of an Answer.

    Parameters
    ----------
    projection
        Converts the answer's metres to the map's degrees.
    painting
        The coloured cells; by default their classes.
    places
        Ranked places, which are numbered on the map.
    basemap
        What is drawn under everything, such as roads.
    over
        Further layers drawn over everything, such as priority estates, streets or premises.
    patrols
        Patrols, whose stops are numbered instead of the ranked places.
    standalone
        Whether the page contains Leaflet, so that it can be opened from disk.
    """
    drawing = MapDrawing(projection, basemap, land=_land(answer))
    drawing.thin_lines(basemap.shapes, extent=answer.study_areas)
    painting = painting or paint(DEFAULT_MODE, answer)
    _add_pickable_areas(drawing, answer)
    if painting.noun == "street":
        # Streets lie on the outlines of areas, which would cover them.
        _add_areas(drawing, answer, painting.named)
        _add_cells(drawing, answer, painting)
    else:
        _add_cells(drawing, answer, painting)
        if painting.hotspots:
            hotspots = LAYERS["hotspot-outlines"].compute(answer).frame
            drawing.outline(gpd.GeoDataFrame(hotspots), HOTSPOT)
        _add_areas(drawing, answer, painting.named)
    drawing.overlays(over)
    if painting.numbered is not None:
        _add_numbers(drawing, painting.numbered, kind="place-number street")
    elif places is not None:
        _add_places(drawing, places, numbered=patrols is None)
    if patrols is not None:
        draw_patrols(drawing, patrols)
    return drawing.page(
        seed=answer.question.query(),
        title=headline(answer),
        legend=_legend(answer, painting=painting, over=over, patrols=patrols),
        extent=fitted_areas(answer),
        standalone=standalone,
    )


def _land(answer: Answer) -> gpd.GeoDataFrame:
    """The study area; of so many areas that each would make the page heavy, their union."""
    areas = answer.study_areas
    if len(areas) <= MOST_OUTLINED:
        return areas
    on_screen = answer.indexes.of(areas).on_screen
    whole = shapely.coverage_union_all(on_screen.geometry.to_numpy())
    return gpd.GeoDataFrame(geometry=[whole], crs=areas.crs)


def _add_pickable_areas(drawing: MapDrawing, answer: Answer) -> None:
    """Draw the areas under the cells: a click beside the cells selects an area.

    They are invisible, as their outlines are drawn over the cells; of too many areas for a second
    copy of each the outlines are drawn here, no finer than a screen shows them.
    """
    areas = shown_areas(answer)
    if len(areas) > MOST_OUTLINED:
        areas = answer.indexes.of(answer.areas).on_screen.loc[areas.index]
    if answer.membership.overlapping:
        # The last one lies on top: an estate inside a town must be there to click.
        areas = areas.iloc[np.argsort(-areas.area.to_numpy(), kind="stable")]
    counts = answer.area_counts.groupby("area_code")["n"].sum(min_count=1)
    n = counts.reindex(areas.index.astype(str), fill_value=0)
    shown = gpd.GeoDataFrame(
        {
            "at": areas.index.astype(str),
            "area": areas["area_name"].map(inert).to_numpy(),
            "n": n.astype(object).where(n.notna(), UNKNOWN).to_numpy(),
        },
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    )
    usual = INVISIBLE if len(areas) <= MOST_OUTLINED else THIN_OUTLINE

    def style(feature: Mapping[str, Any]) -> Style:
        return UNKNOWN_STYLE if feature["properties"]["n"] == UNKNOWN else usual

    drawing.shapes(shown, style, tooltip={"area": "Area", "n": "Incidents"})


def _add_cells(drawing: MapDrawing, answer: Answer, painting: Painting) -> None:
    tooltip = {**_TOOLTIP, "n": painting.counts_of}
    if painting.noun != "cell":
        del tooltip["at"]
    for kind, shade in painting.shades.items():
        chosen = painting.cells[painting.cells["kind"] == kind]
        if chosen.empty:
            continue
        if len(chosen) > MOST_SINGLE_CELLS:
            # One by one they would make the page too heavy; a click selects the area under them.
            drawing.shapes(_merged(chosen), shade.style, smooth=0.3)
            continue
        shown = gpd.GeoDataFrame(
            {
                "n": chosen["n"],
                "meaning": chosen["meaning"].map(inert),
                "area": answer.membership.names_of(chosen["area_code"]).map(inert),
                "at": chosen["cell_id"],
            },
            geometry=chosen.geometry,
            crs=chosen.crs,
        )
        drawing.shapes(shown, shade.style, tooltip=tooltip, smooth=0.3)


def _merged(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if (shapely.get_dimensions(cells.geometry.to_numpy()) == 1).all():
        lines = shapely.MultiLineString(list(shapely.get_parts(cells.geometry.to_numpy())))
        return gpd.GeoDataFrame(geometry=[lines], crs=cells.crs)
    # Cells share their corners exactly, so the faster union of coverages is enough.
    whole = shapely.coverage_union_all(cells.geometry.to_numpy())
    return gpd.GeoDataFrame(geometry=[whole], crs=cells.crs)


def _add_places(drawing: MapDrawing, places: gpd.GeoDataFrame, *, numbered: bool) -> None:
    shown = gpd.GeoDataFrame({"at": places["hotspot_id"]}, geometry=places.geometry, crs=places.crs)
    drawing.shapes(shown, PLACE, smooth=0)
    if numbered:
        _add_numbers(drawing, places)


def _add_numbers(drawing: MapDrawing, ranked: pd.DataFrame, kind: str = "place-number") -> None:
    # The first last, so that its number lies over the others.
    last = ranked[::-1]
    drawing.labels(last["rank"], last["x"], last["y"], kind=kind)


def _add_areas(drawing: MapDrawing, answer: Answer, named: Sequence[str]) -> None:
    areas = shown_areas(answer)
    if len(areas) <= MOST_OUTLINED:
        drawing.outline(areas, OUTLINE)
    # The largest first, after those that the map is about: where names overlap, labels.js hides
    # the later one.
    others = ~areas.index.astype(str).isin(named)
    first = areas.iloc[np.lexsort([-areas.geometry.area.to_numpy(), others])[:MOST_LABELS]]
    places = first.geometry.representative_point()
    drawing.labels(first["area_name"], places.x, places.y, kind="area-label")


def _legend(
    answer: Answer,
    *,
    painting: Painting,
    over: Sequence[Overlay],
    patrols: AllocationSummary | None,
) -> str:
    return _TEMPLATES.get_template("map_legend.html").render(
        headline=headline(answer),
        counted=shown_words(answer),
        painting=painting,
        expected_from=answer.baseline.words if "hot_99" in painting.shades else "",
        over=over,
        summary=patrols,
        hues=HUES,
        left_out=[place_title(place) for place in answer.question.without],
        question=answer.question,
        study_title=answer.study_title,
        accounts=answer.accounts,
        counts=painting.counts,
        credits=answer.accounts.attribution,
    )
