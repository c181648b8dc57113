"""The earlier periods by whose counts a change is judged."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

import numpy as np

from geo.period import Period

MOST_EARLIER: Final = 12
"""How many periods before the Question's are looked at: for months, all seasons of a year."""

FEWEST_EARLIER: Final = 3
FEWEST_DAYS: Final = 181
"""Fewer periods, or a shorter time, say too little about how much counts vary: half a year."""

MOST_YEARS: Final = 6
"""Earlier years say little about today."""


def earlier_span(period: Period, compared: Period) -> Period:
    """The days that the earlier periods can lie in, whether published or not.

    Parameters
    ----------
    period, compared
        The Question's period and the compared one.

    Returns
    -------
    The period that holds all of them.
    """
    candidates = _candidates(period, compared)
    first = min((one.first for one in candidates), default=compared.first)
    return Period(first, period.first - timedelta(days=1))


def earlier_periods(
    period: Period, compared: Period, published: Collection[str]
) -> tuple[Period, ...]:
    """The earlier periods that are published in full: as long as the Question's, else months.

    Parameters
    ----------
    period, compared
        The Question's period and the compared one, neither of which is among them: what changed
        between these two must not count as ordinary variation.
    published
        Months, `YYYY-MM`, that are published in full.

    Returns
    -------
    The latest first. Periods as long as the Question's show how much such counts vary, also where
    months of the same area are alike. Where there are too few, months; where these are too few as
    well, none.
    """
    complete = set(published)
    for candidates in (_candidates(period, compared), _months(period, compared)):
        usable = [one for one in candidates if complete.issuperset(one.months)]
        if len(usable) >= FEWEST_EARLIER and sum(one.days for one in usable) >= FEWEST_DAYS:
            return tuple(usable)
    return ()


def _candidates(period: Period, compared: Period) -> list[Period]:
    """Periods of the same length, one before the other, without those that touch the compared."""
    periods: list[Period] = []
    earliest, one = _earliest(period), period.before
    while len(periods) < MOST_EARLIER and one.first >= earliest:
        if one.last < compared.first or one.first > compared.last:
            periods.append(one)
        one = one.before
    return periods


def _months(period: Period, compared: Period) -> list[Period]:
    """Single months in the same span, where the Question is of whole months."""
    if not period.is_whole_months:
        return []
    span, between = earlier_span(period, compared), set(compared.months)
    return [Period.of_months(month, month) for month in span.months[::-1] if month not in between]


def _earliest(period: Period) -> date:
    months = np.datetime64(period.first, "M") - 12 * MOST_YEARS
    return Period.of_months(str(months), str(months)).first
