"""When things happen: hours of the week, seasons of the year, and the clocks of London."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.demo.town.lines import Floats
from geo.incidents import LONDON

Times = NDArray[np.datetime64]

FIRST_DAY: Final = np.datetime64("2022-04-01")
LAST_DAY: Final = np.datetime64("2026-03-31")
YEARS: Final = 4
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


def year_days(year: int) -> Times:
    """All days of a year that begins in April, counted from 0 for 2022."""
    start = FIRST_DAY.astype("datetime64[M]") + 12 * year
    return _days(start, start + 12)


def month_days(month: str) -> Times:
    """All days of a `YYYY-MM` month."""
    start = np.datetime64(month, "M")
    return _days(start, start + 1)


def _days(start: np.datetime64, end: np.datetime64) -> Times:
    first, last = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    return np.asarray(first + np.arange((last - first).astype(int)))


def week_profile(name: str) -> Floats:
    """How likely each hour of the week is, Monday first, shape (7, 24), mean 1.

    Parameters
    ----------
    name
        One of `evening`, `night-out`, `shop-hours`, `any-time`, `overnight`, `working-day`.
    """
    week = np.tile(_HOURS[name], (7, 1))
    if name == "night-out":
        week[:, :5] *= 0.12
        week[[_SATURDAY, _SUNDAY], :5] = 4.6 * np.array([1.0, 0.95, 0.8, 0.45, 0.15])
        week[[_FRIDAY, _SATURDAY], 20:] *= 3.2
    elif name == "evening":
        week[[_FRIDAY, _SATURDAY], 18:] *= 1.35
        week[[_SATURDAY, _SUNDAY], :2] *= 1.6
    elif name in ("shop-hours", "working-day"):
        week[_SUNDAY] *= 0.45
    return np.asarray(week / week.mean())


def _bell(peak: float, *, width: float) -> Floats:
    """A bump over the 24 hours of a day, round the clock."""
    gap = (np.arange(24) + 0.5 - peak + 12) % 24 - 12
    return np.asarray(np.exp(-((gap / width) ** 2)))


_HOUR: Final = np.arange(24)
_HOURS: Final = {
    "evening": 0.1 + _bell(20, width=3.6) + 0.3 * _bell(15.5, width=2),
    "night-out": 0.08 + _bell(23, width=3.2),
    "shop-hours": 0.01 + _bell(13.5, width=3.4) * ((_HOUR >= 8) & (_HOUR < 21)),
    "any-time": 0.25 + _bell(18, width=6.5),
    "overnight": 0.25 + _bell(22.5, width=5),
    "working-day": 0.12 + _bell(11.5, width=4.5),
}


def draw_moments(
    days: Times, count: int, *, profile: str, swing: float, rng: np.random.Generator
) -> Times:
    """Moments on the given days as London's clocks show them, to the second.

    Parameters
    ----------
    swing
        How far July lies above the mean of the year; negative for winter crimes.
    """
    week = week_profile(profile)
    # 1970-01-01 was a Thursday.
    weekday = (days.astype(int) + 3) % 7
    chance = _season(days, swing) * week.sum(axis=1)[weekday]
    day = rng.choice(len(days), count, p=chance / chance.sum())
    ladder = np.cumsum(week, axis=1) / week.sum(axis=1, keepdims=True)
    hour = (ladder[weekday[day]] < rng.random(count)[:, None]).sum(axis=1)
    seconds = hour * 3_600 + rng.integers(0, 3_600, count)
    return np.asarray(days[day].astype("datetime64[s]") + seconds.astype("timedelta64[s]"))


def to_utc(local: Times, rng: np.random.Generator) -> pd.DatetimeIndex:
    """London times to UTC.

    Times in the hour that clocks skip in spring move on by an hour; times in the hour that comes
    twice in autumn get either one at random.
    """
    first_time = rng.random(len(local)) < 0.5
    index = pd.DatetimeIndex(local).tz_localize(
        LONDON, ambiguous=first_time, nonexistent=pd.Timedelta(hours=1)
    )
    return index.tz_convert("UTC").as_unit("s")


def _season(days: Times, swing: float) -> Floats:
    day_of_year = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    season = 1 + swing * np.cos(2 * np.pi * (day_of_year - 200) / 365.25)
    # From Hallowe'en to Bonfire Night the streets are busier than usual in autumn.
    fireworks = (day_of_year >= 303) & (day_of_year <= 309)
    return np.asarray(np.where(fireworks, season * 1.45, season))
