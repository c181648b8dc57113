"""The folium map of an Answer: on canvas, with every asset local.

As a page of the service it links the service's own files; as a file it carries them, and its
content policy forbids any request at all (but to a tile server that the user chose).
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import orjson
import shapely
from branca.element import CssLink, Figure, JavascriptLink
from jinja2 import Environment, PackageLoader

from api.encoding import encode_features, feature_collection
from api.settings import TileServer
from api.words import CLASS_WORDS, headline, shown_words
from geo.crs import Projection
from geo.question import Answer

LEAFLET = Path(__file__).parent / "static" / "node_modules" / "leaflet" / "dist"
_LABELS = "/static/page/labels.js"
ASSETS = {
    _LABELS: Path(__file__).parent / "static" / "page" / "labels.js",
    "/static/leaflet/leaflet.js": LEAFLET / "leaflet.js",
    "/static/leaflet/leaflet.css": LEAFLET / "leaflet.css",
}
MAP_DECIMALS = 5  # about a metre: finer than a projector shows
MOST_LABELS = 120
MOST_CELLS_TOLD = 6_000
"""Cells of one class that a map tells one by one; more become one shape."""

_INERT = str.maketrans({letter: f"&#{ord(letter)};" for letter in "&<>\"'`{}$\\"})

# ColorBrewer's RdBu, which colour-blind people can tell apart.
STYLES: dict[str, dict[str, Any]] = {
    "hot_99": {"fillColor": "#b2182b", "fillOpacity": 0.85, "color": "#5f0a17", "weight": 1.2},
    "hot_95": {"fillColor": "#f4a582", "fillOpacity": 0.85, "color": "#b2182b", "weight": 1},
    "none": {"fillColor": "#8d8d8d", "fillOpacity": 0.22, "color": "#8d8d8d", "weight": 0},
    "cold_95": {"fillColor": "#92c5de", "fillOpacity": 0.7, "color": "#2166ac", "weight": 1},
    "cold_99": {"fillColor": "#2166ac", "fillOpacity": 0.7, "color": "#0b2f57", "weight": 1},
    "undefined": {"fillColor": "#ffffff", "fillOpacity": 0.3, "color": "#767676", "weight": 0.5},
}
OUTLINE = {"fill": False, "color": "#1a1a1a", "weight": 2.2, "opacity": 0.9}
LAND = {"fillColor": "#ffffff", "fillOpacity": 1, "weight": 0}
GROUND = {"fill": False, "color": "#b9b4a8", "weight": 0.8, "opacity": 1}

_TEMPLATES = Environment(loader=PackageLoader("api"), autoescape=True)


@dataclass(frozen=True)
class MapPage:
    """A map as HTML, with the content policy that it needs."""

    html: str
    policy: str


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
    ground: gpd.GeoDataFrame | None = None,
    tiles: TileServer | None = None,
    standalone: bool = False,
) -> MapPage:
    """Draw the hotspot cells and the areas of an Answer.

    Parameters
    ----------
    projection
        Leads from the answer's metres to the map's degrees.
    ground
        Areas whose outlines are drawn thinly under everything, such as street blocks.
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
    _add_cells(drawing, answer, projection)
    _add_areas(drawing, answer, projection)
    drawing.fit_bounds(_bounds(answer, projection), padding=(8, 8))
    _name_from(figure, answer.question.query())
    text = _with_own_parts(figure.render(), answer)
    return _page(text, tiles=tiles, standalone=standalone)


def inert(text: object) -> str:
    """Text that means nothing but itself in HTML, in a JavaScript literal and to Jinja.

    folium writes texts into scripts, and branca reads every script as a template once more, so
    the name of an area could otherwise run code in the browser, or here.
    """
    return str(text).translate(_INERT)


def _add_cells(drawing: folium.Map, answer: Answer, projection: Projection) -> None:
    cells = answer.hotspots
    # Empty cells that show nothing are left to the ground.
    cells = cells[(cells["n"] > 0) | ~cells["class"].isin(["none", "undefined"])]
    names = answer.areas["area_name"]
    for kind, style in STYLES.items():
        chosen = cells[cells["class"] == kind]
        if chosen.empty:
            continue
        shown = gpd.GeoDataFrame(
            {
                "n": chosen["n"],
                "meaning": CLASS_WORDS[kind],
                "area": chosen["area_code"].map(names).fillna("").map(inert),
                "cell": chosen["cell_id"],
            },
            geometry=chosen.geometry,
            crs=cells.crs,
        )
        if len(shown) > MOST_CELLS_TOLD:
            shown = _as_one(shown)
        folium.GeoJson(
            _geojson(shown, projection),
            name=CLASS_WORDS[kind],
            style_function=lambda _feature, style=style: style,
            smooth_factor=0.3,
            tooltip=folium.GeoJsonTooltip(
                fields=["n", "meaning", "area", "cell"],
                aliases=["Incidents", "Meaning", "Area", "Cell"],
                sticky=True,
            ),
        ).add_to(drawing)


def _as_one(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """So many cells of one class that a page could not carry the story of each."""
    told = {
        "n": [f"{cells['n'].sum():,} in all"],
        "meaning": cells["meaning"].iloc[:1].to_list(),
        "area": [""],
        "cell": [f"one of {len(cells):,}"],
    }
    whole = shapely.union_all(cells.geometry.to_numpy(), grid_size=0.01)
    return gpd.GeoDataFrame(told, geometry=[whole], crs=cells.crs)


def _add_areas(drawing: folium.Map, answer: Answer, projection: Projection) -> None:
    areas = _shown_areas(answer)
    _outlines(areas, projection, OUTLINE).add_to(drawing)
    # The largest first: where names would overlap, the page keeps the earlier one.
    largest = areas.iloc[np.argsort(-areas.geometry.area.to_numpy())[:MOST_LABELS]]
    places = largest.geometry.representative_point()
    lon, lat = projection.to_lonlat(places.x, places.y)
    for name, x, y in zip(largest["area_name"], lon, lat, strict=True):
        # A marker would ask for its icon's image even where the icon is text.
        label = folium.Tooltip(
            inert(name), permanent=True, direction="center", class_name="area-label", sticky=False
        )
        place = (round(float(y), MAP_DECIMALS), round(float(x), MAP_DECIMALS))
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


def _with_own_parts(text: str, answer: Answer) -> str:
    """Put in what no template of branca's shall read: the title, the style and the legend."""
    counts = answer.hotspots["class"].value_counts()
    shown = [kind for kind in STYLES if kind == "none" or counts.get(kind, 0)]
    legend = _TEMPLATES.get_template("map_legend.html").render(
        headline=headline(answer),
        told=shown_words(answer),
        question=answer.question,
        accounts=answer.accounts,
        classes=[
            (kind, CLASS_WORDS[kind], STYLES[kind], int(counts.get(kind, 0))) for kind in shown
        ],
        credits=answer.accounts.attribution,
    )
    style = _TEMPLATES.get_template("map_style.html").render()
    title = html.escape(f"Patchmap: {headline(answer)}")
    text = text.replace("<title>Patchmap</title>", f"<title>{title}</title>", 1)
    text = text.replace("</head>", f"{style}\n</head>", 1)
    text = text.replace("<body>", f"<body>\n{legend}", 1)
    return text.replace("</html>", f'<script src="{_LABELS}"></script>\n</html>', 1)


def _name_from(figure: Figure, seed: str) -> None:
    """Give every element an id made from the Question, so that the same one has the same bytes."""
    waiting, number = [figure], 0
    while waiting:
        element = waiting.pop(0)
        element._id = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:16]
        number += 1
        waiting.extend(element._children.values())


def _page(text: str, *, tiles: TileServer | None, standalone: bool) -> MapPage:
    images = "data:" + (f" {tiles.origin}" if tiles else "")
    text = text.replace("<html>", '<html lang="en-GB">', 1)
    if standalone:
        for address, file in ASSETS.items():
            text = text.replace(*_embedded(address, file))
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    if standalone:
        policy = (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {images}"
        )
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        return MapPage(text.replace("<head>", f"<head>\n{meta}", 1), policy)
    return MapPage(
        text,
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' {images}; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'none'",
    )


def _embedded(address: str, file: Path) -> tuple[str, str]:
    content = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        content = content.replace("//# sourceMappingURL=leaflet.js.map", "")
        return f'<script src="{address}"></script>', f"<script>{content}</script>"
    # Images that Leaflet's own style names: none of them is used here, but a browser may ask.
    content = re.sub(r"url\(images/[^)]*\)", "none", content)
    return f'<link rel="stylesheet" href="{address}"/>', f"<style>{content}</style>"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
