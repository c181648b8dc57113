"""Targets for answering: so many working or calendar days, and the days on which answers are due.

Working days are those of England and Wales: Monday to Friday without bank holidays, which the
`holidays` library knows offline, one-off ones included. Days are those of Europe/London.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.incidents import LONDON
from geo.records.life import LIFE_TIME_TYPE

Days = NDArray[np.datetime64]

MOST_DAYS: Final = 1_000
"""The longest target: more is a slip of the pen."""

_WRITTEN: Final = re.compile(r"([1-9][0-9]{0,3})(wd|d)")
_LAST_SECOND: Final = np.timedelta64(24 * 60 * 60 - 1, "s")
_MOST_YEARS: Final = 200
_FIRST_YEAR: Final = 1974
"""New Year's Day became a bank holiday in England and Wales; the library has every year since."""


@dataclass(frozen=True)
class Target:
    """So many days in which a record should be answered.

    Attributes
    ----------
    days
        From 1 to `MOST_DAYS`. The day of receipt is not counted.
    working
        Whether only working days count.
    """

    days: int
    working: bool

    def __str__(self) -> str:
        return self.written

    @classmethod
    def read(cls, text: str) -> Target:
        """Read a target as `parse_target` does.

        Raises
        ------
        InputError
            If it is written otherwise or is longer than `MOST_DAYS`.
        """
        return parse_target(text)

    @property
    def written(self) -> str:
        """As `parse_target` reads it: `10wd` or `20d`."""
        return f"{self.days}{'wd' if self.working else 'd'}"

    @property
    def text(self) -> str:
        """For people: `10 working days`."""
        unit = "day" if self.days == 1 else "days"
        return f"{self.days:,} working {unit}" if self.working else f"{self.days:,} {unit}"


def parse_target(text: str) -> Target:
    """Read a target as `10wd`, ten working days, or `20d`, twenty calendar days.

    Raises
    ------
    InputError
        If it is written otherwise or is longer than `MOST_DAYS`.
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    if not match or int(match[1]) > MOST_DAYS:
        raise InputError(
            f"target {text[:40]!r} is no number of days; write 10wd for ten working days or 20d "
            f"for twenty calendar days (at most {MOST_DAYS:,})"
        )
    return Target(int(match[1]), working=match[2] == "wd")


def due_days(received: pd.Series, target: Target) -> Days:
    """The London day at whose end each record is due.

    Counting begins on the day after receipt, as for requests under the Freedom of Information Act
    2000 ("not later than the twentieth working day following the date of receipt", section 10(1)).
    What is received on a day off is thus counted as if it had been received on the working day
    before.

    Parameters
    ----------
    received
        n UTC timestamps; NaT gives NaT.
    target
        The days allowed.

    Returns
    -------
    n days, as `datetime64[D]`.
    """
    day = london_days(received)
    if not target.working:
        return day + np.timedelta64(target.days, "D")
    due = np.full(len(day), np.datetime64("NaT"), "datetime64[D]")
    known = ~np.isnat(day)
    due[known] = np.busday_offset(
        day[known], target.days, roll="backward", holidays=_days_off(day[known], target.days)
    )
    return due


def deadlines(lives: pd.DataFrame, target: Target | None = None) -> pd.Series:
    """Until when each record can be answered in time.

    Parameters
    ----------
    lives
        n rows with `received` and `due`.
    target
        A target that a Question states for all records; it replaces what the records state. None
        for the records' own due times, where they have one.

    Returns
    -------
    deadlines
        n UTC timestamps with the index of `lives`, NaT where nothing is due. An answer at that
        second is in time. A due time of 00:00 in London is a date, and means the whole day.
    """
    if target is not None:
        return _ends_of_days(due_days(lives["received"], target), lives.index)
    due = lives["due"]
    local = due.dt.tz_convert(LONDON)
    is_date = (local == local.dt.normalize()).to_numpy(dtype=bool)
    ends = _ends_of_days(london_days(due), lives.index)
    return ends.where(is_date, due).astype(LIFE_TIME_TYPE).rename("deadline")


def london_days(times: pd.Series) -> Days:
    """The London day of each UTC timestamp, as `datetime64[D]`; NaT stays NaT."""
    local = times.dt.tz_convert(LONDON).dt.tz_localize(None)
    return np.asarray(local, dtype="datetime64[D]")


def working_days_between(start: pd.Series, end: pd.Series) -> NDArray[np.float64]:
    """The working days after the day of one time, until and with the day of another.

    Parameters
    ----------
    start, end
        n UTC timestamps each.

    Returns
    -------
    n counts: 0 on the same day, 1 from one working day to the next, NaN where one is NaT. A
    record is within a target of `n` working days where this is at most n.
    """
    first, last = london_days(start), london_days(end)
    count = np.full(len(first), np.nan)
    known = ~np.isnat(first) & ~np.isnat(last)
    one = np.timedelta64(1, "D")
    both = np.concatenate([first[known], last[known]])
    count[known] = np.busday_count(
        first[known] + one, last[known] + one, holidays=_days_off(both, 0)
    )
    return count


def bank_holidays(first_year: int, last_year: int) -> tuple[date, ...]:
    """The bank holidays of England and Wales, substitute days included.

    Parameters
    ----------
    first_year, last_year
        Inclusive.

    Returns
    -------
    days
        In order. Those on a Saturday or Sunday are listed beside the working day in their place.
        One-off holidays of the years to come are known once the library has a release with them.
    """
    return tuple(day for year in range(first_year, last_year + 1) for day in _holidays_of(year))


@lru_cache(maxsize=256)
def _holidays_of(year: int) -> tuple[date, ...]:
    # Imported late: it takes a while, and only targets in working days need it.
    import holidays  # noqa: PLC0415 - see above

    # Wales has the days of England; its own subdivision only says so again.
    return tuple(sorted(holidays.country_holidays("GB", subdiv="ENG", years=[year])))


def _days_off(days: Days, following: int) -> Days:
    """The bank holidays around some days, and as long after them as a target can reach."""
    if not len(days):
        return np.array([], dtype="datetime64[D]")
    first, last = (int(day.astype("datetime64[Y]").astype(int)) + 1970 for day in _span(days))
    # 250 working days are less than a year.
    last += following // 250 + 1
    first, last = max(first - 1, _FIRST_YEAR), min(last, _FIRST_YEAR + _MOST_YEARS)
    return np.array(bank_holidays(first, last), dtype="datetime64[D]")


def _span(days: Days) -> tuple[np.datetime64, np.datetime64]:
    return days.min(), days.max()


def _ends_of_days(days: Days, index: pd.Index) -> pd.Series:
    """The last second of each London day, in UTC."""
    ends = pd.Series(days.astype("datetime64[s]") + _LAST_SECOND, index=index, name="deadline")
    # 23:59:59 is in no change of the clock, which is between 01:00 and 02:00.
    utc: pd.Series = ends.dt.tz_localize(LONDON).dt.tz_convert("UTC").astype(LIFE_TIME_TYPE)
    return utc
