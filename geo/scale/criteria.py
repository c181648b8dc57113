"""Which incidents are counted, told before any of them is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import QuestionError
from geo.period import EVER, Latest, Period
from geo.question.model import Question
from geo.scale.parts import Part
from geo.sources.points import Points

ANSWERED = frozenset({"datetime", "period", "category", "layer", "by", "cell", "shape"})
"""Options of a Question that can be answered from counts by month."""


@dataclass(frozen=True)
class Wanted:
    """A period of whole months, and categories by their slugs; none means all."""

    period: Period = EVER
    categories: tuple[str, ...] = ()

    @classmethod
    def of(cls, question: Question, parts: Sequence[Part]) -> Wanted:
        """What a Question asks of some parts.

        Raises
        ------
        QuestionError
            If it asks for what counts by month cannot tell.
        """
        for name in question.options():
            if name not in ANSWERED:
                raise QuestionError(name, "cannot be asked of files; import them into a store")
        data = _span(parts)
        if isinstance(question.period, Latest):
            if data == EVER:
                raise QuestionError("period", "these files do not name their months; use --from")
            period = question.period.up_to(data.last)
        else:
            period = question.period.within(data) if question.period else data
        if not period.is_whole_months:
            raise QuestionError("datetime", "files are counted by month: ask for whole months")
        return cls(period, question.category)

    def takes(self, part: Part) -> bool:
        """Whether a part can hold what is wanted, as far as its name tells."""
        return not part.month or self._first <= _number(part.month) <= self._last

    def of_points(self, points: Points) -> NDArray[np.bool_]:
        """Which points are wanted."""
        wanted = (points.month >= self._first) & (points.month <= self._last)
        if self.categories:
            named = np.array([slug in self.categories for slug in points.categories], dtype=bool)
            wanted &= named[points.category]
        return wanted

    @property
    def _first(self) -> int:
        return _number(f"{self.period.first:%Y-%m}")

    @property
    def _last(self) -> int:
        return _number(f"{self.period.last:%Y-%m}")


def _span(parts: Sequence[Part]) -> Period:
    """From the first to the last month that parts name; ever, where one names none."""
    months = sorted({part.month for part in parts})
    if not months or not months[0]:
        return EVER
    return Period.of_months(months[0], months[-1])


def _number(month: str) -> int:
    return int(np.datetime64(month, "M").astype(np.int64))
