"""Any file's features as layers of a basemap, named as in OS Open Zoomstack.

Source of the names: OS Open Zoomstack, vector tiles: layers `roads` (`type`, `name`, `number`),
`rail`, `railwaystations`, `waterlines`, `surfacewater`, `greenspaces`, `woodland`, `buildings`,
`boundaries`, `names` (`name1`, `type`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.lines import as_lines
from boundaries.layers.read import text_of
from geo.crs import Projection, implausible
from geo.errors import InputError
from geo.formats.geojson import (
    LINES,
    POINTS,
    POLYGONS,
    collection_crs,
    feature_collection,
    read_geometry,
)
from geo.tiles.build import FROM_ZOOM

Theme = Literal["roads", "rail", "water", "green", "wood", "buildings", "outlines", "places"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
"""What the features of a file can be drawn as."""

_LAYERS: Final[Mapping[Theme, tuple[str, str, str]]] = {
    "roads": ("", "roads", "roads"),
    "rail": ("railwaystations", "rail", "rail"),
    "water": ("", "waterlines", "surfacewater"),
    "green": ("", "boundaries", "greenspaces"),
    "wood": ("", "boundaries", "woodland"),
    "buildings": ("", "boundaries", "buildings"),
    "outlines": ("", "lines", "boundaries"),
    "places": ("names", "boundaries", "boundaries"),
}
"""For each theme the layers of its points, lines and polygons; '' where it has none."""

_FILLED: Final = ("surfacewater", "greenspaces", "woodland", "buildings")
_NAME_FIELDS: Final = ("name1", "name", "street_name", "roadname1", "road_name", "label", "title")
_NUMBER_FIELDS: Final = ("road_classification_number", "roadnumber", "number", "ref")
_CLASS_FIELDS: Final = (
    "road_function",
    "function",
    "road_classification",
    "roadclassification",
    "class",
    "highway",
    "type",
    "kind",
    "fclass",
)
_ROAD_TYPES: Final[Mapping[str, str]] = {
    "motorway": "Motorway",
    "trunk": "Primary",
    "primary": "Primary",
    "a road": "A Road",
    "secondary": "A Road",
    "ring": "A Road",
    "b road": "B Road",
    "tertiary": "B Road",
    "main": "B Road",
    "minor": "Minor",
    "minor road": "Minor",
    "classified unnumbered": "Minor",
    "secondary access road": "Local",
    "local": "Local",
    "local road": "Local",
    "local access road": "Local",
    "unclassified": "Local",
    "residential": "Local",
    "living_street": "Local",
    "restricted": "Restricted",
    "restricted local access road": "Restricted",
    "service": "Restricted",
    "pedestrian": "Restricted",
    "footway": "Restricted",
    "path": "Restricted",
    "track": "Restricted",
    "cycleway": "Restricted",
}
"""The type of a road by the words of OS Open Roads, OpenStreetMap and the demo city."""

_ROAD_ZOOMS: Final = {
    "Motorway": 7,
    "Primary": 8,
    "A Road": 9,
    "B Road": 10,
    "Minor": 11,
    "Local": 12,
    "Restricted": 13,
}
"""The first zoom at which roads of a type are drawn."""

_PLACE_ZOOMS: Final = {"city": 7, "town": 8, "village": 11, "suburban area": 11, "hamlet": 12}
_MOST_FAULTS = 1


@dataclass(frozen=True)
class BasemapFeatures:
    """The features of a file as layers of a basemap.

    Attributes
    ----------
    layers
        Features in metres by the name of their layer, with `FROM_ZOOM`.
    theme
        What they are drawn as.
    read
        How many features there were.
    """

    layers: dict[str, gpd.GeoDataFrame]
    theme: Theme
    read: int


def read_basemap_features(
    content: bytes, *, file: str, projection: Projection, theme: Theme | None = None
) -> BasemapFeatures:
    """Read a GeoJSON FeatureCollection of points, lines or polygons as layers of a basemap.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS of its `crs` member.
    file
        The file's name, for messages.
    projection
        To the working CRS.
    theme
        What they are drawn as; by default lines that have classes of roads, or come from a file
        named after roads or streets, are roads, other lines and polygons are outlines, and points
        are places.

    Returns
    -------
    The layers in metres, and what they are drawn as.

    Raises
    ------
    InputError
        If the file cannot be read; the message names the first feature at fault. If points of it
        cannot be drawn as the theme.
    """
    collection = feature_collection(content, file)
    features = collection["features"]
    shapes = _shapes(features, file, projection, collection_crs(collection, file))
    table = pd.DataFrame([feature.get("properties") or {} for feature in features])
    theme = theme or _likely_theme(shapes, table, file)
    layers: dict[str, gpd.GeoDataFrame] = {}
    dimensions = shapely.get_dimensions(shapes)
    for dimension, name in enumerate(_LAYERS[theme]):
        rows = np.flatnonzero(dimensions == dimension)
        if not len(rows):
            continue
        if not name:
            raise InputError(
                f"{file}, feature {rows[0] + 1} is a point, which cannot be drawn as {theme}; "
                "choose --as places"
            )
        drawn = _drawn(name, shapes[rows], table.iloc[rows], projection)
        layers[name] = pd.concat([layers[name], drawn]) if name in layers else drawn
    return BasemapFeatures(layers, theme, len(features))


def _shapes(
    features: Sequence[Mapping[str, Any]], file: str, projection: Projection, crs: str
) -> NDArray[np.object_]:
    kinds = (*POINTS, *LINES, *POLYGONS)
    shapes = np.array(
        [
            read_geometry(feature, f"{file}, feature {number}", kinds=kinds)
            for number, feature in enumerate(features, start=1)
        ],
        dtype=object,
    )
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons = implausible(xy[:, 0], xy[:, 1], source=crs, projection=projection)
    for first in np.flatnonzero(reasons != "")[:_MOST_FAULTS]:
        x, y = xy[first]
        raise InputError(
            f"{file}, feature {owner[first] + 1}, at {x:.6g}, {y:.6g}: {reasons[first]}"
        )
    return projection.geometries_to_metres(shapes, source=crs)


def _likely_theme(shapes: NDArray[np.object_], table: pd.DataFrame, file: str) -> Theme:
    dimensions = shapely.get_dimensions(shapes)
    if (dimensions == 0).all():
        return "places"
    named_so = any(word in file.lower() for word in ("road", "street"))
    if (dimensions == 1).all() and (named_so or _road_types(table) is not None):
        return "roads"
    return "outlines"


def _drawn(
    layer: str, shapes: NDArray[np.object_], table: pd.DataFrame, projection: Projection
) -> gpd.GeoDataFrame:
    if layer in _FILLED:
        valid = shapely.is_valid(shapes)
        shapes[~valid] = shapely.make_valid(shapes[~valid], method="structure")
    elif layer not in ("names", "railwaystations"):
        shapes = as_lines(shapes)
    names = _texts(table, _NAME_FIELDS)
    columns: dict[str, object] = {"name": names}
    zooms = np.full(len(shapes), 0)
    if layer == "roads":
        types = _road_types(table)
        types = pd.Series("Local", index=table.index) if types is None else types
        columns |= {"type": types.to_numpy(), "number": _texts(table, _NUMBER_FIELDS)}
        zooms = types.map(_ROAD_ZOOMS).to_numpy(int)
    elif layer == "names":
        types = pd.Series(_texts(table, ("type", "local_type", "place", "kind")))
        types = types.fillna("Suburban Area")
        columns = {"name1": names, "type": types.to_numpy()}
        zooms = types.str.lower().map(_PLACE_ZOOMS).fillna(11).to_numpy(int)
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=projection.crs)
    frame[FROM_ZOOM] = zooms
    return frame


def _texts(table: pd.DataFrame, fields: Sequence[str]) -> NDArray[np.object_]:
    """The texts of the first of some fields that a table has, whatever its capitals."""
    known = {str(column).lower(): column for column in table.columns}
    column = next((known[field] for field in fields if field in known), None)
    if column is None:
        return np.full(len(table), None, dtype=object)
    texts = table[column].map(text_of)
    return np.asarray(texts.where(texts != "", None).to_numpy(object), dtype=object)


def _road_types(table: pd.DataFrame) -> pd.Series | None:
    """The type of each road; None where no field has classes of roads."""
    known = {str(column).lower(): column for column in table.columns}
    for field in _CLASS_FIELDS:
        if field in known:
            types = table[known[field]].map(text_of).str.lower().map(_ROAD_TYPES)
            if types.notna().mean() > 0.5:
                return types.fillna("Local")
    return None
