"""Dayparts: at which hours of the week incidents happen, also where the exact time is unknown.

An incident that happened at some time between two moments is shared among the hours between them,
in proportion to how much of each it covers (aoristic analysis). Elapsed time is measured in UTC,
and hours are named by London's clocks. So a night on which the clocks go back has two hours named
one o'clock, and no share goes to an hour that the clocks skip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.incidents import LONDON

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK_HOURS: Final = 168

_HOUR_S: Final = 3600
_EPOCH_HOUR: Final = 3 * 24  # of the week: 1970 began on a Thursday


@dataclass(frozen=True)
class Dayparts:
    """Incidents by hour of the week.

    Attributes
    ----------
    weights
        7 × 24: incidents in each hour, Monday and midnight first. They add up to `counted`.
    counted
        The number of incidents that are shared out.
    without_hour
        The number left out because only their day or month is known.
    backwards
        The number left out as faulty because they end before they begin.
    spans
        169 numbers: of the incidents that may have happened in a span of so many hours, 1 or
        more; the last is of the week and longer.
    """

    weights: Floats
    counted: int
    without_hour: int
    backwards: int
    spans: Ints

    @property
    def matrix(self) -> pd.DataFrame:
        """A row for each weekday and a column for each hour, 0 to 23."""
        index = pd.Index(WEEKDAYS, name="weekday")
        return pd.DataFrame(self.weights, index=index, columns=pd.RangeIndex(24, name="hour"))

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each hour of the week: `weekday`, `hour`, `incidents`, `share`."""
        return pd.DataFrame(
            {
                "weekday": np.repeat(WEEKDAYS, 24),
                "hour": np.tile(np.arange(24), 7),
                "incidents": self.weights.ravel(),
                "share": self.weights.ravel() / max(self.counted, 1),
            }
        )


def dayparts(incidents: pd.DataFrame) -> Dayparts:
    """Share incidents out among the hours of the week.

    Parameters
    ----------
    incidents
        `occurred_from` and `occurred_to` in UTC, both inclusive to the second, and `precision`.

    Returns
    -------
    The shares, and how many incidents they leave out.

    Raises
    ------
    InputError
        If there are incidents, and none of them has a time of day.

    Source: Ratcliffe 2000, "Aoristic analysis".
    """
    precise = incidents["precision"].isin(["instant", "interval"]).to_numpy()
    if len(incidents) and not precise.any():
        raise InputError(
            "these incidents have a day or a month and no time of day, so their hours are unknown"
        )
    first, last = (
        incidents.loc[precise, name].dt.as_unit("s").astype(np.int64).to_numpy()
        for name in ("occurred_from", "occurred_to")
    )
    forward = last >= first
    # A second belongs to its hour: from and to are both included.
    hours = -((first - last - 1)[forward] // _HOUR_S)
    return Dayparts(
        weights=aoristic(first[forward], last[forward] + 1),
        counted=int(forward.sum()),
        without_hour=int((~precise).sum()),
        backwards=int((~forward).sum()),
        spans=np.bincount(np.minimum(hours, WEEK_HOURS), minlength=WEEK_HOURS + 1),
    )


def aoristic(start: ArrayLike, end: ArrayLike) -> Floats:
    """Share one incident for each pair of times among the hours of the week.

    Parameters
    ----------
    start, end
        Whole seconds since 1970 in UTC; `end` is exclusive and later than `start`.

    Returns
    -------
    7 × 24, Monday and midnight first; zeros where there is no incident.

    Source: Ratcliffe 2000.
    """
    begin, finish = np.asarray(start, np.int64), np.asarray(end, np.int64)
    if len(begin) == 0:
        return np.zeros((7, 24))
    # The end is exclusive: an incident that ends on the hour does not reach into it.
    first, last = begin // _HOUR_S, (finish - 1) // _HOUR_S
    origin = first.min()
    hours = np.arange(origin, last.max() + 1)
    share = _whole_hours(first - origin, last - origin, per_hour=_HOUR_S / (finish - begin))
    # The first and the last hour are covered in part, and they may be the same hour.
    cut = np.minimum(finish, (first + 1) * _HOUR_S) - begin
    share += np.bincount(first - origin, cut / (finish - begin), minlength=len(hours))
    rest = np.where(last > first, finish - last * _HOUR_S, 0)
    share += np.bincount(last - origin, rest / (finish - begin), minlength=len(hours))
    named = np.bincount(_hour_of_week(hours), share, minlength=WEEK_HOURS)
    return np.asarray(named, float).reshape(7, 24)


def _whole_hours(first: Ints, last: Ints, *, per_hour: Floats) -> Floats:
    """What the hours strictly between the first and the last of each incident receive."""
    size = int(last.max()) + 2
    longer = last > first + 1
    opens, closes = first[longer] + 1, last[longer]
    steps = np.bincount(opens, per_hour[longer], size) - np.bincount(closes, per_hour[longer], size)
    open_now = np.cumsum(np.bincount(opens, minlength=size) - np.bincount(closes, minlength=size))
    # Differences of running sums leave rounding errors in hours that no incident spans.
    return np.where(open_now > 0, np.cumsum(steps), 0.0)[:-1]


def _hour_of_week(hours: Ints) -> Ints:
    """London's hour of the week, 0 for Monday at midnight, of each hour since 1970 in UTC.

    London's clocks differ from UTC by whole hours, so an hour of one is an hour of the other.
    """
    utc = pd.to_datetime(hours * _HOUR_S, unit="s", utc=True)
    local = np.asarray(utc.tz_convert(LONDON).tz_localize(None), dtype="datetime64[h]")
    return (local.astype(np.int64) + _EPOCH_HOUR) % WEEK_HOURS


def peak_windows(weights: ArrayLike, *, hours: int, most: int = 1) -> pd.DataFrame:
    """The windows of the week with the most incidents, without overlaps.

    Parameters
    ----------
    weights
        7 × 24, as in `Dayparts`.
    hours
        Length of a window; it may run past midnight, and from Sunday into Monday.
    most
        The largest number of windows; one without an incident is left out.

    Returns
    -------
    `rank`, `weekday` and `hour` of the start, `to_weekday` and `to_hour` of the end (exclusive),
    `hours`, `incidents`, `share` of all, and `lift`: the share divided by that of an even spread.
    The best first; of equals the earliest in the week.

    Raises
    ------
    InputError
        If a window is shorter than an hour or longer than the week.

    Source: a greedy choice over the aoristic weights of Ratcliffe 2000.
    """
    frame = _peaks(np.asarray(weights, float).ravel(), length=hours, most=most)
    names = np.array(WEEKDAYS, dtype=object)
    frame.insert(1, "weekday", names[frame["hour"] // 24])
    frame.insert(3, "to_weekday", names[frame["to_hour"] // 24])
    return frame.assign(hour=frame["hour"] % 24, to_hour=frame["to_hour"] % 24)


def peak_hours(weights: ArrayLike, *, hours: int, most: int = 1) -> pd.DataFrame:
    """The windows of the day with the most incidents, over several days together.

    Parameters
    ----------
    weights
        Days × 24: all rows of `Dayparts.weights`, or those of a shift's days.
    hours, most
        As in `peak_windows`; a window may run past midnight.

    Returns
    -------
    As `peak_windows`, without the weekdays.

    Raises
    ------
    InputError
        If a window is shorter than an hour or longer than the day.

    Source: as `peak_windows`.
    """
    return _peaks(np.asarray(weights, float).sum(axis=0), length=hours, most=most)


def _peaks(circle: Floats, *, length: int, most: int) -> pd.DataFrame:
    """Greedily the best stretches of a circular sequence of hours."""
    size = len(circle)
    if not 1 <= length <= size:
        raise InputError(f"a window of {length} hours does not fit; choose 1 to {size}")
    hours = (np.arange(size)[:, None] + np.arange(length)) % size
    # Rounded, so that equal sums are not ordered by their last bit.
    sums = np.round(circle[hours].sum(axis=1), 9)
    windows: list[tuple[int, int, int, float]] = []
    while len(windows) < most and sums.max() > 0:
        start = int(sums.argmax())
        windows.append((start, (start + length) % size, length, circle[hours[start]].sum()))
        sums[np.isin(hours, hours[start]).any(axis=1)] = 0
    frame = pd.DataFrame(windows, columns=["hour", "to_hour", "hours", "incidents"])
    frame = frame.astype({"hour": np.int64, "to_hour": np.int64, "incidents": float})
    frame.insert(0, "rank", np.arange(1, len(frame) + 1))
    share = frame["incidents"] / circle.sum()
    return frame.assign(share=share, lift=share / (length / size))
