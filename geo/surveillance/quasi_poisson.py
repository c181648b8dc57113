"""Quasi-Poisson regressions of many series at once: a factor of seasons, and a trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_STEPS: Final = 50  # of Newton's method; it settles in four or five
_CONVERGED: Final = 1e-10  # of the trend over half of the time
_LONGEST_STEP: Final = 1.0  # of the trend over half of the time
_STEEPEST: Final = 30.0  # the trend over half of the time, so that its exponential stays finite
_MOVING: Final = 1e-9  # with less information for an incident no trend can be estimated


@dataclass(frozen=True)
class Design:
    """What explains the counts of a series: the season of each step, and its time.

    Attributes
    ----------
    season
        The m steps' seasons, from 0; −1 for a step that is not used.
    time
        The m steps' times, in steps.
    season_now, time_now
        The season and the time of the step that is predicted.
    """

    season: Ints
    time: Floats
    season_now: int
    time_now: float

    @property
    def used(self) -> Bools:
        """Which of the m steps are used."""
        return np.asarray(self.season >= 0)

    @property
    def dummies(self) -> Floats:
        """A row for each step, with 1 in the column of its season."""
        seasons = np.arange(max(int(self.season.max(initial=0)), self.season_now) + 1)
        return np.asarray(self.season[:, np.newaxis] == seasons, dtype=float)

    @property
    def scale(self) -> tuple[float, float]:
        """The middle and half the length of the time, in steps."""
        low, high = float(self.time.min(initial=0.0)), float(self.time.max(initial=0.0))
        return (low + high) / 2, max((high - low) / 2, 1.0)


@dataclass(frozen=True)
class QuasiPoisson:
    """The fit of n series of m steps.

    Attributes
    ----------
    fitted
        n × m means.
    leverage
        n × m diagonals of the hat matrix.
    trend, trend_se
        The change of the logarithm in a step and its standard error at a dispersion of 1; 0 and
        NaN where there is no trend.
    dispersion
        Pearson's χ² over its degrees of freedom; NaN where there are none.
    degrees
        Known steps less parameters.
    expected, expected_se
        The mean of the step that is predicted, and its standard error at a dispersion of 1; NaN
        where its season is unknown.
    """

    fitted: Floats
    leverage: Floats
    trend: Floats
    trend_se: Floats
    dispersion: Floats
    degrees: Floats
    expected: Floats
    expected_se: Floats


def fit_quasi_poisson(
    counts: Floats, weights: Floats, design: Design, *, trend: bool
) -> QuasiPoisson:
    """Fit a quasi-Poisson regression with a log link to each of n series.

    For a given trend the factor of a season is known: its counts over what the trend alone gives.
    So Newton's method need only look for the trend, and its steps are those of iteratively
    reweighted least squares with the seasons swept out.

    Parameters
    ----------
    counts
        n × m counts; any number where the weight is 0.
    weights
        n × m prior weights, 0 for a step that is unknown.
    design
        Seasons and times of the m steps.
    trend
        Whether there is a trend.

    Returns
    -------
    The fit; a season of which no step is known has no factor and counts as no parameter.

    Source: McCullagh & Nelder 1989, section 6.2 and chapter 9.
    """
    series = _Series.of(counts, weights, design)
    slope = series.steepest() if trend else np.zeros(len(counts))
    means = series.means(slope)
    moving = (means.spread > _MOVING * np.maximum(means.total.sum(axis=1), 1.0)) & trend
    seasons = (series.used @ series.dummies > 0).sum(axis=1)
    degrees = ((series.used > 0).sum(axis=1) - seasons - moving).astype(float)
    middle, half = design.scale
    now = (design.time_now - middle) / half
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(moving, 1 / means.spread, 0.0)
        squares = np.where(
            means.fitted > 0, series.used * (series.y - means.fitted) ** 2 / means.fitted, 0.0
        )
        dispersion = np.where(degrees > 0, squares.sum(axis=1) / degrees, np.nan)
        expected = means.level[:, design.season_now] * np.exp(slope * now)
    variance = means.variance(precision, series.time, series.dummies)
    here = np.zeros((1, series.dummies.shape[1]))
    here[0, design.season_now] = 1.0
    ahead = means.variance(precision, np.array([now]), here)[:, 0]
    return QuasiPoisson(
        fitted=means.fitted,
        leverage=series.used * means.fitted * variance,
        trend=slope / half,
        trend_se=np.where(moving, np.sqrt(precision) / half, np.nan),
        dispersion=dispersion,
        degrees=degrees,
        expected=expected,
        expected_se=expected * np.sqrt(ahead),
    )


@dataclass(frozen=True)
class _Means:
    """The means of n series for given trends.

    `level` is the factor of each season, NaN where it is unknown; `total` its counts; `moment` its
    fitted means times time; `spread` the information on the trend, the seasons swept out.
    """

    fitted: Floats
    level: Floats
    total: Floats
    moment: Floats
    spread: Floats

    def variance(self, precision: Floats, time: Floats, dummies: Floats) -> Floats:
        """Variances of the logarithm of some means, at a dispersion of 1: n × their number."""
        inverse = np.divide(1.0, self.total, out=np.zeros_like(self.total), where=self.total > 0)
        away = time - (self.moment * inverse) @ dummies.T
        return np.asarray(inverse @ dummies.T + precision[:, np.newaxis] * away**2)


@dataclass(frozen=True)
class _Series:
    """The n series, their weights, and times from −1 to 1 so that a trend is of the order of 1."""

    y: Floats
    used: Floats
    time: Floats
    dummies: Floats

    @classmethod
    def of(cls, counts: Floats, weights: Floats, design: Design) -> _Series:
        used = weights * design.used
        middle, half = design.scale
        y = np.where(used > 0, counts, 0.0)
        return cls(y, used, (design.time - middle) / half, design.dummies)

    def means(self, slope: Floats) -> _Means:
        growth = np.exp(slope[:, np.newaxis] * self.time)
        total, weight = (self.used * self.y) @ self.dummies, (self.used * growth) @ self.dummies
        level = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
        fitted = growth * (np.nan_to_num(level) @ self.dummies.T)
        moments = self.used * fitted * self.time
        moment = moments @ self.dummies
        swept = np.divide(moment**2, total, out=np.zeros_like(total), where=total > 0)
        spread = moments @ self.time - swept.sum(axis=1)
        return _Means(fitted, level, total, moment, spread)

    def steepest(self) -> Floats:
        """The trend of greatest likelihood of each series, the seasons at their best for it."""
        slope = np.zeros(len(self.y))
        active = np.arange(len(self.y))
        for _ in range(_MOST_STEPS):
            part = _Series(self.y[active], self.used[active], self.time, self.dummies)
            means = part.means(slope[active])
            score = (part.used * (part.y - means.fitted)) @ self.time
            enough = means.spread > _MOVING
            step = np.divide(score, means.spread, out=np.zeros_like(score), where=enough)
            step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
            slope[active] = np.clip(slope[active] + step, -_STEEPEST, _STEEPEST)
            active = active[np.abs(step) > _CONVERGED]
            if not len(active):
                break
        return slope
