"""What the folium maps share: an offline figure, texts that stay texts, outlines and labels."""

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

from api.formats.encoding import encode_features, feature_collection
from api.maps.pages import ASSETS, OWN_SCRIPTS
from api.settings import TileServer
from boundaries.layers.lines import thinned
from geo.crs import Projection

MAX_ZOOM = 19
MAP_DECIMALS = 5  # about a metre: finer than a projector shows

_INERT = str.maketrans({letter: f"&#{ord(letter)};" for letter in "&<>\"'`{}$\\"})

OUTLINE = {"fill": False, "color": "#1a1a1a", "weight": 2.2, "opacity": 0.9}
LAND = {"fillColor": "#ffffff", "fillOpacity": 1, "weight": 0}
GROUND = {"fill": False, "color": "#b9b4a8", "weight": 0.8, "opacity": 1}

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


class OfflineFigure(Figure):  # type: ignore[misc]  # branca has no types
    """A page that refuses to render a link to anything but a known local file."""

    def render(self, **kwargs: Any) -> str:
        """The page; its links have been looked at."""
        text = str(super().render(**kwargs))
        for element in self.header._children.values():
            if isinstance(element, JavascriptLink | CssLink) and element.url not in ASSETS:
                raise ValueError(f"the map links {element.url}, which is no local file")
        return text


class OfflineMap(folium.Map):  # type: ignore[misc]  # nor has folium
    """A map that needs Leaflet alone; folium's own links point to other hosts."""

    default_js = [("leaflet", "/static/leaflet/leaflet.js")]  # noqa: RUF012 - folium's names
    default_css = [("leaflet_css", "/static/leaflet/leaflet.css")]  # noqa: RUF012 - as folium's


def new_map() -> folium.Map:
    """An empty map that asks no other machine for anything."""
    return OfflineMap(
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        min_zoom=8,
        max_zoom=MAX_ZOOM,
        zoom_snap=0.1,
    )


def inert(text: object) -> str:
    """Text that means nothing but itself in HTML, in a JavaScript literal and to Jinja.

    folium writes texts into scripts, and branca reads every script as a template once more, so
    the name of an area could otherwise run code in the browser, or here.
    """
    return str(text).translate(_INERT)


def add_label(
    drawing: folium.Map,
    text: str,
    *,
    at: tuple[float, float],
    kind: str,
    aside: int = 0,
) -> None:
    """A text that always shows, at a longitude and latitude, of a class of the map's style.

    Parameters
    ----------
    aside
        How many pixels it stands to the right, where several share a place.
    """
    # A marker would ask for its icon's image even where the icon is text.
    label = folium.Tooltip(
        inert(text),
        permanent=True,
        direction="center",
        class_name=kind,
        sticky=False,
        **({"offset": (aside, 0)} if aside else {}),
    )
    place = (round(float(at[1]), MAP_DECIMALS), round(float(at[0]), MAP_DECIMALS))
    point = folium.CircleMarker(place, radius=0, stroke=False, fill=False, tooltip=label)
    # folium drops this option when it is given, and a click on the point would find nothing else.
    point.options["interactive"] = False
    point.add_to(drawing)


def outlines(
    areas: gpd.GeoDataFrame, projection: Projection, style: dict[str, Any]
) -> folium.GeoJson:
    """Areas in one style, that do not answer the pointer."""
    return folium.GeoJson(
        geojson(areas[["geometry"]], projection),
        style_function=lambda _feature: style,
        smooth_factor=0.5,
        interactive=False,
    )


def add_pictures(drawing: folium.Map, tiles: TileServer) -> None:
    """Tiles under everything else."""
    zooms: dict[str, int] = {}
    if tiles.zooms:
        # Between the zooms of the file its pictures are scaled; far above them there are too many.
        first, last = tiles.zooms
        zooms = {"min_zoom": max(first - 2, 0), "min_native_zoom": first, "max_native_zoom": last}
        zooms["max_zoom"] = MAX_ZOOM
    folium.TileLayer(tiles.address, attr=inert(tiles.attribution) or " ", **zooms).add_to(drawing)


def add_thin_lines(
    drawing: folium.Map, lines: gpd.GeoDataFrame, projection: Projection, *, seen: gpd.GeoDataFrame
) -> None:
    """Lines, or outlines of areas, where they lie about what is seen."""
    west, south, east, north = seen.total_bounds
    aside = 0.1 * max(east - west, north - south)
    found = thinned(lines, (west - aside, south - aside, east + aside, north + aside))
    if len(found):
        outlines(found, projection, GROUND).add_to(drawing)


def geojson(frame: gpd.GeoDataFrame, projection: Projection) -> dict[str, Any]:
    """A frame as GeoJSON for a map, as fine as a projector shows."""
    features = encode_features(
        frame, map(str, range(len(frame))), projection=projection, decimals=MAP_DECIMALS
    )
    collection: dict[str, Any] = orjson.loads(feature_collection(features, {}))
    return collection


def bounds_of(areas: gpd.GeoDataFrame, projection: Projection) -> list[list[float]]:
    """South-west and north-east corner, latitude first, as Leaflet takes them."""
    degrees = projection.geometries_to_lonlat(areas.geometry.to_numpy())
    west, south, east, north = np.round(shapely.total_bounds(degrees), MAP_DECIMALS).tolist()
    return [[south, west], [north, east]]


def with_own_parts(text: str, *, title: str, legend: str, bounds: list[list[float]]) -> str:
    """Put in what no template of branca's shall read: the title, the style and the legend."""
    style = _TEMPLATES.get_template("map_style.html").render()
    named = html.escape(f"Patchmap: {title}")
    scripts = "".join(f'<script src="{address}"></script>\n' for address in OWN_SCRIPTS)
    # Whoever needs larger letters may zoom the page.
    text = text.replace(", maximum-scale=1.0, user-scalable=no", "", 1)
    text = text.replace("<title>Patchmap</title>", f"<title>{named}</title>", 1)
    text = text.replace("</head>", f"{style}\n</head>", 1)
    text = text.replace("<body>", f'<body data-bounds="{bounds}">\n{legend}', 1)
    return text.replace("</html>", f"{scripts}</html>", 1)


def name_from(figure: Figure, seed: str) -> None:
    """Give every element an id made from the Question, so that the same one has the same bytes."""
    waiting, number = [figure], 0
    while waiting:
        element = waiting.pop(0)
        element._id = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:16]
        number += 1
        waiting.extend(element._children.values())
