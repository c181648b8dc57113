"""Rows of a store beside those that an Answer counts, read when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeVar

import numpy as np
import pandas as pd

from geo.coverage import PointList, point_lists
from geo.period import Period
from geo.properties import cached_property
from geo.question.layer_index import LayerIndex
from geo.question.lives import SINCE_EVER
from geo.question.resolve import ResolvedQuestion

Value = TypeVar("Value")

NEAR_M: Final = 5_000.0
"""Rows so near the study area tell when a source replaced its points there."""


@dataclass(frozen=True)
class QuestionRows:
    """What a Question means at other times, or of other categories, in the same study area.

    Attributes
    ----------
    resolved
        The Question, with its period and sources.
    everything
        Reads the incidents of all times, categories and sources.
    inside
        Of some incidents those in the study area, with `area`.
    study
        What is computed once of the study area.
    """

    resolved: ResolvedQuestion
    everything: Callable[[], pd.DataFrame]
    inside: Callable[[pd.DataFrame], pd.DataFrame]
    study: LayerIndex

    def of_period(self, period: Period) -> pd.DataFrame:
        """The Question's incidents of another period, in the study area.

        Parameters
        ----------
        period
            Its days.

        Returns
        -------
        An incident frame with `area`.
        """
        return self.inside(self.resolved.select(self.everything(), period))

    def once(self, period: Period, key: Hashable, make: Callable[[pd.DataFrame], Value]) -> Value:
        """What is made of `of_period`, once for all Questions that mean the same incidents then.

        Parameters
        ----------
        period
            Its days.
        key
            Names the value, and all else that it is made of.
        make
            Makes it of the incidents. It must not ask for what is made of others by this method.

        Returns
        -------
        The value, which must not be changed.
        """
        of = self.resolved.question
        means = (of.source, of.category, of.hours, of.without, period)
        return self.study.of_incidents(
            self.everything(), (*means, key), lambda: make(self.of_period(period))
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
        return self.inside(resolved.select(self.everything(), period))

    @cached_property
    def point_lists(self) -> list[PointList]:
        """The points in the study area of each source of the Question, list by list."""
        everything, sources = self.everything(), self.resolved.sources
        # No other part of the Question counts here.
        return self.study.of_incidents(
            everything, ("point lists", *sources), lambda: self._point_lists(everything)
        )

    def _point_lists(self, rows: pd.DataFrame) -> list[PointList]:
        rows = rows[rows["source"].isin(self.resolved.sources).to_numpy(dtype=bool)]
        west, south, east, north = self.study.areas.total_bounds
        x, y = rows["x"].to_numpy(float), rows["y"].to_numpy(float)
        near = (x >= west - NEAR_M) & (x <= east + NEAR_M)
        near &= (y >= south - NEAR_M) & (y <= north + NEAR_M)
        lists = point_lists(rows[near])
        inside = [self.study.locator.locate(one.x, one.y) >= 0 for one in lists]
        return [
            replace(one, x=one.x[here], y=one.y[here])
            for one, here in zip(lists, inside, strict=True)
            if np.any(here)
        ]
