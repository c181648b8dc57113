"""What the folium maps share: an offline page, inert text, outlines, labels and a basemap."""

from __future__ import annotations

import hashlib
import html
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import orjson
import shapely
from branca.element import CssLink, Element, Figure, JavascriptLink
from jinja2 import Environment, PackageLoader

from api.formats.encoding import encode_features, feature_collection
from api.maps.pages import ASSETS, OWN_SCRIPTS
from api.settings import TileServer
from boundaries.layers.lines import thinned
from geo.crs import Projection

MAX_ZOOM = 19
MAP_DECIMALS = 5
"""Decimals of degrees on a map: about a metre, finer than a projector shows."""

_INERT = str.maketrans({letter: f"&#{ord(letter)};" for letter in "&<>\"'`{}$\\"})

OUTLINE = {"fill": False, "color": "#1a1a1a", "weight": 2.2, "opacity": 0.9}
LAND = {"fillColor": "#ffffff", "fillOpacity": 1, "weight": 0}
THIN_LINES = {"fill": False, "color": "#b9b4a8", "weight": 0.8, "opacity": 1}

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


class OfflineFigure(Figure):
    """A page that refuses to link anything but a known local file."""

    def render(self, **kwargs: Any) -> str:
        """The HTML of the page, after a check of its links.

        Raises
        ------
        ValueError
            If it links a file that the service does not have.
        """
        text = str(super().render(**kwargs))
        for element in self.header._children.values():
            if isinstance(element, JavascriptLink | CssLink) and element.url not in ASSETS:
                raise ValueError(f"the map links {element.url}, which is not a local file")
        return text


class OfflineMap(folium.Map):
    """A map that only links Leaflet; folium's own links point to other hosts."""

    default_js = [("leaflet", "/static/leaflet/leaflet.js")]  # noqa: RUF012 - folium's names
    default_css = [("leaflet_css", "/static/leaflet/leaflet.css")]  # noqa: RUF012 - as folium's


def new_map() -> folium.Map:
    """An empty map that makes no request to another host."""
    return OfflineMap(
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        min_zoom=8,
        max_zoom=MAX_ZOOM,
        zoom_snap=0.1,
    )


def inert(text: object) -> str:
    """Escape text for HTML, JavaScript literals and Jinja at once.

    folium writes texts into scripts, and branca renders every script as a template once more, so
    the name of an area could otherwise run code in the browser or in this process.
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
    """Add a text that is always visible.

    Parameters
    ----------
    at
        Longitude and latitude.
    kind
        Its CSS classes.
    aside
        Pixels to the right, for several labels at one place.
    """
    # Not a marker: it would request an icon image even if the icon is text.
    label = folium.Tooltip(
        inert(text),
        permanent=True,
        direction="center",
        class_name=kind,
        sticky=False,
        offset=(aside, 0) if aside else None,
    )
    place = (round(float(at[1]), MAP_DECIMALS), round(float(at[0]), MAP_DECIMALS))
    point = folium.CircleMarker(place, radius=0, stroke=False, fill=False, tooltip=label)
    # folium drops this option if it is passed; the point would catch clicks meant for what is
    # under it.
    point.options["interactive"] = False
    point.add_to(drawing)


def outlines(
    areas: gpd.GeoDataFrame, projection: Projection, style: dict[str, Any]
) -> folium.GeoJson:
    """Areas in one style, which ignore the pointer.

    Parameters
    ----------
    style
        Leaflet's path options.
    """
    return folium.GeoJson(
        geojson(areas[["geometry"]], projection),
        style_function=lambda _feature: style,
        smooth_factor=0.5,
        interactive=False,
    )


def add_pictures(drawing: folium.Map, tiles: TileServer) -> None:
    """Add tiles under everything else."""
    credit = inert(tiles.attribution) or " "
    if tiles.zooms is None:
        layer = folium.TileLayer(tiles.address, attr=credit)
    else:
        # Beyond the zooms of the file Leaflet scales its tiles; further out than two levels there
        # would be too many of them.
        first, last = tiles.zooms
        layer = folium.TileLayer(
            tiles.address,
            min_zoom=max(first - 2, 0),
            max_zoom=MAX_ZOOM,
            max_native_zoom=last,
            attr=credit,
            min_native_zoom=first,
        )
    layer.add_to(drawing)


def add_thin_lines(
    drawing: folium.Map,
    lines: gpd.GeoDataFrame,
    projection: Projection,
    *,
    extent: gpd.GeoDataFrame,
) -> None:
    """Add thin lines, or outlines of areas, near what the map shows.

    Parameters
    ----------
    lines
        In metres.
    extent
        The areas that the map shows, in metres.
    """
    west, south, east, north = extent.total_bounds
    aside = 0.1 * max(east - west, north - south)
    near = thinned(lines, (west - aside, south - aside, east + aside, north + aside))
    if len(near):
        outlines(near, projection, THIN_LINES).add_to(drawing)


def geojson(frame: gpd.GeoDataFrame, projection: Projection) -> dict[str, object]:
    """A frame in metres as GeoJSON in degrees, rounded to `MAP_DECIMALS`."""
    features = encode_features(
        frame, map(str, range(len(frame))), projection=projection, decimals=MAP_DECIMALS
    )
    collection: dict[str, object] = orjson.loads(feature_collection(features, {}))
    return collection


def bounds_of(areas: gpd.GeoDataFrame, projection: Projection) -> list[list[float]]:
    """The south-west and north-east corner, latitude first as in Leaflet."""
    degrees = projection.geometries_to_lonlat(areas.geometry.to_numpy())
    west, south, east, north = np.round(shapely.total_bounds(degrees), MAP_DECIMALS).tolist()
    return [[south, west], [north, east]]


def with_own_parts(text: str, *, title: str, legend: str, bounds: list[list[float]]) -> str:
    """Insert the title, style, legend and scripts into the HTML that folium wrote.

    They are added afterwards because branca would render them as templates.

    Parameters
    ----------
    bounds
        What the map is fitted to, as `bounds_of` returns it; map.js reads it.
    """
    style = _TEMPLATES.get_template("map_style.html").render()
    named = html.escape(f"Patchmap: {title}")
    scripts = "".join(f'<script src="{address}"></script>\n' for address in OWN_SCRIPTS)
    # folium forbids zooming the page, which people with poor sight need.
    text = text.replace(", maximum-scale=1.0, user-scalable=no", "", 1)
    text = text.replace("<title>Patchmap</title>", f"<title>{named}</title>", 1)
    text = text.replace("</head>", f"{style}\n</head>", 1)
    text = text.replace("<body>", f'<body data-bounds="{bounds}">\n{legend}', 1)
    return text.replace("</html>", f"{scripts}</html>", 1)


def name_from(figure: Figure, seed: str) -> None:
    """Replace folium's random ids by ids derived from a seed: equal Questions give equal bytes."""
    waiting: list[Element] = [figure]
    number = 0
    while waiting:
        element = waiting.pop(0)
        element._id = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:16]
        number += 1
        waiting.extend(element._children.values())
