"""Intervals of time and the relations between two of them.

Source: J. F. Allen, Maintaining knowledge about temporal intervals, 1983, by way of CQL2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.ogc.cql2.parse import Tree
from geo.errors import QuestionError
from geo.period import Period

OPEN_END = 2**61
"""Seconds that no time reaches: the open end of an interval."""

Mask = NDArray[np.bool_]
Seconds = NDArray[np.int64]


@dataclass(frozen=True)
class Intervals:
    """First and last second of each interval, both inclusive, since 1970 in UTC.

    Arrays of one interval for each feature, or without dimension: one for all features.
    """

    first: Seconds
    last: Seconds


RELATIONS: Mapping[str, Callable[[Intervals, Intervals], Mask]] = {
    "t_after": lambda a, b: a.first > b.last,
    "t_before": lambda a, b: a.last < b.first,
    "t_contains": lambda a, b: (a.first < b.first) & (a.last > b.last),
    "t_disjoint": lambda a, b: (a.first > b.last) | (a.last < b.first),
    "t_during": lambda a, b: (a.first > b.first) & (a.last < b.last),
    "t_equals": lambda a, b: (a.first == b.first) & (a.last == b.last),
    "t_finishedby": lambda a, b: (a.first < b.first) & (a.last == b.last),
    "t_finishes": lambda a, b: (a.first > b.first) & (a.last == b.last),
    "t_intersects": lambda a, b: (a.first <= b.last) & (a.last >= b.first),
    "t_meets": lambda a, b: a.last == b.first,
    "t_metby": lambda a, b: a.first == b.last,
    "t_overlappedby": lambda a, b: (a.first > b.first) & (a.first < b.last) & (a.last > b.last),
    "t_overlaps": lambda a, b: (a.first < b.first) & (a.last > b.first) & (a.last < b.last),
    "t_startedby": lambda a, b: (a.first == b.first) & (a.last > b.last),
    "t_starts": lambda a, b: (a.first == b.first) & (a.last < b.last),
}
"""Every relation of CQL2, by its name there."""


def interval_of(tree: Tree) -> Intervals:
    """Return the interval that a literal means: a timestamp, a day in London or an interval.

    Raises
    ------
    QuestionError
        If it is none of them.
    """
    if isinstance(tree, str):
        return _moment(tree)
    if isinstance(tree, Mapping):
        for name in ("date", "timestamp"):
            if isinstance(tree.get(name), str):
                return _moment(tree[name])
        parts = tree.get("interval")
        if isinstance(parts, list) and len(parts) == 2:
            return _interval(*parts)
    raise QuestionError("filter", "compares a time with something that is not a time")


def _interval(first: Tree, last: Tree) -> Intervals:
    start = -OPEN_END if first in ("..", "") else int(interval_of(first).first)
    end = OPEN_END if last in ("..", "") else int(interval_of(last).last)
    if end < start:
        raise QuestionError("filter", "has an interval that ends before it begins")
    return _one_interval(start, end)


def _moment(text: str) -> Intervals:
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text)
            period = Period(day, day)
            return _one_interval(_seconds(period.start), _seconds(period.end) - 1)
        moment = pd.Timestamp(text)
        second = _seconds(moment.tz_localize("UTC") if moment.tzinfo is None else moment)
    except (ValueError, OverflowError) as error:
        raise QuestionError("filter", f"{text!r} is not a time; write it as 2024-01-31") from error
    return _one_interval(second, second)


def _one_interval(first: int, last: int) -> Intervals:
    return Intervals(np.array(first), np.array(last))


def _seconds(moment: pd.Timestamp) -> int:
    return int(moment.timestamp())
