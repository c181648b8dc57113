"""What the folium maps share: an offline page with a basemap, shapes and labels."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import orjson
import shapely
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from jinja2 import Environment, PackageLoader, Template
from numpy.typing import ArrayLike

from api.basemap.embedding import EMBEDDED_BYTES, pictures_script, sources_script
from api.basemap.sources import Basemap
from api.formats.encoding import encode_features, feature_collection
from api.maps.overlays import Overlay
from api.maps.pages import ASSETS, OWN_SCRIPTS, MapPage, page_of
from api.maps.painting import Style
from api.maps.shapes import MAP_DECIMALS, Shapes
from api.pages.assets import BASEMAP_SCRIPTS, PICTURES_SCRIPT, has_library
from api.settings import TileServer
from boundaries.layers.lines import thinned
from geo.crs import Projection
from geo.tiles.grid import Box

MAX_ZOOM = 19
_INERT = str.maketrans({letter: f"&#{ord(letter)};" for letter in "&<>\"'`{}$\\"})

_BRACE = "\ue07b"
"""Stands for a brace that Jinja would take for its own until branca has rendered the page."""

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


class SharedCanvas(MacroElement):
    """The canvas of all shapes, as a layer of its own.

    A map without a view adds its layers when it gets one, in their order: a canvas that comes with
    a label would come after the shapes that are to be drawn on it.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {% set map = this._parent.get_name() %}
        {{ map }}.options.renderer = L.canvas().addTo({{ map }});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium has no types
        self._name = "SharedCanvas"


class Labels(MacroElement):
    """Texts at points, always visible: one element, as folium takes a millisecond for each.

    Parameters
    ----------
    kind
        Their CSS classes.
    labels
        Latitude, longitude, text (inert) and pixels to the right of each.
    """

    # The points have no icons, which would be requested, and catch no clicks meant for what is
    # under them.
    _template = Template(
        """
        {% macro script(this, kwargs) %}
        for (const [lat, lon, text, aside] of {{ this.labels }}) {
            const options = {{ this.options }};
            L.circleMarker([lat, lon], {{ this.point }})
                .bindTooltip(`<div>${text}</div>`, {...options, "offset": [aside, 0]})
                .addTo({{ this._parent.get_name() }});
        }
        {% endmacro %}
        """
    )

    def __init__(self, kind: str, labels: Sequence[tuple[float, float, str, int]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium has no types
        self._name = "Labels"
        self.labels = orjson.dumps(labels).decode()
        self.point = '{"radius": 0, "stroke": false, "fill": false, "interactive": false}'
        self.options = (
            f'{{"className": "{kind}", "direction": "center", "permanent": true, "sticky": false}}'
        )


def _labels(kind: str, texts: Iterable[tuple[object, Any, Any, int]]) -> Labels:
    """Labels of texts, each with its longitude, latitude and pixels to the right."""
    return Labels(
        kind,
        [
            (round(float(lat), MAP_DECIMALS), round(float(lon), MAP_DECIMALS), inert(text), aside)
            for text, lon, lat, aside in texts
        ],
    )


def inert(text: object) -> str:
    """Escape text for HTML, JavaScript literals and Jinja at once.

    folium writes texts into scripts, and branca renders every script as a template once more, so
    the name of an area could otherwise run code in the browser or in this process.
    """
    return str(text).translate(_INERT)


def geojson(frame: gpd.GeoDataFrame, projection: Projection) -> dict[str, object]:
    """A frame in metres as GeoJSON in degrees, rounded to `MAP_DECIMALS`."""
    features = encode_features(
        frame, map(str, range(len(frame))), projection=projection, decimals=MAP_DECIMALS
    )
    text = feature_collection(features, {})
    # Codes and ids are compared by scripts, so they are not `inert`. JSON itself has none of these.
    for opening in (b"{{", b"{%", b"{#"):
        text = text.replace(opening, opening.replace(b"{", _BRACE.encode()))
    collection: dict[str, object] = orjson.loads(text)
    return collection


class MapDrawing:
    """A map in the making, of shapes that are given in metres.

    Parameters
    ----------
    projection
        Converts metres to the map's degrees.
    basemap
        What is drawn under everything, such as roads.
    land
        Areas that are filled under everything where the basemap has no pictures.
    """

    def __init__(self, projection: Projection, basemap: Basemap, *, land: gpd.GeoDataFrame) -> None:
        self.projection = projection
        self._tiles, self._pictures = basemap.tiles, basemap.pictures
        self._vectors = basemap.vectors if has_library() else ()
        self._map = OfflineMap(
            tiles=None,
            control_scale=True,
            min_zoom=8,
            max_zoom=MAX_ZOOM,
            zoom_snap=0.1,
        )
        # Leaflet draws nothing before a map has a view. map.js, which knows the room that there is,
        # gives it its first, so that no shape is drawn for another one before.
        del self._map.options["zoom"]
        self.add(SharedCanvas())
        self._figure = OfflineFigure(title="Patchmap")
        self._figure.add_child(self._map)
        if not (basemap.tiles or basemap.pictures or self._vectors):
            self.outline(land, LAND)

    def add(self, element: Element) -> None:
        """Add one of folium's elements, in degrees."""
        self._map.add_child(element)

    def outline(self, areas: gpd.GeoDataFrame, style: Style) -> None:
        """Add areas in one style, of Leaflet's path options; they ignore the pointer."""
        self.shapes(areas[["geometry"]], style)

    def shapes(
        self,
        frame: gpd.GeoDataFrame,
        style: Style | Callable[[Mapping[str, Any]], Style],
        *,
        tooltip: Mapping[str, str] | None = None,
        smooth: float = 0.5,
    ) -> None:
        """Add the rows of a frame in one style.

        Parameters
        ----------
        frame
            What is not text from this code must be inert; map.js reads the column `at`.
        style
            Leaflet's path options, or a function of a GeoJSON feature that returns them.
        tooltip
            Columns of the tooltip, with their titles; without it the shapes ignore the pointer.
        smooth
            How much Leaflet simplifies the shapes.
        """
        self.add(Shapes(frame, style, projection=self.projection, tooltip=tooltip, smooth=smooth))

    def overlays(self, overlays: Sequence[Overlay]) -> None:
        """Add layers over everything else, with a control to switch each of them off."""
        for overlay in overlays:
            style = overlay.style
            shown = gpd.GeoDataFrame(
                {"name": overlay.features["name"].map(inert)},
                geometry=overlay.features.geometry.to_numpy(),
                crs=overlay.features.crs,
            )
            named = (
                overlay.kind != "areas" and not overlay.numbers
            )  # a click on an outline is meant for what is under it
            tooltip = folium.GeoJsonTooltip(fields=["name"], labels=False, sticky=True)
            drawn = folium.GeoJson(
                geojson(shown, self.projection),
                name=inert(overlay.title),
                style_function=lambda _feature, style=style: style,
                marker=folium.CircleMarker(radius=4),
                smooth_factor=0.5,
                tooltip=tooltip if named else None,
                interactive=None if named else False,
            )
            if overlay.numbers:
                middles = shown.geometry.centroid
                # Inside the layer, so that both are switched off together.
                degrees = self.projection.to_lonlat(middles.x, middles.y)
                numbered = zip(overlay.numbers, *degrees, repeat(0), strict=False)
                drawn.add_child(_labels("place-number task", numbered))
            self.add(drawn)
        if overlays:
            self.add(folium.LayerControl(position="topright", collapsed=False))

    def labels(
        self,
        texts: Iterable[object],
        x: ArrayLike,
        y: ArrayLike,
        *,
        kind: str,
        asides: Iterable[int] = repeat(0),
    ) -> None:
        """Add texts that are always visible.

        Parameters
        ----------
        x, y
            In metres, of each text.
        kind
            Their CSS classes.
        asides
            Pixels to the right, for several labels at one place.
        """
        degrees = zip(texts, *self.projection.to_lonlat(x, y), asides, strict=False)
        self.add(_labels(kind, degrees))

    def thin_lines(self, lines: gpd.GeoDataFrame | None, *, extent: gpd.GeoDataFrame) -> None:
        """Add thin lines, or outlines of areas, near the areas that the map shows."""
        if lines is None:
            return
        west, south, east, north = extent.total_bounds
        aside = 0.1 * max(east - west, north - south)
        near = thinned(lines, (west - aside, south - aside, east + aside, north + aside))
        if len(near):
            self.outline(near, THIN_LINES)

    def page(
        self,
        *,
        seed: str,
        title: str,
        legend: str,
        extent: gpd.GeoDataFrame,
        standalone: bool = False,
    ) -> MapPage:
        """Return the map as a page that shows some areas.

        Parameters
        ----------
        seed
            Pages of one seed and one content have equal bytes.
        legend
            HTML.
        extent
            In metres.
        standalone
            Whether the page contains Leaflet, so that it can be opened from disk.
        """
        degrees = self.projection.geometries_to_lonlat(extent.geometry.to_numpy())
        box = Box(*np.round(shapely.total_bounds(degrees), MAP_DECIMALS).tolist())
        bounds = [[box.south, box.west], [box.north, box.east]]
        own_pictures = self._pictures if standalone else None
        if self._tiles and not own_pictures:
            self._add_pictures(self._tiles)
        self._name_from(seed)
        # Inserted afterwards, because branca would render all of it as a template.
        style = _TEMPLATES.get_template("map_style.html").render(
            # Pictures are light, whatever the page is.
            schemes=not self._tiles
        )
        named = html.escape(f"Patchmap: {title}")
        sources, linked = "", [*OWN_SCRIPTS]
        if self._vectors:
            sources = sources_script(
                self._vectors,
                box if standalone else None,
                most=EMBEDDED_BYTES // (2 if own_pictures else 1),
            )
            linked = [*BASEMAP_SCRIPTS, *OWN_SCRIPTS]
        if own_pictures:
            # Both together are as large as a file may be.
            most = EMBEDDED_BYTES // (2 if self._vectors else 1)
            sources += pictures_script(own_pictures, box, most=most)
            linked = [PICTURES_SCRIPT, *linked]
        scripts = "".join(f'<script src="{address}"></script>\n' for address in linked)
        text = self._figure.render().replace(r"\ue07b", r"\u007b")
        # folium forbids zooming the page, which people with poor sight need.
        text = text.replace(", maximum-scale=1.0, user-scalable=no", "", 1)
        text = text.replace("<title>Patchmap</title>", f"<title>{named}</title>", 1)
        text = text.replace("</head>", f"{style}\n</head>", 1)
        # map.js reads the bounds.
        text = text.replace("<body>", f'<body data-bounds="{bounds}">\n{legend}', 1)
        text = text.replace("</html>", f"{sources}{scripts}</html>", 1)
        return page_of(text, tiles=self._tiles, standalone=standalone)

    def _add_pictures(self, tiles: TileServer) -> None:
        credit = inert(tiles.attribution) or " "
        if tiles.zooms is None:
            self.add(folium.TileLayer(tiles.address, attr=credit))
            return
        # Beyond the zooms of the file Leaflet scales its tiles; further out than two levels there
        # would be too many of them.
        first, last = tiles.zooms
        self.add(
            folium.TileLayer(
                tiles.address,
                min_zoom=max(first - 2, 0),
                max_zoom=MAX_ZOOM,
                max_native_zoom=last,
                attr=credit,
                min_native_zoom=first,
            )
        )

    def _name_from(self, seed: str) -> None:
        """Replace folium's random ids by ids derived from a seed."""
        waiting: list[Element] = [self._figure]
        for number, element in enumerate(waiting):  # the list grows as it is read
            element._id = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:16]
            waiting.extend(element._children.values())
