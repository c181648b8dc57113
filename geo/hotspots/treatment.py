"""Treatment: whether places that were treated fell more than others, and what moved next door.

Sources: the weighted displacement difference of Wheeler & Ratcliffe 2018; the weighted
displacement quotient of Bowers & Johnson 2003.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import ndtri

from geo.errors import InputError
from geo.period import Period
from geo.statistics import normal_two_sided

Counts = tuple[float, float]
"""Incidents before and after."""

NO_CONTROL = "the control has no incident before or after: there is no quotient"
NO_EFFECT = "the treated places did not fall against the control: the quotient would say nothing"


@dataclass(frozen=True)
class DisplacementDifference:
    """Incidents prevented (below zero) or added, net of the control and of displacement.

    Attributes
    ----------
    wdd, se, z, p
        The difference, its standard error, and the two-sided test of none; z and p are NaN where
        nothing was counted at all.
    low, high
        Bounds of the interval of the given `level`.
    """

    wdd: float
    se: float
    z: float
    p: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class DisplacementQuotient:
    """The quotient, NaN where it cannot be read; its denominator; and what it says in words."""

    quotient: float
    denominator: float
    reading: str


def displacement_difference(
    treated: Counts,
    control: Counts,
    *,
    buffer: Counts | None = None,
    control_buffer: Counts | None = None,
    level: float = 0.95,
) -> DisplacementDifference:
    """Weighted displacement difference (WDD) with its interval.

    Parameters
    ----------
    treated, control
        Incidents before and after, in windows of equal length.
    buffer, control_buffer
        The same around the treated and around the control places; both or neither.
    level
        Of the interval.

    Raises
    ------
    InputError
        If one of the two buffers is missing.

    Source: Wheeler & Ratcliffe 2018; the counts are taken to be Poisson, so the variance is
    their sum.
    """
    if (buffer is None) != (control_buffer is None):
        raise InputError("displacement needs the buffer of the treated and of the control places")
    signs = {1: [treated, buffer], -1: [control, control_buffer]}
    pairs = [(sign, pair) for sign, both in signs.items() for pair in both if pair is not None]
    wdd = float(sum(sign * (after - before) for sign, (before, after) in pairs))
    se = float(np.sqrt(sum(before + after for _, (before, after) in pairs)))
    z = wdd / se if se > 0 else float("nan")
    reach = float(ndtri((1 + level) / 2)) * se
    return DisplacementDifference(
        wdd, se, z, float(normal_two_sided(z)), low=wdd - reach, high=wdd + reach, level=level
    )


def displacement_quotient(
    treated: Counts, control: Counts, *, buffer: Counts
) -> DisplacementQuotient:
    """Weighted displacement quotient (WDQ), where its conditions hold.

    Parameters
    ----------
    treated, control, buffer
        Incidents before and after, in the treated places, the control, and around the treated.

    Source: Bowers & Johnson 2003: (B₁/C₁ − B₀/C₀) / (A₁/C₁ − A₀/C₀).
    """
    if not all(control):
        return DisplacementQuotient(float("nan"), float("nan"), NO_CONTROL)
    effect, around = (pair[1] / control[1] - pair[0] / control[0] for pair in (treated, buffer))
    if effect >= 0:
        return DisplacementQuotient(float("nan"), effect, NO_EFFECT)
    quotient = around / effect
    return DisplacementQuotient(quotient, effect, _reading(quotient))


def _reading(quotient: float) -> str:
    if quotient > 1:
        return "the places around fell even more than the treated: diffusion exceeds the effect"
    if quotient > 0:
        return "the places around fell too: diffusion of benefits"
    if quotient == 0:
        return "the places around went along with the control: neither diffusion nor displacement"
    if quotient >= -1:
        return "part of it moved to the places around: displacement, no larger than the effect"
    return "more moved to the places around than was gained: displacement exceeds the effect"


def zone_counts(
    incidents: pd.DataFrame,
    *,
    treated: Iterable[shapely.Geometry],
    control: Iterable[shapely.Geometry],
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
        or if no land is left for the control.
    """
    _refuse_windows(before, after, months_only=bool((incidents["precision"] == "month").any()))
    zones = _zones(treated, control, buffer_m=buffer_m, control_buffer=control_buffer)
    zone = np.full(len(incidents), -1)
    for number, (_, ground) in reversed(list(enumerate(zones))):
        zone[_inside(ground, incidents)] = number
    counts = {}
    for name, window in (("before", before), ("after", after)):
        when = incidents["occurred_from"].between(window.start, window.end, inclusive="left")
        counts[name] = np.bincount(zone[when & (zone >= 0)], minlength=len(zones))
    reached = [
        shapely.union_all([ground for _, ground in zones[: i + 1]]) for i in range(len(zones))
    ]
    areas = np.diff(shapely.area(reached), prepend=0.0) / 1e6
    index = pd.Index([name for name, _ in zones], name="zone")
    frame = pd.DataFrame({**counts, "area_km2": areas}, index=index)
    if frame.loc["control", "area_km2"] < 1e-9:
        raise InputError("the control lies wholly within the treated places and their buffer")
    return frame


def _zones(
    treated: Iterable[shapely.Geometry],
    control: Iterable[shapely.Geometry],
    *,
    buffer_m: float,
    control_buffer: bool,
) -> list[tuple[str, shapely.Geometry]]:
    """The ground of each zone, as if none before it had any."""
    places, others = shapely.union_all(list(treated)), shapely.union_all(list(control))
    zones = [("treated", places)]
    if buffer_m > 0:
        zones.append(("buffer", places.buffer(buffer_m)))
    zones.append(("control", others))
    if buffer_m > 0 and control_buffer:
        zones.append(("control_buffer", others.buffer(buffer_m)))
    return zones


def _inside(ground: shapely.Geometry, incidents: pd.DataFrame) -> NDArray[np.bool_]:
    shapely.prepare(ground)
    return np.asarray(shapely.intersects_xy(ground, incidents["x"], incidents["y"]))


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
