"""Control charts: limits within which a steady process stays, and rules for runs of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.surveillance.thresholds import Chances

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NATURAL: Final = 2.66
"""Mean moving ranges from the mean to a natural process limit: 3 ÷ 1.128 (Wheeler 2000)."""

BEYOND: Final = 0.00135
"""The share of counts beyond either limit of a steady process: three standard deviations."""

RUN: Final = 8
"""Points in a row on one side of the mean that are a shift (NHS England counts 7)."""

TREND: Final = 6
"""Points in a row of which each is higher, or each lower, than the one before."""

NEAR: Final = 2 / 3
"""Two of three points in a row beyond this part of the way to a limit are a sign of change."""

RULES: Final = ("outside", "run", "trend", "near limit")
"""The rules in the order of their columns."""


@dataclass(frozen=True)
class ControlCharts:
    """Control charts of n series of m steps.

    Attributes
    ----------
    counts
        n × m; NaN where unknown.
    centre, lower, upper
        The n means and limits; NaN for a series of which fewer than two steps are known.
    signals
        n × m × 4: whether a point breaks each of `RULES`. A point of a run, a trend or two of
        three is marked as each point that makes it up.
    """

    counts: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    signals: Bools


def xmr_chart(counts: ArrayLike, *, baseline: ArrayLike | None = None) -> ControlCharts:
    """Individual values with natural process limits: 2.66 mean moving ranges about the mean.

    Parameters
    ----------
    counts
        n × m values of 0 or more, one series a row; NaN where unknown. Moving ranges are only
        between successive steps that are both known.
    baseline
        Which of the m steps the limits are computed from; all without.

    Returns
    -------
    The charts; a lower limit is never below 0.

    Source: Wheeler 2000; NHS England, Making Data Count 2019.
    """
    table = np.asarray(counts, float)
    own = _baseline(table, baseline)
    centre = _mean(own)
    moving = _mean(np.abs(np.diff(own, axis=1)))
    lower, upper = centre - NATURAL * moving, centre + NATURAL * moving
    return _charts(table, centre, np.maximum(lower, 0), upper)


def count_chart(counts: ArrayLike, *, baseline: ArrayLike | None = None) -> ControlCharts:
    """Counts with the limits of Poisson counts, wider where they vary more than these.

    Parameters
    ----------
    counts
        n × m counts, one series a row; NaN where unknown.
    baseline
        Which of the m steps the limits are computed from; all without.

    Returns
    -------
    The charts. Limits are quantiles of a negative binomial count of the series' own dispersion,
    which is at least 1: `BEYOND` of the counts of a steady process lie beyond each of them.

    Source: Shewhart 1931 (c chart); Spiegelhalter 2005 (overdispersion).
    """
    table = np.asarray(counts, float)
    own = _baseline(table, baseline)
    centre = _mean(own)
    steps = (~np.isnan(own)).sum(axis=1)
    squares = np.nansum((own - centre[:, np.newaxis]) ** 2, axis=1)
    variance = np.divide(squares, steps - 1, out=np.zeros_like(squares), where=steps > 1)
    ratio = np.divide(variance, centre, out=np.ones_like(centre), where=centre > 0)
    chances = Chances(centre, np.zeros_like(centre), np.maximum(ratio, 1), BEYOND, "nbPlugin")
    none = centre == 0  # a count that was always 0 has no limit but 0
    lower, upper = (np.where(none, 0.0, limit) for limit in (chances.lower, chances.upper))
    unknown = np.where(steps > 1, 0.0, np.nan)
    return _charts(table, centre + unknown, lower + unknown, upper + unknown)


def _baseline(table: Floats, baseline: ArrayLike | None) -> Floats:
    if baseline is None:
        return table
    return np.where(np.asarray(baseline, dtype=bool), table, np.nan)


def _mean(table: Floats) -> Floats:
    """Means of rows without their unknown values; NaN where all are unknown."""
    known = (~np.isnan(table)).sum(axis=1)
    total = np.nansum(table, axis=1)
    return np.asarray(np.divide(total, known, out=np.full(len(table), np.nan), where=known > 0))


def _charts(table: Floats, centre: Floats, lower: Floats, upper: Floats) -> ControlCharts:
    middle, low, high = (part[:, np.newaxis] for part in (centre, lower, upper))
    rises = np.diff(table, axis=1, prepend=np.nan)
    outside = (table > high) | (table < low)
    run = _runs(table > middle, RUN) | _runs(table < middle, RUN)
    trend = _runs(rises > 0, TREND) | _runs(rises < 0, TREND)
    near = _two_of_three(table > middle + NEAR * (high - middle), ~np.isnan(table))
    near |= _two_of_three(table < middle - NEAR * (middle - low), ~np.isnan(table))
    return ControlCharts(table, centre, lower, upper, np.stack([outside, run, trend, near], axis=2))


def _runs(flags: Bools, length: int) -> Bools:
    """Which points belong to at least so many flagged ones in a row."""
    return _covered(np.logical_and.reduce(_shifted(flags, length)), flags.shape, length)


def _two_of_three(flags: Bools, known: Bools) -> Bools:
    """Which flagged points have another one among three known ones in a row."""
    enough = np.add.reduce(_shifted(flags, 3), dtype=np.int8) >= 2
    enough &= np.logical_and.reduce(_shifted(known, 3))
    return flags & _covered(enough, flags.shape, 3)


def _shifted(flags: Bools, length: int) -> list[Bools]:
    """The first, second … flag of every so many in a row."""
    starts = max(flags.shape[1] - length + 1, 0)
    return [flags[:, offset : offset + starts] for offset in range(length)]


def _covered(windows: Bools, shape: tuple[int, ...], length: int) -> Bools:
    """Which points lie in a chosen window; each is named by its first point."""
    marked = np.zeros(shape, dtype=bool)
    for window in _shifted(marked, length):
        np.logical_or(window, windows, out=window)
    return marked
