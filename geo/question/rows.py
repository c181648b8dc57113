"""Rows of a store beside those that an Answer counts, read when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

import numpy as np
import pandas as pd

from geo.coverage import LIST_COLUMNS, PointList, point_counts, point_lists
from geo.distinct_points import PointCounts
from geo.incidents import ANSWER_COLUMNS
from geo.period import Period
from geo.properties import cached_property
from geo.question.layer_index import LayerIndex
from geo.question.lives import SINCE_EVER
from geo.question.resolve import ResolvedQuestion
from geo.store.contract import Window

Value = TypeVar("Value")

NEAR_M: Final = 5_000.0
"""Rows so near the study area tell when a source replaced its points there."""


@dataclass(frozen=True)
class AllIncidents:
    """The incidents of all times of one state of a store, of which none is read before it is asked.

    Attributes
    ----------
    state
        Names the state: what was made of equal ones is the same.
    reader
        Reads some columns of those of a time, or of all without one.
    counter
        Counts those of a time, or all, by source, month and point; None where they must be read.
    """

    state: Hashable
    reader: Callable[[Window | None, Sequence[str]], pd.DataFrame]
    counter: Callable[[Window | None], PointCounts | None] = lambda _: None

    @classmethod
    def of_frame(cls, incidents: pd.DataFrame) -> AllIncidents:
        """Those of a frame.

        Parameters
        ----------
        incidents
            An incident frame; nobody may change it.
        """

        def read(window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
            del columns  # those at hand need no copy
            return incidents if window is None else incidents[window.holds(incidents)]

        return cls(object(), read)

    def read(
        self, window: Window | None = None, columns: Sequence[str] = ANSWER_COLUMNS
    ) -> pd.DataFrame:
        """Read incidents.

        Parameters
        ----------
        window
            When they occurred; all of them when omitted.
        columns
            Of `ANSWER_COLUMNS`, those that are needed.

        Returns
        -------
        An incident frame with these columns at least, in whatever order.
        """
        return self.reader(window, columns)

    def point_counts(self, window: Window | None = None) -> PointCounts:
        """Count incidents by source, month and point.

        Parameters
        ----------
        window
            When they occurred; all of them when omitted.

        Returns
        -------
        The counts.
        """
        counts = self.counter(window)
        return point_counts(self.read(window, LIST_COLUMNS)) if counts is None else counts

    def before(self, end: pd.Timestamp) -> AllIncidents:
        """Those that occurred before a moment.

        Parameters
        ----------
        end
            The moment, which is UTC.
        """

        def cut(window: Window | None) -> Window:
            start = Period(SINCE_EVER, SINCE_EVER).start if window is None else window.start
            return Window(start, end if window is None else max(start, min(end, window.end)))

        return AllIncidents(
            (self.state, end),
            lambda window, columns: self.reader(cut(window), columns),
            lambda window: self.counter(cut(window)),
        )


@dataclass(frozen=True)
class QuestionRows:
    """What a Question means at other times, or of other categories, in the same study area.

    Attributes
    ----------
    resolved
        The Question, with its period and sources.
    everything
        The incidents of all times, categories and sources.
    inside
        Of some incidents those in the study area, with `area`.
    study
        What is computed once of the study area.
    """

    resolved: ResolvedQuestion
    everything: AllIncidents
    inside: Callable[[pd.DataFrame], pd.DataFrame]
    study: LayerIndex

    def of_period(self, period: Period, columns: Sequence[str] = ANSWER_COLUMNS) -> pd.DataFrame:
        """The Question's incidents of another period, in the study area.

        Parameters
        ----------
        period
            Its days.
        columns
            Of `ANSWER_COLUMNS`, those that are needed: `COUNT_COLUMNS` at least.

        Returns
        -------
        An incident frame with `area`.
        """
        # A place that is left out is known by its name.
        needed = ANSWER_COLUMNS if self.resolved.question.without else columns
        rows = self.everything.read(Window(period.start, period.end), needed)
        return self.inside(self.resolved.select(rows, period))

    def once(
        self,
        period: Period,
        key: Hashable,
        make: Callable[[pd.DataFrame], Value],
        columns: Sequence[str] = ANSWER_COLUMNS,
    ) -> Value:
        """What is made of `of_period`, once for all Questions that mean the same incidents then.

        Parameters
        ----------
        period
            Its days.
        key
            Names the value, and all else that it is made of.
        make
            Makes it of the incidents. It must not ask for what is made of others by this method.
        columns
            As for `of_period`.

        Returns
        -------
        The value, which must not be changed.
        """
        of = self.resolved.question
        if of.without:  # whoever sees less of a place leaves out less
            return make(self.of_period(period))
        means = (of.source, of.category, of.hours, period)
        return self.study.of_incidents(
            self.everything.state, (*means, key), lambda: make(self.of_period(period, columns))
        )

    def records_until(self, records: pd.DataFrame, last: date) -> pd.DataFrame:
        """The Question's records up to a day, whenever they began, in the study area.

        Parameters
        ----------
        records
            As `StoreReader.records` returns them.
        last
            The day.

        Returns
        -------
        With `area`; of a record without a place the area that is stated for it.
        """
        return self.inside(self.resolved.select(records, Period(SINCE_EVER, last)))

    def of_all_categories(self, period: Period | None = None) -> pd.DataFrame:
        """The incidents of its sources in the study area, whatever the category.

        Parameters
        ----------
        period
            Another period than the Question's.

        Returns
        -------
        An incident frame with `area`.
        """
        question = replace(self.resolved.question, category=())
        resolved = replace(self.resolved, question=question)
        days = period or resolved.period
        rows = self.everything.read(Window(days.start, days.end))
        return self.inside(resolved.select(rows, days))

    @cached_property
    def point_lists(self) -> list[PointList]:
        """The points in the study area of each source of the Question, list by list."""
        # No other part of the Question counts here.
        key = ("point lists", *self.resolved.sources)
        return self.study.of_incidents(self.everything.state, key, self._point_lists)

    def _point_lists(self) -> list[PointList]:
        counts = self.everything.point_counts().of_sources(self.resolved.sources)
        west, south, east, north = self.study.areas.total_bounds
        x, y = counts.x, counts.y
        near = (x >= west - NEAR_M) & (x <= east + NEAR_M)
        near &= (y >= south - NEAR_M) & (y <= north + NEAR_M)
        lists = point_lists(counts.where(near))
        inside = [self.study.locator.locate(one.x, one.y) >= 0 for one in lists]
        return [
            replace(one, x=one.x[here], y=one.y[here])
            for one, here in zip(lists, inside, strict=True)
            if np.any(here)
        ]
