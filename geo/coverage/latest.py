"""The day up to which the latest days and months are counted.

A single row with a mistyped year would move "the latest 28 days" to where nothing else is. So the
anchor is the newest day that many rows share: by the 28 days that end with it, against those of
the usual row of the same source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from geo.coverage.published import ImportCoverage
from geo.incidents import LONDON

WINDOW_DAYS: Final = 28
"""The days, up to and with a day, whose rows speak for it."""

LEAST_SHARE: Final = 0.1
"""A day is shared if its window holds this share of what the usual row's window holds."""

LEAST_ROWS: Final = 2
"""… and no fewer rows than this, unless the usual window holds fewer."""


class Anchor(NamedTuple):
    """The newest day that many rows share; how many rows are later, and the last day of those."""

    day: date
    later: int
    last: date


def anchor_of(parts: Iterable[ImportCoverage]) -> Anchor | None:
    """The newest day that many rows of some source share.

    Parameters
    ----------
    parts
        What was imported. A file of one month says itself which month it is of.

    Returns
    -------
    The anchor; None where there is no incident.
    """
    days: dict[str, Counter[str]] = {}
    anchors: list[date] = []
    for part in parts:
        if part.summary.last is None:
            continue
        if part.force or not part.summary.days:
            anchors.append(part.summary.last.tz_convert(LONDON).date())
        else:
            days.setdefault(part.source, Counter()).update(part.summary.days)
    anchors += [last_shared_day(own) for own in days.values()]
    if not anchors:
        return None
    day = max(anchors)
    every = sum(days.values(), Counter())
    later = {text: n for text, n in every.items() if text > day.isoformat()}
    last = max(later, default=day.isoformat())
    return Anchor(day, sum(later.values()), date.fromisoformat(last))


def last_shared_day(days: Mapping[str, int]) -> date:
    """The newest day that many rows share.

    Parameters
    ----------
    days
        Number of rows by day, as `YYYY-MM-DD`; not empty.

    Returns
    -------
    The newest day whose 28 days, up to and with it, hold at least a tenth of the rows that those
    of the median row hold, and at least two; the newest of all where rows stand alone.
    """
    names = sorted(days)
    at = np.array(names, dtype="datetime64[D]").astype(np.int64)
    rows = np.array([days[name] for name in names], dtype=np.int64)
    sums = np.concatenate([[0], np.cumsum(rows)])
    window = sums[1:] - sums[np.searchsorted(at, at - WINDOW_DAYS, side="right")]
    order = np.argsort(window, kind="stable")
    usual = window[order][np.searchsorted(np.cumsum(rows[order]), rows.sum() / 2)]
    least = min(usual, max(LEAST_ROWS, LEAST_SHARE * usual))
    return date.fromisoformat(names[np.flatnonzero(window >= least)[-1]])
