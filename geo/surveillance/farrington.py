"""What a step of time was to hold, by the same season of earlier years: Farrington flexible."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.surveillance.quasi_poisson import Bools, Design, QuasiPoisson, fit_quasi_poisson
from geo.surveillance.reference import Reference
from geo.surveillance.thresholds import Chances, Rule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK: Final = 4_096  # series at a time: their arrays stay in the processor's cache
_FEWEST_YEARS: Final = 3  # a trend of fewer is mostly chance


@dataclass(frozen=True)
class Options:
    """How steps are judged.

    Attributes
    ----------
    alpha
        The share of counts beyond either bound.
    residual_limit
        Earlier counts with a larger Anscombe residual weigh less, by its square; None for none.
    trend_p
        A trend stays where its p is smaller; 1 keeps every trend that does not lead above the
        highest earlier count.
    rule
        How a count is distributed about its expected count.
    students
        Whether tails are those of Student's t, as the dispersion is an estimate.
    fewest_in_season
        A series with fewer incidents for each season, on average, has neither season nor trend.
    as_surveillance
        Whether standard errors are those that R's package surveillance 1.20.3 gives: it takes the
        weights of the second fit for its working weights, so that they are too small.
    """

    alpha: float = 0.025
    residual_limit: float | None = 2.58
    trend_p: float = 1.0
    rule: Rule = "predictive"
    students: bool = True
    fewest_in_season: float = 5.0
    as_surveillance: bool = False


DEFAULTS: Final = Options()


@dataclass(frozen=True)
class Expectation:
    """What the last step of n series was to hold; NaN where nothing can be said.

    Attributes
    ----------
    expected
        The expected counts.
    lower, upper
        The bounds within which a count is usual.
    at_least, at_most
        The chance of counts as high, and as low, as those observed.
    score
        The exceedance: 1 for a count at the upper bound, −1 at the lower one, 0 as expected.
    se
        The standard errors of the expected counts.
    dispersion
        Variance over mean, 1 or more.
    degrees
        Degrees of freedom of the dispersion.
    trend
        Which series have a trend.
    history
        How many steps of the reference are known.
    """

    expected: Floats
    lower: Floats
    upper: Floats
    at_least: Floats
    at_most: Floats
    score: Floats
    se: Floats
    dispersion: Floats
    degrees: Floats
    trend: Bools
    history: Ints


def farrington_flexible(
    counts: ArrayLike, reference: Reference, *, options: Options = DEFAULTS
) -> Expectation:
    """Predict the last step of many series from the steps before it.

    Each series has a quasi-Poisson regression on the season and a linear trend. It is fitted
    twice, the second time with less weight on counts that were unusually high, so that earlier
    outbreaks do not hide a new one. The trend is left out where it is not significant, or leads
    above the highest earlier count.

    Parameters
    ----------
    counts
        n × m counts of successive steps, the last of which is judged; NaN where unknown.
    reference
        Which steps it is compared with, and their seasons.
    options
        How.

    Returns
    -------
    n expectations. The lower bound, which R's `farringtonFlexible` does not return, is by the
    rule of the upper one: a count of which the chance to be as low or lower is `alpha`.

    Source: Farrington, Andrews, Beale & Catchpole 1996; Noufaily, Enki, Farrington, Garthwaite,
    Andrews & Charlett 2013; `farringtonFlexible` of R's surveillance (Salmon, Schumacher & Höhle
    2016).
    """
    table = _last_steps(np.asarray(counts, float), reference.reach + 1)
    chunks = [table[start : start + _CHUNK] for start in range(0, max(len(table), 1), _CHUNK)]
    parts = [_expectation(chunk, reference, options) for chunk in chunks]
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Expectation)
    }
    return Expectation(**joined)


def _last_steps(table: Floats, steps: int) -> Floats:
    missing = steps - table.shape[1]
    if missing <= 0:
        return table[:, -steps:]
    return np.hstack([np.full((len(table), missing), np.nan), table])


@dataclass(frozen=True)
class _Model:
    """The parts of a fit that predict: of n series."""

    expected: Floats
    se: Floats
    dispersion: Floats
    degrees: Floats

    def replaced(self, rows: Bools, other: _Model) -> _Model:
        """Put the other model, of some series alone, in the place of this one for these."""
        parts = []
        for field in fields(self):
            values = getattr(self, field.name).copy()
            values[rows] = getattr(other, field.name)
            parts.append(values)
        return _Model(*parts)


def _expectation(table: Floats, reference: Reference, options: Options) -> Expectation:
    n, past = table[:, -1], np.nan_to_num(table)
    known = ~np.isnan(table)
    known[:, -1] = False
    model = _flat(past, known & (np.arange(known.shape[1]) < reference.first_left_out))
    # Most series of small areas are sparse: only the others are worth a regression.
    dense = (past * known).sum(axis=1) >= options.fewest_in_season * reference.seasons
    fitted, chosen = _with_or_without_trend(past[dense], known[dense], reference, options)
    model, trend = model.replaced(dense, fitted), np.zeros(len(n), dtype=bool)
    trend[dense] = chosen
    alpha = np.full(len(n), options.alpha)
    if options.students:
        alpha = scipy.special.ndtr(
            scipy.special.stdtrit(np.maximum(model.degrees, 1), options.alpha)
        )
    dispersion = np.maximum(model.dispersion, 1)
    chances = Chances(model.expected, model.se, dispersion, alpha, options.rule)
    lower, upper = chances.lower, chances.upper
    above, below = chances.at_least(n), chances.at_most(n)
    if options.students:
        above, below = (_students(tail, model.degrees) for tail in (above, below))
    away = n - model.expected
    side = np.where(away >= 0, upper - model.expected, model.expected - lower)
    return Expectation(
        expected=model.expected,
        lower=lower,
        upper=upper,
        at_least=above,
        at_most=below,
        score=np.divide(away, side, out=np.full_like(away, np.nan), where=side > 0),
        se=model.se,
        dispersion=dispersion,
        degrees=model.degrees,
        trend=trend,
        history=known.sum(axis=1),
    )


def _students(tail: Floats, degrees: Floats) -> Floats:
    """A tail of the normal distribution as one of Student's t."""
    return np.asarray(
        scipy.special.stdtr(np.maximum(degrees, 1), scipy.special.ndtri(np.maximum(tail, 1e-300)))
    )


def _with_or_without_trend(
    past: Floats, known: Bools, reference: Reference, options: Options
) -> tuple[_Model, Bools]:
    design = reference.design()
    if reference.years < _FEWEST_YEARS:
        model, _ = _fitted_twice(past, known, design, options, trend=False)
        return model, np.zeros(len(past), dtype=bool)
    model, fit = _fitted_twice(past, known, design, options, trend=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = model.se / fit.expected_se
        p = 2 * scipy.special.stdtr(model.degrees, -np.abs(fit.trend / (fit.trend_se * scale)))
    highest = np.where(known & design.used, past, 0.0).max(axis=1, initial=0.0)
    chosen = ((p < options.trend_p) | (options.trend_p >= 1)) & (model.expected <= highest)
    without, _ = _fitted_twice(past[~chosen], known[~chosen], design, options, trend=False)
    return model.replaced(~chosen, without), chosen


def _fitted_twice(
    past: Floats, known: Bools, design: Design, options: Options, *, trend: bool
) -> tuple[_Model, QuasiPoisson]:
    weights = known.astype(float)
    fit = fit_quasi_poisson(past, weights, design, trend=trend)
    scale = fit.dispersion
    if options.residual_limit is not None:
        weights = _weights(past, weights * design.used, fit, limit=options.residual_limit)
        fit = fit_quasi_poisson(past, weights, design, trend=trend)
        scale = fit.dispersion
        if options.as_surveillance:
            relative = np.divide(past, fit.fitted, out=np.ones_like(past), where=fit.fitted > 0)
            scale = (weights * (relative - 1) ** 2).sum(axis=1) / fit.degrees
    se = fit.expected_se * np.sqrt(scale)
    return _Model(fit.expected, se, fit.dispersion, fit.degrees), fit


def _weights(past: Floats, used: Floats, fit: QuasiPoisson, *, limit: float) -> Floats:
    """Weights by Anscombe residuals that add up to the number of known steps."""
    dispersion = np.maximum(fit.dispersion, 1)[:, np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = 1.5 * (past ** (2 / 3) * fit.fitted ** (-1 / 6) - np.sqrt(fit.fitted))
        residual /= np.sqrt(dispersion * (1 - fit.leverage))
    # A season of one step is fitted to the letter: there is nothing to weigh.
    residual = np.where(np.isfinite(residual), residual, 0.0)
    weight = used * np.where(residual > limit, np.maximum(residual, limit) ** -2, 1.0)
    total = np.maximum(weight.sum(axis=1), 1e-300)
    return np.asarray(weight * (used.sum(axis=1) / total)[:, np.newaxis])


def _flat(past: Floats, known: Bools) -> _Model:
    """The level of sparse series, a gamma distribution with Jeffreys's prior: never quite 0."""
    steps = np.maximum(known.sum(axis=1), 1).astype(float)
    level = ((past * known).sum(axis=1) + 0.5) / steps
    squares = (known * (past - level[:, np.newaxis]) ** 2).sum(axis=1)
    degrees = np.maximum(steps - 1, 1)
    dispersion = np.maximum(squares / level / degrees, 1)
    return _Model(level, np.sqrt(dispersion * level / steps), dispersion, degrees)
