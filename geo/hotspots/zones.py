"""Zones of a treatment: treated places, the ring around them and a control, without overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.period import Period
from geo.prepared import prepared

_NO_LAND_KM2 = 1e-9  # a zone of less is a rounding error of the overlay


def zone_counts(
    incidents: pd.DataFrame,
    *,
    treated: Iterable[shapely.Geometry],
    control: Iterable[shapely.Geometry],
    study: shapely.Geometry | None = None,
    before: Period,
    after: Period,
    buffer_m: float = 0.0,
    control_buffer: bool = False,
) -> pd.DataFrame:
    """Count incidents before and after in the treated places, around them, and in the control.

    A point counts in the first zone that contains it, in the order below: land of the control that
    lies in a treated place or its buffer is not part of the control.

    Parameters
    ----------
    incidents
        `x` and `y` in metres, `occurred_from` in UTC, `precision`.
    treated, control
        Polygons in metres.
    study
        The land whose incidents are known: no zone reaches beyond it.
    before, after
        Windows of equal length; there may be time between them.
    buffer_m
        Width of the ring around the treated places; 0 for none.
    control_buffer
        Whether there is such a ring around the control too, for the displacement difference.

    Returns
    -------
    Indexed by `zone` (`treated`, `buffer`, `control` and `control_buffer`, as far as requested):
    `before`, `after` and `area_km2`.

    Raises
    ------
    InputError
        If the windows overlap or differ in length, or know months only and are not whole months;
        or if no land is left for the treated places or the control.

    Source: the zones of Bowers & Johnson 2003; concentric rings that exclude each other as in
    Ratcliffe & Breen 2011.
    """
    _refuse_windows(before, after, months_only=bool((incidents["precision"] == "month").any()))
    zones = _zones(treated, control, buffer_m=buffer_m, control_buffer=control_buffer)
    if study is not None:
        zones = {name: shapely.intersection(land, study) for name, land in zones.items()}
    lands = list(zones.values())
    areas = dict(zip(zones, _own_areas(lands) / 1e6, strict=True))
    if areas["treated"] < _NO_LAND_KM2:
        raise InputError("the treated places lie outside the study area; choose places inside it")
    if areas["control"] < _NO_LAND_KM2:
        raise InputError(
            "no control is left: it lies within the treated places and their buffer, or outside "
            "the study area. Choose another control or a narrower buffer"
        )
    counts = _counts(incidents, lands, windows={"before": before, "after": after})
    index = pd.Index(list(zones), name="zone")
    return pd.DataFrame({**counts, "area_km2": list(areas.values())}, index=index)


def _zones(
    treated: Iterable[shapely.Geometry],
    control: Iterable[shapely.Geometry],
    *,
    buffer_m: float,
    control_buffer: bool,
) -> dict[str, shapely.Geometry]:
    """The land of each zone, before overlaps are taken off."""
    places, others = shapely.union_all(list(treated)), shapely.union_all(list(control))
    zones: dict[str, shapely.Geometry] = {"treated": places}
    if buffer_m > 0:
        zones["buffer"] = places.buffer(buffer_m)
    zones["control"] = others
    if buffer_m > 0 and control_buffer:
        zones["control_buffer"] = others.buffer(buffer_m)
    return zones


def _counts(
    incidents: pd.DataFrame, zones: Sequence[shapely.Geometry], *, windows: Mapping[str, Period]
) -> dict[str, NDArray[np.int64]]:
    """Incidents of each window in each zone: a point counts in the first that contains it."""
    zone = np.full(len(incidents), -1)
    for number, land in reversed(list(enumerate(zones))):
        zone[_inside(land, incidents)] = number
    counts = {}
    for name, window in windows.items():
        when = incidents["occurred_from"].between(window.start, window.end, inclusive="left")
        counts[name] = np.bincount(zone[when & (zone >= 0)], minlength=len(zones))
    return counts


def _own_areas(zones: Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """Square metres of each zone that lie in no zone before it."""
    reached = [shapely.union_all(zones[: i + 1]) for i in range(len(zones))]
    return np.diff(shapely.area(reached), prepend=0.0)


def _inside(land: shapely.Geometry, incidents: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(shapely.intersects_xy(prepared(land), incidents["x"], incidents["y"]))


def _refuse_windows(before: Period, after: Period, *, months_only: bool) -> None:
    if before.last >= after.first:
        raise InputError(
            f"the windows overlap: the first ({before}) must end before the second ({after}) begins"
        )
    whole = before.is_whole_months and after.is_whole_months
    if months_only and not whole:
        raise InputError(
            "some incidents have a month and no day; choose whole months for both windows"
        )
    days = [(window.last - window.first).days + 1 for window in (before, after)]
    months = [len(window.months) for window in (before, after)]
    if days[0] != days[1] and not (whole and months[0] == months[1]):
        raise InputError(
            f"the windows differ in length: {days[0]} days before and {days[1]} days after. "
            "Choose windows of equal length"
        )
