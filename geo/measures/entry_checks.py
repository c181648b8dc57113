"""Which entries may be added: each once, never edited, and corrected by a reversal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.measures.model import ACTIVITIES, ENTRY_COLUMNS, ENTRY_KINDS, MONEY_STATES

Row = Mapping[str, object]

EDITED: Final = "the id is stored with other content: entries are never edited; reverse it"
_SAME_IN_REVERSAL: Final = ("kind", "layer_id", "area_code", "state", "activity")
_SAME_IN_PAYMENT: Final = ("kind", "layer_id", "area_code")


class CheckedEntries(NamedTuple):
    """What may be done with n entries.

    Attributes
    ----------
    present
        Which are stored already, with the same content.
    reasons
        Why each is rejected; '' where it is not.
    """

    present: NDArray[np.bool_]
    reasons: NDArray[np.object_]

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which can be added."""
        new: NDArray[np.bool_] = (self.reasons == "") & ~self.present
        return new


def check_entries(entries: pd.DataFrame, stored: pd.DataFrame) -> CheckedEntries:
    """Tell which entries can be added to those that are stored.

    Parameters
    ----------
    entries
        n new ones, with `ENTRY_COLUMNS`. They may reverse and settle each other.
    stored
        All that are stored, with `ENTRY_COLUMNS`.

    Returns
    -------
    Of each of the n, whether it is present already, and why it is rejected.
    """
    known = {str(row["entry_id"]): row for row in _rows(stored)}
    reversed_ids = {str(row["reverses"]) for row in known.values() if row["reverses"]}
    present = np.zeros(len(entries), dtype=bool)
    reasons = np.full(len(entries), "", dtype=object)
    rows = _rows(entries)
    # A reversal can stand before what it reverses, as frames are sorted by day and id.
    for position in sorted(range(len(rows)), key=lambda at: _order(rows[at])):
        row = rows[position]
        own = str(row["entry_id"])
        if own in known:
            present[position] = known[own] == row
            reasons[position] = "" if present[position] else EDITED
            continue
        reasons[position] = _reason(row, known, reversed_ids)
        if not reasons[position]:
            known[own] = row
            reversed_ids.add(str(row["reverses"]))
    return CheckedEntries(present, reasons)


def _rows(entries: pd.DataFrame) -> list[Row]:
    columns = (entries[name].tolist() for name in ENTRY_COLUMNS)
    return [dict(zip(ENTRY_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def _order(row: Row) -> int:
    """Entries by themselves come first, then those that settle one, then those that reverse one."""
    return 2 if row["reverses"] else 1 if row["settles"] else 0


def _reason(row: Row, known: Mapping[str, Row], reversed_ids: set[str]) -> str:
    return _alone(row) or _of_reversal(row, known, reversed_ids) or _of_payment(row, known)


def _alone(row: Row) -> str:
    """Why an entry is wrong by itself."""
    if not row["entry_id"]:
        return "no id"
    if row["kind"] not in ENTRY_KINDS:
        return f"unknown kind; use {' or '.join(ENTRY_KINDS)}"
    if row["amount"] == 0:
        return "the amount is 0"
    if row["area_code"] and not row["layer_id"]:
        return "an area without its layer"
    if row["kind"] == "money":
        return _of_money(row)
    return _of_time(row)


def _of_money(row: Row) -> str:
    if row["state"] not in MONEY_STATES:
        return f"unknown state; use {', '.join(MONEY_STATES)}"
    return "money has no activity" if row["activity"] else ""


def _of_time(row: Row) -> str:
    if row["activity"] not in ACTIVITIES:
        return f"unknown activity; use {', '.join(ACTIVITIES)}"
    if row["state"] or row["settles"]:
        return "time has no state and settles nothing"
    negative = int(str(row["amount"])) < 0 and not row["reverses"]
    return "time below 0 that reverses nothing" if negative else ""


def _of_reversal(row: Row, known: Mapping[str, Row], reversed_ids: set[str]) -> str:
    """Why an entry cannot reverse what it names."""
    if not row["reverses"]:
        return ""
    former = known.get(str(row["reverses"]))
    if former is None:
        return "reverses an entry that does not exist"
    if former["reverses"]:
        return "reverses a reversal: add the entry again instead"
    if row["reverses"] in reversed_ids:
        return "reverses an entry that is reversed already"
    if int(str(row["amount"])) != -int(str(former["amount"])):
        return "reverses an entry of another amount"
    same = all(row[name] == former[name] for name in _SAME_IN_REVERSAL)
    return "" if same else "reverses an entry of another kind, area, state or activity"


def _of_payment(row: Row, known: Mapping[str, Row]) -> str:
    """Why an entry cannot settle what it names."""
    if not row["settles"]:
        return ""
    if row["state"] != "paid":
        return "only a payment settles a commitment"
    commitment = known.get(str(row["settles"]))
    if commitment is None or commitment["state"] != "committed":
        return "settles a commitment that does not exist"
    same = all(row[name] == commitment[name] for name in _SAME_IN_PAYMENT)
    return "" if same else "settles a commitment of another area"
