"""A map of a plan for paper and for pages: its areas by variance, as an SVG drawing."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.maps.drawing import ScaleBar, area_names, path_of, scale_bar
from boundaries.plans.draft import Draft
from boundaries.plans.electoral import EXTREME
from boundaries.plans.measures import PlanMeasures
from geo.areal.best_fit import UNASSIGNED

WIDTH = 460.0
"""Width of a map in units; line widths and letter sizes are given in them."""

_MARGIN = 0.02
"""Margin around the map, as a share of its longer side."""

_AROUND, _ASPECT = 0.12, 1.25
"""Margin around the area of a page, likewise; and width by height of its map, with text below."""

_LETTER, _LINE, _BAR = 8.0, 12.0, 36.0
"""Width of a letter, height of a line and of the scale bar with its text, in units: a name that
would be cut off at the edge, or lie under the bar, is left out."""


@dataclass(frozen=True)
class PlanMap:
    """One map of the areas, in metres with y downwards.

    Attributes
    ----------
    title
        The caption.
    box, unit
        The view box, and the metres that one unit stands for.
    fills
        An SVG path for each class of variance: `within`, `above`, `below`, `far-above`,
        `far-below`, `unknown`; `plain` for all where there are no electors; `chosen` for the area
        that a map is about.
    moved, rest
        SVG paths of the moved blocks, and of the unassigned ones.
    outlines, names, bar
        As in `api.maps.drawing.Drawing`.
    """

    title: str
    box: tuple[float, float, float, float]
    unit: float
    fills: list[tuple[str, str]]
    moved: str
    rest: str
    outlines: str
    names: list[tuple[float, float, str]]
    bar: ScaleBar

    @property
    def kinds(self) -> frozenset[str]:
        """The classes of variance on it, for its legend; `rest` if blocks have no area."""
        return frozenset([*(kind for kind, _ in self.fills), *(["rest"] if self.rest else [])])


def plan_map(
    draft: Draft, measures: PlanMeasures, title: str, *, moved: gpd.GeoSeries | None = None
) -> PlanMap:
    """Draw the areas of a plan in one state, over the extent of all of its blocks.

    Parameters
    ----------
    measures
        Those of the state.
    title
        The caption.
    moved
        The blocks to mark as moved; None for none.
    """
    layer = measures.layer
    west, south, east, north = draft.block_layer.areas.total_bounds
    margin = _MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - 3 * margin, east + margin, north + margin
    unit = (east - west) / WIDTH
    kinds = pd.Series("plain", index=layer.index)
    if "variance" in layer:
        values = zip(layer["variance"], layer["beyond"], strict=True)
        kinds = pd.Series(
            [variance_kind(variance, beyond) for variance, beyond in values], layer.index
        )
    left = np.flatnonzero(measures.state.assigned == UNASSIGNED)
    return PlanMap(
        title=title,
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        fills=[(kind, path_of(shapes.geometry, unit)) for kind, shapes in layer.groupby(kinds)],
        moved="" if moved is None else path_of(moved, unit),
        rest=path_of(draft.blocks.geometry[left], unit),
        outlines=path_of(layer.geometry, unit),
        names=area_names(layer, np.empty((0, 2)), unit=unit),
        bar=scale_bar(west, south, unit),
    )


def area_map(draft: Draft, layer: gpd.GeoDataFrame, code: str, *, moved: gpd.GeoSeries) -> PlanMap:
    """Draw one area and what lies around it, as large as a page of A4 is wide.

    Parameters
    ----------
    layer
        The areas of the plan, of `PlanMeasures.layer`.
    code
        The area's code, which has blocks.
    moved
        The blocks to mark as moved.
    """
    west, south, east, north = layer.geometry[code].bounds
    margin = _AROUND * max(east - west, north - south)
    width = max(east - west + 2 * margin, _ASPECT * (north - south + 2 * margin))
    middle = ((west + east) / 2, (south + north) / 2)
    west, east = middle[0] - width / 2, middle[0] + width / 2
    south, north = middle[1] - width / _ASPECT / 2, middle[1] + width / _ASPECT / 2
    unit = width / WIDTH
    # Lines along the edge of the drawing are clipped outside of it, where they are not seen.
    outside = 0.01 * width
    frame = (west - outside, south - outside, east + outside, north + outside)
    near = layer.iloc[layer.sindex.query(shapely.box(*frame), predicate="intersects")]
    near = near.set_geometry(near.geometry.clip_by_rect(*frame))
    near = near[~near.geometry.is_empty]
    is_chosen = near.index == code
    left = draft.blocks.geometry[np.flatnonzero(draft.plan.now.assigned == UNASSIGNED)]
    rest = [shape for shape in shapely.clip_by_rect(left, *frame) if not shape.is_empty]
    return PlanMap(
        title=str(layer["area_name"][code]),
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        fills=[
            ("plain", path_of(near.geometry[~is_chosen], unit)),
            ("chosen", path_of(near.geometry[is_chosen], unit)),
        ],
        moved=path_of(moved, unit),
        rest=path_of(rest, unit),
        outlines=path_of(near.geometry, unit),
        names=[
            (x, y, name)
            for x, y, name in area_names(near, np.empty((0, 2)), unit=unit)
            if west < x - _LETTER / 2 * unit * len(name) < x + _LETTER / 2 * unit * len(name) < east
            and south + _BAR * unit < -y < north - _LINE * unit
        ],
        bar=scale_bar(west, south, unit),
    )


def variance_kind(variance: float, beyond: int) -> str:
    """The class of a variance: how it is hatched on a map, and marked in a table.

    Parameters
    ----------
    variance
        0.1 is ten per cent above the average; NaN where unknown.
    beyond
        As `electoral_variance` gives it: 10, 30, or 0 if within both.
    """
    if np.isnan(variance):
        return "unknown"
    if not beyond:
        return "within"
    return ("far-" if beyond >= 100 * EXTREME else "") + ("above" if variance > 0 else "below")
