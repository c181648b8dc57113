"""The folium map of an Answer: on canvas, with every asset local."""

from __future__ import annotations

import hashlib
import html
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import orjson
import shapely
from branca.element import CssLink, Figure, JavascriptLink
from jinja2 import Environment, PackageLoader

from api.encoding import encode_features, feature_collection
from api.map_pages import ASSETS, OWN_SCRIPTS, MapPage, page_of
from api.settings import TileServer
from api.shows import DEFAULT_SHOW, Painting, paint
from api.words import headline, shown_words
from geo.answer import Answer
from geo.crs import Projection
from geo.leave_out import place_title
from geo.store.contract import LayerPapers

MAP_DECIMALS = 5  # about a metre: finer than a projector shows
MOST_LABELS = 120
MOST_CELLS_TOLD = 6_000
"""Cells of one shade that a map tells one by one; more become one shape."""

_INERT = str.maketrans({letter: f"&#{ord(letter)};" for letter in "&<>\"'`{}$\\"})

OUTLINE = {"fill": False, "color": "#1a1a1a", "weight": 2.2, "opacity": 0.9}
LAND = {"fillColor": "#ffffff", "fillOpacity": 1, "weight": 0}
PICKED = {"fillOpacity": 0, "weight": 0}  # it can be clicked, and shows nothing
OVER = {"fill": False, "color": "#7b3294", "weight": 3, "opacity": 1, "dashArray": "9 5"}
PLACE = {"fill": False, "color": "#111111", "weight": 2.5, "dashArray": "5 4"}
GROUND = {"fill": False, "color": "#b9b4a8", "weight": 0.8, "opacity": 1}

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


class _OfflineFigure(Figure):  # type: ignore[misc]  # branca has no types
    """A page that refuses to render a link to anything but a known local file."""

    def render(self, **kwargs: Any) -> str:
        text = str(super().render(**kwargs))
        for element in self.header._children.values():
            if isinstance(element, JavascriptLink | CssLink) and element.url not in ASSETS:
                raise ValueError(f"the map links {element.url}, which is no local file")
        return text


class _OfflineMap(folium.Map):  # type: ignore[misc]  # nor has folium
    """A map that needs Leaflet alone; folium's own links point to other hosts."""

    default_js = [("leaflet", "/static/leaflet/leaflet.js")]  # noqa: RUF012 - folium's names
    default_css = [("leaflet_css", "/static/leaflet/leaflet.css")]  # noqa: RUF012


def draw(
    answer: Answer,
    *,
    projection: Projection,
    painting: Painting | None = None,
    places: gpd.GeoDataFrame | None = None,
    ground: gpd.GeoDataFrame | None = None,
    over: tuple[LayerPapers, gpd.GeoDataFrame] | None = None,
    tiles: TileServer | None = None,
    standalone: bool = False,
) -> MapPage:
    """Draw the cells and the areas of an Answer.

    Parameters
    ----------
    projection
        Leads from the answer's metres to the map's degrees.
    painting
        What the cells show; their classes, unless it says otherwise.
    places
        Ranked places, to be numbered on the map.
    ground
        Areas whose outlines are drawn thinly under everything, such as street blocks.
    over
        Another layer whose areas are drawn over everything, such as priority estates.
    tiles
        A tile server for the ground, if the user set one.
    standalone
        Carry Leaflet in the page, for a file that is opened from disk.
    """
    drawing = _OfflineMap(
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        min_zoom=8,
        max_zoom=19,
        zoom_snap=0.1,
    )
    figure = _OfflineFigure(title="Patchmap")
    figure.add_child(drawing)
    if tiles:
        folium.TileLayer(tiles.address, attr=inert(tiles.attribution) or " ").add_to(drawing)
    else:
        _outlines(answer.study_areas, projection, LAND).add_to(drawing)
        if ground is not None:
            _outlines(ground, projection, GROUND).add_to(drawing)
    painting = painting or paint(DEFAULT_SHOW, answer)
    _add_pickable_areas(drawing, answer, projection)
    _add_cells(drawing, answer, projection=projection, painting=painting)
    _add_areas(drawing, answer, projection)
    if over is not None:
        _outlines(over[1], projection, OVER).add_to(drawing)
    if places is not None:
        _add_places(drawing, places, projection)
    bounds = _bounds(answer, projection)
    drawing.fit_bounds(bounds, padding=(8, 8))
    _name_from(figure, answer.question.query())
    text = _with_own_parts(figure.render(), answer, painting=painting, bounds=bounds, over=over)
    return page_of(text, tiles=tiles, standalone=standalone)


def inert(text: object) -> str:
    """Text that means nothing but itself in HTML, in a JavaScript literal and to Jinja.

    folium writes texts into scripts, and branca reads every script as a template once more, so
    the name of an area could otherwise run code in the browser, or here.
    """
    return str(text).translate(_INERT)


def _add_pickable_areas(drawing: folium.Map, answer: Answer, projection: Projection) -> None:
    """The areas under the cells, so that a click beside any cell finds its area."""
    areas = _shown_areas(answer)
    counts = answer.area_counts.groupby("area_code")["n"].sum()
    shown = gpd.GeoDataFrame(
        {
            "at": areas.index.astype(str),
            "area": areas["area_name"].map(inert).to_numpy(),
            "n": counts.reindex(areas.index.astype(str), fill_value=0).to_numpy(),
        },
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    )
    folium.GeoJson(
        _geojson(shown, projection),
        style_function=lambda _feature: PICKED,
        smooth_factor=0.5,
        tooltip=folium.GeoJsonTooltip(
            fields=["area", "n"], aliases=["Area", "Incidents"], sticky=True
        ),
    ).add_to(drawing)


def _add_cells(
    drawing: folium.Map, answer: Answer, *, projection: Projection, painting: Painting
) -> None:
    names = answer.areas["area_name"]
    for kind, shade in painting.shades.items():
        chosen = painting.cells[painting.cells["kind"] == kind]
        if chosen.empty:
            continue
        shown = gpd.GeoDataFrame(
            {
                "n": chosen["n"],
                "meaning": chosen["told"].map(inert),
                "area": chosen["area_code"].map(names).fillna("").map(inert),
                "at": chosen["cell_id"],
            },
            geometry=chosen.geometry,
            crs=chosen.crs,
        )
        alone = len(shown) <= MOST_CELLS_TOLD
        tooltip = folium.GeoJsonTooltip(
            fields=["n", "meaning", "area", "at"],
            aliases=["Incidents", "Meaning", "Area", "Cell"],
            sticky=True,
        )
        # So many cells of one shade that a page could not carry the story of each: what lies
        # under them answers.
        folium.GeoJson(
            _geojson(shown if alone else _as_one(shown), projection),
            name=shade.words,
            style_function=lambda _feature, style=shade.style: style,
            smooth_factor=0.3,
            **({"tooltip": tooltip} if alone else {"interactive": False}),
        ).add_to(drawing)


def _as_one(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    whole = shapely.union_all(cells.geometry.to_numpy(), grid_size=0.01)
    return gpd.GeoDataFrame(geometry=[whole], crs=cells.crs)


def _add_places(drawing: folium.Map, places: gpd.GeoDataFrame, projection: Projection) -> None:
    shown = gpd.GeoDataFrame({"at": places["hotspot_id"]}, geometry=places.geometry, crs=places.crs)
    folium.GeoJson(
        _geojson(shown, projection),
        style_function=lambda _feature: PLACE,
        smooth_factor=0,
        interactive=False,
    ).add_to(drawing)
    lon, lat = projection.to_lonlat(places["x"], places["y"])
    # The first one last, so that it lies over the others.
    for rank, x, y in reversed(list(zip(places["rank"], lon, lat, strict=True))):
        _add_label(drawing, str(rank), at=(x, y), kind="place-number")


def _add_areas(drawing: folium.Map, answer: Answer, projection: Projection) -> None:
    areas = _shown_areas(answer)
    _outlines(areas, projection, OUTLINE).add_to(drawing)
    # The largest first: where names would overlap, the page keeps the earlier one.
    largest = areas.iloc[np.argsort(-areas.geometry.area.to_numpy())[:MOST_LABELS]]
    places = largest.geometry.representative_point()
    lon, lat = projection.to_lonlat(places.x, places.y)
    for name, x, y in zip(largest["area_name"], lon, lat, strict=True):
        _add_label(drawing, str(name), at=(x, y), kind="area-label")


def _add_label(drawing: folium.Map, text: str, *, at: tuple[float, float], kind: str) -> None:
    # A marker would ask for its icon's image even where the icon is text.
    label = folium.Tooltip(
        inert(text), permanent=True, direction="center", class_name=kind, sticky=False
    )
    place = (round(float(at[1]), MAP_DECIMALS), round(float(at[0]), MAP_DECIMALS))
    folium.CircleMarker(
        place, radius=0, stroke=False, fill=False, interactive=False, tooltip=label
    ).add_to(drawing)


def _shown_areas(answer: Answer) -> gpd.GeoDataFrame:
    within = answer.question.within
    return answer.areas[answer.areas.index.isin(within)] if within else answer.areas


def _outlines(
    areas: gpd.GeoDataFrame, projection: Projection, style: dict[str, Any]
) -> folium.GeoJson:
    return folium.GeoJson(
        _geojson(areas[["geometry"]], projection),
        style_function=lambda _feature: style,
        smooth_factor=0.5,
        interactive=False,
    )


def _geojson(frame: gpd.GeoDataFrame, projection: Projection) -> dict[str, Any]:
    features = encode_features(
        frame, map(str, range(len(frame))), projection=projection, decimals=MAP_DECIMALS
    )
    collection: dict[str, Any] = orjson.loads(feature_collection(features, {}))
    return collection


def _bounds(answer: Answer, projection: Projection) -> list[list[float]]:
    shown = _shown_areas(answer) if answer.question.within else answer.study_areas
    degrees = projection.geometries_to_lonlat(shown.geometry.to_numpy())
    west, south, east, north = np.round(shapely.total_bounds(degrees), MAP_DECIMALS).tolist()
    return [[south, west], [north, east]]


def _with_own_parts(
    text: str,
    answer: Answer,
    *,
    painting: Painting,
    bounds: list[list[float]],
    over: tuple[LayerPapers, gpd.GeoDataFrame] | None,
) -> str:
    """Put in what no template of branca's shall read: the title, the style and the legend."""
    counts = painting.cells["kind"].value_counts()
    legend = _TEMPLATES.get_template("map_legend.html").render(
        headline=headline(answer),
        told=shown_words(answer),
        painting=painting,
        over=over and (over[0].title or over[0].layer_id),
        left_out=[place_title(place) for place in answer.question.without],
        question=answer.question,
        accounts=answer.accounts,
        counts=counts.to_dict(),
        credits=answer.accounts.attribution,
    )
    style = _TEMPLATES.get_template("map_style.html").render()
    title = html.escape(f"Patchmap: {headline(answer)}")
    scripts = "".join(f'<script src="{address}"></script>\n' for address in OWN_SCRIPTS)
    # Whoever needs larger letters may zoom the page.
    text = text.replace(", maximum-scale=1.0, user-scalable=no", "", 1)
    text = text.replace("<title>Patchmap</title>", f"<title>{title}</title>", 1)
    text = text.replace("</head>", f"{style}\n</head>", 1)
    text = text.replace("<body>", f'<body data-bounds="{bounds}">\n{legend}', 1)
    return text.replace("</html>", f"{scripts}</html>", 1)


def _name_from(figure: Figure, seed: str) -> None:
    """Give every element an id made from the Question, so that the same one has the same bytes."""
    waiting, number = [figure], 0
    while waiting:
        element = waiting.pop(0)
        element._id = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:16]
        number += 1
        waiting.extend(element._children.values())
