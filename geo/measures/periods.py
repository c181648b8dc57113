"""The periods that published tables name: years, financial years, quarters, months, spans of them.

As Fingertips writes them in "Time period", and as ISO dates. A year such as `2019/20` is taken as a
financial year, from April to March: schools' years are written alike, and no table says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.period import Period

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_NAME: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_FIRST_FINANCIAL_MONTH: Final = 4
_MOST_YEARS: Final = 30


@lru_cache(maxsize=4096)
def named_period(text: str) -> Period | None:
    """The days that a period's name means; None where it names none."""
    plain = " ".join(text.replace("–", "-").replace("—", "-").split()).lower()
    single = _single(plain)
    if single is not None:
        return single
    # Days are also written as an interval of ISO 8601, where no century is left out.
    if re.fullmatch(r"\d{4}(-\d\d){1,2}/\d{4}(-\d\d){1,2}", plain):
        return _span(*plain.split("/"))
    if _is_two_years(plain):
        return None
    for mark in (" - ", " to ", "-"):
        first, separator, last = plain.partition(mark)
        if separator and (span := _span(first.strip(), last.strip())):
            return span
    return None


def _is_two_years(text: str) -> bool:
    """Whether it may be a financial year or two years, as 2018-19; 2011-12 is a month by ISO."""
    match = re.fullmatch(r"(\d{4})-(\d\d)", text)
    return match is not None and (int(match[1]) + 1) % 100 == int(match[2])


def _span(first: str, last: str) -> Period | None:
    """From the beginning of one period to the end of another, whose century may be left out."""
    begins, ends = _single(first), _single(last)
    if begins and ends is None and re.fullmatch(r"\d\d(/\d\d)?", last):
        century = begins.first.year // 100
        # 1999 - 01 ends in the next one.
        century += int(last[:2]) < begins.first.year % 100
        ends = _single(f"{century}{last}")
    if begins is None or ends is None or ends.last <= begins.first:
        return None
    if ends.last.year - begins.first.year > _MOST_YEARS:
        return None
    return Period(begins.first, ends.last)


def _single(text: str) -> Period | None:
    for pattern, make in _FORMS:
        if match := re.fullmatch(pattern, text):
            try:
                return make(*match.groups())
            except ValueError:
                return None
    return None


def _year(year: str) -> Period:
    return _months(int(year), 1, 12)


def _financial_year(year: str, end: str) -> Period:
    if (int(year) + 1) % 100 != int(end[-2:]):
        raise ValueError(end)
    return _months(int(year), _FIRST_FINANCIAL_MONTH, 12)


def _part(year: str, end: str | None, kind: str, number: str) -> Period:
    """A quarter or half of a year, or of a financial year."""
    length = {"q": 3, "h": 6}[kind]
    start = (int(number) - 1) * length
    if start >= 12:
        raise ValueError(number)
    whole = _financial_year(year, end) if end else _year(year)
    return _months(whole.first.year, whole.first.month + start, length)


def _named_month(name: str, year: str) -> Period:
    return _months(int(year), _MONTHS.index(name) + 1, 1)


def _month(year: str, month: str) -> Period:
    if not 1 <= int(month) <= 12:
        raise ValueError(month)
    return _months(int(year), int(month), 1)


def _day(year: str, month: str, day: str) -> Period:
    one = date(int(year), int(month), int(day))
    return Period(one, one)


def _uk_day(day: str, month: str, year: str) -> Period:
    return _day(year, month, day)


def _months(year: int, first: int, length: int) -> Period:
    """So many months from the nth of a year; the 13th is the first of the next."""
    start, end = year * 12 + first - 1, year * 12 + first + length - 2
    names = [f"{month // 12:04}-{month % 12 + 1:02}" for month in (start, end)]
    return Period.of_months(*names)


_YEAR: Final = r"((?:19|20|21)\d\d)"
_FORMS: Final[tuple[tuple[str, Callable[..., Period]], ...]] = (
    (_YEAR, _year),
    (rf"{_YEAR}/(\d\d|\d\d\d\d)", _financial_year),
    (rf"{_YEAR}(?:/(\d\d))? ?-?([qh])([1-4])", _part),
    (rf"{_NAME} {_YEAR}", _named_month),
    (rf"{_YEAR}-(\d\d)", _month),
    (rf"{_YEAR}-(\d\d)-(\d\d)", _day),
    (rf"(\d\d?)/(\d\d?)/{_YEAR}", _uk_day),
)


def named_days(texts: pd.Series) -> tuple[list[Period | None], NDArray[np.int64]]:
    """The periods that n texts name, each of them once, and which of these each text names.

    Parameters
    ----------
    texts
        n texts, of which few differ.

    Returns
    -------
    periods, at
        None for a text that names none; n positions in the list.
    """
    at, unique = pd.factorize(texts)
    return [named_period(str(text)) for text in unique], at


def days_of(periods: Sequence[Period | None]) -> tuple[pd.Series, pd.Series, NDArray[np.bool_]]:
    """First and last days of n periods, and which of them are none.

    Parameters
    ----------
    periods
        n periods, as `named_period` gives them.

    Returns
    -------
    first, last, missing
        n days each as `datetime64[s]`, and n flags.
    """
    # Few periods are named often, and each is one object: see the cache of `named_period`.
    known = {id(period): period for period in periods}
    ids, at = np.unique(np.array([id(period) for period in periods], np.int64), return_inverse=True)
    spans = [known[own] for own in ids.tolist()]
    first = _days([None if span is None else span.first for span in spans])
    last = _days([None if span is None else span.last for span in spans])
    missing = np.array([span is None for span in spans], dtype=bool)
    return pd.Series(first[at]), pd.Series(last[at]), missing[at]


def _days(days: Sequence[date | None]) -> NDArray[np.datetime64]:
    return np.array(days, dtype="datetime64[s]")
