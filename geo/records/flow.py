"""The two accounts of records: what became of those received, and how many are open.

received = in time + late + overdue + not yet due + no due date + withdrawn + vanished
open before + received + reopened − closed − vanished = open after

Both hold for every group and in total, and are checked whenever they are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.judging import FEWEST, TOO_FEW
from geo.records.life import OPEN_STATES, VANISHED, WITHDRAWN, known_at, spells_of, state_at
from geo.records.targets import Target, deadlines
from geo.records.waits import Z, answer_times

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FATES: Final = (
    "in_time",
    "late",
    "overdue",
    "not_yet_due",
    "no_due_date",
    "withdrawn",
    "vanished",
)
"""What became of a received record; each record is one of these, see `fates_at`."""

RECEIVED_COLUMNS: Final = ("received", *FATES)
DUE_COLUMNS: Final = ("due", "due_in_time", "share_in_time", "lower", "upper", "why")
FLOW_COLUMNS: Final = ("open_before", "received", "reopened", "closed", "vanished", "open_after")

NOTHING_DUE: Final = "nothing was due by then"


class AccountError(AssertionError):
    """An account does not add up: an error in this code or in its input frames."""


def fates_at(
    lives: pd.DataFrame, moment: pd.Timestamp, *, target: Target | None = None
) -> pd.Series:
    """What had become of each record by a moment.

    - `withdrawn`: withdrawn by then without an answer before.
    - `no_due_date`: neither the record nor the Question says by when it should be answered. It can
      be neither in time nor late, answered or not, so it is a line of its own.
    - `in_time`, `late`: answered by then, at the latest when it was due, or afterwards.
    - `vanished`: missing from a later extract without an answer; nobody knows what became of it.
    - `overdue`, `not_yet_due`: not answered by then, and the time is over, or is not. After the
      last extract of its own list nobody knows of an answer: see `geo.records.life.known_at`.

    Parameters
    ----------
    lives
        n rows with the columns of a life, `vanished` and `withdrawn`.
    moment
        With a time zone.
    target
        A target that replaces the records' own due times; see `geo.records.targets.deadlines`.

    Returns
    -------
    n of `FATES` with the index of `lives`; '' where it was not received by then.
    """
    answered_at = answer_times(lives)
    deadline = deadlines(lives, target)
    answered = answered_at <= moment
    withdrawn = lives[WITHDRAWN] & ~(lives["closed"] > moment) & ~answered
    vanished = (lives[VANISHED] <= moment) & ~answered
    conditions = [
        ~(lives["received"] <= moment),
        withdrawn,
        deadline.isna(),
        answered & (answered_at <= deadline),
        answered,
        vanished,
        deadline < known_at(lives, moment),
    ]
    names = ["", "withdrawn", "no_due_date", "in_time", "late", "vanished", "overdue"]
    fates = np.select([np.asarray(each, dtype=bool) for each in conditions], names, "not_yet_due")
    return pd.Series(fates, index=lives.index, name="fate", dtype="str")


def received_account(
    lives: pd.DataFrame,
    moment: pd.Timestamp,
    *,
    by: Sequence[str] = (),
    target: Target | None = None,
) -> pd.DataFrame:
    """What had become of received records by a moment, and which share was answered in time.

    The share is of the records that were due by the moment, not of those answered or closed: a
    service would else do better by leaving what is overdue alone. What was answered before a due
    time that is yet to come is no part of it either, or records soon answered would count earlier
    than others. Withdrawn and vanished records are in neither number.

    Parameters
    ----------
    lives
        Records received in a period, with the columns of the groups.
    moment
        With a time zone.
    by
        Columns of the groups, such as area and quarter; no value is a group of its own. None for
        one row of all.
    target
        As for `fates_at`.

    Returns
    -------
    A row for each group, indexed by it: `RECEIVED_COLUMNS` and `DUE_COLUMNS`: how many were due,
    how many of these were answered in time, the share with its 95 % interval, and `why` there is
    none. No share is said of fewer than `FEWEST`.

    Raises
    ------
    AccountError
        If it does not add up.

    Source: the interval of Wilson 1927.
    """
    fate = fates_at(lives, moment, target=target)
    is_due = (deadlines(lives, target) < known_at(lives, moment)) & fate.isin(
        ["in_time", "late", "overdue"]
    )
    flags = {"received": fate != "", **{name: fate == name for name in FATES}}
    flags |= {"due": is_due, "due_in_time": is_due & (fate == "in_time")}
    table = _totals(lives, {name: np.asarray(flag, int) for name, flag in flags.items()}, by)
    check_received(table)
    few, nothing = table["due"] < FEWEST, table["due"] == 0
    share, lower, upper = _wilson(table["due_in_time"].to_numpy(), table["due"].to_numpy())
    return table.assign(
        share_in_time=np.where(few, np.nan, share),
        lower=np.where(few, np.nan, lower),
        upper=np.where(few, np.nan, upper),
        why=np.select([nothing, few], [NOTHING_DUE, TOO_FEW], "").astype(object),
    )


def backlog_account(
    lives: pd.DataFrame,
    before: pd.Timestamp,
    after: pd.Timestamp,
    *,
    by: Sequence[str] = (),
    spells: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """How many records were open before and after a period, and what changed it.

    A record is open from when it was received until it is closed or withdrawn, or until it vanishes
    and is not closed afterwards. One withdrawn or closed at an unknown or earlier time than it was
    received counts as closed when it was received. One that comes back after it had vanished, to be
    closed, counts as reopened then.

    Parameters
    ----------
    lives
        All records, with the columns of the groups.
    before, after
        The account is of what happened later than `before` and not later than `after`.
    by
        Columns of the groups, as in `received_account`.
    spells
        As `geo.records.life.state_at` takes them; those of one record do not overlap.

    Returns
    -------
    A row for each group, indexed by it, with `FLOW_COLUMNS`.

    Raises
    ------
    AccountError
        If it does not add up.
    """

    def happened(at: pd.Series) -> NDArray[np.bool_]:
        return ((at > before) & (at <= after)).to_numpy(bool)

    values = {name: happened(at).astype(np.int64) for name, at in _changes(lives).items()}
    pauses = spells_of(lives, spells)
    for name in ("closed", "reopened"):
        record = pauses["record"].to_numpy()[happened(pauses[name])]
        values[name] += np.bincount(record, minlength=len(lives))
    # From the states, not from the changes: so the account can be wrong, and the check sees it.
    values["open_before"], values["open_after"] = (
        state_at(lives, moment, spells).isin(OPEN_STATES).to_numpy(bool).astype(np.int64)
        for moment in (before, after)
    )
    table = _totals(lives, {name: values[name] for name in FLOW_COLUMNS}, by)
    check_backlog(table)
    return table


def check_received(table: pd.DataFrame) -> None:
    """Refuse an account of received records that does not add up.

    Raises
    ------
    AccountError
        With the first row that does not.
    """
    _check(
        table, table["received"], table[list(FATES)].sum(axis=1), "received = " + " + ".join(FATES)
    )


def check_backlog(table: pd.DataFrame) -> None:
    """Refuse an account of open records that does not add up.

    Raises
    ------
    AccountError
        With the first row that does not.
    """
    after = table["open_before"] + table["received"] + table["reopened"]
    after = after - table["closed"] - table["vanished"]
    equation = "open_before + received + reopened - closed - vanished = open_after"
    _check(table, table["open_after"], after, equation)


def _check(table: pd.DataFrame, one: pd.Series, other: pd.Series, equation: str) -> None:
    wrong = np.flatnonzero((one != other).to_numpy())
    if len(wrong):
        row = table.iloc[wrong[0]]
        raise AccountError(f"{equation} does not hold of {row.name!r}: {row.to_dict()}")


def _changes(lives: pd.DataFrame) -> dict[str, pd.Series]:
    """When the life of each record changed, by the name of the change; NaT if it did not."""
    received = lives["received"]
    # Withdrawn at an unknown time: it was never seen waiting.
    closed = lives["closed"].where(lives["closed"].notna() | ~lives[WITHDRAWN], received)
    closed = closed.where(closed.isna() | (closed > received), received)
    vanished = lives[VANISHED].where(
        lives[VANISHED].isna() | (lives[VANISHED] > received), received
    )
    vanished = vanished.where(closed.isna() | (vanished < closed))
    back = closed.where(vanished.notna())
    changes = {"received": received, "vanished": vanished, "reopened": back, "closed": closed}
    exists = received.notna()
    return {name: at.where(exists) for name, at in changes.items()}


def _totals(
    lives: pd.DataFrame, values: Mapping[str, NDArray[np.int64]], by: Sequence[str]
) -> pd.DataFrame:
    """The sum of each column over the records of each group; one row of all without groups."""
    table = pd.DataFrame(dict(values))
    if not by:
        return table.sum().to_frame().T.astype(np.int64).set_axis(["all"])
    groups = [lives[name].reset_index(drop=True) for name in by]
    return table.groupby(groups, observed=True, dropna=False, sort=True).sum()


def _wilson(successes: Ints, trials: Ints) -> tuple[Floats, Floats, Floats]:
    """A share and its 95 % interval; NaN of none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / trials
        middle = (successes + Z**2 / 2) / (trials + Z**2)
        half = Z / (trials + Z**2) * np.sqrt(share * (1 - share) * trials + Z**2 / 4)
    return share, np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
