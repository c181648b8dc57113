"""Zones of a treatment: treated places, the ring around them, a control; each its own land."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.period import Period

_NO_LAND_KM2 = 1e-9


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

    A point counts in the first zone that holds it, in the order below: land of the control that
    lies in a treated place or its buffer is no control.

    Parameters
    ----------
    incidents
        `x` and `y` in metres, `occurred_from` in UTC, `precision`.
    treated, control
        Polygons in metres.
    study
        The land of which incidents are known: no zone reaches beyond it.
    before, after
        Windows of equal length; there may be time between them.
    buffer_m
        Width of the ring around the treated places; 0 for none.
    control_buffer
        Whether there is such a ring around the control too, for the displacement difference.

    Returns
    -------
    Indexed by `zone` (`treated`, `buffer`, `control`, `control_buffer`, as far as asked):
    `before`, `after` and `area_km2`.

    Raises
    ------
    InputError
        If the windows overlap or differ in length, or know months only and are not whole months;
        or if no land is left for the treated places or the control.
    """
    _refuse_windows(before, after, months_only=bool((incidents["precision"] == "month").any()))
    zones = _zones(treated, control, buffer_m=buffer_m, control_buffer=control_buffer)
    if study is not None:
        zones = {name: land & study for name, land in zones.items()}
    frame = pd.DataFrame(
        {
            **_counts(incidents, list(zones.values()), windows={"before": before, "after": after}),
            "area_km2": _own_areas(list(zones.values())) / 1e6,
        },
        index=pd.Index(list(zones), name="zone"),
    )
    if frame.loc["treated", "area_km2"] < _NO_LAND_KM2:
        raise InputError("the treated places lie outside the study area")
    if frame.loc["control", "area_km2"] < _NO_LAND_KM2:
        raise InputError(
            "no control is left: it lies within the treated places and their buffer, or outside "
            "the study area"
        )
    return frame


def _zones(
    treated: Iterable[shapely.Geometry],
    control: Iterable[shapely.Geometry],
    *,
    buffer_m: float,
    control_buffer: bool,
) -> dict[str, shapely.Geometry]:
    """The ground of each zone, as if none before it had any."""
    places, others = shapely.union_all(list(treated)), shapely.union_all(list(control))
    zones = {"treated": places}
    if buffer_m > 0:
        zones["buffer"] = places.buffer(buffer_m)
    zones["control"] = others
    if buffer_m > 0 and control_buffer:
        zones["control_buffer"] = others.buffer(buffer_m)
    return zones


def _counts(
    incidents: pd.DataFrame, zones: Sequence[shapely.Geometry], *, windows: Mapping[str, Period]
) -> dict[str, NDArray[np.int64]]:
    """Incidents of each window in each zone: a point counts in the first that holds it."""
    zone = np.full(len(incidents), -1)
    for number, land in reversed(list(enumerate(zones))):
        zone[_inside(land, incidents)] = number
    counts = {}
    for name, window in windows.items():
        when = incidents["occurred_from"].between(window.start, window.end, inclusive="left")
        counts[name] = np.bincount(zone[when & (zone >= 0)], minlength=len(zones))
    return counts


def _own_areas(zones: Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """Square metres of each zone that no zone before it holds."""
    reached = [shapely.union_all(zones[: i + 1]) for i in range(len(zones))]
    return np.diff(shapely.area(reached), prepend=0.0)


def _inside(land: shapely.Geometry, incidents: pd.DataFrame) -> NDArray[np.bool_]:
    shapely.prepare(land)
    return np.asarray(shapely.intersects_xy(land, incidents["x"], incidents["y"]))


def _refuse_windows(before: Period, after: Period, *, months_only: bool) -> None:
    if before.last >= after.first:
        raise InputError(
            f"the window before ({before}) does not end before the one after ({after})"
        )
    whole = before.is_whole_months and after.is_whole_months
    if months_only and not whole:
        raise InputError(
            "some incidents have a month and no day: both windows must be whole months"
        )
    days = [(window.last - window.first).days + 1 for window in (before, after)]
    months = [len(window.months) for window in (before, after)]
    if days[0] != days[1] and not (whole and months[0] == months[1]):
        raise InputError(
            f"the windows differ in length: {days[0]} days before and {days[1]} days after"
        )
