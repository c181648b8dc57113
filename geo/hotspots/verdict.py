"""Whether a count changed by more than chance: the one rule of every table, page, map and file.

Counts of real areas vary more than Poisson counts do: incidents come in series, and seasons and
campaigns come and go. So a change is judged by the ordinary variation of the same areas in earlier
periods, and against how the rest of the study area changed, which takes out the season and unequal
lengths of the periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.statistics import benjamini_hochberg, conditional_two_sided

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Against = Literal["rest", "own rate"]

CERTAINTY: Final = ("more than chance", "less than chance", "no clear change")
"""Verdicts on a change, at a false discovery rate of 5 % over all areas."""

UNJUDGED: Final = "cannot be judged"
"""The verdict where a count, or its ordinary variation, is unknown."""

LEVEL: Final = 0.05
"""The false discovery rate at which a change is called more, or less, than chance."""

FEWEST_AREAS: Final = 5
"""Fewer areas with incidents have no rest to be compared with: each is judged by its own rate."""

FEWEST_DEGREES: Final = 3
"""With fewer degrees of freedom the ordinary variation of counts is not known."""

_HUBER = 1.345  # standard deviations from which on an area counts less: 95 % efficient (Huber 1981)
_FAR = 3.0  # standard deviations beyond which it does not count: 1 area in 370 by chance
_ROUNDS = 30  # of reweighting; it settles in fewer


@dataclass(frozen=True)
class Earlier:
    """Counts of earlier periods, which show how much counts vary anyway.

    Attributes
    ----------
    counts
        n × m: a row for each area, a column for each earlier period; rows with a NaN do not count.
    days
        The m lengths of these periods, in days.
    total
        The m counts of the whole study area; the sums of the columns where not given.
    """

    counts: Floats
    days: Floats
    total: Floats | None = None

    @property
    def degrees(self) -> float:
        """Degrees of freedom that they leave for a dispersion around the mean of each area."""
        return float((self.counts.sum(axis=1) > 0).sum() * max(self.counts.shape[1] - 1, 0))


@dataclass(frozen=True)
class Verdicts:
    """How sure it is that each of n counts changed.

    Attributes
    ----------
    p
        How often chance alone would give a difference at least as large; NaN if not judged.
    q
        The same, corrected for the number of areas (Benjamini & Hochberg 1995).
    certainty
        One of `CERTAINTY` or `UNJUDGED`.
    against
        What each count was compared with: the `rest` of the study area, or its `own rate` before.
    dispersion
        Variance over mean of the counts, at least 1; NaN if not known. The median of the areas'
        where each has its own.
    degrees
        Degrees of freedom of the dispersion.
    periods
        Earlier periods that it was estimated from; 0: from the two periods themselves.
    """

    p: Floats
    q: Floats
    certainty: NDArray[np.object_]
    against: Against
    dispersion: float
    degrees: float
    periods: int


def judge(
    n: ArrayLike,
    n_compared: ArrayLike,
    *,
    days: tuple[float, float],
    earlier: Earlier | None = None,
    total: tuple[float, float] | None = None,
) -> Verdicts:
    """Judge which counts changed by more than chance.

    With `FEWEST_AREAS` areas or more, the null hypothesis is that an area changed as the rest of
    the study area did. With fewer, it is that an area keeps its rate, so that a season counts as
    ordinary variation.

    Parameters
    ----------
    n, n_compared
        Counts of each area in the period and in the compared one: all areas of the study area, as
        the correction for multiple tests is over all of them. NaN where unknown.
    days
        Published days of the period and of the compared one.
    earlier
        Earlier counts of the same areas. Without, the dispersion is estimated from the other areas'
        changes, which real changes of several areas inflate; fewer than `FEWEST_AREAS` areas
        cannot be judged then.
    total
        Counts of the whole study area in both periods, where the areas are only part of it, such
        as places; the sums where not given.

    Returns
    -------
    A verdict for each area.

    Source: the exact conditional test of two counts (Przyborowski & Wilenski 1940) on counts
    divided by the dispersion, its tail by Student's t as the dispersion is an estimate (quasi-
    likelihood: Wedderburn 1974; McCullagh & Nelder 1989, chapter 4; Tjur 1998).
    """
    now, before = np.asarray(n, float), np.asarray(n_compared, float)
    known = ~(np.isnan(now) | np.isnan(before))
    own, own_before = now[known], before[known]
    counted = None
    if earlier is not None:
        whole_rows = ~np.isnan(earlier.counts).any(axis=1)
        of_all = earlier.total if total is not None else None
        counted = Earlier(earlier.counts[whole_rows], earlier.days, of_all)
        counted = counted if counted.degrees >= FEWEST_DEGREES else None
    if ((own + own_before) > 0).sum() >= FEWEST_AREAS or total is not None:
        against: Against = "rest"
        whole = total or (own.sum(), own_before.sum())
        part = _against_rest(own, own_before, whole=whole, earlier=counted)
    else:
        against = "own rate"
        part = _against_own_rate(own, own_before, days=days, earlier=counted)
    p, dispersion, degrees, above = part
    everywhere = np.full(len(now), np.nan)
    everywhere[known] = p
    q = benjamini_hochberg(everywhere)
    rise = np.zeros(len(now), dtype=bool)
    rise[known] = above
    index = np.select([np.isnan(q), (q <= LEVEL) & rise, q <= LEVEL], [3, 0, 1], 2)
    return Verdicts(
        p=everywhere,
        q=q,
        certainty=np.array([*CERTAINTY, UNJUDGED], dtype=object)[index],
        against=against,
        dispersion=float(np.median(dispersion)) if len(dispersion) else float("nan"),
        degrees=degrees,
        periods=0 if counted is None else counted.counts.shape[1],
    )


_Part = tuple[Floats, Floats, float, Bools]
"""p, dispersions, degrees of freedom, and whether above what was to be expected."""


def _against_rest(
    now: Floats, before: Floats, *, whole: tuple[float, float], earlier: Earlier | None
) -> _Part:
    """Test each area against all that lies outside it, clear changes counting little."""
    both = now + before
    dispersion, degrees = _common_dispersion(now, before, whole=whole, earlier=earlier)
    weight = _weights(now, both, whole=whole, dispersion=dispersion)
    outside, outside_before = whole[0] - now.sum(), whole[1] - before.sum()
    rest = outside + (weight * now).sum() - weight * now
    rest_both = outside + outside_before + (weight * both).sum() - weight * both
    # Half an incident on either side: a rest that is empty in one period is no certainty.
    share = (rest + 0.5) / (rest_both + 1.0)
    widened = dispersion * (1 + both / np.maximum(rest_both, 0.5))
    p = _two_sided(now / widened, before / widened, share, degrees)
    return p, dispersion, degrees, now > both * share


def _weights(
    now: Floats, both: Floats, *, whole: tuple[float, float], dispersion: Floats
) -> Floats:
    """How much each area counts in the rest of the others: less, the more it changed itself.

    Where one large area doubles, its neighbours did not fall. Huber's weights find the change that
    most areas share; areas beyond `_FAR` standard deviations of it are then left out.
    """
    outside = whole[0] - now.sum(), sum(whole) - both.sum()
    weight = np.ones(len(now))
    distance = np.zeros(len(now))
    for _ in range(_ROUNDS):
        share = (outside[0] + (weight * now).sum() + 0.5) / (
            outside[1] + (weight * both).sum() + 1.0
        )
        spread = np.sqrt(np.maximum(dispersion * both * share * (1 - share), 1e-12))
        distance = np.abs(now - both * share) / spread
        weight = _HUBER / np.maximum(distance, _HUBER)
    return np.where(distance > _FAR, 0.0, weight)


def _against_own_rate(
    now: Floats, before: Floats, *, days: tuple[float, float], earlier: Earlier | None
) -> _Part:
    """Test each area against its own rate before: unknown without earlier periods."""
    share = days[0] / (days[0] + days[1])
    above = now > (now + before) * share
    if earlier is None:
        unknown = np.full(len(now), np.nan)
        return unknown, unknown, 0.0, above
    expected = earlier.counts.sum(axis=1, keepdims=True) * (earlier.days / earlier.days.sum())
    dispersion, degrees = _pooled(earlier, expected, variance=expected)
    p = _two_sided(now / dispersion, before / dispersion, np.full(len(now), share), degrees)
    return p, np.full(len(now), dispersion), degrees, above


def _common_dispersion(
    now: Floats, before: Floats, *, whole: tuple[float, float], earlier: Earlier | None
) -> tuple[Floats, float]:
    """Variance over mean around the change of the rest: from earlier periods, else from these."""
    if earlier is None:
        return _paired_dispersion(now, before, whole=whole)
    counts = earlier.counts
    total = counts.sum(axis=0) if earlier.total is None else earlier.total
    of_all = counts.sum(axis=1, keepdims=True) / max(float(total.sum()), 1.0)
    # The total is given, so an area's count varies as a binomial one.
    expected = of_all * total
    dispersion, degrees = _pooled(earlier, expected, variance=expected * (1 - of_all))
    # Where the areas are all there is, their counts add up to the total: one area less is free.
    free = 1.0 if earlier.total is not None else 1 - 1 / max(len(counts), 1)
    return np.full(len(now), dispersion), max(degrees * free, 1.0)


def _pooled(earlier: Earlier, expected: Floats, *, variance: Floats) -> tuple[float, float]:
    """Squared residuals over variances, at least 1, and the degrees of freedom that it has.

    Sums are divided, rather than quotients averaged: busy areas, whose changes are noticed, decide
    and not the many quiet ones, whose counts seldom vary by more than Poisson counts do.
    """
    each = variance.sum(axis=1)
    dispersion = ((earlier.counts - expected) ** 2).sum() / max(float(each.sum()), 1e-12)
    periods = earlier.counts.shape[1]
    # The mean of each area is estimated from the same periods.
    dispersion *= periods / (periods - 1)
    alike = each.sum() ** 2 / max(float((each**2).sum()), 1e-12)
    return max(float(dispersion), 1.0), float(alike) * (periods - 1)


def _paired_dispersion(
    now: Floats, before: Floats, *, whole: tuple[float, float]
) -> tuple[Floats, float]:
    """For each area the dispersion of the others' changes: its own must not hide itself."""
    both = now + before
    rest, rest_before = whole[0] - now, whole[1] - before
    share = (rest + 0.5) / (rest + rest_before + 1.0)
    spread = both * share * (1 - share) * (1 + both / np.maximum(rest + rest_before, 0.5))
    some = both > 0
    squared = np.where(some, (now - both * share) ** 2 / np.maximum(spread, 1e-12), 0.0)
    others = some.sum() - some
    dispersion = (squared.sum() - squared) / np.maximum(others, 1)
    return np.maximum(dispersion, 1.0), float(max(some.sum() - 2, 1))


def _two_sided(now: Floats, before: Floats, share: Floats, degrees: float) -> Floats:
    """Two-sided p of counts, whole or not, that lie in the first period with probability `share`.

    The exact tail is doubled, and put into Student's t where the normal distribution would hold
    only for a dispersion that is known.
    """
    p = conditional_two_sided(now, before, share)
    z = scipy.special.ndtri(np.clip(p / 2, 1e-300, 0.5))
    return np.where(now + before > 0, 2 * scipy.special.stdtr(degrees, z), 1.0)
