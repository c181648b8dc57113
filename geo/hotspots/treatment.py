"""Treatment: whether treated places fell more than others, and whether incidents moved next door.

Sources: the weighted displacement difference of Wheeler & Ratcliffe 2018; the weighted
displacement quotient of Bowers & Johnson 2003; the relative incident rate ratio of Wilson 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from geo.errors import InputError
from geo.statistics import normal_two_sided

Counts = tuple[float, float]
"""Incidents before and after."""

NO_CONTROL = "the control has no incidents before or after, so there is no quotient"
NO_EFFECT = (
    "the treated places did not fall against the control, so the quotient would mean nothing"
)


@dataclass(frozen=True)
class DisplacementDifference:
    """Incidents prevented (below zero) or added, net of the control and of displacement.

    Attributes
    ----------
    wdd, se, z, p
        The difference, its standard error, and the two-sided test that it is 0; z and p are NaN
        where nothing was counted at all.
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
class RateRatio:
    """The change of the treated places as a multiple of the control's: 1 where they are equal.

    Attributes
    ----------
    ratio, p
        The ratio, and the two-sided test of 1; NaN where one of the counts is 0.
    low, high
        Bounds of the interval of the given `level`.
    """

    ratio: float
    p: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class DisplacementQuotient:
    """The quotient, NaN where it cannot be read; its denominator; and its meaning in words."""

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
        The same around the treated and around the control places; give both or neither.
    level
        Of the interval.

    Returns
    -------
    The difference and its test; the counts are assumed to be Poisson, so the variance is their sum.

    Raises
    ------
    InputError
        If one of the two buffers is missing.

    Source: Wheeler & Ratcliffe 2018.
    """
    if (buffer is None) != (control_buffer is None):
        raise InputError(
            "displacement needs two buffers; give one around the treated places and one around "
            "the control"
        )
    signs = {1: [treated, buffer], -1: [control, control_buffer]}
    pairs = [(sign, pair) for sign, both in signs.items() for pair in both if pair is not None]
    wdd = float(sum(sign * (after - before) for sign, (before, after) in pairs))
    se = float(np.sqrt(sum(before + after for _, (before, after) in pairs)))
    z = wdd / se if se > 0 else float("nan")
    reach = float(ndtri((1 + level) / 2)) * se
    return DisplacementDifference(
        wdd, se, z, float(normal_two_sided(z)), low=wdd - reach, high=wdd + reach, level=level
    )


def rate_ratio(treated: Counts, control: Counts, *, level: float = 0.95) -> RateRatio:
    """(treated after / before) / (control after / before), which needs no control of similar size.

    Parameters
    ----------
    treated, control
        Incidents before and after, in windows of equal length.
    level
        Of the interval.

    Returns
    -------
    The ratio and its test; the counts are assumed to be Poisson, so the variance of the logarithm
    is the sum of their inverses.

    Source: Wilson 2022.
    """
    counts = np.array([treated, control], float)
    if not counts.all():
        unknown = float("nan")
        return RateRatio(unknown, unknown, low=unknown, high=unknown, level=level)
    (t_0, t_1), (c_0, c_1) = counts
    log, se = float(np.log((t_1 / t_0) / (c_1 / c_0))), float(np.sqrt((1 / counts).sum()))
    reach = float(ndtri((1 + level) / 2)) * se
    return RateRatio(
        float(np.exp(log)),
        float(normal_two_sided(log / se)),
        low=float(np.exp(log - reach)),
        high=float(np.exp(log + reach)),
        level=level,
    )


def displacement_quotient(
    treated: Counts, control: Counts, *, buffer: Counts
) -> DisplacementQuotient:
    """Weighted displacement quotient (WDQ), where its conditions hold.

    Parameters
    ----------
    treated, control, buffer
        Incidents before and after, in the treated places, the control, and around the treated.

    Returns
    -------
    The quotient with its meaning; NaN where the control is empty or the treated did not fall.

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
        return "the surrounding places fell even more: diffusion of benefits exceeds the effect"
    if quotient > 0:
        return "the surrounding places fell too: diffusion of benefits"
    if quotient == 0:
        return "the surrounding places changed as the control did: no diffusion or displacement"
    if quotient >= -1:
        return "part of it moved to the surrounding places: displacement, no larger than the effect"
    return (
        "more moved to the surrounding places than was prevented: displacement exceeds the effect"
    )


def effects(counts: pd.DataFrame) -> dict[str, float | str]:
    """The three measures of an effect, flat and by name, from the counts of `zones.zone_counts`.

    The difference allows for displacement only where both have a buffer; the quotient needs only
    the buffer of the treated places.

    Source: Wheeler & Ratcliffe 2018; Bowers & Johnson 2003; Wilson 2022.
    """
    pairs = {str(zone): (float(row.before), float(row.after)) for zone, row in counts.iterrows()}
    treated, control = pairs["treated"], pairs["control"]
    buffer, beyond = pairs.get("buffer"), pairs.get("control_buffer")
    difference = displacement_difference(
        treated, control, buffer=buffer if beyond else None, control_buffer=beyond
    )
    ratio = rate_ratio(treated, control)
    measures: dict[str, float | str] = {
        "wdd": difference.wdd,
        "wdd_se": difference.se,
        "wdd_z": difference.z,
        "wdd_p": difference.p,
        "wdd_low": difference.low,
        "wdd_high": difference.high,
        "rate_ratio": ratio.ratio,
        "rate_ratio_p": ratio.p,
        "rate_ratio_low": ratio.low,
        "rate_ratio_high": ratio.high,
    }
    if buffer:
        quotient = displacement_quotient(treated, control, buffer=buffer)
        measures["wdq"], measures["wdq_denominator"] = quotient.quotient, quotient.denominator
        measures["wdq_reading"] = quotient.reading
    return measures
