"""Reading the lives of records from the rows of a sheet, as `[life]` of its mapping says.

What councils' extracts hold, and what is made of it
----------------------------------------------------
- A day without a time: received, answered and closed are its beginning, due its end. Where that
  would be before the time at which a record was received on the same day, it is that time: a case
  that is closed on its first day has waited for nothing. A due time of 00:00 means the whole day.
- Answered or closed on a day before it was received: one of the dates is wrong, and nobody can tell
  which; a wait below zero would count in every median. The row is rejected.
- Answered or closed after the day of the extract: such a date is a plan, not what happened. The row
  is rejected.
- Due before it was received: systems reckon targets from when it happened, or keep that of the case
  that a record was copied from. The record is true, its due date is not: it is left out, and the
  import says so.
- Closed before it was answered: letters follow closing, so this is kept.
- No date of closing with an outcome, or the reverse: outcome is not state, so both are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.incidents import LONDON
from geo.personal_texts import contact_text
from geo.records.life import LIFE_TIME_TYPE, STATED_LAYER, WITHDRAWN, with_life_types
from geo.sources.life_mapping import Coded, Life
from geo.sources.when import Moments, midnights_as_days, occurrences

MOST_PERSONAL: Final = 0.05
"""Share of the texts of a column above which it is refused, and not its rows alone."""

FEWEST_PERSONAL: Final = 3
"""Fewer such texts are those of rows."""

MOST_REOPENED: Final = 1_000

LONGEST_TEXT: Final = 200
"""Characters of an outcome, a service or a stated area: more is a description of a case."""

Reasons = NDArray[np.object_]
ReadMoments = Callable[[tuple[str, ...]], Moments]


class ReadLives(NamedTuple):
    """The lives of the rows of a table.

    Attributes
    ----------
    lives
        n rows, in their order, with `STORED_LIFE_COLUMNS` and `stated_layer`.
    reasons
        Why each of the n rows is rejected; '' if it is not.
    dues_left_out
        Whether the due date of each row is left out, being before it was received.
    """

    lives: pd.DataFrame
    reasons: Reasons
    dues_left_out: NDArray[np.bool_]


def read_lives(
    table: Table, life: Life, received: pd.Series, *, moments: ReadMoments, extracted: date
) -> ReadLives:
    """Read the lives of some rows.

    Parameters
    ----------
    table
        n rows.
    life
        Which columns hold what.
    received
        When each was received where the mapping names no column: n UTC timestamps, or NaT.
    moments
        Reads one column of dates, or one of dates and one of times.
    extracted
        The day of the extract.

    Returns
    -------
    The lives, and which rows are rejected.

    Raises
    ------
    InputError
        If a column looks personal by what it holds.
    """
    faults = _Faults(len(table))
    values: dict[str, object] = {}
    for name in ("kind", "channel"):
        values[name] = _coded(table, getattr(life, name), name, faults)
    for name in ("outcome", "service", "stated_area"):
        values[name] = _text(table, life.texts.get(name, ""), name, faults)
    times = _Times(table, life, moments, faults)
    start = times.read("received") if "received" in life.times else received
    values["received"] = start
    end = pd.Timestamp(extracted + timedelta(days=1), tz=LONDON).tz_convert("UTC")
    faults.add("received after the day of the extract", (start >= end).to_numpy())
    if "received" in life.times:
        faults.add("received: no date", start.isna().to_numpy())
    for name in ("answered", "closed"):
        moment = times.after(name, start)
        faults.add(f"{name} before it was received", (moment < start).to_numpy())
        faults.add(f"{name} after the day of the extract", (moment >= end).to_numpy())
        values[name] = moment
    due = times.read("due", last=True)
    early = (due < start).to_numpy()
    values["due"] = due.mask(pd.Series(early))
    values["reopened"] = _reopened(table, life.texts.get("reopened", ""), faults)
    outcomes = pd.Series(values["outcome"])
    values[WITHDRAWN] = outcomes.str.casefold().isin(life.withdrawn).to_numpy()
    values[STATED_LAYER] = life.stated_layer
    return ReadLives(with_life_types(pd.DataFrame(values)), faults.reasons, early)


def stated_day(life: Life, *, moments: ReadMoments, file: str) -> date | None:
    """Read the day of the extract, which its first row states.

    Parameters
    ----------
    life, moments
        As for `read_lives`, of the first rows.
    file
        Its name, for messages.

    Returns
    -------
    The day; None where the mapping names no column for it.

    Raises
    ------
    InputError
        If the column holds no date there.
    """
    column = life.texts.get("extracted", "")
    if not column:
        return None
    read = moments((column,))
    if np.isnat(read.local[0]):
        raise InputError(f"{file}: {column} dates the extract, but its first row has no date there")
    day: date = read.local[0].astype("datetime64[D]").item()
    return day


def refuse_personal(column: str, texts: pd.Series) -> Reasons:
    """Refuse a column whose texts lead to people; of single ones, say so.

    Parameters
    ----------
    column
        Its name.
    texts
        n texts.

    Returns
    -------
    What looks personal in each, as a reason to reject its row; '' where nothing does.

    Raises
    ------
    InputError
        If many of them do.
    """
    looks = {text: contact_text(text) for text in texts.unique()}
    personal = texts.map(looks)
    n, filled = int((personal != "").sum()), int((texts != "").sum())
    if n >= FEWEST_PERSONAL and n > MOST_PERSONAL * filled:
        what = personal[personal != ""].iloc[0]
        raise InputError(
            f"the column {column!r} holds {what} in {n:,} of {filled:,} rows; leave it out of the "
            "mapping: Patchmap keeps nothing of people"
        )
    return np.where(personal == "", "", column + " holds " + personal).astype(object)


class _Faults:
    """Why rows are rejected; of several reasons the first."""

    def __init__(self, rows: int) -> None:
        self.reasons: Reasons = np.full(rows, "", dtype=object)

    def add(self, reason: str | Reasons, where: NDArray[np.bool_] | None = None) -> None:
        own = reason if where is None else np.where(where, reason, "")
        self.reasons = np.where(self.reasons == "", own, self.reasons).astype(object)


class _Times:
    """Reads the columns of times."""

    def __init__(self, table: Table, life: Life, moments: ReadMoments, faults: _Faults) -> None:
        self._rows, self._life, self._moments, self._faults = len(table), life, moments, faults

    def read(self, name: str, *, last: bool = False) -> pd.Series:
        """Each time, UTC; of a day its first second, or its `last`."""
        columns = self._life.times.get(name, ())
        if not columns:
            return pd.Series(pd.NaT, index=range(self._rows), dtype=LIFE_TIME_TYPE)
        read = self._moments(columns)
        when = occurrences(midnights_as_days(read) if last else read)
        faulty = (when.reason != "") & (when.reason != "no date")
        self._faults.add(np.where(faulty, f"{name}: " + when.reason, "").astype(object))
        moments = np.where(
            when.reason == "", when.last if last else when.first, np.datetime64("NaT")
        )
        utc = pd.DatetimeIndex(moments.astype("datetime64[ns]"), tz="UTC")
        return pd.Series(utc, dtype=LIFE_TIME_TYPE)

    def after(self, name: str, start: pd.Series) -> pd.Series:
        """As `read`; what is earlier on the day of the start is at the start."""
        times = self.read(name)
        same_day = _days(times) == _days(start)
        return times.mask(same_day & (times < start), start)


def _days(times: pd.Series) -> pd.Series:
    days: pd.Series = times.dt.tz_convert(LONDON).dt.normalize()
    return days


def _coded(table: Table, coded: Coded, name: str, faults: _Faults) -> pd.Series:
    if not coded.column:
        return pd.Series(coded.every, index=range(len(table)), dtype="str")
    codes = table.text(coded.column).reset_index(drop=True)
    meanings = {code: coded.known.get(code.casefold(), "") for code in codes.unique()}
    unknown = {
        code: "" if meaning or not code else f"unknown {name} code {code[:60]!r}"
        for code, meaning in meanings.items()
    }
    if name == "kind":
        unknown[""] = "no kind"
    faults.add(np.asarray(codes.map(unknown), dtype=object))
    return codes.map(meanings).astype("str")


def _text(table: Table, column: str, name: str, faults: _Faults) -> pd.Series:
    if not column:
        return pd.Series("", index=range(len(table)), dtype="str")
    texts = table.text(column).reset_index(drop=True)
    faults.add(refuse_personal(column, texts))
    too_long = (texts.str.len() > LONGEST_TEXT).to_numpy(bool)
    faults.add(f"the {name.replace('_', ' ')} is longer than {LONGEST_TEXT} characters", too_long)
    return texts


def _reopened(table: Table, column: str, faults: _Faults) -> NDArray[np.int64]:
    if not column:
        return np.zeros(len(table), dtype=np.int64)
    texts = table.text(column)
    numbers = pd.to_numeric(texts.where(texts != "", "0"), errors="coerce").to_numpy(float)
    wrong = ~((numbers >= 0) & (numbers <= MOST_REOPENED) & (numbers == np.floor(numbers)))
    faults.add("reopened is not a whole number", wrong)
    return np.where(wrong, 0, numbers).astype(np.int64)
