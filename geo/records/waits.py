"""How long records waited to be answered or closed, those that still wait included.

Who leaves out the open records makes a slow service look quick: its longest waits are not over.
They are counted as waits of at least so many days (censored), as survival analysis does. Waits are
in days of the clock in London, so that dates give whole numbers and no change of the clock shows;
or in working days, as targets are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import LONDON
from geo.judging import FEWEST, HIGHER, LOWER, NO_CLEAR_CHANGE, NO_EARLIER, NO_OTHERS, TOO_FEW
from geo.judging import judged as judge
from geo.records.life import VANISHED, WITHDRAWN, known_at
from geo.records.targets import working_days_between
from geo.statistics import conditional_two_sided, normal_two_sided

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
End = Literal["answered", "closed"]

SLOWER: Final = "slower"
FASTER: Final = "faster"

NOT_RECEIVED: Final = "not received by then"
UNKNOWN_WITHDRAWAL: Final = "withdrawn, nobody knows when"
NO_MEDIAN: Final = "too many still wait to say how long the middle one does"

LEVEL: Final = 0.95
"""Of the intervals."""

Z: Final = 1.959963984540054  # scipy.special.ndtri((1 + LEVEL) / 2)

QUANTILES: Final = (0.75, 0.9)
"""Shares of the records, beside the half, of which it is said in how many days they were over."""


def answer_times(lives: pd.DataFrame) -> pd.Series:
    """When each record was answered.

    Many systems have one date, that of closing. To close a record answers it, unless it was
    withdrawn.

    Parameters
    ----------
    lives
        n rows with `answered`, `closed` and `withdrawn`.

    Returns
    -------
    n UTC timestamps: the earlier one of answering and closing; NaT where there is neither.
    """
    closed = lives["closed"].where(~lives[WITHDRAWN])
    return pd.concat([lives["answered"], closed], axis=1).min(axis=1).rename("answered")


def waits_at(
    lives: pd.DataFrame, moment: pd.Timestamp, *, end: End = "answered", working: bool = False
) -> pd.DataFrame:
    """How long each record had waited at a moment, and whether the wait was over.

    A wait that is not over is censored: it is at least that long. That holds for open records at
    the moment, or at the last extract of their own list; for withdrawn ones at their closing,
    because after that nobody waited for an answer; and for those that vanished, at the extract that
    no longer had them. That is too late by at most the time between two extracts, and to leave them
    out would favour services that lose records. The result is how long records wait if none is
    withdrawn.

    Parameters
    ----------
    lives
        n rows with the columns of a life, `vanished` and `withdrawn`.
    moment
        With a time zone. What happened later is not known yet.
    end
        What ends the wait: `answered` (see `answer_times`) or `closed`.
    working
        Whether waits are in working days of England and Wales: whole ones, the day of receipt not
        counted, so that a record meets a target of n of them where it waited at most n.

    Returns
    -------
    n rows with the index of `lives`: `days` (NaN where left out), `over` (bool) and `why` the
    record is left out, '' where it is not. A wait that ended before the record was received is one
    of 0 days.

    Source: Kalbfleisch & Prentice 2002, sections 1.3 and 8.2; Putter, Fiocco & Geskus 2007 on what
    censoring at a competing event, such as a withdrawal, means.
    """
    ended = answer_times(lives) if end == "answered" else lives["closed"].where(~lives[WITHDRAWN])
    over = (ended <= moment).to_numpy(dtype=bool)
    withdrawn_at = lives["closed"].where(lives[WITHDRAWN])
    latest = pd.concat([withdrawn_at, lives[VANISHED]], axis=1).min(axis=1)
    last = ended.where(over, latest.where(latest <= moment, known_at(lives, moment)))
    days = (working_days_between if working else _clock_days)(lives["received"], last)
    unknown = (lives[WITHDRAWN] & withdrawn_at.isna()).to_numpy(dtype=bool) & ~over
    received = (lives["received"] <= moment).to_numpy(dtype=bool)
    why = np.select([~received, unknown], [NOT_RECEIVED, UNKNOWN_WITHDRAWAL], "")
    counts = why == ""
    return pd.DataFrame(
        {
            "days": np.where(counts, np.maximum(days, 0.0), np.nan),
            "over": over & counts,
            "why": why.astype(object),
        },
        index=lives.index,
    )


class Wait(NamedTuple):
    """The waits of some records, in days.

    Attributes
    ----------
    records
        How many there are, those that still wait included.
    over
        How many of the waits are over.
    median, lower, upper
        In how many days half of the records were over, with its interval. NaN where nobody knows:
        an upper limit is often not known, because too many still wait.
    days_75, days_90
        In how many days three quarters and nine tenths were over.
    why
        Why nothing is said, '' where the median is.
    """

    records: int
    over: int
    median: float
    lower: float
    upper: float
    days_75: float
    days_90: float
    why: str


def wait_of(waits: pd.DataFrame) -> Wait:
    """The median of some waits, and in how many days most of them were over.

    Parameters
    ----------
    waits
        Rows of `waits_at`; those left out do not count.

    Returns
    -------
    The quantiles by Kaplan & Meier: the first day on which so many are over. The limits of the
    median are the days on which the limits of the curve (Greenwood's variance, on the scale of
    log(−log S)) pass one half. Nothing is said of fewer than `FEWEST` records.

    Source: Kaplan & Meier 1958; Brookmeyer & Crowley 1982; Kalbfleisch & Prentice 2002, section
    1.4.
    """
    days, over = _counting(waits)
    nothing = float("nan")
    unknown = Wait(
        len(days), int(over.sum()), nothing, nothing, nothing, nothing, nothing, NO_MEDIAN
    )
    if len(days) < FEWEST:
        return unknown._replace(why=TOO_FEW)
    curve = _curve(days, over)
    median, days_75, days_90 = (
        _first_day(curve.days, curve.waiting, 1 - share) for share in (0.5, *QUANTILES)
    )
    lower, upper = (_first_day(curve.days, limit, 0.5) for limit in (curve.lower, curve.upper))
    if np.isnan(median):
        return unknown._replace(lower=lower)
    return Wait(unknown.records, unknown.over, median, lower, upper, days_75, days_90, "")


def waiting_curve(waits: pd.DataFrame) -> pd.DataFrame:
    """Which share of the records still waits after so many days.

    Parameters
    ----------
    waits
        Rows of `waits_at`; at least one that counts.

    Returns
    -------
    A row for each day on which a wait was over or is not over yet: `days`, `waiting` (the share
    after that day) and its limits `lower` and `upper`, NaN before the first wait was over, and 0
    where none waits any more.

    Source: Kaplan & Meier 1958; limits as for `wait_of`.
    """
    return pd.DataFrame(_curve(*_counting(waits))._asdict())


class _Curve(NamedTuple):
    """The columns of `waiting_curve`; as arrays, because a table is made of hundreds of curves."""

    days: Floats
    waiting: Floats
    lower: Floats
    upper: Floats


def _counting(waits: pd.DataFrame) -> tuple[Floats, Bools]:
    """Days of the waits that count, and whether each is over."""
    counts = (waits["why"] == "").to_numpy(dtype=bool)
    return waits["days"].to_numpy(float)[counts], waits["over"].to_numpy(dtype=bool)[counts]


def _curve(waited: Floats, over: Bools) -> _Curve:
    # Records that are not over on a day are still at risk on it, so they come after those that are.
    days, day = np.unique(waited, return_inverse=True)
    ends = np.bincount(day, over.astype(float), len(days))
    at_risk = len(waited) - np.searchsorted(np.sort(day), np.arange(len(days)), side="left")
    waiting = np.cumprod(1 - ends / at_risk)
    # The day on which the last one ends leaves none, and divides by zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(ends / (at_risk * (at_risk - ends)))
        half_width = Z * np.sqrt(greenwood) / np.log(waiting)
        lower, upper = (waiting ** np.exp(sign * half_width) for sign in (-1, 1))
    where = [waiting <= 0, waiting < 1]
    none = np.zeros(len(days))
    return _Curve(
        days,
        np.asarray(waiting, float),
        np.select(where, [none, lower], np.nan),
        np.select(where, [none, upper], np.nan),
    )


def waits_by(waits: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The waits of each group.

    Parameters
    ----------
    waits
        Rows of `waits_at`, with the columns of the groups beside them.
    by
        Those columns.

    Returns
    -------
    A row for each group that has records, indexed by it, with the fields of `Wait`.
    """
    grouped = waits.groupby(list(by), observed=True, sort=True)
    keys, rows = [], []
    for key, part in grouped:
        keys.append(key)
        rows.append(wait_of(part))
    index: pd.Index = pd.MultiIndex.from_tuples(keys, names=list(by))
    if len(by) == 1:
        index = index.get_level_values(0)
    return pd.DataFrame(rows, index=index, columns=list(Wait._fields))


def against_rest(waits: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Hold the waits of each group, such as each ward, against those of all others together.

    Parameters
    ----------
    waits
        n rows of `waits_at`.
    group
        The group of each row; a row without one counts among the others of every group.

    Returns
    -------
    A row for each group: `records`, `over`, `ratio` (how many times as long the waits are: the rate
    at which the waits of the others end, over the group's own), `p`, `q`, `verdict` (slower,
    faster, no clear difference, too few to say) and `why` there is none. `q` corrects for all
    groups of the table. Nothing is said where either side has fewer than `FEWEST` records or
    expects as few to be over.

    Source: Mantel 1966 and Peto & Peto 1972 (log-rank); the ratio is (O/E) of the others over the
    group's; Benjamini & Hochberg 1995.
    """
    counts = (waits["why"] == "").to_numpy(dtype=bool)
    code, names = pd.factorize(group[counts], sort=True)
    days, over = waits["days"].to_numpy(float)[counts], waits["over"].to_numpy(bool)[counts]
    test = _log_rank(days, over, np.asarray(code, np.int64), len(names))
    alone = test.records == len(days)
    few = np.minimum(test.records, len(days) - test.records) < FEWEST
    few |= np.minimum(test.expected, over.sum() - test.expected) < FEWEST
    why = np.select([alone, few], [NO_OTHERS, TOO_FEW], "")
    return judged_waits(test.table(names.rename("group"), why))


def against_before(now: pd.DataFrame, before: pd.DataFrame, by: str) -> pd.DataFrame:
    """Hold the waits of each group against its own in an earlier period.

    Parameters
    ----------
    now, before
        Rows of `waits_at` of the records received in a period and in an earlier one, with the
        column of the groups. Both are best asked at one moment.
    by
        That column.

    Returns
    -------
    A row for each group of either period, as `against_rest`; `ratio` is how many times as long the
    waits became, and the verdict without a clear difference is no clear change.

    Source: as `against_rest`.
    """
    both = pd.concat([now.assign(now=True), before.assign(now=False)])
    both = both[both["why"] == ""]
    tables = [
        _pair(pd.Index([key], name=by), part) for key, part in both.groupby(by, observed=True)
    ]
    columns = ["records", "over", "ratio", "p", "why"]
    empty = pd.DataFrame(columns=columns, index=pd.Index([], name=by)).astype({"ratio": float})
    return judged_waits(pd.concat(tables) if tables else empty, alike=NO_CLEAR_CHANGE)


def _pair(name: pd.Index, part: pd.DataFrame) -> pd.DataFrame:
    is_now = part["now"].to_numpy(dtype=bool)
    days, over = part["days"].to_numpy(float), part["over"].to_numpy(dtype=bool)
    test = _log_rank(days, over, np.where(is_now, 0, -1).astype(np.int64), 1)
    few = min(is_now.sum(), (~is_now).sum()) < FEWEST
    few |= min(test.expected[0], over.sum() - test.expected[0]) < FEWEST
    why = NO_EARLIER if is_now.all() else TOO_FEW if few else ""
    return test.table(name, np.array([why], dtype=object))


class _LogRank(NamedTuple):
    """Of each group: its records, how many waits are over and would be if all were alike."""

    records: Ints
    over: Floats
    expected: Floats
    variance: Floats
    total: int

    def table(self, names: pd.Index, why: NDArray) -> pd.DataFrame:
        """The ratio and p of each group, empty where there is a reason."""
        others, expected = self.total - self.over, self.total - self.expected
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (others / expected) / (self.over / self.expected)
            z = (self.over - self.expected) / np.sqrt(self.variance)
        # Of a small group the number over is skewed like a Poisson count, which z does not know.
        share = self.expected / max(self.total, 1)
        p = np.fmax(normal_two_sided(z), conditional_two_sided(self.over, others, share))
        says = why == ""
        return pd.DataFrame(
            {
                "records": self.records,
                "over": self.over.astype(np.int64),
                "ratio": np.where(says, ratio, np.nan),
                "p": np.where(says, p, np.nan),
                "why": why.astype(object),
            },
            index=names,
        )


def _log_rank(days: Floats, over: Bools, group: Ints, groups: int) -> _LogRank:
    """Test each group against all that are not in it; group −1 is in none.

    Every sum over days of a group's records at risk is one over its records of a sum up to their
    own days, so all groups take one sort.
    """
    when, ends = np.unique(days[over], return_counts=True)
    at_risk = len(days) - np.searchsorted(np.sort(days), when, side="left")
    tied = ends * (at_risk - ends) / np.maximum(at_risk - 1, 1)
    until = np.searchsorted(when, days, side="right")
    hazard, spread, shared = (
        np.concatenate([[0.0], np.cumsum(each)])[until]
        for each in (ends / at_risk, tied / at_risk, tied / at_risk**2)
    )
    member = group >= 0
    code = group[member]
    records = np.bincount(code, minlength=groups)
    order = np.lexsort((days[member], code))
    # Pairs of a group's records: of m, the one on place k from 0 is the earlier of 2(m − k) − 1.
    place = np.arange(len(order)) - np.repeat(np.cumsum(records) - records, records)
    pairs = 2 * (np.repeat(records, records) - place) - 1
    squares = _sums(code[order], shared[member][order] * pairs, groups)
    return _LogRank(
        records=records.astype(np.int64),
        over=_sums(code, over[member], groups),
        expected=_sums(code, hazard[member], groups),
        variance=_sums(code, spread[member], groups) - squares,
        total=int(over.sum()),
    )


def _sums(code: Ints, values: NDArray, groups: int) -> Floats:
    return np.asarray(np.bincount(code, values, groups), float)


def judged_waits(table: pd.DataFrame, **options: str) -> pd.DataFrame:
    """Say of each row whether its waits are longer or shorter, after correction over all of them.

    Parameters
    ----------
    table
        `ratio`, `p` and `why` of all rows of one answer, as `against_rest` gives them.
    options
        As for `geo.judging.judged`.

    Returns
    -------
    The table with `q` and `verdict` after `p`.
    """
    verdicts = judge(table, "neither", **options)
    verdicts["verdict"] = verdicts["verdict"].replace({HIGHER: SLOWER, LOWER: FASTER})
    return verdicts


def _first_day(days: Floats, curve: Floats, share: float) -> float:
    """The first day on which a curve is at most a share, NaN if it never is."""
    # Rounding of the product must not miss a share that is met exactly.
    below = np.flatnonzero(curve <= share + 1e-12)
    return float(days[below[0]]) if len(below) else float("nan")


def _clock_days(start: pd.Series, end: pd.Series) -> Floats:
    """Days between times on the clock in London."""
    first, last = (
        each.dt.tz_convert(LONDON).dt.tz_localize(None).to_numpy("datetime64[ns]")
        for each in (start, end)
    )
    return np.asarray((last - first) / np.timedelta64(1, "D"), float)
