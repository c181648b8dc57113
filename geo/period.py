"""Spans of days in London, both ends inclusive: how they are written, and what they cover."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from geo.errors import QuestionError
from geo.incidents import LONDON, months_between

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?")
_LATEST = re.compile(r"latest-([1-9]\d{0,3})([md])")


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both inclusive, in Europe/London."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first.isoformat()}/{self.last.isoformat()}"

    @property
    def title(self) -> str:
        """The period as people read it: whole months by their names."""
        if self.first == self.last:
            return _day(self.first)
        if not self.is_whole_months:
            return f"{_day(self.first)} to {_day(self.last)}"
        first, last = f"{self.first:%B %Y}", f"{self.last:%B %Y}"
        return first if first == last else f"{first} to {last}"

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a month and ends with one."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length that ends the day before: months before whole months."""
        if not self.is_whole_months:
            length = timedelta(days=self.days)
            return Period(self.first - length, self.last - length)
        return self._months_back(len(self.months))

    @property
    def year_before(self) -> Period:
        """The same months a year earlier; days, 52 weeks earlier: on the same weekdays."""
        if not self.is_whole_months:
            return Period(self.first - timedelta(weeks=52), self.last - timedelta(weeks=52))
        return self._months_back(12)

    def _months_back(self, months: int) -> Period:
        first, last = (np.datetime64(day, "M") - months for day in (self.first, self.last))
        return Period(_first_day(str(first)), _last_day(str(last)))

    @property
    def months(self) -> list[str]:
        """Every month that it touches, as `YYYY-MM`."""
        return months_between(f"{self.first:%Y-%m}", f"{self.last:%Y-%m}")

    @property
    def start(self) -> pd.Timestamp:
        """Its first moment, in UTC."""
        return pd.Timestamp(self.first).tz_localize(LONDON).tz_convert("UTC")

    @property
    def end(self) -> pd.Timestamp:
        """The first moment after it, in UTC."""
        following = pd.Timestamp(self.last + timedelta(days=1))
        return following.tz_localize(LONDON).tz_convert("UTC")


EVER = Period(date(1900, 1, 1), date(2199, 12, 31))
"""All days that can be asked for."""


def read_interval(text: str, *, data: Period) -> Period:
    """Read `2024-01-01/2024-04-30`, months, one day or month, or `..` for an open end.

    A date-time stands for its day in London: Questions are about whole days.

    Parameters
    ----------
    data
        From the first to the last day of the data, for open ends.

    Raises
    ------
    QuestionError
        If it cannot be read, or ends before it begins.
    """
    first, slash, last = text.partition("/")
    if not slash:
        last = first
    start = data.first if first in ("", "..") else _first_day(first)
    end = data.last if last in ("", "..") else _last_day(last)
    if end < start:
        raise QuestionError("datetime", f"{text!r} ends before it begins")
    return Period(start, end)


def read_latest(text: str, *, last_day: date) -> Period:
    """Read `latest-3m` or `latest-28d`: the months or days up to the latest data, not to today.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    match = _LATEST.fullmatch(text)
    if not match:
        raise QuestionError("period", f"{text!r} is none, write it as latest-3m or latest-28d")
    count, unit = int(match[1]), match[2]
    if unit == "d":
        return Period(last_day - timedelta(days=count - 1), last_day)
    month_end = _last_day(f"{last_day:%Y-%m}")
    back = last_day.year * 12 + last_day.month - count
    return Period(date(back // 12, back % 12 + 1, 1), month_end)


def _first_day(text: str) -> date:
    return _date(f"{text}-01" if _MONTH.fullmatch(text) else text)


def _last_day(text: str) -> date:
    if not _MONTH.fullmatch(text):
        return _date(text)
    first = _date(f"{text}-01")
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _date(text: str) -> date:
    try:
        if not _MOMENT.fullmatch(text):
            day = date.fromisoformat(text)
        else:
            moment = pd.Timestamp(text)
            day = (moment.tz_convert(LONDON) if moment.tzinfo else moment).date()
    except ValueError as error:
        raise QuestionError("datetime", f"{text!r} is no date, write it as 2024-01-31") from error
    if not 1900 <= day.year <= 2199:
        raise QuestionError("datetime", f"{text!r} lies outside the years 1900 to 2199")
    return day


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
