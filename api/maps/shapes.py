"""Shapes in the script of a folium map, written as quickly as their number asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import orjson
import pandas as pd
import shapely
from branca.element import Element, Figure, MacroElement
from jinja2 import Environment, PackageLoader

from api.formats.encoding import encode_feature, feature_collection, lonlat_geometries
from api.maps.painting import Style
from geo.crs import Projection

MAP_DECIMALS = 5
"""Decimals of degrees on a map: about a metre, finer than a projector shows."""

_ESCAPED = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&'"}
"""In JSON these occur in texts only; a script would end at the first "</"."""

_SCRIPTS = Environment(loader=PackageLoader("api"))  # noqa: S701 - of JSON, which is no HTML


class _Text(Element):
    """A text of the page as it is; branca would read it as a template, which takes long."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **_kwargs: Any) -> str:
        """The text."""
        return self._text


class Shapes(MacroElement):
    """Shapes in a few styles, as `folium.GeoJson` draws them.

    That one tells each feature its style in a script of its own, and has branca read all of it
    as a template: on a map of thousands of cells this takes as long as the rest.

    Parameters
    ----------
    frame
        In metres. What is not text from this code must be inert; map.js reads the column `at`.
    style
        Leaflet's path options, or a function of a GeoJSON feature that returns them.
    projection
        Converts metres to the map's degrees.
    tooltip
        Columns of the tooltip, with their titles; without it the shapes ignore the pointer.
    smooth
        How much Leaflet simplifies the shapes.
    """

    _script = _SCRIPTS.get_template("map_shapes.js")

    def __init__(
        self,
        frame: gpd.GeoDataFrame,
        style: Style | Callable[[Mapping[str, Any]], Style],
        *,
        projection: Projection,
        tooltip: Mapping[str, str] | None,
        smooth: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium has no types
        self._name = "Shapes"
        rows = _properties(frame)
        styles = [style({"properties": row}) for row in rows] if callable(style) else [style]
        number, distinct = pd.factorize(pd.Series(map(orjson.dumps, styles), dtype=object))
        geometries = lonlat_geometries(frame, projection, decimals=MAP_DECIMALS)
        features = [
            encode_feature(str(position), geometry, row)
            for position, (geometry, row) in enumerate(
                zip(shapely.to_geojson(geometries), rows, strict=True)
            )
        ]
        interactive = {} if tooltip else {"interactive": False}
        self._parts = {
            "features": feature_collection(features, {}),
            "styles": b"[" + b",".join(distinct) + b"]",
            "style_of": orjson.dumps(number.tolist() if len(distinct) > 1 else None),
            "options": orjson.dumps({"smoothFactor": smooth, **interactive}),
            "tooltip": orjson.dumps([*tooltip.items()] if tooltip else None),
        }

    def render(self, **_kwargs: Any) -> str:
        """Add the script to the page."""
        figure, parent = self.get_root(), self._parent
        if not isinstance(figure, Figure) or parent is None:
            raise AssertionError("shapes are drawn on a map")
        parts = {name: text.decode().translate(_ESCAPED) for name, text in self._parts.items()}
        script = self._script.render(map=parent.get_name(), **parts)
        figure.script.add_child(_Text(script), name=self.get_name())
        return ""


def _properties(frame: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """The values of each row without its geometry; None where one is missing."""
    names = [str(name) for name in frame.columns if name != "geometry"]
    if not names:
        return [{} for _ in range(len(frame))]
    rows = zip(*(_values(frame[name]) for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _values(column: pd.Series) -> list[object]:
    """The values of a column; None where one is missing."""
    unknown = column.isna()
    # As objects only where some are missing: of thousands of cells that takes longer than the rest.
    return (column.astype(object).where(~unknown, None) if unknown.any() else column).tolist()
