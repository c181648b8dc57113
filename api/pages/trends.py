"""Monthly counts of the last two years, with the expected band of each month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots.change import BANDS, expected_band
from geo.incidents import london_months, months_between
from geo.question.answer import Answer

Floats = NDArray[np.float64]

MONTHS = 24
"""How many months a trend has."""


@dataclass(frozen=True)
class Trend:
    """Monthly counts of several rows, such as areas.

    Attributes
    ----------
    months
        m successive months, as `YYYY-MM`.
    counts
        Rows × m; NaN in a month that is not published in full.
    low, high
        The expected band of each count; NaN where fewer than three earlier years are published.
    """

    months: list[str]
    counts: Floats
    low: Floats
    high: Floats

    @property
    def has_band(self) -> bool:
        """Whether any month has a band."""
        return bool(np.isfinite(self.low).any())

    def verdict(self, row: int) -> str:
        """Where a row's last month lies against its band; '' without a band."""
        n, low, high = self.counts[row, -1], self.low[row, -1], self.high[row, -1]
        if not np.isfinite([n, low, high]).all():
            return ""
        return BANDS[0] if n > high else BANDS[2] if n < low else BANDS[1]


def last_months(answer: Answer, *, months: int = MONTHS) -> list[str]:
    """The last whole months up to the end of the period, none before the first published one."""
    end = np.datetime64(answer.accounts.period.last, "D") + 1
    last = end.astype("datetime64[M]") - 1
    first = max(str(last - (months - 1)), answer.published[0])
    return months_between(first, str(last))


def area_trend(answer: Answer) -> Trend:
    """The months of each area of an Answer with its history."""
    point, area = answer.membership.of(answer.history)
    return _trend(answer, point, area, rows=len(answer.areas))


def whole_trend(answer: Answer, which: NDArray[np.bool_]) -> Trend:
    """The months of part of an Answer's history, as one row.

    Parameters
    ----------
    answer
        An Answer with its history.
    which
        A mask of the incidents of the history.
    """
    point = np.flatnonzero(which)
    return _trend(answer, point, np.zeros_like(point), rows=1)


def _trend(
    answer: Answer, point: NDArray[np.integer], row: NDArray[np.integer], *, rows: int
) -> Trend:
    table = _monthly(answer, point, row, rows=rows)
    shown = last_months(answer)
    bands = [expected_band(table, month) for month in shown]
    return Trend(
        shown,
        table.reindex(columns=shown).to_numpy(float),
        *(
            np.column_stack([band[side].to_numpy(float) for band in bands])
            if bands
            else np.empty((rows, 0))
            for side in ("low", "high")
        ),
    )


def _monthly(
    answer: Answer, point: NDArray[np.integer], row: NDArray[np.integer], *, rows: int
) -> pd.DataFrame:
    """Counts by row and month, only of months that are published in full.

    `point` are positions in the history; one appears with each row that it counts for.
    """
    every = months_between(answer.published[0], answer.published[-1])
    when = london_months(answer.history["occurred_from"]) - np.datetime64(every[0], "M")
    month = when.astype(np.int64)[point]
    inside = (month >= 0) & (month < len(every))
    at = row[inside] * len(every) + month[inside]
    counts = np.bincount(at, minlength=rows * len(every)).reshape(rows, len(every))
    known = [month for month in answer.published if month not in answer.short]
    return pd.DataFrame(counts, columns=every)[known]
