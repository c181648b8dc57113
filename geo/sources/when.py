"""Reading columns of dates and times (formats: `geo.sources.dates`) as intervals of UTC.

Rules
-----
- A date and time is an instant. A date alone, or with an empty time, is a day. A format without
  a day gives months.
- `from` and `to` make an interval from the first second to the last. If both are equal, the row is
  that instant, day or month. A row that ends before it starts is rejected.
- Times without an offset are in Europe/London. When its clocks change, a time is read by the clock
  as it was before the change: 01:30 on 31 March 2024, which did not exist, is 01:30 GMT
  (02:30 BST), and 01:30 on 27 October 2024, which occurred twice, is the first, 01:30 BST. The
  end of an interval is the second of the two if the first would be before its start.
- Years before 1970 are not accepted, nor incidents after today: a year that nobody corrected, such
  as 1900 or 2042, would otherwise be the first or last of the data.
- Where all times of a file are 00:00, its source knows days only: they are read as days.
- A workbook cell that is a real date, or a number of days, is read whatever the format; only the
  format says whether it has a time of day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import LONDON
from geo.sources.dates import EPOCH_MS, EXCEL, ISO, NUMBERED, DateFormat

_GLUED = re.compile(r"%[a-zA-Z]%")

_DAY, _MONTH = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{4}-[0-9]{2}"
_MOMENT = _DAY + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_OFFSET = r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_NUMBER = r"[0-9]{1,7}([.][0-9]{1,20})?"

_COUNT = r"-?[0-9]{1,15}([.][0-9]{1,20})?"
_EXCEL_DAY_0 = np.datetime64("1899-12-30", "s")
FEWEST_MIDNIGHTS = 3
"""Fewer times of 00:00 may be true ones."""

_NEVER = np.datetime64("NaT", "s")
_MIDNIGHT_1900 = np.datetime64("1900-01-01", "s")  # where the parser puts a time without a date
_OLDEST = np.datetime64("1969-12-31T23:00", "s")  # 1970 in London, which was at UTC+1 then
_FIRST, _END = np.datetime64("1900-01-01", "s"), np.datetime64("2100-01-01", "s")

Seconds = NDArray[np.datetime64]
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Moments:
    """One column of dates, or one of dates and one of times, row by row.

    Attributes
    ----------
    local
        The first second; NaT if there is none.
    utc
        Whether `local` is in UTC; otherwise it is London's clock time.
    precision
        `instant`, `day` or `month`; '' if there is no date.
    reason
        Why there is no date; '' if there is one.
    """

    local: Seconds
    utc: Mask
    precision: Texts
    reason: Texts

    @classmethod
    def none(cls, n: int) -> Moments:
        """A column without dates, to be filled by `put`."""
        texts = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
        return cls(np.full(n, _NEVER), np.zeros(n, dtype=bool), *texts)

    def put(self, rows: Positions, local: Seconds, precision: str) -> None:
        """Fill in some rows; those without a date between 1900 and 2099 are left unchanged.

        Parameters
        ----------
        rows
            Positions of the rows.
        local
            Seconds in London's clocks.
        precision
            One of `PRECISIONS`.
        """
        valid = (local >= _FIRST) & (local < _END)
        self.local[rows[valid]] = local[valid]
        self.precision[rows[valid]] = precision

    @property
    def missing(self) -> Mask:
        """Rows without a date so far."""
        return np.isnat(self.local)


def read_moments(
    columns: list[pd.Series], form: DateFormat, *, epoch: np.datetime64 | None = None
) -> Moments:
    """Read a column of dates (and times), or one of dates and one of times.

    Parameters
    ----------
    columns
        One or two columns of n texts without spaces around them.
    form
        How they are written.
    epoch
        For a workbook, the day from which its date numbers count; None for a CSV.

    Returns
    -------
    moments
        Of n rows, each with a date or a reason why not.
    """
    date = columns[0]
    moments = Moments.none(len(date))
    if form.text == ISO:
        _read_iso(moments, date if len(columns) == 1 else _joined(*columns))
    elif form.text in NUMBERED:
        _read_numbers(moments, date, form.text)
    elif len(columns) > 1:
        _read_two(moments, columns, form)
    else:
        _read_one(moments, date, form)
    if epoch is not None and moments.missing.any():
        _read_cells(moments, columns, form=form, epoch=epoch)
    moments.reason[moments.missing & (moments.reason == "")] = f"not a date as {form.text}"
    moments.reason[np.asarray(date == "")] = "no date"
    return moments


def _joined(date: pd.Series, clock: pd.Series) -> pd.Series:
    return (date + "T" + clock).str.removesuffix("T")


def _read_iso(moments: Moments, text: pd.Series) -> None:
    for pattern, precision, utc in (
        (_DAY, "day", False),
        (_MOMENT, "instant", False),
        (_MOMENT + _OFFSET, "instant", True),
        (_MONTH, "month", False),
    ):
        rows = np.flatnonzero(text.str.fullmatch(pattern))
        if len(rows):
            local = pd.to_datetime(text.iloc[rows], format="ISO8601", errors="coerce", utc=utc)
            moments.put(rows, _seconds(local), precision)
            moments.utc[rows] = utc


def _read_numbers(moments: Moments, text: pd.Series, form: str) -> None:
    rows = np.flatnonzero(text.str.fullmatch(_COUNT))
    numbers = text.iloc[rows].astype(float).to_numpy()
    # What is beyond all years would overflow as a date.
    numbers = np.clip(numbers, -1e14, 1e14) / (1000 if form == EPOCH_MS else 1)
    if form == EXCEL:
        seconds = np.rint(np.clip(numbers, -1e6, 1e6) * 86_400)
        local = _EXCEL_DAY_0 + seconds.astype("timedelta64[s]")
        days = local == local.astype("datetime64[D]")
        moments.put(rows[days], local[days], "day")
        moments.put(rows[~days], local[~days], "instant")
        return
    seconds = np.clip(np.floor(numbers), -1e11, 1e11)
    moments.put(rows, np.datetime64(0, "s") + seconds.astype("timedelta64[s]"), "instant")
    moments.utc[rows] = True


def _read_with_offset(moments: Moments, text: pd.Series, form: DateFormat) -> None:
    parts = text.str.extract(rf"^(.*?){_OFFSET}$")
    rows = np.flatnonzero(parts[0].notna())
    away = parts[1].iloc[rows].replace("Z", "+00").str.replace(":", "")
    minutes = away.str[1:3].astype(int) * 60 + away.str[3:5].replace("", "0").astype(int)
    offset = np.where(away.str[0] == "-", -minutes, minutes).astype("timedelta64[m]")
    local = _parsed(parts[0].iloc[rows].reset_index(drop=True), form.whole) - offset
    moments.put(rows, local.astype("datetime64[s]"), "instant")
    moments.utc[rows] = True


def _read_one(moments: Moments, text: pd.Series, form: DateFormat) -> None:
    if form.offset:
        _read_with_offset(moments, text, form)
        return
    moments.put(np.arange(len(text)), _parsed(text, form.whole), form.finest)
    rest = np.flatnonzero(moments.missing & np.asarray(text != ""))
    if form.time and len(rest):
        moments.put(rest, _parsed(text.iloc[rest], form.date), "day")


def _read_two(moments: Moments, columns: list[pd.Series], form: DateFormat) -> None:
    days = _parsed(columns[0], form.date)
    clock = _parsed(columns[1], form.time) - _MIDNIGHT_1900
    timeless = np.asarray(columns[1] == "")
    for rows, local, precision in (
        (np.flatnonzero(timeless), days, "day"),
        (np.flatnonzero(~timeless), days + clock, "instant"),
    ):
        moments.put(rows, local[rows], precision)


def _read_cells(
    moments: Moments, columns: list[pd.Series], *, form: DateFormat, epoch: np.datetime64
) -> None:
    """Read the remaining rows as real dates and times of a workbook, or as their numbers."""
    rows = np.flatnonzero(moments.missing & np.asarray(columns[0] != ""))
    local = _date_cells(columns[0].iloc[rows], form, epoch=epoch)
    timed = local > local.astype("datetime64[D]")
    if len(columns) > 1:
        moments.reason[rows[timed]] = "the date holds a time beside the one in its own column"
        clock = columns[1].iloc[rows]
        local = np.where(timed, _NEVER, local + _time_cells(clock, form))
        timed = np.asarray(clock != "")
    elif form.text != ISO and not form.time:
        moments.reason[rows[timed]] = f"the date holds a time, which {form.text} does not name"
        local[timed] = _NEVER
    elif form.text != ISO:
        timed = np.ones(len(rows), dtype=bool)
    moments.put(rows[timed], local[timed], "instant")
    moments.put(rows[~timed], local[~timed], "month" if form.finest == "month" else "day")


def _date_cells(text: pd.Series, form: DateFormat, *, epoch: np.datetime64) -> Seconds:
    local = np.full(len(text), _NEVER)
    dated = np.flatnonzero(text.str.fullmatch(f"{_DAY}(T{_CLOCK})?"))
    local[dated] = _seconds(pd.to_datetime(text.iloc[dated], format="ISO8601", errors="coerce"))
    numbered = np.flatnonzero(text.str.fullmatch(_NUMBER))
    seconds = np.rint(text.iloc[numbered].astype(float).to_numpy() * 86_400)
    local[numbered] = epoch + seconds.astype("timedelta64[s]")
    written = np.flatnonzero(np.isnat(local))
    if form.date:
        local[written] = _parsed(text.iloc[written], form.date)
    return local


def _time_cells(text: pd.Series, form: DateFormat) -> NDArray[np.timedelta64]:
    """Times of day as seconds after midnight, 0 if the cell is empty."""
    clock = _parsed(text, form.time or "%H:%M") - _MIDNIGHT_1900
    real = np.flatnonzero(text.str.fullmatch(_CLOCK))
    clock[real] = _parsed(text.iloc[real], "%H:%M:%S") - _MIDNIGHT_1900
    fraction = np.flatnonzero(text.str.fullmatch(r"0([.][0-9]{1,20})?"))
    seconds = np.rint(text.iloc[fraction].astype(float).to_numpy() * 86_400)
    clock[fraction] = np.minimum(seconds, 86_399).astype("timedelta64[s]")
    clock[np.asarray(text == "")] = np.timedelta64(0, "s")
    return clock


def _parsed(text: pd.Series, directive: str) -> Seconds:
    # Dates and times repeat: each distinct text is parsed once.
    codes, distinct = pd.factorize(text)
    texts = pd.Series(distinct, dtype="str")
    # pandas reads `now` and `today` as the present, whatever the format.
    readable = np.array(~texts.str.lower().isin(["now", "today"]), dtype=bool)
    if _GLUED.search(directive):
        # With nothing between the parts, a lost leading zero would shift all that follows.
        readable &= np.asarray(texts.str.len() == _length(directive), dtype=bool)
    local = pd.to_datetime(texts.where(readable, ""), format=directive, errors="coerce")
    seconds: Seconds = _seconds(local)[codes]
    return seconds


def _length(directive: str) -> int:
    lengths = {"%Y": 4, "%b": 3, "%a": 3}
    parts = re.findall(r"%[a-zA-Z]|.", directive)
    return sum(lengths.get(part, 2 if part[0] == "%" else 1) for part in parts)


def _seconds(moments: pd.Series) -> Seconds:
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.array(moments, dtype="datetime64[s]")


def all_midnight(moments: Moments) -> bool:
    """Whether a column of times holds none: `FEWEST_MIDNIGHTS` or more, all of them 00:00.

    By their own clock, or by London's where they are in UTC.
    """
    instants = moments.precision == "instant"
    if instants.sum() < FEWEST_MIDNIGHTS:
        return False
    return any(
        bool((clock[instants] == clock[instants].astype("datetime64[D]")).all())
        for clock in (moments.local, _london_clock(moments))
    )


def midnights_as_days(moments: Moments) -> Moments:
    """Times of 00:00 as the days that they begin; other times unchanged."""
    london = _london_clock(moments)
    instants = moments.precision == "instant"
    # 23:00 UTC in summer is midnight in London; 00:00 UTC is what a file of UTC days holds.
    for clock in (london, moments.local):
        midnight = instants & (clock == clock.astype("datetime64[D]"))
        moments.local[midnight] = clock[midnight]
        moments.utc[midnight] = False
        moments.precision[midnight] = "day"
        instants &= ~midnight
    return moments


def _london_clock(moments: Moments) -> Seconds:
    utc = pd.DatetimeIndex(moments.local).tz_localize("UTC")
    london = np.asarray(utc.tz_convert(LONDON).tz_localize(None), dtype="datetime64[s]")
    return np.where(moments.utc, london, moments.local)


def implausible_times(when: Occurrences, *, now: np.datetime64) -> Texts:
    """Why an incident cannot have happened when its row says, '' if it can.

    Parameters
    ----------
    when
        Of n rows.
    now
        The present, UTC.

    Returns
    -------
    reasons
        Of n rows. A day may be that of the next hours, since London's begins before UTC's.
    """
    reasons = np.full(len(when.first), "", dtype=object)
    reasons[when.first < _OLDEST] = "before 1970, which no source reaches"
    reasons[when.first > now + np.timedelta64(3600, "s")] = "in the future"
    return reasons


@dataclass(frozen=True)
class Occurrences:
    """When the incident of each row happened.

    Attributes
    ----------
    first, last
        Its first and last second in UTC, both inclusive.
    precision
        One of `geo.incidents.PRECISIONS`.
    reason
        Why a row has no time, '' if it has one.
    """

    first: Seconds
    last: Seconds
    precision: Texts
    reason: Texts


def occurrences(start: Moments, end: Moments | None = None) -> Occurrences:
    """When incidents happened, from a start and, if there is one, an end.

    Parameters
    ----------
    start, end
        Columns of equal length. A row with an empty end, like every row without a column of ends,
        lasts for the instant, day or month of its start.

    Returns
    -------
    occurrences
        Of as many rows; rejected ones have a reason.
    """
    alone = Occurrences(
        _utc(start, start.local), _utc(start, _last(start)), start.precision, start.reason
    )
    if end is None:
        return alone
    open_ended = end.reason == "no date"
    last, later = (_utc(end, _last(end), second=second) for second in (False, True))
    last = np.where((last < alone.first) & (later >= alone.first), later, last)
    last = np.where(open_ended, alone.last, last)
    same = open_ended | ((start.precision == end.precision) & (last == alone.last))
    reason = np.where(last < alone.first, "it ends before it starts", "")
    ended = np.where(open_ended | (end.reason == ""), reason, "the end: " + end.reason)
    return Occurrences(
        alone.first,
        last,
        np.where(same, start.precision, "interval"),
        np.where(start.reason != "", start.reason, ended),
    )


def _last(moments: Moments) -> Seconds:
    """The last second of each instant, day or month, by its own clock."""
    local, second = moments.local.copy(), np.timedelta64(1, "s")
    day, month = (moments.precision == name for name in ("day", "month"))
    local[day] = (local[day].astype("datetime64[D]") + 1).astype(local.dtype) - second
    local[month] = (local[month].astype("datetime64[M]") + 1).astype(local.dtype) - second
    return local


def _utc(moments: Moments, local: Seconds, *, second: bool = False) -> Seconds:
    """Local times as UTC; of a time that occurred twice the first, or the `second`."""
    london = pd.DatetimeIndex(local).tz_localize(
        LONDON, ambiguous=np.full(len(local), not second), nonexistent=pd.Timedelta(hours=1)
    )
    utc = np.asarray(london.tz_convert("UTC").tz_localize(None), dtype="datetime64[s]")
    return np.where(moments.utc, local, utc)
