"""Where the features of collections lie, and when: worked out once for each state of the store."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.answers import Answers
from api.formats.encoding import DEGREES_DECIMALS
from api.ogc.collections.base import BoundingBox
from api.snapshot import Snapshot
from boundaries.plans.plan_layers import plan_of
from geo.cells import Cells, Grid
from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import LONDON
from geo.period import Moments, Period
from geo.question.model import Question

MOST_EXACT = 1_000_000
"""Incidents whose places are all looked at; of more, the box in metres is."""

_STEPS = 65
"""Points along each side of a box in metres, whose sides are curves in degrees."""


def layer_box(answers: Answers, layer_id: str) -> BoundingBox | None:
    """Return the box of a layer's features, None where it has none."""

    def measured(snapshot: Snapshot) -> BoundingBox | None:
        of_plan = bool(plan_of(layer_id))
        read = snapshot.layer if of_plan else snapshot.features
        return box_of(read(layer_id)[1].geometry.to_numpy(), snapshot.projection)

    return answers.cached(f"extent of {layer_id}", measured, light=not plan_of(layer_id))


def cells_box(answers: Answers, layer_id: str, question: Question) -> BoundingBox | None:
    """Return the box of the whole cells over a layer; of its areas, if there are too many."""

    def measured(snapshot: Snapshot) -> BoundingBox | None:
        areas = snapshot.layer(layer_id)[1].geometry.to_numpy()
        try:
            cells = Cells.over(shapely.union_all(areas), Grid(question.cell, question.shape))
        except InputError:
            return layer_box(answers, layer_id)
        return box_of(cells.geometry, snapshot.projection)

    key = f"extent of cells {question.cell} {question.shape} {layer_id}"
    return answers.cached(key, measured, light=True)


def circles_box(answers: Answers, layer_id: str, radius: int) -> BoundingBox | None:
    """Return the box of all circles with their centre in a layer."""

    def measured(snapshot: Snapshot) -> BoundingBox | None:
        areas = snapshot.layer(layer_id)[1].geometry.to_numpy()
        if not len(areas):
            return None
        west, south, east, north = shapely.total_bounds(areas)
        wide = west - radius, south - radius, east + radius, north + radius
        return _box_of_metres(wide, snapshot.projection)

    return answers.cached(f"extent of circles {radius} {layer_id}", measured, light=True)


def box_of(geometries: NDArray[np.object_], projection: Projection) -> BoundingBox | None:
    """Return the box of geometries in metres, in degrees; None where there are none."""
    x, y = shapely.get_coordinates(geometries).T
    return _box_of_points(*projection.to_lonlat(x, y)) if len(x) else None


def incidents_box(answers: Answers) -> BoundingBox | None:
    """Return the box of all incidents, None where there are none."""

    def measured(snapshot: Snapshot) -> BoundingBox | None:
        if not snapshot.incident_count():
            return None
        frame = snapshot.incidents(columns=("x", "y"))
        x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
        if len(x) > MOST_EXACT:
            return _box_of_metres((x.min(), y.min(), x.max(), y.max()), snapshot.projection)
        return _box_of_points(*snapshot.projection.to_lonlat(x, y))

    return answers.cached("extent of incidents", measured, light=True)


def incidents_times(snapshot: Snapshot) -> Moments | None:
    """Return the moments from the first to the last incident, None where there is none.

    Who sees some areas only gets whole months: the first and last may lie in another.
    """
    spans = [record.summary for record in snapshot.imports() if record.summary.first is not None]
    firsts = [span.first for span in spans if span.first is not None]
    lasts = [_end(span.last, span.precisions) for span in spans if span.last is not None]
    if not firsts or not lasts:
        return None
    first, last = min(firsts), max(lasts)
    if snapshot.sees_all_areas:
        return Moments(first, last)
    months = (f"{moment.tz_convert(LONDON):%Y-%m}" for moment in (first, last))
    whole = Period.of_months(*months)
    return Moments(whole.start, whole.end - pd.Timedelta(seconds=1))


def _end(last: pd.Timestamp, precisions: tuple[str, ...]) -> pd.Timestamp:
    """Return when the last incident of an import was over, as far as its precision tells."""
    day = last.tz_convert(LONDON)
    if "month" in precisions:
        month = f"{day:%Y-%m}"
        return Period.of_months(month, month).end - pd.Timedelta(seconds=1)
    if "day" in precisions:
        return Period(day.date(), day.date()).end - pd.Timedelta(seconds=1)
    return last


def _box_of_metres(box: BoundingBox, projection: Projection) -> BoundingBox:
    west, south, east, north = box
    across, up = np.linspace(west, east, _STEPS), np.linspace(south, north, _STEPS)
    x = np.concatenate([across, across, np.full(_STEPS, west), np.full(_STEPS, east)])
    y = np.concatenate([np.full(_STEPS, south), np.full(_STEPS, north), up, up])
    return _box_of_points(*projection.to_lonlat(x, y))


def _box_of_points(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> BoundingBox:
    west, south, east, north = (
        round(float(value), DEGREES_DECIMALS)
        for value in (lon.min(), lat.min(), lon.max(), lat.max())
    )
    return west, south, east, north
