"""Partitions are added, kept or replaced whole, and every row that was read is accounted for."""

import pandas as pd
import pytest

from geo.errors import ConflictError, PatchmapError
from geo.incidents import COLUMNS, EMPTY_SUMMARY, IncidentSummary, month_span
from tests.geo.stores.parts import (
    Row,
    all_incidents,
    as_tuples,
    categories,
    frame,
    imported,
    lines,
    month_part,
    part,
    put,
    states,
)


def test_incidents_come_back_as_they_were_put(store):
    rows = [
        Row("police.uk/x/2024-01:2", x=1 / 3, y=-7.1, location="Ffordd y Gŵyl 🏴"),
        Row("police.uk/x/2024-01:3", "other", "2024-01-31T23:59:59", reference="a\"b'c"),
        Row("police.uk/x/2024-01:4", "x", "1970-01-01T00:00:00", location=""),
    ]
    put(store, part(rows))
    incidents = store.incidents()
    assert set(incidents.columns) == set(COLUMNS)
    assert as_tuples(incidents) == as_tuples(frame(rows))
    for name in ("occurred_from", "occurred_to"):
        assert str(incidents[name].dtype) == "datetime64[s, UTC]"
    assert (incidents["x"].dtype, incidents["y"].dtype) == (float, float)


def test_a_store_without_incidents_has_an_empty_frame(store):
    incidents = store.incidents()
    assert tuple(incidents.columns) == COLUMNS
    assert str(incidents["occurred_from"].dtype) == "datetime64[s, UTC]"
    assert (len(incidents), store.incident_count(), store.imports()) == (0, 0, [])
    assert store.imports(history=True) == []


def test_an_import_is_recorded_with_what_it_took_and_turned_away(store):
    rows = [*lines(2, category="drugs"), *lines(5, category="noise")[2:]]
    one = part(rows, rejected=["no location", "no crime type", "no location"])
    with store.transaction():
        change, record = store.put_partition(one, by="sgt.o'neill")
    assert change == "added"
    assert record.partition_id == one.partition_id == "police.uk/derbyshire/2024-01"
    assert (record.source, record.name, record.month) == ("police.uk", "derbyshire", "2024-01")
    assert (record.file, record.sha256) == (one.file, one.sha256)
    assert (record.rows_read, record.rows_accepted, record.rows_rejected) == (8, 5, 3)
    assert list(record.rejected_by_reason.items()) == [("no location", 2), ("no crime type", 1)]
    assert record.rows_replaced == 0
    assert (record.imported_by, record.state) == ("sgt.o'neill", "current")
    assert pd.Timestamp(record.imported_at).tzinfo is not None
    assert store.imports() == [record]


def test_the_record_sums_up_what_was_accepted(store):
    rows = [Row("a", "noise"), Row("b", "drugs", "2024-01-09T10:00:00"), Row("c", "noise")]
    record = imported(store, part(rows))
    assert record.summary == IncidentSummary.of(frame(rows))
    assert record.summary.categories == {"drugs": 1, "noise": 2}
    assert record.summary.precisions == ("instant", "month")
    assert record.summary.first == month_span("2024-01")[0]
    assert record.summary.last == pd.Timestamp("2024-01-09T10:00:00Z")


@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
def test_batches_make_no_difference_to_what_is_stored(batch_rows, store):
    batches = []
    one = part(lines(7), rejected=["no location"], batch_rows=batch_rows)
    with store.transaction():
        record = store.put_partition(one, on_batch=batches.append)[1]
    assert all_incidents(store) == as_tuples(frame(lines(7)))
    assert (record.rows_read, record.rows_accepted) == (8, 7)
    assert sum(len(batch.accepted) + len(batch.rejected) for batch in batches) == 8
    assert len(batches) == -(-7 // batch_rows)


def test_a_file_without_an_accepted_row_is_recorded_with_what_it_rejected(store):
    record = imported(store, part([], rejected=["no location"]))
    assert (record.rows_read, record.rows_accepted) == (1, 0)
    assert record.summary == EMPTY_SUMMARY
    assert all_incidents(store) == []


def test_a_partition_is_replaced_whole_and_the_others_stay(store):
    put(store, month_part("2024-01", 5), month_part("2024-02", 1))
    with store.transaction():
        change, record = store.put_partition(month_part("2024-01", 2, category="noise"))
    assert (change, record.rows_replaced) == ("replaced", 5)
    assert all_incidents(store) == as_tuples(
        frame([*lines(2, category="noise"), *lines(1, month="2024-02")]),
    )
    assert [one.rows_accepted for one in store.imports()] == [2, 1]
    assert states(store) == ["replaced", "current", "current"]


def test_a_partition_that_is_there_already_stays(store):
    put(store, month_part("2024-01"))
    before = store.imports(history=True)
    batches = []
    with store.transaction():
        change, record = store.put_partition(month_part("2024-01"), on_batch=batches.append)
    assert (change, [record], batches) == ("unchanged", before, [])
    assert store.imports(history=True) == before
    assert len(all_incidents(store)) == 2


def test_a_file_that_was_replaced_can_come_back(store):
    first, second = month_part("2024-01", 2), month_part("2024-01", 3)
    assert [put(store, one) for one in (first, second, first)] == [
        ["added"],
        ["replaced"],
        ["replaced"],
    ]
    assert all_incidents(store) == as_tuples(frame(lines(2)))
    assert states(store) == ["replaced", "replaced", "current"]


def test_current_imports_are_told_by_partition_and_the_history_by_id(store):
    put(store, month_part("2024-03"), month_part("2024-01"), month_part("2024-02"))
    put(store, month_part("2024-01", 4))
    assert [record.month for record in store.imports()] == ["2024-01", "2024-02", "2024-03"]
    history = store.imports(history=True)
    assert [record.month for record in history] == ["2024-03", "2024-01", "2024-02", "2024-01"]
    ids = [record.import_id for record in history]
    assert ids == sorted(set(ids))


def test_the_same_file_under_another_name_is_refused_with_the_first(store):
    put(store, month_part("2024-01", content="the same"))
    twin = month_part("2024-02", content="the same")
    before = (all_incidents(store), store.imports(history=True), store.data_version())
    with pytest.raises(
        ConflictError, match=r"is already imported as police\.uk/derbyshire/2024-01"
    ):
        put(store, twin)
    assert (all_incidents(store), store.imports(history=True), store.data_version()) == before


def test_the_same_file_of_another_source_is_no_twin(store):
    other = [Row("council:1"), Row("council:2")]
    put(store, month_part("2024-01", content="the same"))
    assert put(store, part(other, source="council", content="the same")) == ["added"]
    assert len(all_incidents(store)) == 4


def test_a_file_that_was_replaced_is_no_twin_any_more(store):
    put(store, month_part("2024-01", content="the same"))
    put(store, month_part("2024-01", 3))
    assert put(store, month_part("2024-02", content="the same")) == ["added"]


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_an_id_that_stands_twice_is_refused_and_nothing_stays(batch_rows, store):
    with pytest.raises(PatchmapError) as refused:
        put(store, part([Row("the-same"), Row("the-same")], batch_rows=batch_rows))
    assert "\n" not in str(refused.value)
    assert (all_incidents(store), store.imports(history=True)) == ([], [])


def test_a_store_that_is_opened_again_is_the_same(store, open_store, four_squares):
    put(store, month_part("2024-01"))
    again = open_store()
    assert again.data_version() == store.data_version()
    assert again.projection == store.projection
    assert again.imports(history=True) == store.imports(history=True)
    assert all_incidents(again) == all_incidents(store)
    assert categories(again) == {"2": "drugs", "3": "drugs"}
