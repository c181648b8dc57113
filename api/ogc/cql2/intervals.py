"""Spans of time and how two of them lie to each other.

Source: J. F. Allen, Maintaining knowledge about temporal intervals, 1983, by way of CQL2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from geo.errors import QuestionError
from geo.period import Period

ALWAYS = 2**61
"""Seconds that no time reaches: the open end of a span."""


@dataclass(frozen=True)
class Spans:
    """First and last second of each span, both inclusive, since 1970 in UTC."""

    first: Any
    last: Any


RELATIONS: Mapping[str, Callable[[Spans, Spans], Any]] = {
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


def span_of(tree: Any) -> Spans:
    """The span that a literal means: a timestamp, a date (a day in London) or an interval.

    Raises
    ------
    QuestionError
        If it is none.
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
    raise QuestionError("filter", "holds what is no time, interval or property of time")


def _interval(first: Any, last: Any) -> Spans:
    start = -ALWAYS if first in ("..", "") else span_of(first).first
    end = ALWAYS if last in ("..", "") else span_of(last).last
    if end < start:
        raise QuestionError("filter", "holds an interval that ends before it begins")
    return Spans(start, end)


def _moment(text: str) -> Spans:
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text)
            period = Period(day, day)
            return Spans(_seconds(period.start), _seconds(period.end) - 1)
        moment = pd.Timestamp(text)
        second = _seconds(moment.tz_localize("UTC") if moment.tzinfo is None else moment)
    except (ValueError, OverflowError) as error:
        raise QuestionError("filter", f"{text!r} is no time, write it as 2024-01-31") from error
    return Spans(second, second)


def _seconds(moment: pd.Timestamp) -> int:
    return int(moment.timestamp())
