"""The parts of time that counts are split into, and what is unknown of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.calendar_parts import CALENDAR_UNITS, CalendarPart, CalendarUnit, column_of, parts_of
from geo.coverage.published import span_words
from geo.errors import QuestionError
from geo.period import Period
from geo.question.model import SplitBy


class TimePart(NamedTuple):
    """A part of a period, of which there is a row for each area.

    Attributes
    ----------
    columns
        What names it: none for the whole period.
    period
        Its days.
    months
        The months that it touches, as `YYYY-MM`.
    unknown
        Why its counts are not known of any area; '' where they are.
    cut
        Which of its days are counted, where these are not all; '' where they are.
    """

    columns: Mapping[str, str]
    period: Period
    months: Sequence[str]
    unknown: str = ""
    cut: str = ""


def time_parts(by: SplitBy, period: Period, published: Sequence[str]) -> list[TimePart]:
    """The parts that a period is split into.

    Parameters
    ----------
    by
        The kind of parts.
    period
        What is split.
    published
        The months of it of which there is data, as `YYYY-MM`.

    Returns
    -------
    The published months; of longer parts all, as a part with a month missing is no zero.

    Raises
    ------
    QuestionError
        If counts are not split by it.
    """
    unit = unit_of(by)
    parts = parts_of(period, unit)
    if unit == "month":
        shown = [part for part in parts if part.label in published]
        return [TimePart({"month": part.label}, part.period, [part.label]) for part in shown]
    return [_time_part(part, published) for part in parts]


def part_numbers(occurred: pd.Series, parts: Sequence[TimePart]) -> NDArray[np.int16]:
    """In which part of time each of some incidents occurred.

    Parameters
    ----------
    occurred
        When n incidents did, in UTC and in any order.
    parts
        In the order of time; no two of them share a day.

    Returns
    -------
    n positions in `parts`, −1 in none of them.
    """
    if not parts:
        return np.full(len(occurred), -1, dtype=np.int16)
    # Without a time zone, as NumPy searches them; all of them are UTC.
    moments = occurred.dt.tz_localize(None).to_numpy()
    starts, ends = (
        np.array([moment.tz_localize(None) for moment in each], dtype=moments.dtype)
        for each in zip(*((one.period.start, one.period.end) for one in parts), strict=True)
    )
    part: NDArray[np.int16]
    part = np.searchsorted(starts, moments, side="right").astype(np.int16) - np.int16(1)
    part[moments >= ends[part]] = -1
    return part


def unit_of(by: SplitBy) -> CalendarUnit:
    """The unit of the calendar by which counts are split.

    Raises
    ------
    QuestionError
        If it is the week.
    """
    for unit in CALENDAR_UNITS:
        if unit == by:
            return unit
    raise QuestionError("by", "only 'unusual' goes by week; use by=month")


def part_names(by: SplitBy) -> tuple[str, ...]:
    """The columns that name the parts that counts are split into; none for the whole period."""
    if not by:
        return ()
    days = () if by == "month" else ("first_day", "last_day")
    return (column_of(by), *days)


def part_columns(part: CalendarPart) -> dict[str, str]:
    """The columns that name a part of the calendar."""
    return {
        column_of(part.unit): part.label,
        "first_day": f"{part.period.first}",
        "last_day": f"{part.period.last}",
    }


def _time_part(part: CalendarPart, published: Sequence[str]) -> TimePart:
    months = part.period.months
    missing = [month for month in months if month not in published]
    return TimePart(
        part_columns(part),
        part.period,
        months,
        unknown=f"no data for {span_words(missing)}" if missing else "",
        cut=f"only {part.period.title}, which is not all of it" if part.is_cut else "",
    )
