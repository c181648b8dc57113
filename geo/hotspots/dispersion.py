"""How much counts vary beyond chance: series of incidents, and months that differ."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

SERIES_HOURS: Final = 12
"""Hours from its first incident within which a series at one place and of one category lasts."""

FEWEST_MONTHS: Final = 3
"""Fewer months do not tell how much they differ."""

MOST_MONTHS: Final = 12
"""So many months tell it: a year, with its seasons."""

TIMED: Final = ("instant", "interval")
"""Precisions of incidents whose time of day is known."""

Bools = NDArray[np.bool_]


def begins_series(incidents: pd.DataFrame, *, hours: float = SERIES_HOURS) -> Bools:
    """Which incidents begin a series: evidence that others of the same series only repeat.

    An evening of disorder that is reported three times makes a surface without any hotspot look
    as if it had one, because tests take incidents to be independent.

    Parameters
    ----------
    incidents
        An incident frame with n rows.
    hours
        How long a series lasts after its first incident.

    Returns
    -------
    n flags. Incidents of one source and category at the same place, to the metre, are one series
    within so many hours of its first; those without a time of day each stand for themselves.
    """
    begins = np.ones(len(incidents), dtype=bool)
    timed = np.flatnonzero(incidents["precision"].isin(TIMED).to_numpy())
    if not len(timed):
        return begins
    rows = incidents.iloc[timed]
    place = pd.DataFrame({axis: np.rint(rows[axis].to_numpy(float)) for axis in ("x", "y")})
    place["source"], place["category"] = rows["source"].to_numpy(), rows["category"].to_numpy()
    group = place.groupby(list(place.columns), observed=True, sort=False).ngroup().to_numpy()
    moment = rows["occurred_from"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    order = np.lexsort([moment, group])
    group, moment = group[order], moment[order]
    same = (np.diff(group) == 0) & (np.diff(moment) <= hours * 3600)
    first = np.arange(len(order))
    # Only of incidents soon after another one of the same place is there anything to decide.
    for at in np.flatnonzero(same) + 1:
        if moment[at] - moment[first[at - 1]] <= hours * 3600:
            first[at] = first[at - 1]
    begins[timed[order]] = first == np.arange(len(order))
    return begins


def dispersion(counts: ArrayLike, totals: ArrayLike | None = None) -> float:
    """Variance over mean of the counts of places by month, pooled over all places.

    Places differ in their level and months in their total; what is left is compared with what
    chance alone would leave, given both. So a series that lasts for a month, or a summer that only
    some places have, raises it; a lasting difference between places does not.

    Parameters
    ----------
    counts
        n × m: whole numbers of n places in m months. Places may overlap.
    totals
        All incidents of each month, of which each place has some; the sums of the places where not
        given.

    Returns
    -------
    At least 1, which is also said of fewer than two months or no incident.

    Source: the pooled variance ratio of quasi-likelihood (McCullagh & Nelder 1989, section 4.5),
    with the hypergeometric variance of a table whose margins are given.
    """
    table = np.asarray(counts, float)
    of_month = table.sum(axis=0) if totals is None else np.asarray(totals, float)
    everything, of_place = of_month.sum(), table.sum(axis=1)
    if table.shape[1] < 2 or everything < 2:
        return 1.0
    expected = np.outer(of_place, of_month) / everything
    left = np.outer(1 - of_place / everything, everything - of_month) / (everything - 1)
    by_chance = (expected * left).sum()
    if by_chance <= 0:
        return 1.0
    return max(1.0, float(((table - expected) ** 2).sum() / by_chance))
