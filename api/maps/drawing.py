"""A map as a drawing in SVG, for paper: no script, and nothing to load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from api.maps.modes import Painting, Style
from geo.question.answer import Answer

WIDTH = 700.0
"""Units of a drawing across: lines and letters are measured in them."""

_LETTER = 6.2  # mean width of a letter of a name, in the same units
_MARGIN = 0.03


@dataclass(frozen=True)
class PaintedPath:
    """All cells of one shade as one path."""

    path: str
    style: Style


@dataclass(frozen=True)
class Drawing:
    """What a template needs to draw a map: metres, with y downwards.

    Attributes
    ----------
    box
        The view box.
    unit
        How many metres one unit of the paper is.
    names
        X, y and name of each area whose name has room.
    places
        X, y, radius and rank of each ranked place.
    bar
        The scale: its path, and its words with their place.
    """

    box: tuple[float, float, float, float]
    unit: float
    land: str
    shades: list[PaintedPath]
    outlines: str
    names: list[tuple[float, float, str]]
    places: list[tuple[float, float, float, int]]
    bar: dict[str, Any]


def draw_plain(answer: Answer, *, painting: Painting, places: gpd.GeoDataFrame) -> Drawing:
    """Draw the cells, areas and ranked places of an Answer in metres."""
    within = answer.question.within
    areas = answer.areas[answer.areas.index.isin(within)] if within else answer.areas
    seen = areas if within else answer.study_areas
    west, south, east, north = seen.total_bounds
    margin = _MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - 2 * margin, east + margin, north + margin
    unit = max(east - west, north - south) / WIDTH
    shades = [
        PaintedPath(path_of(chosen.geometry, unit), shade.style)
        for kind, shade in painting.shades.items()
        if len(chosen := painting.cells[painting.cells["kind"] == kind])
    ]
    return Drawing(
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        land=path_of(answer.study_areas.geometry, unit),
        shades=shades,
        outlines=path_of(areas.geometry, unit),
        names=area_names(areas, places[["x", "y"]].to_numpy(float), unit=unit),
        places=[
            (round(place.x), round(-place.y), float(place.radius_m), int(place.rank))
            for place in reversed(list(places.itertuples()))
        ],
        bar=scale_bar(west, south, unit),
    )


def path_of(shapes: Iterable[shapely.Geometry], unit: float) -> str:
    """The rings of polygons, or lines, as one path, no finer than the paper shows."""
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
    """The names of the areas, the largest first, without those over one before or over a number."""
    largest = areas.iloc[np.argsort(-areas.geometry.area.to_numpy(), kind="stable")]
    points = largest.geometry.representative_point()
    kept = [(x, 8 * unit, y) for x, y in places.tolist()]
    names = []
    for name, x, y in zip(largest["area_name"].astype(str), points.x, points.y, strict=True):
        half = _LETTER * unit * len(name) / 2
        if any(abs(x - a) < half + b and abs(y - c) < 13 * unit for a, b, c in kept):
            continue
        kept.append((x, half, y))
        names.append((round(x), round(-y), name))
    return names


def scale_bar(west: float, south: float, unit: float) -> dict[str, Any]:
    """A scale of a round length, about a fifth of the width."""
    wanted = unit * WIDTH / 5
    length = (
        max(
            part * 10.0**power
            for power in range(6)
            for part in (1, 2, 5)
            if part * 10**power <= wanted
        )
        if wanted >= 1
        else 1.0
    )
    x, y, tick = west + 12 * unit, -south - 10 * unit, 6 * unit
    path = f"M{x:.0f} {y - tick:.0f}V{y:.0f}h{length:.0f}v{-tick:.0f}"
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    return {"path": path, "x": round(x + 5 * unit), "y": round(y - 5 * unit), "words": words}
