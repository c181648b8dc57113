"""Change between two periods, and what a month would be expected to hold, beyond chance.

Counts of incidents vary by chance: of a hundred areas in which nothing changed, several will
have risen by half. So "no clear change" is a possible answer, and the usual one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.hotspots.verdict import LEVEL, Earlier, Verdicts, judge
from geo.statistics import benjamini_yekutieli

Floats = NDArray[np.float64]

BANDS: Final = ("above the band", "within the band", "below the band", "no band")
"""Verdicts on a month's count against its expected band."""

FEWEST_YEARS: Final = 3
MOST_YEARS: Final = 5
"""Earlier years say little about today."""


class Changes(NamedTuple):
    """How areas or hotspots differ from a compared period.

    Attributes
    ----------
    areas
        A row for each, in the order given; see `changes`.
    verdicts
        What each was compared with, and the dispersion by which it was judged.
    """

    areas: pd.DataFrame
    verdicts: Verdicts


def changes(
    n: ArrayLike,
    n_compared: ArrayLike,
    *,
    days: tuple[float, float],
    earlier: Earlier | None = None,
    total: tuple[float, float] | None = None,
) -> Changes:
    """How each area or hotspot differs from a compared period, and whether beyond chance.

    Parameters
    ----------
    n, n_compared
        Incidents of each area in the period and in the compared period; NaN where unknown. Give
        all areas of the study area, as the correction for multiple tests is over all of them.
    days
        Published days of the period and of the compared period.
    earlier
        Earlier counts of the same areas, which show how much they vary anyway.
    total
        Incidents of the whole study area in both periods, where the areas are only part of it.

    Returns
    -------
    The verdicts, and a row for each area, in the order given: `n`, `n_compared`, `change`
    (`n − n_compared`), `change_share` (as a share of `n_compared`; NaN where that is 0), `p`, `q`
    and `certainty`; see `geo.hotspots.verdict.judge`. Where the periods differ in published days
    also `n_per_day`, `n_compared_per_day` and `change_per_day`, and `change_share` is of these.

    Raises
    ------
    InputError
        If a period has no published day.
    """
    if not min(days) > 0:
        raise InputError("a period has no day with data; choose months with data to compare")
    now, before = np.asarray(n), np.asarray(n_compared)
    verdicts = judge(now, before, days=days, earlier=earlier, total=total)
    frame = pd.DataFrame({"n": now, "n_compared": before, "change": now - before})
    at_compared_rate = before * (days[0] / days[1])
    frame["change_share"] = np.divide(
        now - at_compared_rate, at_compared_rate, out=np.full(len(now), np.nan), where=before > 0
    )
    if days[0] != days[1]:
        # A reader can check the change of counts; only that of rates is fair to both periods.
        frame["n_per_day"], frame["n_compared_per_day"] = now / days[0], before / days[1]
        frame["change_per_day"] = frame["n_per_day"] - frame["n_compared_per_day"]
    return Changes(frame.assign(p=verdicts.p, q=verdicts.q, certainty=verdicts.certainty), verdicts)


class Similarity(NamedTuple):
    """How similar two spatial patterns are.

    Attributes
    ----------
    areas
        A row for each area: `n`, `n_compared`, `share`, `share_compared`, `p`, `q` (NaN where the
        area is empty in both patterns) and `differs`, by q.
    s, s_corrected
        Andresen's S: the share of areas whose shares do not differ, by p and by q.
    robust_s, robust_s_corrected
        The same without the areas that are empty in both patterns.
    """

    areas: pd.DataFrame
    s: float
    robust_s: float
    s_corrected: float
    robust_s_corrected: float


def similarity(n: ArrayLike, n_compared: ArrayLike) -> Similarity:
    """Andresen's spatial point pattern test, with a χ² test of each area's share.

    It compares shares, not counts: a city whose incidents all doubled is similar everywhere.

    Parameters
    ----------
    n, n_compared
        Incidents of each area: of two periods, two categories or two sources.

    Returns
    -------
    The areas with their tests, and the four indices of similarity.

    Raises
    ------
    InputError
        If one of the patterns has no incident.

    Source: Andresen 2009 (S); Wheeler, Steenbeek & Andresen 2018 (tests of proportions with
    Benjamini & Yekutieli's correction, robust S); Campbell 2007 (the N − 1 χ²).
    """
    one, other = np.asarray(n, float), np.asarray(n_compared, float)
    total, total_other = one.sum(), other.sum()
    if not (total and total_other):
        raise InputError("one of the two patterns has no incidents; choose a period that has some")
    both, everything = one + other, total + total_other
    crossed = one * (total_other - other) - other * (total - one)
    with np.errstate(invalid="ignore", divide="ignore"):
        chi_squared = (everything - 1) * crossed**2 / both
        chi_squared /= (everything - both) * total * total_other
    p = np.where(both > 0, scipy.special.chdtrc(1, np.nan_to_num(chi_squared)), np.nan)
    q = benjamini_yekutieli(p)
    areas = pd.DataFrame(
        {
            "n": np.asarray(n),
            "n_compared": np.asarray(n_compared),
            "share": one / total,
            "share_compared": other / total_other,
            "p": p,
            "q": q,
            "differs": q < LEVEL,
        }
    )
    occupied = both > 0
    # An area that is empty in both has no p: by S it is similar, by robust S it does not count.
    similar, similar_corrected = ~(p < LEVEL), ~(q < LEVEL)
    means = (
        areas_considered.mean()
        for verdicts in (similar, similar_corrected)
        for areas_considered in (verdicts, verdicts[occupied])
    )
    return Similarity(areas, *(float(mean) for mean in means))


def expected_band(monthly: pd.DataFrame, month: str, *, level: float = 0.95) -> pd.DataFrame:
    """The counts to expect in a month, from the same month of earlier years.

    The band is that of a predictive distribution: a Poisson count whose mean is known only from
    those months, which is a negative binomial count. Real counts vary more from year to year than
    Poisson counts do, so the band is widened by their dispersion. A few years say little about the
    dispersion of one area, so it is pooled over all areas, and widened again because even together
    they estimate it from few years.

    Parameters
    ----------
    monthly
        Counts: a row for each area, and a column `YYYY-MM` for each month that was published
        whole. The month itself may be missing.
    month
        `YYYY-MM`.
    level
        The share of months that the band should contain.

    Returns
    -------
    On the index given: `n` (NaN where the month was not published), `years` (the number of earlier
    years used, the latest `MOST_YEARS`), `expected` (their mean), `low` and `high` (whole numbers,
    inside the band) and `band`, one of `BANDS`. With fewer than `FEWEST_YEARS` there is no band.

    Source: Gelman et al. 2013, section 2.6 (the predictive distribution, with Jeffreys's prior);
    Farrington, Andrews, Beale & Catchpole 1996 (same weeks of five years, dispersion from 1 up).
    """
    earlier = sorted(
        name for name in monthly.columns if str(name) < month and str(name)[5:] == month[5:]
    )
    # Only the same month of the year: seasons would make other months a poor comparison.
    counts = monthly[earlier[-MOST_YEARS:]].to_numpy(float)
    n = monthly[month].to_numpy(float) if month in monthly else np.full(len(monthly), np.nan)
    years = counts.shape[1]
    known = {"n": n, "years": years}
    if years < FEWEST_YEARS:
        nothing = {"expected": np.nan, "low": np.nan, "high": np.nan, "band": BANDS[3]}
        return pd.DataFrame(known | nothing, index=monthly.index)
    spread = _dispersion(counts, level)
    shape = counts.sum(axis=1) / spread + 0.5
    low, high = (
        np.maximum(np.ceil(scipy.special.nbdtrik(share, shape, years / (years + 1))), 0)
        for share in ((1 - level) / 2, (1 + level) / 2)
    )
    low, high = np.floor(spread * low), np.ceil(spread * high)
    position = np.select([np.isnan(n), n > high, n < low], [3, 0, 2], 1)
    band = np.array(BANDS, dtype=object)[position]
    judged = {"expected": counts.mean(axis=1), "low": low, "high": high, "band": band}
    return pd.DataFrame(known | judged, index=monthly.index)


def _dispersion(counts: Floats, level: float) -> float:
    """Variance over mean, pooled over areas: at least 1, and larger where few years estimate it."""
    years = counts.shape[1]
    some = counts[counts.sum(axis=1) > 0]
    degrees = len(some) * (years - 1)
    if not degrees:
        return 1.0
    dispersion = float(
        (((some - some.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) / some.mean(axis=1)).sum()
        / degrees
    )
    if dispersion <= 1:
        return 1.0
    # Widened as Student's t interval is wider than the normal one: the variance is an estimate.
    return (
        dispersion
        * float(
            scipy.special.stdtrit(degrees, (1 + level) / 2) / scipy.special.ndtri((1 + level) / 2)
        )
        ** 2
    )
