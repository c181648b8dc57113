"""What may be added to the entries that are stored, and why the rest may not."""

from __future__ import annotations

from typing import Any

import pytest

from geo.measures.entry_checks import check_entries
from geo.measures.model import entries_frame, no_entries


def money(own: str, amount: int = 100, **others: Any) -> dict[str, Any]:
    row = {"entry_id": own, "kind": "money", "day": "2025-04-01", "amount": amount}
    return {**row, "state": "paid", "layer_id": "wards", "area_code": "a", **others}


STORED = entries_frame(
    [
        money("paid"),
        money("committed", 500, state="committed"),
        money("wrong", 70),
        money("back", -70, reverses="wrong"),
        money("time", 60, kind="time", state="", activity="patrol"),
    ]
)


def reason(row: dict[str, Any]) -> str:
    return str(check_entries(entries_frame([row]), STORED).reasons[0])


@pytest.mark.parametrize(
    "row",
    [
        money("new"),
        money("credit note", -30),
        money("r", -100, reverses="paid", day="2025-09-01", note="typed twice"),
        money("s", 200, settles="committed"),
        money("t", 45, kind="time", state="", activity="cases"),
        money("t", -60, kind="time", state="", activity="patrol", reverses="time"),
        money("city", area_code="", layer_id=""),
    ],
)
def test_these_are_accepted(row):
    assert reason(row) == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (money(""), "no id"),
        (money("n", kind="visits"), "unknown kind; use money or time"),
        (money("n", 0), "the amount is 0"),
        (money("n", layer_id=""), "an area without its layer"),
        (money("n", state="spent"), "unknown state; use allocated, committed, paid"),
        (money("n", activity="patrol"), "money has no activity"),
        (money("n", kind="time", state=""), "unknown activity; use office, patrol"),
        (money("n", kind="time", activity="patrol"), "time has no state"),
        (money("n", -5, kind="time", state="", activity="patrol"), "time below 0"),
        (money("n", -100, reverses="nobody"), "reverses an entry that does not exist"),
        (money("n", 70, reverses="back"), "reverses a reversal: add the entry again instead"),
        (money("n", -70, reverses="wrong"), "reverses an entry that is reversed already"),
        (money("n", -99, reverses="paid"), "reverses an entry of another amount"),
        (money("n", -100, reverses="paid", area_code="b"), "another kind, area, state"),
        (money("n", settles="paid"), "settles a commitment that does not exist"),
        (money("n", state="allocated", settles="committed"), "only a payment settles"),
        (money("n", settles="committed", area_code="b"), "settles a commitment of another area"),
        (money("paid", 101), "entries are never edited; reverse it"),
    ],
)
def test_these_are_rejected_with_the_reason(row, why):
    assert why in reason(row)


def test_entries_of_one_file_may_name_each_other_in_any_order():
    rows = [
        money("a reversal", -100, reverses="m", day="2025-01-01"),
        money("m", day="2025-02-01"),
        money("payment", 40, settles="c", day="2025-01-01"),
        money("c", 40, state="committed", day="2025-02-01"),
        money("m", day="2025-02-01"),
        money("c", 41, state="committed", day="2025-02-01"),
    ]
    entries = entries_frame(rows)
    checked = check_entries(entries, no_entries())
    assert checked.accepted.sum() == 4
    assert list(entries["entry_id"][checked.present]) == ["m"]
    assert list(entries["entry_id"][checked.reasons != ""]) == ["c"]
