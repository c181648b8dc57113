"""Treatment: whether treated places fell more than others, and whether incidents moved next door.

The ratio of rates decides: it needs no control of the same size, and its interval allows for
places that change of themselves. Differences of counts, and displacement, are given only where
they are fair.

Sources: the weighted displacement difference of Wheeler & Ratcliffe 2018; the weighted
displacement quotient of Bowers & Johnson 2003; the relative incident rate ratio of Wilson 2022;
the random effects of DerSimonian & Laird 1986.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from geo.errors import InputError
from geo.statistics import normal_two_sided

Counts = tuple[float, float]
"""Incidents before and after."""

Verdict = Literal["clear fall", "clear rise", "no clear effect", "too few incidents"]
CLEAR_FALL: Final = "clear fall"
CLEAR_RISE: Final = "clear rise"
NO_CLEAR_EFFECT: Final = "no clear effect"
TOO_FEW: Final = "too few incidents"

MOST_UNLIKE: Final = 2.0
"""Times more, or fewer, incidents before than the treated places: beyond, a difference of counts
is not fair. A city-wide change would be a difference by itself."""

CORRELATION: Final = 0.2
"""Between the changes of two places. The busiest lie together in a city's centre and change
together: without it five to ten of them "treated" at random in Leicester showed a clear effect in
9 to 15 % of placebos, with it in 5 to 7 %."""

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
class Spread:
    """How much places without treatment change of themselves, beyond chance.

    Attributes
    ----------
    variance
        Of the logarithm of a place's change, beyond that of Poisson counts; 0 where there is none.
    dispersion
        Variance over mean of the changes, 1 or more.
    degrees
        Degrees of freedom of the estimate; infinite where nothing was estimated.
    """

    variance: float = 0.0
    dispersion: float = 1.0
    degrees: float = float("inf")


NO_SPREAD: Final = Spread()


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
    dispersion: float = 1.0,
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
    dispersion
        Variance over mean of the counts.

    Returns
    -------
    The difference and its test; the variance is the sum of the counts, as of Poisson counts, times
    the dispersion.

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
    se = float(np.sqrt(dispersion * sum(before + after for _, (before, after) in pairs)))
    z = wdd / se if se > 0 else float("nan")
    reach = float(scipy.special.ndtri((1 + level) / 2)) * se
    return DisplacementDifference(
        wdd, se, z, float(normal_two_sided(z)), low=wdd - reach, high=wdd + reach, level=level
    )


def spread_of_changes(groups: Iterable[tuple[ArrayLike, ArrayLike]]) -> Spread:
    """Estimate how much places change of themselves.

    Counts of single places vary more than Poisson counts: a shop closes, a series begins. An
    interval that ignores it calls every other change of a busy place clear.

    Parameters
    ----------
    groups
        Incidents before and after of the places of each group, n numbers each. Each group has a
        change of its own, such as the treatment's; only differences inside a group count. A place
        without incidents says nothing.

    Returns
    -------
    The moment estimate over all groups.

    Source: DerSimonian & Laird 1986, with half an incident added to each count (Haldane 1956).
    """
    excess, degrees, scale = 0.0, 0, 0.0
    for before, after in groups:
        first, second = np.asarray(before, float), np.asarray(after, float)
        some = first + second > 0
        if some.sum() < 2:
            continue
        first, second = first[some] + 0.5, second[some] + 0.5
        change, weight = np.log(second / first), 1 / (1 / first + 1 / second)
        mean = (weight * change).sum() / weight.sum()
        excess += float((weight * (change - mean) ** 2).sum())
        degrees += len(first) - 1
        scale += float(weight.sum() - (weight**2).sum() / weight.sum())
    if not degrees:
        return NO_SPREAD
    return Spread(
        variance=max(0.0, (excess - degrees) / scale),
        dispersion=max(1.0, excess / degrees),
        degrees=float(degrees),
    )


def effective_number(counts: ArrayLike, *, correlation: float = CORRELATION) -> float:
    """How many independent places of equal size vary as much together as these.

    Parameters
    ----------
    counts
        Incidents of n places.
    correlation
        Between the changes of two places.

    Returns
    -------
    From 1, also where nothing was counted, up to the inverse of the correlation.

    Source: the inverse of Simpson's index, Hill 1973; the design effect of Kish 1965.
    """
    n = np.asarray(counts, float)
    number = float(n.sum() ** 2 / (n**2).sum()) if n.any() else 1.0
    return number / (1 + (number - 1) * correlation)


def rate_ratio(
    treated: Counts,
    control: Counts,
    *,
    level: float = 0.95,
    spread: Spread = NO_SPREAD,
    places: tuple[float, float] = (1.0, 1.0),
) -> RateRatio:
    """(treated after / before) / (control after / before), which needs no control of similar size.

    Parameters
    ----------
    treated, control
        Incidents before and after, in windows of equal length.
    level
        Of the interval.
    spread
        How much single places change of themselves.
    places
        The effective number of treated places, and of those of the control.

    Returns
    -------
    The ratio and its test. The variance of the logarithm is the sum of the inverse counts, as of
    Poisson counts, and the spread over the number of places; where the spread is an estimate, the
    interval is Student's.

    Source: Wilson 2022; DerSimonian & Laird 1986.
    """
    counts = np.array([treated, control], float)
    if not counts.all():
        unknown = float("nan")
        return RateRatio(unknown, unknown, low=unknown, high=unknown, level=level)
    (t_0, t_1), (c_0, c_1) = counts
    by_places = spread.variance * sum(1 / number for number in places)
    log = float(np.log((t_1 / t_0) / (c_1 / c_0)))
    se = float(np.sqrt((1 / counts).sum() + by_places))
    if np.isfinite(spread.degrees):
        reach = float(scipy.special.stdtrit(spread.degrees, (1 + level) / 2)) * se
        p = float(2 * scipy.special.stdtr(spread.degrees, -abs(log / se)))
    else:
        reach, p = (
            float(scipy.special.ndtri((1 + level) / 2)) * se,
            float(normal_two_sided(log / se)),
        )
    return RateRatio(
        float(np.exp(log)),
        p,
        low=float(np.exp(log - reach)),
        high=float(np.exp(log + reach)),
        level=level,
    )


def verdict_of(ratio: RateRatio, *, expected: float = 1.0) -> Verdict:
    """Whether an effect is clear.

    Parameters
    ----------
    ratio
        With its interval.
    expected
        The ratio to expect without any effect, 1 or less: places that were chosen at their worst
        fall of themselves.

    Returns
    -------
    A fall is clear where the interval lies below what was to be expected, a rise where it lies
    above 1.
    """
    if np.isnan(ratio.ratio):
        return TOO_FEW
    if ratio.high < min(expected, 1.0):
        return CLEAR_FALL
    return CLEAR_RISE if ratio.low > 1 else NO_CLEAR_EFFECT


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


def effects(
    counts: pd.DataFrame,
    *,
    spread: Spread = NO_SPREAD,
    places: tuple[float, float] = (1.0, 1.0),
    expected: float = 1.0,
    where: str = "in the control",
) -> dict[str, float | str]:
    """The measures of an effect, flat and by name, from the counts of `zones.zone_counts`.

    Parameters
    ----------
    counts
        Indexed by zone, with `before` and `after`.
    spread, places
        As for `rate_ratio`.
    expected
        As for `verdict_of`.
    where
        Where the control is, for the sentence: "in the rest of the study area".

    Returns
    -------
    The verdict (`effect`), its sentence (`headline`) and the ratio of rates. Where the control had
    about as many incidents, also the difference and the quotient, else `wdd_reason`. Where the
    effect is a clear fall besides, what happened around the places (`displacement`). The difference
    allows for displacement only where both have a buffer.

    Source: Wilson 2022; Wheeler & Ratcliffe 2018; Bowers & Johnson 2003.
    """
    pairs = {str(zone): (float(row.before), float(row.after)) for zone, row in counts.iterrows()}
    treated, other = pairs["treated"], pairs["control"]
    ratio = rate_ratio(treated, other, spread=spread, places=places)
    effect = verdict_of(ratio, expected=expected)
    measures: dict[str, float | str] = {
        "effect": effect,
        "headline": _headline(effect, ratio, treated, other, expected=expected, where=where),
        "rate_ratio": ratio.ratio,
        "rate_ratio_p": ratio.p,
        "rate_ratio_low": ratio.low,
        "rate_ratio_high": ratio.high,
        # How many more or fewer than if they had changed as the control did.
        "difference": treated[1] - treated[1] / ratio.ratio,
        "difference_low": treated[1] - treated[1] / ratio.low,
        "difference_high": treated[1] - treated[1] / ratio.high,
        "dispersion": spread.dispersion,
    }
    buffer, beyond = pairs.get("buffer"), pairs.get("control_buffer")
    around = (buffer, beyond) if buffer and beyond else ((0.0, 0.0), (0.0, 0.0))
    if reason := _unfair(treated[0], other[0]) or _unfair(
        treated[0] + around[0][0], other[0] + around[1][0]
    ):
        return measures | {"wdd_reason": reason}
    by_chance = sum(1 / max(count, 1.0) for count in (*treated, *other))
    by_places = spread.variance * sum(1 / number for number in places)
    difference = displacement_difference(
        treated,
        other,
        buffer=buffer if beyond else None,
        control_buffer=beyond,
        dispersion=1 + by_places / by_chance,
    )
    measures |= {
        "wdd": difference.wdd,
        "wdd_se": difference.se,
        "wdd_z": difference.z,
        "wdd_p": difference.p,
        "wdd_low": difference.low,
        "wdd_high": difference.high,
    }
    if buffer:
        quotient = displacement_quotient(treated, other, buffer=buffer)
        measures["wdq"], measures["wdq_denominator"] = quotient.quotient, quotient.denominator
        if effect == CLEAR_FALL:
            beside = rate_ratio(buffer, beyond or other, spread=spread, places=places)
            measures["displacement"] = _displacement(beside, quotient)
    return measures


def _unfair(treated: float, control: float) -> str:
    """Why a difference of counts would not be fair; '' where it is."""
    times = control / max(treated, 1.0)
    if 1 / MOST_UNLIKE <= times <= MOST_UNLIKE:
        return ""
    return (
        f"the control had {times:,.2g} times as many incidents before as the treated places; a "
        "difference in the number of incidents, and displacement, are only worked out where it had "
        "between half and twice as many"
    )


def _headline(
    effect: Verdict,
    ratio: RateRatio,
    treated: Counts,
    control: Counts,
    *,
    expected: float,
    where: str,
) -> str:
    """The verdict as sentences: it comes first, whichever it is."""
    if effect == TOO_FEW:
        return (
            "Too few incidents to say: there were none before or after at the treated places, or "
            f"{where}."
        )
    interval = f"{ratio.level:.0%} confidence interval {ratio.low:.2f} to {ratio.high:.2f}"
    said = (
        f"{effect[:1].upper()}{effect[1:]}. Incidents at the treated places {_moved(treated)}; "
        f"{where} they {_moved(control)}. The ratio of the two is {ratio.ratio:.2f} "
        f"({interval.replace('%', ' %', 1)}), where 1 means no effect."
    )
    if effect == NO_CLEAR_EFFECT and ratio.high < 1:
        said += (
            f" Places chosen at their worst would be expected to fall to about {expected:.2f} "
            "without any treatment, and the interval does not lie below that."
        )
    return said


def _moved(pair: Counts) -> str:
    before, after = pair
    share = f"{abs(after / before - 1):.0%}".replace("%", " %")
    counts = f"from {before:,.0f} to {after:,.0f}"
    if before == after:
        return f"did not change ({before:,.0f})"
    return f"{'rose' if after > before else 'fell'} by {share}, {counts}"


def _displacement(beside: RateRatio, quotient: DisplacementQuotient) -> str:
    """What happened around the places: the quotient's reading only where the change is clear."""
    if np.isnan(beside.ratio):
        return "too few incidents around the treated places to say whether any moved there"
    if beside.low <= 1 <= beside.high:
        return (
            "no clear change around the treated places: neither displacement nor a benefit that "
            f"spread is shown (ratio {beside.ratio:.2f}, {beside.low:.2f} to {beside.high:.2f})"
        )
    return quotient.reading
