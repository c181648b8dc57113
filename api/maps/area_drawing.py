"""Maps of an area, and of all areas of a layer, as SVG drawings without scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.basemap.naming import BoundingBox, Floats
from api.basemap.picture import BasemapPicture, BoxContents
from api.maps.drawing import WIDTH, ScaleBar, area_names, path_of, scale_bar

ReadBasemap = Callable[[BoundingBox, float], BoxContents | None]
"""Reads the basemap of a box, by the metres in a unit of paper; None where there is none."""

_MARGIN: Final = 0.12
"""What is shown around an area, as a share of its longer side."""

_WIDER: Final = 1.1
"""Width of a map as a share of its height."""

_LETTER: Final = 6.2
"""The mean width of a letter of a name, in units of paper."""


@dataclass(frozen=True)
class AreaDrawing:
    """The template variables of the map of an area: metres, with y downwards.

    Attributes
    ----------
    box
        The view box: x, y, width and height.
    unit
        Metres in a unit of paper.
    land, others, here
        All areas that are shown, the outlines of the others, and the area itself.
    hotspots
        The outlines of hotspots.
    names
        X, y and name of each area around it whose name fits.
    places
        X, y and rank of each ranked place.
    bar
        The variables of the scale bar.
    basemap
        The streets, water and names underneath; None without any.
    """

    box: tuple[float, float, float, float]
    unit: float
    land: str
    others: str
    here: str
    hotspots: str
    names: list[tuple[float, float, str]]
    places: list[tuple[int, int, int]]
    bar: ScaleBar
    basemap: BasemapPicture | None


def draw_area(
    areas: gpd.GeoDataFrame,
    code: str,
    *,
    hotspots: gpd.GeoDataFrame | None,
    places: pd.DataFrame | None,
    read_basemap: ReadBasemap,
) -> AreaDrawing:
    """Draw one area of a layer with what is around it.

    Parameters
    ----------
    areas
        The layer, indexed by `area_code`, with `area_name`, in metres.
    code
        The area.
    hotspots
        Outlines in metres; None where they are not known.
    places
        Ranked places with `x`, `y` in metres and `rank`; None where they are not known.
    read_basemap
        Reads what is drawn underneath.
    """
    shape = areas.geometry.loc[code]
    box = _box_around(shape.bounds)
    unit = (box[2] - box[0]) / WIDTH
    near = areas.iloc[np.sort(areas.sindex.query(shapely.box(*box), predicate="intersects"))]
    others = near[near.index != code]
    spots = np.empty((0, 2)) if places is None else places[["x", "y"]].to_numpy(float)
    names = area_names(_inside(others, box), spots, unit=unit)
    return AreaDrawing(
        box=_view_box(box),
        unit=round(unit, 3),
        land=path_of(near.geometry, unit),
        others=path_of(others.geometry, unit),
        here=path_of([shape], unit),
        hotspots="" if hotspots is None else path_of(hotspots.geometry, unit),
        names=names,
        places=_numbered(places, box),
        bar=scale_bar(box[0], box[1], unit),
        basemap=_ground(read_basemap, box, names=names, spots=spots),
    )


_PLACE_M: Final = 1_200.0
"""What a map of a place shows at least, so that one knows where it is."""

_POINT_M: Final = 25.0
"""The radius of the circle that stands for a point."""


def draw_place(
    areas: gpd.GeoDataFrame,
    place: shapely.Geometry,
    *,
    read_basemap: ReadBasemap,
) -> AreaDrawing:
    """Draw a place with the areas that it lies in.

    Parameters
    ----------
    areas
        The layer around it, indexed by `area_code`, with `area_name`, in metres.
    place
        A point, line or polygon in metres.
    read_basemap
        As for `draw_area`.
    """
    shape = place if shapely.area(place) else shapely.buffer(place, _POINT_M)
    least = shapely.buffer(shapely.centroid(shape), _PLACE_M / 2)
    west, south, east, north = shapely.bounds(shapely.union(least, shape)).tolist()
    box = _box_around((west, south, east, north))
    unit = (box[2] - box[0]) / WIDTH
    near = areas.iloc[np.sort(areas.sindex.query(shapely.box(*box), predicate="intersects"))]
    spots = shapely.get_coordinates(shapely.centroid(shape))
    names = area_names(_inside(near, box), spots, unit=unit)
    return AreaDrawing(
        box=_view_box(box),
        unit=round(unit, 3),
        land=path_of(near.geometry, unit),
        others=path_of(near.geometry, unit),
        here=path_of([shape], unit),
        hotspots="",
        names=names,
        places=[],
        bar=scale_bar(box[0], box[1], unit),
        basemap=_ground(read_basemap, box, names=names, spots=spots),
    )


@dataclass(frozen=True)
class LayerDrawing:
    """The template variables of the map of a layer, each area of which leads to its page.

    Attributes
    ----------
    box, unit, hotspots, names, bar, basemap
        As of an `AreaDrawing`.
    areas
        Code, name and outline of each area, the smaller ones last.
    """

    box: tuple[float, float, float, float]
    unit: float
    areas: list[tuple[str, str, str]]
    hotspots: str
    names: list[tuple[float, float, str]]
    bar: ScaleBar
    basemap: BasemapPicture | None


MOST_LINKED: Final = 1_000
"""Of more areas than this a map would be heavier than all else on its page."""


def draw_layer(
    areas: gpd.GeoDataFrame,
    *,
    hotspots: gpd.GeoDataFrame | None,
    read_basemap: ReadBasemap,
) -> LayerDrawing | None:
    """Draw all areas of a layer.

    Parameters
    ----------
    areas, hotspots, read_basemap
        As for `draw_area`.

    Returns
    -------
    None where there are more areas than `MOST_LINKED`.
    """
    if len(areas) > MOST_LINKED:
        return None
    west, south, east, north = areas.total_bounds.tolist()
    box = _box_around((west, south, east, north), margin=0.03)
    unit = (box[2] - box[0]) / WIDTH
    # Where areas overlap the smaller one lies on top, where it can be clicked.
    ordered = areas.iloc[np.argsort(-areas.area.to_numpy(), kind="stable")]
    names = area_names(areas, np.empty((0, 2)), unit=unit)
    return LayerDrawing(
        box=_view_box(box),
        unit=round(unit, 3),
        areas=[
            (str(code), str(name), path_of([shape], unit))
            for code, name, shape in zip(
                ordered.index, ordered["area_name"], ordered.geometry, strict=True
            )
        ],
        hotspots="" if hotspots is None else path_of(hotspots.geometry, unit),
        names=names,
        bar=scale_bar(box[0], box[1], unit),
        basemap=_ground(read_basemap, box, names=names, spots=np.empty((0, 2))),
    )


def _view_box(box: BoundingBox) -> tuple[float, float, float, float]:
    west, south, east, north = box
    return round(west), round(-north), round(east - west), round(north - south)


def _ground(
    read_basemap: ReadBasemap,
    box: BoundingBox,
    *,
    names: Sequence[tuple[float, float, str]],
    spots: Floats,
) -> BasemapPicture | None:
    """The basemap of a box, whose names leave those of areas and the numbers of places free."""
    unit = (box[2] - box[0]) / WIDTH
    taken = [
        *((x, -y, _LETTER * unit * len(name) / 2) for x, y, name in names),
        *((x, y, 8 * unit) for x, y in spots.tolist()),
    ]
    contents = read_basemap(box, unit)
    return contents.picture(taken) if contents else None


def _box_around(bounds: BoundingBox, *, margin: float = _MARGIN) -> BoundingBox:
    """The box of a map: the area with a margin, as wide as all maps are for their height."""
    west, south, east, north = bounds
    around = margin * max(east - west, north - south, 100.0)
    width, height = east - west + 2 * around, north - south + 2 * around
    width, height = max(width, height * _WIDER), max(height, width / _WIDER)
    x, y = (west + east) / 2, (south + north) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _inside(areas: gpd.GeoDataFrame, box: BoundingBox) -> gpd.GeoDataFrame:
    """The parts of areas inside a box, so that their names lie where they are seen."""
    west, south, east, north = box
    margin = (east - west) * 0.02
    cut = shapely.clip_by_rect(
        areas.geometry.to_numpy(), west + margin, south + margin, east - margin, north - margin
    )
    shown = areas.set_geometry(gpd.GeoSeries(cut, areas.index, areas.crs))
    # Of an area that only touches the edge there is no room for a name.
    return shown[shown.area > ((east - west) * 0.1) ** 2]


def _numbered(places: pd.DataFrame | None, box: BoundingBox) -> list[tuple[int, int, int]]:
    """X, y and rank of the places inside a box; the first last, so that it lies over the others."""
    if places is None:
        return []
    west, south, east, north = box
    inside = places[places["x"].between(west, east) & places["y"].between(south, north)]
    columns = zip(inside["x"], inside["y"], inside["rank"], strict=True)
    return [(round(x), round(-y), int(rank)) for x, y, rank in columns][::-1]
