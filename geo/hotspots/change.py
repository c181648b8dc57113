"""Change: what two periods differ by beyond chance, and what a month was to be expected to hold.

Counts of incidents are noisy: of a hundred areas in which nothing happened, several have risen by
half. So "no clear change" is an answer, and the usual one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, nbdtrik, ndtri, stdtrit

from geo.errors import InputError
from geo.statistics import benjamini_hochberg, benjamini_yekutieli, poisson_e_test

Floats = NDArray[np.float64]

CERTAINTY: Final = ("more than chance", "less than chance", "no clear change")
"""What can be said of a change, at a false discovery rate of 5 % over all areas."""

BANDS: Final = ("above the band", "within the band", "below the band", "no band")
"""Where a month's count lies."""

FEWEST_YEARS: Final = 3
MOST_YEARS: Final = 5
"""Years further back tell of another time."""

_LEVEL = 0.05


def changes(n: ArrayLike, n_compared: ArrayLike, *, days: tuple[float, float]) -> pd.DataFrame:
    """How each area or hotspot differs from a compared period, and whether beyond chance.

    The test takes incidents to be independent of one another. Where they come in series, as from
    one household, it finds clear changes somewhat too often.

    Parameters
    ----------
    n, n_compared
        Incidents of each area in the period and in the compared one; all areas of the study
        area, as the correction is over all of them.
    days
        Published days of the period and of the compared one: a month that was not published is
        no fall.

    Returns
    -------
    A row for each area in the order given: `n`, `n_compared`, `change` (incidents more than at
    the compared period's rate), `change_share` (of that rate; NaN where it is 0), `p` (E-test),
    `q` (Benjamini–Hochberg) and `certainty`, one of `CERTAINTY`.

    Raises
    ------
    InputError
        If a period has no published day.

    Source: Krishnamoorthy & Thomson 2004.
    """
    if not min(days) > 0:
        raise InputError("a period without a published day cannot be compared")
    now, before = np.asarray(n), np.asarray(n_compared)
    at_old_rate = before * (days[0] / days[1])
    p = poisson_e_test(now, before, exposure=days)
    q = benjamini_hochberg(p)
    more = now - at_old_rate
    share = np.divide(more, at_old_rate, out=np.full(len(now), np.nan), where=before > 0)
    said = np.select([(q <= _LEVEL) & (more > 0), (q <= _LEVEL) & (more < 0)], [0, 1], 2)
    return pd.DataFrame(
        {
            "n": now,
            "n_compared": before,
            "change": more,
            "change_share": share,
            "p": p,
            "q": q,
            "certainty": np.array(CERTAINTY, dtype=object)[said],
        }
    )


class Similarity(NamedTuple):
    """How alike two spatial patterns are.

    `areas` has a row for each area: `n`, `n_compared`, `share`, `share_compared`, `p`, `q`
    (NaN where the area is empty in both), and `differs`, by q. `s` is the share of areas whose
    shares do not differ by p; `robust_s` leaves out areas that are empty in both; `s_corrected`
    and `robust_s_corrected` are the same by q.
    """

    areas: pd.DataFrame
    s: float
    robust_s: float
    s_corrected: float
    robust_s_corrected: float


def similarity(n: ArrayLike, n_compared: ArrayLike) -> Similarity:
    """Andresen's spatial point pattern test, with a χ² test of each area's share.

    A city whose incidents all doubled is alike at every place: shares are compared, not counts.

    Parameters
    ----------
    n, n_compared
        Incidents of each area: of two periods, two categories or two sources.

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
        raise InputError("a pattern without incidents is like no other")
    both, everything = one + other, total + total_other
    crossed = one * (total_other - other) - other * (total - one)
    with np.errstate(invalid="ignore", divide="ignore"):
        chi_squared = (everything - 1) * crossed**2 / both
        chi_squared /= (everything - both) * total * total_other
    p = np.where(both > 0, chdtrc(1, np.nan_to_num(chi_squared)), np.nan)
    q = benjamini_yekutieli(p)
    areas = pd.DataFrame(
        {
            "n": np.asarray(n),
            "n_compared": np.asarray(n_compared),
            "share": one / total,
            "share_compared": other / total_other,
            "p": p,
            "q": q,
            "differs": q < _LEVEL,
        }
    )
    occupied = both > 0
    alike, alike_corrected = ~(p < _LEVEL), ~(q < _LEVEL)
    means = (which.mean() for same in (alike, alike_corrected) for which in (same, same[occupied]))
    return Similarity(areas, *(float(mean) for mean in means))


def expected_band(monthly: pd.DataFrame, month: str, *, level: float = 0.95) -> pd.DataFrame:
    """What a month was to be expected to hold, by the same months of earlier years.

    The band is that of a predictive distribution: a Poisson count whose mean is known only from
    those months, so a negative binomial one. Counts of real places vary more than Poisson's from
    year to year, so the band is widened by their dispersion, pooled over all areas because few
    years tell little of one area, and by how little those years tell even together.

    Parameters
    ----------
    monthly
        Counts, a row for each area and a column `YYYY-MM` for each month that was published
        whole; the month itself may be missing.
    month
        `YYYY-MM`.
    level
        The share of months that the band is to hold.

    Returns
    -------
    On the index given: `n` (NaN where the month was not published), `years` (how many earlier
    ones, the latest `MOST_YEARS`), `expected` (their mean), `low` and `high` (whole numbers,
    inside the band), `band`, one of `BANDS`. With fewer than `FEWEST_YEARS` there is no band.

    Source: Gelman et al. 2013, section 2.6 (the predictive distribution, with Jeffreys's prior);
    Farrington, Andrews, Beale & Catchpole 1996 (same weeks of five years, dispersion from 1 up).
    """
    earlier = sorted(
        name for name in monthly.columns if str(name) < month and str(name)[5:] == month[5:]
    )
    counts = monthly[earlier[-MOST_YEARS:]].to_numpy(float)
    n = monthly[month].to_numpy(float) if month in monthly else np.full(len(monthly), np.nan)
    years = counts.shape[1]
    frame = pd.DataFrame({"n": n, "years": years}, index=monthly.index)
    if years < FEWEST_YEARS:
        return frame.assign(expected=np.nan, low=np.nan, high=np.nan, band=BANDS[3])
    spread = _dispersion(counts, level)
    shape = counts.sum(axis=1) / spread + 0.5
    low, high = (
        np.maximum(np.ceil(nbdtrik(share, shape, years / (years + 1))), 0)
        for share in ((1 - level) / 2, (1 + level) / 2)
    )
    low, high = np.floor(spread * low), np.ceil(spread * high)
    where = np.select([np.isnan(n), n > high, n < low], [3, 0, 2], 1)
    return frame.assign(
        expected=counts.mean(axis=1),
        low=low,
        high=high,
        band=np.array(BANDS, dtype=object)[where],
    )


def _dispersion(counts: Floats, level: float) -> float:
    """Variance over mean, pooled over areas, at least 1; larger where few years tell it."""
    years = counts.shape[1]
    some = counts[counts.sum(axis=1) > 0]
    known = len(some) * (years - 1)
    if not known:
        return 1.0
    dispersion = float(
        (((some - some.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) / some.mean(axis=1)).sum()
        / known
    )
    if dispersion <= 1:
        return 1.0
    # As Student's interval is wider than the normal one where its variance is estimated.
    return dispersion * float(stdtrit(known, (1 + level) / 2) / ndtri((1 + level) / 2)) ** 2
