"""Monthly counts of the last two years, with the expected band of each month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots.change import BANDS, expected_band
from geo.incidents import london_months, months_between
from geo.period import month_title
from geo.question.answer import Answer
from geo.question.quality import Double

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MONTHS = 24
"""How many months a trend has."""


@dataclass(frozen=True)
class Trend:
    """Monthly counts of several rows, such as areas.

    Attributes
    ----------
    months
        m successive months, as `YYYY-MM`; none where the period ends within the first one.
    counts
        Rows × m; NaN in a month that is not published in full.
    low, high
        The expected band of each count; NaN where fewer than three earlier years are published.
    doubled
        Months of a category that look published twice, in order.
    left_out
        Sources and categories that cover too little of the months to be counted.
    """

    months: list[str]
    counts: Floats
    low: Floats
    high: Floats
    doubled: Sequence[Double] = ()
    left_out: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """What to keep in mind of the months, as sentences."""
        notes = [f"{month_title(one.month)}: {one.text}." for one in self.doubled]
        if self.left_out:
            notes.append(f"Not in these months: {'; '.join(self.left_out)}.")
        return notes

    @property
    def doubled_note(self) -> str:
        """Which months look published twice, for a small chart; '' where none does."""
        if not self.doubled:
            return ""
        parts = [f"{month_title(one.month)} ({one.category_words})" for one in self.doubled]
        return (
            f"{', '.join(parts)} {'looks' if len(parts) == 1 else 'look'} published twice: "
            "about half of those incidents are true."
        )

    @property
    def doubled_months(self) -> set[str]:
        """The months of which a category looks published twice."""
        return {one.month for one in self.doubled}

    @property
    def no_months(self) -> str:
        """Why there is no month at all; '' where there are some."""
        if self.months:
            return ""
        return "No month with data is over by the end of the period: there are no charts of months."

    @property
    def has_band(self) -> bool:
        """Whether any month has a band."""
        return bool(np.isfinite(self.low).any())

    def verdict(self, row: int) -> str:
        """Where a row's last month lies against its band; '' without a month or a band."""
        if not self.months:
            return ""
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
    history = answer.history_in_areas
    point, area = answer.membership.of(history)
    table = _monthly(answer, history, point, area, rows=len(answer.areas))
    return _trend(answer, table, answer.groups(answer.published))


def whole_trend(answer: Answer, which: NDArray[np.bool_]) -> Trend:
    """The months of part of an Answer's history, as one row.

    Parameters
    ----------
    answer
        An Answer with its history.
    which
        A mask of `history_in_areas`.
    """
    point = np.flatnonzero(which)
    table = _monthly(answer, answer.history_in_areas, point, np.zeros_like(point), rows=1)
    shown = answer.shown_areas
    # A month that one of the areas lacks is a gap: the sum of the others would be a fall.
    own = [{*months} for rows, months in answer.groups(answer.published) if shown[rows].any()]
    known = set.intersection(*own) if own else set[str]()
    return _trend(answer, table, [(np.zeros(1, np.int64), sorted(known))])


def place_trend(answer: Answer, near: Sequence[Bools], area: Ints) -> Trend:
    """The months of each of n places.

    Parameters
    ----------
    answer
        An Answer with its history.
    near
        For each place a mask of the incidents of the history.
    area
        The position of the area of each place, whose months are known of it; −1 outside all areas,
        where only months that every area shown has are known.
    """
    point = np.concatenate([np.flatnonzero(mask) for mask in near] or [np.zeros(0, np.int64)])
    row = np.repeat(np.arange(len(near)), [int(mask.sum()) for mask in near])
    groups = answer.groups(answer.published)
    by_group = [(np.flatnonzero(np.isin(area, rows)), months) for rows, months in groups]
    outside = np.flatnonzero(area < 0)
    every = set.intersection(*({*months} for _, months in groups)) if groups else set[str]()
    table = _monthly(answer, answer.history, point, row, rows=len(near))
    known = [(rows, months) for rows, months in (*by_group, (outside, sorted(every))) if len(rows)]
    return _trend(answer, table, known)


def _trend(answer: Answer, table: pd.DataFrame, groups: list[tuple[Ints, list[str]]]) -> Trend:
    """The trend of a table of counts, of which groups of rows are known in some months each."""
    shown = last_months(answer)
    counts, low, high = (np.full((len(table), len(shown)), np.nan) for _ in range(3))
    for rows, months in groups:
        own = table.loc[rows, [month for month in months if month in table]]
        counts[rows] = own.reindex(columns=shown).to_numpy(float)
        for column, month in enumerate(shown):
            band = expected_band(own, month)
            low[rows, column], high[rows, column] = band["low"], band["high"]
    doubled = [one for one in answer.doubled if one.month in shown]
    return Trend(
        shown,
        counts,
        low,
        high,
        doubled=sorted(doubled, key=attrgetter("month", "category")),
        left_out=answer.series.left_out if answer.series else (),
    )


def _monthly(
    answer: Answer,
    incidents: pd.DataFrame,
    point: NDArray[np.integer],
    row: NDArray[np.integer],
    *,
    rows: int,
) -> pd.DataFrame:
    """Counts by row and published month; `Answer.groups` says which of them are known in full.

    `point` are positions in the incidents; one appears with each row that it counts for.
    """
    every = months_between(answer.published[0], answer.published[-1])
    when = london_months(incidents["occurred_from"]) - np.datetime64(every[0], "M")
    month = when.astype(np.int64)[point]
    inside = (month >= 0) & (month < len(every))
    at = row[inside] * len(every) + month[inside]
    counts = np.bincount(at, minlength=rows * len(every)).reshape(rows, len(every))
    return pd.DataFrame(counts, columns=every)[list(answer.published)]
