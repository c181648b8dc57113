"""Before and after a month, against a control: each period with the same one of earlier years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.judging import FEWEST, TOO_FEW
from geo.measures.comparison import AMOUNTS
from geo.measures.ratios import ratios_of_ratios
from geo.period import Period

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NO_PAIRS: Final = "no part of time is known both before and after"
NO_COUNTS: Final = "published without counts, so before and after cannot be compared"
IN_CONTROL: Final = "is part of the control"

COLUMNS: Final = ("before", "after", "control_before", "control_after")
"""Columns of the counts before and after, of an area and of its control."""


@dataclass(frozen=True)
class CountsOverTime:
    """Counts of n areas in m periods, with what they are counts of.

    Attributes
    ----------
    periods
        The m periods, such as months.
    counts, exposures
        n × m numerators and denominators; NaN where unknown. Of denominators that are the same
        throughout, the days of the periods will do.
    """

    periods: tuple[Period, ...]
    counts: Floats
    exposures: Floats


def before_and_after(
    over_time: CountsOverTime,
    since: date,
    *,
    control: Bools | None = None,
    dispersion: float = 1.0,
    freedom: float = np.inf,
) -> pd.DataFrame:
    """How each area changed since a day, as a multiple of how a control did.

    Each period since then is compared with the same period as many years earlier as it takes to lie
    before, so that seasons cancel; a pair counts where both are known.

    Parameters
    ----------
    over_time
        Counts of n areas.
    since
        The first day after.
    control
        Which of the n areas are the control; None for all others.
    dispersion
        Variance over mean of the counts, at least 1; it widens the interval.
    freedom
        Degrees of freedom of an estimated dispersion; few widen the interval too.

    Returns
    -------
    n rows: `COLUMNS` (sums over the pairs), `ratio`, `lower`, `upper`, `p`, and `why` where these
    are empty.
    """
    pairs = _pairs(over_time.periods, since)
    n = len(over_time.counts)
    if not pairs:
        nothing = pd.DataFrame(np.nan, index=range(n), columns=[*COLUMNS, *_RATIOS])
        return nothing.assign(why=NO_PAIRS)
    then, now = (np.array(side) for side in zip(*pairs, strict=True))
    counts = over_time.counts[:, then], over_time.counts[:, now]
    sizes = over_time.exposures[:, then], over_time.exposures[:, now]
    known = ~np.isnan(counts[0] + counts[1]) & (sizes[0] > 0) & (sizes[1] > 0)
    own = [np.where(known, part, 0.0) for part in (*counts, *sizes)]
    of_control = np.ones(n, dtype=bool) if control is None else control
    sums = [part.sum(axis=1) for part in own]
    others = []
    for part in own:
        whole = part[of_control].sum(axis=0)
        # Of the pairs alone that are known of the area too; without the area where it is in it.
        without = whole - np.where(of_control[:, None], part, 0.0)
        others.append((np.where(known, without, 0.0)).sum(axis=1))
    ratios = ratios_of_ratios(
        (sums[0], sums[1]),
        (others[0], others[1]),
        exposures=(sums[2], sums[3], others[2], others[3]),
        dispersion=dispersion,
        freedom=freedom,
    )
    fewest = np.min([sums[0], sums[1], others[0], others[1]], axis=0)
    in_control = of_control & (control is not None)
    why = np.select(
        [in_control, ~known.any(axis=1), fewest < FEWEST], [IN_CONTROL, NO_PAIRS, TOO_FEW], ""
    )
    said = why == ""
    return pd.DataFrame(
        {
            **dict(zip(COLUMNS, (sums[0], sums[1], others[0], others[1]), strict=True)),
            **{name: np.where(said, getattr(ratios, name), np.nan) for name in _RATIOS},
            "why": why.astype(object),
        }
    )


_RATIOS = ("ratio", "lower", "upper", "p")
CANNOT: Final = (AMOUNTS, NO_COUNTS)
"""Why some measures have no before and after."""


def _pairs(periods: tuple[Period, ...], since: date) -> list[tuple[int, int]]:
    """Positions of each period since a day, with that of the same one before."""
    at = {period: position for position, period in enumerate(periods)}
    after = [period for period in periods if period.first >= since]
    if not after:
        return []
    years = 1
    while _earlier(after[-1], years).last >= since:
        years += 1
    return [
        (at[_earlier(period, years)], at[period])
        for period in after
        if _earlier(period, years) in at
    ]


def _earlier(period: Period, years: int) -> Period:
    """The same days of the calendar, some years earlier; the end of a month stays one."""
    shift = pd.DateOffset(years=years)
    first = (pd.Timestamp(period.first) - shift).date()
    following = pd.Timestamp(period.last) + pd.Timedelta(days=1) - shift
    return Period(first, (following - pd.Timedelta(days=1)).date())
