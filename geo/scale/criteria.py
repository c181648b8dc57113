"""Criteria that incidents must meet to be counted: a period of whole months, and categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import QuestionError
from geo.period import EVER, Latest, Period
from geo.question.model import Question
from geo.scale.parts import Part
from geo.sources.points import IncidentPoints

SUPPORTED = frozenset({"datetime", "period", "category", "layer", "by", "cell", "shape"})
"""Options of a Question that files counted by month can answer."""


@dataclass(frozen=True)
class Criteria:
    """A period of whole months, and category slugs; an empty tuple means all categories."""

    period: Period = EVER
    categories: tuple[str, ...] = ()

    @classmethod
    def of(cls, question: Question, parts: Sequence[Part]) -> Criteria:
        """The criteria of a Question.

        Parameters
        ----------
        question
            With options of `SUPPORTED` only.
        parts
            The data, for periods relative to its last month.

        Returns
        -------
        criteria
            Without period options, from the first to the last month of the parts.

        Raises
        ------
        QuestionError
            If counts by month cannot answer it.
        """
        for name in question.options():
            if name not in SUPPORTED:
                raise QuestionError(name, "cannot be used with files; import them into a store")
        if question.by not in ("", "month"):
            raise QuestionError("by", "files are counted by month; use by=month")
        data = _span(parts)
        if isinstance(question.period, Latest):
            if data == EVER:
                raise QuestionError("period", "these files do not name their months; use --from")
            period = question.period.up_to(data.last)
        else:
            period = question.period.within(data) if question.period else data
        if not period.is_whole_months:
            raise QuestionError("datetime", "files are counted by month; choose whole months")
        return cls(period, question.category)

    def may_match(self, part: Part) -> bool:
        """Whether a part can hold matching incidents, judged by the month in its name."""
        return not part.month or self._first <= _number(part.month) <= self._last

    def matches(self, points: IncidentPoints) -> NDArray[np.bool_]:
        """Which points meet the criteria."""
        matching = (points.month >= self._first) & (points.month <= self._last)
        if self.categories:
            chosen = np.array([slug in self.categories for slug in points.categories], dtype=bool)
            matching &= chosen[points.category]
        return matching

    @property
    def _first(self) -> int:
        return _number(f"{self.period.first:%Y-%m}")

    @property
    def _last(self) -> int:
        return _number(f"{self.period.last:%Y-%m}")


def _span(parts: Sequence[Part]) -> Period:
    """From the first to the last month of the parts' names; `EVER` if one has no month."""
    months = sorted({part.month for part in parts})
    if not months or not months[0]:
        return EVER
    return Period.of_months(months[0], months[-1])


def _number(month: str) -> int:
    return int(np.datetime64(month, "M").astype(np.int64))
