"""Entries of money and time: added once, never edited, reversed, undone and copied."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from geo.errors import ConflictError
from geo.measures.model import entries_frame
from geo.period import Period
from geo.store.contract import Store
from geo.store.copying import copy_store
from geo.store.measure_contract import TableFile, TableImport


def money(own: str, amount: int, *, day: str = "2025-04-01", **others: Any) -> dict[str, Any]:
    row = {"entry_id": own, "kind": "money", "day": day, "amount": amount, "state": "allocated"}
    return {**row, "layer_id": "wards", "area_code": "a", **others}


def minutes(own: str, amount: int, *, day: str = "2025-05-01") -> dict[str, Any]:
    return {"entry_id": own, "kind": "time", "day": day, "amount": amount, "activity": "patrol"}


def put(store: Store, *rows: dict[str, Any]) -> TableImport:
    with store.transaction():
        file = TableFile("entries.csv", "0" * 64, len(rows))
        return store.put_entries(entries_frame(list(rows)), file, by="ann")


def undo(store: Store, import_id: int) -> None:
    with store.transaction():
        store.undo_table_import(import_id)


@pytest.fixture
def filled(store: Store) -> Store:
    put(store, money("m1", 500_000), minutes("t1", 90), money("m2", 2**40, day="2025-03-31"))
    return store


def test_entries_are_read_by_day_kind_and_period(filled):
    frame = filled.entries()
    assert list(frame["entry_id"]) == ["m2", "m1", "t1"]
    assert list(frame["amount"]) == [2**40, 500_000, 90]
    assert str(frame["day"].dtype) == "datetime64[s]"
    assert list(filled.entries("time")["entry_id"]) == ["t1"]
    april = Period(date(2025, 4, 1), date(2025, 4, 30))
    assert list(filled.entries("money", period=april)["entry_id"]) == ["m1"]
    assert filled.entries("time", period=april).empty


def test_the_same_entries_again_are_present(filled):
    record = put(filled, money("m1", 500_000), minutes("t1", 90))
    assert (record.import_id, record.rows_present, record.rows_accepted) == (0, 2, 0)
    record = put(filled, money("m1", 500_000), money("m3", 100))
    assert (record.import_id, record.rows_present, record.rows_accepted) == (2, 1, 1)


def test_an_entry_is_never_edited(filled):
    with pytest.raises(ConflictError, match=r"'m1': the id is stored with other.*reverse it"):
        put(filled, money("m1", 400_000))
    assert filled.entries("money")["amount"].sum() == 2**40 + 500_000


def test_a_reversal_takes_an_entry_back_once(filled):
    put(filled, money("r1", -500_000, reverses="m1", day="2025-06-01"))
    assert filled.entries("money")["amount"].sum() == 2**40
    with pytest.raises(ConflictError, match="reversed already"):
        put(filled, money("r2", -500_000, reverses="m1"))


def test_an_import_whose_entries_are_reversed_is_undone_after_the_reversal(filled):
    put(filled, money("r1", -500_000, reverses="m1"))
    with pytest.raises(ConflictError, match="undo import 2 first"):
        undo(filled, 1)
    undo(filled, 2)
    undo(filled, 1)
    assert filled.entries().empty
    assert [one.state for one in filled.table_imports("entries")] == ["undone", "undone"]
    assert put(filled, money("m1", 1)).import_id == 3


def test_only_the_counter_of_entries_moves(filled):
    before = filled.data_version()
    put(filled, money("m3", 1))
    after = filled.data_version()
    assert after.entries == before.entries + 1
    assert after.of("measures", "incidents", "layers") == before.of(
        "measures", "incidents", "layers"
    )


def test_a_copy_has_the_same_entries(filled, new_store):
    put(filled, money("r1", -500_000, reverses="m1"))
    target = new_store()()
    copy_store(filled, target)
    pd.testing.assert_frame_equal(target.entries(), filled.entries())
    undo(target, 2)
    assert "r1" not in set(target.entries()["entry_id"])
    target.close()


def test_a_store_of_entries_alone_is_not_copied_over(filled, new_store):
    target = new_store()()
    put(target, minutes("own", 30))
    with pytest.raises(ConflictError, match="already holds data"):
        copy_store(filled, target)
    assert list(target.entries()["entry_id"]) == ["own"]
    target.close()
