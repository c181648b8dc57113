"""What a sample of rows shows about a column: numbers, postcodes, or dates in which format."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.properties import cached_property
from geo.sources.dates import EPOCH, EPOCH_MS, EXCEL, ISO, DateFormat
from geo.sources.postcodes import PATTERN
from geo.sources.when import read_moments

SAMPLE: Final = 1_000
"""Rows."""
_MOST = 0.95  # share of the values that must fit: a few typing errors must not hide a column
_FIRST = 5  # values tried before a format is tried on all of them
_DAY_NUMBERS = (20_000, 80_000)  # days since 1900 that workbooks use: 1954 to 2119

_TIMED = r"date|time|when|reported|received|created|occurred"
_SECONDS = (3e8, 4e9)  # since 1970: 1979 to 2096
_MILLISECONDS = (3e11, 4e12)

_DAYS: Final = ("dd/mm/yyyy", "mm/dd/yyyy", "dd/mm/yy", "mm/dd/yy", "yyyy/mm/dd")
_WORDED: Final = ("dd mmm yyyy", "dd-mmm-yyyy", "dd-mmm-yy", "dd mmmm yyyy", "yyyymmdd")
_CLOCKS: Final = ("HH:MM", "HH:MM:SS", "hh:MM AM/PM", "hh:MM:SS AM/PM", "HHMM")
_DATED = (*(day.replace("/", sep) for sep in "/-." for day in _DAYS), *_WORDED)
_FORMATS: Final = (
    ISO,
    *_DATED,
    *(f"{day} {clock}" for day, clock in product(_DATED, _CLOCKS[:4])),
    *(f"{day} HH:MM:SS+00" for day in _DATED),
)


@dataclass(frozen=True)
class Column:
    """A column of the sample; `cells` is true if it comes from a workbook."""

    name: str
    text: pd.Series
    cells: bool

    @cached_property
    def values(self) -> pd.Series:
        """The values that are not empty."""
        return self.text[self.text != ""].reset_index(drop=True)

    @cached_property
    def distinct(self) -> pd.Series:
        """Each value once."""
        return self.values.drop_duplicates().reset_index(drop=True)

    @cached_property
    def words(self) -> str:
        """The name in lower case, its words separated by spaces."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", self.name).lower()

    def named(self, pattern: str) -> bool:
        """Whether the words of the name match a pattern."""
        return bool(re.search(pattern, self.words))

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Row by row; NaN where the text is not a number."""
        return np.asarray(pd.to_numeric(self.text, errors="coerce"), dtype=float)

    @cached_property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return len(self.values) > 0 and np.isfinite(self.numbers).sum() >= _MOST * len(self.values)

    @cached_property
    def postcodes(self) -> bool:
        """Whether its values are postcodes."""
        clean = self.values.str.upper().str.replace(" ", "")
        return len(clean) > 0 and bool(clean.str.fullmatch(PATTERN).mean() >= _MOST)

    @cached_property
    def formats(self) -> list[str]:
        """The date formats that fit best; several if the values cannot decide."""
        if self.cells and self.named("date|when") and self.numeric and self._days():
            return [ISO]
        if self.numeric and self.named(_TIMED) and self._counts():
            return [self._counts()]
        fits = {form: self._fits(form) for form in _FORMATS if self._may_be(form)}
        best = max(fits.values(), default=0.0)
        if best < _MOST:
            return []
        # Formats that read every value alike need no choice: the first one stands for them.
        readings: dict[bytes, str] = {}
        for form in (form for form in fits if fits[form] == best):
            readings.setdefault(self._read(form, self.distinct).tobytes(), form)
        return list(readings.values())

    def _counts(self) -> str:
        """The format of numbers that count time, '' if they are too small or too large for one."""
        least, most = np.nanmin(self.numbers), np.nanmax(self.numbers)
        ranges = ((EXCEL, _DAY_NUMBERS), (EPOCH, _SECONDS), (EPOCH_MS, _MILLISECONDS))
        return next((form for form, (low, high) in ranges if low < least and most < high), "")

    def _days(self) -> bool:
        """Whether the numbers can be days since 1900, as workbooks store dates."""
        least, most = _DAY_NUMBERS
        return bool(np.nanmin(self.numbers) > least and np.nanmax(self.numbers) < most)

    @cached_property
    def clock(self) -> str:
        """The format of a column of times, '' if it is not one."""
        if not (self.named("time|hour") or self.values.str.contains(":", regex=False).any()):
            return ""
        return next((clock for clock in _CLOCKS if self._fits(clock) >= _MOST), "")

    def _may_be(self, form: str) -> bool:
        """Whether one of the first values fits; rules out most formats quickly."""
        if form == ISO:
            return bool(self.distinct[:_FIRST].str.match("[0-9]{4}-[0-9]{2}").any())
        whole, values = form_of(form).whole, self.distinct[:_FIRST]
        if form_of(form).offset:
            values = values.str.replace(r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$", "", regex=True)
        return any(_is_date(value, whole) for value in values)

    def _fits(self, form: str) -> float:
        times = self._read(form, self.distinct)
        return float((~np.isnat(times)).mean()) if len(times) else 0.0

    @staticmethod
    def _read(form: str, values: pd.Series) -> NDArray[np.datetime64]:
        if form in _CLOCKS:
            day = pd.Series("01/01/2024", index=values.index, dtype="str")
            return read_moments([day, values], form_of(f"dd/mm/yyyy {form}")).local
        return read_moments([values], form_of(form)).local


def _is_date(value: str, directive: str) -> bool:
    try:
        dt.datetime.strptime(value, directive)  # noqa: DTZ007 - only asked whether it fits
    except ValueError:
        return False
    return True


form_of = cache(DateFormat.read)
