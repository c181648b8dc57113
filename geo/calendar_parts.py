"""Parts of the calendar that a period is split into: months, quarters, halves, years.

The financial year is that of British public bodies, from April to March; its halves are April to
September and October to March.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, Literal, get_args

from geo.period import Period

CalendarUnit = Literal["month", "quarter", "half", "year", "financial-year"]
CALENDAR_UNITS: Final[tuple[CalendarUnit, ...]] = get_args(CalendarUnit)

_MONTHS: Final[Mapping[CalendarUnit, int]] = MappingProxyType(
    {"month": 1, "quarter": 3, "half": 6, "year": 12, "financial-year": 12}
)
_STARTS_IN_APRIL: Final = ("half", "financial-year")


@dataclass(frozen=True)
class CalendarPart:
    """A part of the calendar, as far as a period reaches into it.

    Attributes
    ----------
    label
        `2024-03`, `2024-Q1`, `2024/25 H1`, `2024` or `2024/25`.
    period
        Its days that lie in the period asked for.
    whole
        All its days.
    unit
        Which part it is.
    """

    label: str
    period: Period
    whole: Period
    unit: CalendarUnit

    @property
    def is_cut(self) -> bool:
        """Whether the period reaches only a part of it."""
        return self.period != self.whole

    @property
    def year_before(self) -> CalendarPart:
        """The same part of the calendar a year earlier, and the same days of it."""
        whole = part_of(_months_later(self.whole.first, -12), self.unit)
        if not self.is_cut:
            return whole
        if self.period.is_whole_months:
            return replace(whole, period=self.period.year_before)
        # Not 52 weeks, which would reach beyond the part.
        days = Period(_year_before(self.period.first), _year_before(self.period.last))
        return replace(whole, period=days)


def column_of(unit: str) -> str:
    """The column that names the parts of a unit: `financial_year` of `financial-year`."""
    return unit.replace("-", "_")


def part_of(day: date, unit: CalendarUnit) -> CalendarPart:
    """The part of the calendar that a day lies in.

    Parameters
    ----------
    day
        Any day.
    unit
        Which parts.

    Returns
    -------
    The whole part.
    """
    length = _MONTHS[unit]
    from_april = 3 if unit in _STARTS_IN_APRIL else 0
    months = day.year * 12 + day.month - 1 - from_april
    start = months - months % length + from_april
    first = date(start // 12, start % 12 + 1, 1)
    whole = Period(first, _months_later(first, length) - timedelta(days=1))
    return CalendarPart(_label(first, unit), whole, whole, unit)


def parts_of(period: Period, unit: CalendarUnit) -> list[CalendarPart]:
    """The parts of the calendar that a period touches.

    Parameters
    ----------
    period
        Its first and last part may be cut.
    unit
        Which parts.

    Returns
    -------
    In order, each with those of its days that lie in the period.
    """
    parts, day = [], period.first
    while day <= period.last:
        part = part_of(day, unit)
        parts.append(replace(part, period=Period(day, min(part.whole.last, period.last))))
        day = part.whole.last + timedelta(days=1)
    return parts


def _label(first: date, unit: CalendarUnit) -> str:
    financial = first.year if first.month >= 4 else first.year - 1
    years = f"{financial}/{(financial + 1) % 100:02}"
    return {
        "month": f"{first:%Y-%m}",
        "quarter": f"{first.year}-Q{(first.month + 2) // 3}",
        "half": f"{years} H{1 if first.month == 4 else 2}",
        "year": f"{first.year}",
        "financial-year": years,
    }[unit]


def _months_later(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, day.day)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
