"""Spans of days in London, both ends inclusive: how they are written, and what they cover."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

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

    @classmethod
    def of_months(cls, first: str, last: str) -> Period:
        """From the first day of a month, `YYYY-MM`, to the last day of another.

        Parameters
        ----------
        first, last
            As `YYYY-MM`, both inclusive.

        Returns
        -------
        The period of whole months.
        """
        return cls(_first_day(first), _last_day(last))

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
        return Period.of_months(str(first), str(last))

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


@dataclass(frozen=True)
class Interval:
    """A period as it is written: days, both inclusive, either end of which may be open.

    Attributes
    ----------
    first, last
        None is an open end.
    text
        How it was written, which addresses and accounts repeat: `2024-01` and
        `2024-01-01/2024-01-31` are the same days.
    """

    first: date | None
    last: date | None
    text: str = ""

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it begins; write it where only days were given."""
        if not self.text:
            text = "/".join(".." if day is None else f"{day}" for day in (self.first, self.last))
            object.__setattr__(self, "text", text)
        if self.first and self.last and self.last < self.first:
            raise QuestionError("datetime", f"{self.text!r} ends before it begins")

    def __str__(self) -> str:
        return self.text

    @classmethod
    def read(cls, text: str) -> Interval:
        """Read `2024-01-01/2024-04-30`, months, one day or month, or `..` for an open end.

        A date-time may only be the first or the last minute of a day in London: Questions are
        about whole days, and one that is cut short would be answered as another.

        Raises
        ------
        QuestionError
            If it cannot be read, ends before it begins, or begins or ends within a day.
        """
        first, slash, last = text.partition("/")
        if not slash:
            last = first
        return cls(
            None if first in ("", "..") else _first_day(first),
            None if last in ("", "..") else _last_day(last),
            text,
        )

    @property
    def names_months(self) -> bool:
        """Whether it is written as a month, or as a first and a last one."""
        return all(_MONTH.fullmatch(part) for part in self.text.split("/"))

    def within(self, data: Period) -> Period:
        """Its days, from the first or to the last day of the data where an end is open.

        Raises
        ------
        QuestionError
            If it ends before the data begins, or begins after the data ends.
        """
        first, last = self.first or data.first, self.last or data.last
        if last < first:
            beyond = f"begins after {data.last}" if self.first else f"ends before {data.first}"
            raise QuestionError(
                "datetime",
                f"{self.text!r} {beyond}, where the data {'end' if self.first else 'begin'}; "
                f"choose a period from {data.first} to {data.last}",
            )
        return Period(first, last)


@dataclass(frozen=True)
class Latest:
    """The latest months (`m`) or days (`d`) up to the last day of the data, not to today."""

    count: int
    unit: Literal["m", "d"] = "m"

    def __str__(self) -> str:
        return f"latest-{self.count}{self.unit}"

    @classmethod
    def read(cls, text: str) -> Latest:
        """Read `latest-3m` or `latest-28d`.

        Raises
        ------
        QuestionError
            If it cannot be read.
        """
        match = _LATEST.fullmatch(text)
        if not match:
            raise QuestionError(
                "period",
                f"cannot read {text!r}; write it as latest-3m or latest-28d, "
                "or name both months: from=2024-01&to=2024-03",
            )
        return cls(int(match[1]), "d" if match[2] == "d" else "m")

    def up_to(self, last_day: date) -> Period:
        """The days or whole months that end with a day, or with its month."""
        if self.unit == "d":
            return Period(last_day - timedelta(days=self.count - 1), last_day)
        back = last_day.year * 12 + last_day.month - self.count
        return Period(date(back // 12, back % 12 + 1, 1), _last_day(f"{last_day:%Y-%m}"))


@dataclass(frozen=True)
class Moments:
    """From a first to a last second, both inclusive, in UTC."""

    first: pd.Timestamp
    last: pd.Timestamp

    @classmethod
    def read(cls, text: str, data: Period) -> Moments:
        """Read what `Interval.read` reads, and clock times to the second.

        Parameters
        ----------
        text
            Days, months or date-times; a date-time without an offset is of London.
        data
            Where an end is open.

        Returns
        -------
        The moments.

        Raises
        ------
        QuestionError
            If it cannot be read, or ends before it begins.
        """
        first, slash, last = text.partition("/")
        if not slash:
            last = first
        start = data.start if first in ("", "..") else _first_moment(first)
        end = _last_second(data.end) if last in ("", "..") else _last_moment(last)
        if end < start:
            raise QuestionError("datetime", f"{text!r} ends before it begins")
        return cls(start, end)


def _first_moment(text: str) -> pd.Timestamp:
    if _MOMENT.fullmatch(text):
        return _in_london(text).tz_convert("UTC").ceil("s")
    day = _first_day(text)
    return Period(day, day).start


def _last_moment(text: str) -> pd.Timestamp:
    if _MOMENT.fullmatch(text):
        return _in_london(text).tz_convert("UTC").floor("s")
    day = _last_day(text)
    return _last_second(Period(day, day).end)


def _last_second(end: pd.Timestamp) -> pd.Timestamp:
    return end - pd.Timedelta(seconds=1)


def day_title(text: str) -> str:
    """A day written `2024-03-31` as people write it, `31 March 2024`; '' for ''."""
    day = date.fromisoformat(text) if text else None
    return Period(day, day).title if day else ""


def month_title(month: str) -> str:
    """A month, `YYYY-MM`, as people read it: `March 2026`."""
    return Period.of_months(month, month).title


def _first_day(text: str) -> date:
    if not _MOMENT.fullmatch(text):
        return _date(f"{text}-01" if _MONTH.fullmatch(text) else text)
    moment = _in_london(text)
    return _whole_day(text, moment, is_whole=moment == moment.normalize())


def _last_day(text: str) -> date:
    if _MOMENT.fullmatch(text):
        moment = _in_london(text)
        return _whole_day(text, moment, is_whole=(moment.hour, moment.minute) == (23, 59))
    if not _MONTH.fullmatch(text):
        return _date(text)
    first = _date(f"{text}-01")
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _whole_day(text: str, moment: pd.Timestamp, *, is_whole: bool) -> date:
    if not is_whole:
        raise QuestionError(
            "datetime",
            f"{text!r} is {moment:%H:%M} in London, but counts are of whole days; "
            f"write {moment:%Y-%m-%d}",
        )
    return moment.date()


def _in_london(text: str) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(text)
        in_london = (
            moment.tz_convert(LONDON)
            if moment.tzinfo
            # The hour that occurs twice in autumn begins with its first; the one that is left
            # out in spring counts from its end.
            else moment.tz_localize(LONDON, ambiguous=True, nonexistent="shift_forward")
        )
    except (ValueError, OverflowError) as error:
        raise _no_date(text) from error
    _check_year(in_london.date(), text)
    return in_london


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _no_date(text) from error
    _check_year(day, text)
    return day


def _no_date(text: str) -> QuestionError:
    return QuestionError("datetime", f"{text!r} is not a date; write it as 2024-01 or 2024-01-31")


def _check_year(day: date, text: str) -> None:
    if not EVER.first.year <= day.year <= EVER.last.year:
        raise QuestionError("datetime", f"{text!r} is outside the years 1900 to 2199")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
