"""A map as an SVG drawing for paper, without scripts or files to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.basemap.picture import BasemapPicture, draw_basemap
from api.basemap.sources import NO_BASEMAP, Basemap
from api.maps.overlays import BoundingBox, Overlay
from api.maps.painting import Painting, Style
from geo.crs import Projection
from geo.question.answer import Answer

WIDTH = 700.0
"""The width of a drawing in units of paper; lines and letters are measured in them."""

_LETTER = 6.2
"""The mean width of a letter of a name, in units of paper."""

_MARGIN = 0.03
"""The margin, as a share of the longer side."""


@dataclass(frozen=True)
class PaintedPath:
    """All cells of one shade as one path."""

    path: str
    style: Style


@dataclass(frozen=True)
class DrawnOverlay:
    """A further layer as one path, which has a colour and no fill."""

    path: str
    colour: str
    is_dashed: bool


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar: its path, and its text with its position."""

    path: str
    x: int
    y: int
    words: str


@dataclass(frozen=True)
class Drawing:
    """The template variables of a map: metres, with y downwards.

    Attributes
    ----------
    box
        The view box: x, y, width and height.
    unit
        Metres in a unit of paper.
    names
        X, y and name of each area whose name fits.
    places
        X, y, radius and rank of each ranked place.
    bar
        The variables of the scale bar.
    over
        Further layers.
    basemap
        The streets, water and names underneath; None without any.
    """

    box: tuple[float, float, float, float]
    unit: float
    land: str
    shades: list[PaintedPath]
    outlines: str
    names: list[tuple[float, float, str]]
    places: list[tuple[float, float, float, int]]
    bar: ScaleBar
    over: list[DrawnOverlay]
    basemap: BasemapPicture | None


def draw_plain(
    answer: Answer,
    *,
    painting: Painting,
    places: gpd.GeoDataFrame,
    over: Sequence[Overlay] = (),
    basemap: Basemap = NO_BASEMAP,
    projection: Projection | None = None,
) -> Drawing:
    """Draw the cells, areas and ranked places of an Answer.

    Parameters
    ----------
    painting
        The coloured cells.
    places
        The ranked places.
    over
        Further layers, drawn over the areas.
    basemap
        Its vector tiles and pictures are drawn under the cells.
    projection
        From the degrees of the basemap to metres; needed only with one.
    """
    areas = shown_areas(answer)
    west, south, east, north = fitted_areas(answer).total_bounds
    margin = _MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - 2 * margin, east + margin, north + margin
    unit = max(east - west, north - south) / WIDTH
    shades = [
        PaintedPath(path_of(chosen.geometry, unit), shade.style)
        for kind, shade in painting.shades.items()
        if len(chosen := painting.cells[painting.cells["kind"] == kind])
    ]
    spots = places[["x", "y"]].to_numpy(float)
    names = area_names(areas, spots, unit=unit)
    return Drawing(
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        land=path_of(answer.study_areas.geometry, unit),
        shades=shades,
        outlines=path_of(areas.geometry, unit),
        names=names,
        places=_numbered(places if painting.numbered is None else painting.numbered),
        bar=scale_bar(west, south, unit),
        over=[_drawn_overlay(overlay, unit) for overlay in over],
        basemap=draw_basemap(
            basemap.vectors,
            projection,
            box=(west, south, east, north),
            unit=unit,
            taken=_taken(names, spots, unit),
            pictures=basemap.pictures,
        )
        if projection
        else None,
    )


def _taken(
    names: Sequence[tuple[float, float, str]], spots: NDArray[np.float64], unit: float
) -> list[tuple[float, float, float]]:
    """Where names of areas and numbers of places lie, with half their widths, in metres."""
    return [
        *((x, -y, _LETTER * unit * len(name) / 2) for x, y, name in names),
        *((x, y, 8 * unit) for x, y in spots.tolist()),
    ]


def _numbered(ranked: pd.DataFrame) -> list[tuple[float, float, float, int]]:
    """X, y, radius and rank; the first last, so that its number lies over the others."""
    radius = ranked["radius_m"] if "radius_m" in ranked else [0.0] * len(ranked)
    columns = zip(ranked["x"], ranked["y"], radius, ranked["rank"], strict=True)
    rows = [(round(x), round(-y), float(r), int(rank)) for x, y, r, rank in columns]
    return rows[::-1]


def _drawn_overlay(overlay: Overlay, unit: float) -> DrawnOverlay:
    shapes = overlay.features.geometry
    if overlay.kind != "points":
        return DrawnOverlay(
            path_of(shapes, unit), overlay.colour, is_dashed=overlay.kind == "areas"
        )
    # A line of no length with round ends is a dot.
    xy = np.round(shapely.get_coordinates(shapes.to_numpy())).astype(int)
    dots = "".join(f"M{x} {-y}h0" for x, y in np.unique(xy, axis=0).tolist())
    return DrawnOverlay(dots, overlay.colour, is_dashed=False)


def shown_areas(answer: Answer) -> gpd.GeoDataFrame:
    """Return the areas of an Answer that its Question chooses; all where it chooses none."""
    within = answer.question.within
    return answer.areas[answer.areas.index.isin(within)] if within else answer.areas


def fitted_areas(answer: Answer) -> gpd.GeoDataFrame:
    """Return the areas that a map of an Answer is fitted to.

    Those that it shows: estates that are judged against their borough fill the map. The study area
    where it is smaller, as nothing is counted outside it.
    """
    areas, study = shown_areas(answer), answer.study_areas
    if answer.question.within:
        return areas
    west, south, east, north = np.array([areas.total_bounds, study.total_bounds]).T
    size, study_size = (east - west) * (north - south)
    return areas if size <= study_size else study


def map_box(answer: Answer) -> BoundingBox:
    """Return west, south, east and north of what a map of an Answer shows, in metres."""
    west, south, east, north = fitted_areas(answer).total_bounds.tolist()
    margin = 0.1 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


@dataclass(frozen=True)
class TreatmentDrawing:
    """The template variables of a map of treated places and their controls.

    Attributes
    ----------
    box, unit, land, bar
        As of a `Drawing`.
    treated, control
        Outlines of the treated places and of those of the control.
    names
        X, y and name of each of them whose name fits.
    """

    box: tuple[float, float, float, float]
    unit: float
    land: str
    treated: str
    control: str
    names: list[tuple[float, float, str]]
    bar: ScaleBar


def draw_treatment(answer: Answer, places: gpd.GeoDataFrame) -> TreatmentDrawing:
    """Draw treated places and their controls over the study area.

    Parameters
    ----------
    places
        The table of places of the treatment: `zone`, `place_name` and outlines in metres.
    """
    west, south, east, north = answer.study_areas.total_bounds
    margin = _MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - 2 * margin, east + margin, north + margin
    unit = max(east - west, north - south) / WIDTH
    zones = {
        zone: path_of(places.geometry[places["zone"] == zone], unit)
        for zone in ("treated", "control")
    }
    named = places[places["place_name"] != ""].rename(columns={"place_name": "area_name"})
    return TreatmentDrawing(
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        land=path_of(answer.study_areas.geometry, unit),
        **zones,
        names=area_names(named, np.empty((0, 2)), unit=unit),
        bar=scale_bar(west, south, unit),
    )


def path_of(shapes: Iterable[shapely.Geometry], unit: float) -> str:
    """The rings of polygons, and lines, as one SVG path.

    Parameters
    ----------
    shapes
        In metres.
    unit
        Metres in a unit of paper: the path is simplified to half of it.
    """
    simple = shapely.get_parts(shapely.simplify(np.asarray(list(shapes), dtype=object), unit / 2))
    rings = shapely.get_rings(simple[shapely.get_dimensions(simple) == 2])
    lines = simple[shapely.get_dimensions(simple) == 1]
    closed = [f"{_stroke(shapely.get_coordinates(ring)[:-1])}Z" for ring in rings]
    return "".join([*closed, *(_stroke(shapely.get_coordinates(line)) for line in lines)])


def _stroke(corners: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{x} {-y}" for x, y in np.round(corners).astype(int).tolist())


def area_names(
    areas: gpd.GeoDataFrame, places: NDArray[np.float64], *, unit: float
) -> list[tuple[float, float, str]]:
    """X, y and name of areas, largest first, without names that would overlap.

    Parameters
    ----------
    areas
        In metres, with `area_name`.
    places
        Rows of x and y in metres: the numbers of places, which names must not cover.
    unit
        Metres in a unit of paper.
    """
    largest = areas.iloc[np.argsort(-areas.geometry.area.to_numpy(), kind="stable")]
    points = largest.geometry.representative_point()
    taken = [(x, 8 * unit, y) for x, y in places.tolist()]
    names: list[tuple[float, float, str]] = []
    for name, x, y in zip(largest["area_name"].astype(str), points.x, points.y, strict=True):
        half = _LETTER * unit * len(name) / 2
        if any(abs(x - a) < half + b and abs(y - c) < 13 * unit for a, b, c in taken):
            continue
        taken.append((x, half, y))
        names.append((round(x), round(-y), name))
    return names


def scale_bar(west: float, south: float, unit: float) -> ScaleBar:
    """A scale bar of a round length, at most a fifth of the width.

    Parameters
    ----------
    west, south
        The corner of the map, in metres.
    unit
        Metres in a unit of paper.
    """
    most = unit * WIDTH / 5
    length = (
        max(
            part * 10.0**power
            for power in range(6)
            for part in (1, 2, 5)
            if part * 10**power <= most
        )
        if most >= 1
        else 1.0
    )
    x, y, tick = west + 12 * unit, -south - 10 * unit, 6 * unit
    path = f"M{x:.0f} {y - tick:.0f}V{y:.0f}h{length:.0f}v{-tick:.0f}"
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    # Above the ticks: with what a page adds to them, the words may be longer than the bar.
    return ScaleBar(path, round(x), round(y - tick - 3 * unit), words)
