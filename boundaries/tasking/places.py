"""Where a task is: what people name a place by, and the area that a place lies in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException

from boundaries.tasking.task import Place
from geo.cells import Grid, Shape
from geo.crs import LONLAT, Projection
from geo.errors import InputError, NotFoundError
from geo.hotspots.ranking import place_of
from geo.locate import AreaLocator
from geo.store.contract import LayerMetadata

_CELL: Final = re.compile(r"([hs])(\d{1,5}):(-?\d{1,7}):(-?\d{1,7})")
_RANKED: Final = re.compile(r"p\d{1,4}:-?\d{1,7}:-?\d{1,7}(:\d+)?")
_POINT: Final = re.compile(r"(-?\d+(?:\.\d+)?), *(-?\d+(?:\.\d+)?)")
_SHAPES: Final[dict[str, Shape]] = {"h": "hexagon", "s": "square"}
_QUARTER_SEGMENTS: Final = 16

FORMS: Final = (
    "a cell (h150:3:-2), a ranked hotspot (p150:43512:33610), an area (CODE@LAYER), a point "
    "(LONGITUDE,LATITUDE), or GeoJSON"
)
"""How a place can be named."""


class Layers(Protocol):
    """A store, or a state of one: what is needed of it."""

    @property
    def projection(self) -> Projection:
        """The working CRS."""

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and areas."""


def read_place(text: str, store: Layers, *, label: str = "") -> Place:
    """The place that a text names.

    Parameters
    ----------
    text
        In one of `FORMS`.
    store
        Has the layers, and the CRS.
    label
        For people; what the place is by itself when empty.

    Returns
    -------
    The place, with its geometry in the store's CRS.

    Raises
    ------
    InputError
        If it is in none of the forms, or no geometry.
    NotFoundError
        If there is no such layer or area.
    """
    text = text.strip()
    if match := _CELL.fullmatch(text):
        grid = Grid(int(match[2]), _SHAPES[match[1]])
        if not grid.width:
            raise InputError(f"{text}: a cell is wider than 0 metres")
        outline = grid.polygons(np.array([[int(match[3]), int(match[4])]]))[0]
        return _place("cell", text, label or f"Cell {text}", outline)
    if _RANKED.fullmatch(text):
        x, y, radius = place_of(text)
        circle = shapely.buffer(shapely.Point(x, y), radius, quad_segs=_QUARTER_SEGMENTS)
        return _place("hotspot", text, label or f"Hotspot {text}", circle)
    if match := _POINT.fullmatch(text):
        lon, lat = float(match[1]), float(match[2])
        if abs(lon) > 180 or abs(lat) > 90:
            raise InputError(f"{text}: write a point as LONGITUDE,LATITUDE in degrees")
        point = _moved(shapely.Point(lon, lat), store.projection)
        return _place("point", "", label or f"Point {text}", point)
    if text.startswith("{"):
        outline = _drawn(text, store.projection)
        kind = "polygon" if shapely.get_dimensions(outline) else "point"
        return _place(kind, "", label or "Drawn place", outline)
    code, sign, layer_id = text.rpartition("@")
    if sign:
        areas = store.layer(layer_id)[1]
        if code not in areas.index:
            raise NotFoundError(f"layer {layer_id} has no area {code!r}")
        name = str(areas["area_name"].loc[code] or code)
        return _place("area", f"{layer_id}:{code}", label or name, areas.geometry.loc[code])
    raise InputError(f"{text!r} is no place; write {FORMS}")


def area_codes(wkbs: Sequence[bytes], areas: gpd.GeoDataFrame) -> list[str]:
    """The area that each place lies in, by a point inside the place.

    Codes age and geometries stay: they are joined when they are asked for, with any layer.

    Parameters
    ----------
    wkbs
        n places in the CRS of the areas.
    areas
        Indexed by code.

    Returns
    -------
    n codes; '' for a place outside of all areas.
    """
    if not wkbs:
        return []
    inside = inner_points(wkbs)
    at = AreaLocator(areas).locate(shapely.get_x(inside), shapely.get_y(inside))
    codes = pd.Index([*areas.index.astype(str), ""])
    return [str(code) for code in codes[at]]


def inner_points(wkbs: Sequence[bytes]) -> NDArray[np.object_]:
    """A point inside each place: its centre where that lies inside.

    Parameters
    ----------
    wkbs
        n places.

    Returns
    -------
    n points.
    """
    inside = np.asarray(shapely.from_wkb(list(wkbs)), dtype=object)
    # Points are most of a long list, and need none of this.
    areas = shapely.get_type_id(inside) != shapely.GeometryType.POINT
    inside[areas] = _points_inside(inside[areas])
    return inside


def _points_inside(places: NDArray[np.object_]) -> NDArray[np.object_]:
    points = np.asarray(shapely.centroid(places), dtype=object)
    beside = ~shapely.covers(places, points)
    points[beside] = shapely.point_on_surface(places[beside])
    return points


def read_area(text: str) -> tuple[str, str]:
    """The layer and the code of an area, as `CODE@LAYER` names it.

    Raises
    ------
    InputError
        If it does not.
    """
    code, sign, layer_id = text.strip().rpartition("@")
    if not (sign and code and layer_id):
        raise InputError(f"{text!r} is no area; write it as CODE@LAYER, such as E05001779@wards")
    return layer_id, code


def _drawn(text: str, projection: Projection) -> shapely.Geometry:
    try:
        read = shapely.from_geojson(text)
    except GEOSException as error:
        raise InputError("the place is no GeoJSON that can be read") from error
    parts = shapely.get_parts(np.array([read]))
    outline = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    if shapely.is_empty(outline) or not shapely.is_valid(outline):
        raise InputError("the place is empty, or its outline crosses itself")
    if shapely.get_dimensions(outline) == 1:
        raise InputError("a place is a point or an area, not a line")
    return _moved(shapely.force_2d(outline), projection)


def _moved(geometry: shapely.Geometry, projection: Projection) -> shapely.Geometry:
    """A geometry in degrees, in the store's CRS."""
    one = np.array([geometry], dtype=object)
    moved: shapely.Geometry = projection.geometries_to_metres(one, source=LONLAT)[0]
    west, south, east, north = projection.extent_m
    xs, ys = shapely.bounds(moved)[::2], shapely.bounds(moved)[1::2]
    if not ((xs >= west) & (xs <= east)).all() or not ((ys >= south) & (ys <= north)).all():
        raise InputError("the place does not lie where the store's coordinates are used")
    return moved


def _place(kind: str, ref: str, label: str, geometry: shapely.Geometry) -> Place:
    return Place(kind, ref, label, shapely.to_wkb(geometry))  # type: ignore[arg-type]  # checked there
