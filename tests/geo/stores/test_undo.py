"""An import that is taken back leaves exactly what it had replaced."""

import pytest

from tests.geo.stores.parts import (
    CURRENT,
    REPLACED,
    UNDONE,
    Row,
    all_incidents,
    as_tuples,
    counters,
    frame,
    imported,
    lines,
    month_part,
    part,
    put,
    states,
    undo,
    undo_refusal,
)


def test_the_first_import_undone_leaves_nothing_but_its_record(store):
    record = imported(store, month_part("2024-01", 3))
    assert undo(store, record.import_id).import_id == record.import_id
    assert (all_incidents(store), store.imports()) == ([], [])
    assert states(store) == [UNDONE]


def test_undoing_one_import_leaves_the_other_partitions_alone(store):
    record = imported(store, month_part("2024-01", 3))
    put(store, month_part("2024-02", 2))
    undo(store, record.import_id)
    assert all_incidents(store) == as_tuples(frame(lines(2, month="2024-02")))


def test_a_chain_of_imports_is_undone_step_by_step(store):
    versions = [lines(5), lines(3, category="noise"), lines(9, category="theft")]
    ids = [imported(store, part(rows)).import_id for rows in versions]
    assert states(store) == [REPLACED, REPLACED, CURRENT]
    undo(store, ids[2])
    assert all_incidents(store) == as_tuples(frame(versions[1]))
    assert states(store) == [REPLACED, CURRENT, UNDONE]
    undo(store, ids[1])
    assert all_incidents(store) == as_tuples(frame(versions[0]))
    assert states(store) == [CURRENT, UNDONE, UNDONE]
    undo(store, ids[0])
    assert all_incidents(store) == []
    assert states(store) == [UNDONE, UNDONE, UNDONE]


def test_what_was_replaced_comes_back_to_the_last_bit(store):
    rows = [
        Row("a", "x", "2024-01-31T23:59:59", 1 / 3, 1e-9, "Gŵyl \t'\"", "ref\u2028"),
        Row("b", "", "2024-01-01T00:00:00", -0.0, 7e5, "", ""),
    ]
    put(store, part(rows))
    record = imported(store, part([Row("a", "y")]))
    undo(store, record.import_id)
    incidents = store.incidents()
    assert as_tuples(incidents) == as_tuples(frame(rows))
    assert str(incidents["occurred_from"].dtype) == "datetime64[s, UTC]"


def test_a_chain_goes_on_after_an_undo(store):
    put(store, part(lines(2)))
    undo(store, imported(store, part(lines(3))).import_id)
    again = imported(store, part(lines(3)))
    assert (again.state, again.rows_replaced) == (CURRENT, 2)
    assert states(store) == [REPLACED, UNDONE, CURRENT]
    undo(store, again.import_id)
    assert all_incidents(store) == as_tuples(frame(lines(2)))


def test_a_file_whose_import_was_undone_can_be_imported_again(store):
    undo(store, imported(store, month_part("2024-01")).import_id)
    assert put(store, month_part("2024-01")) == ["added"]
    assert len(all_incidents(store)) == 2


def test_a_file_whose_import_was_undone_is_no_twin(store):
    undo(store, imported(store, month_part("2024-01", content="same")).import_id)
    assert put(store, month_part("2024-02", content="same")) == ["added"]


def test_an_import_that_was_replaced_cannot_be_undone_before_what_replaced_it(store):
    first = imported(store, part(lines(2)))
    put(store, part(lines(3)))
    message = undo_refusal(store, first.import_id)
    assert message == f"ConflictError: import {first.import_id} is already replaced"
    assert all_incidents(store) == as_tuples(frame(lines(3)))


def test_an_import_cannot_be_undone_twice(store):
    record = imported(store, part(lines(2)))
    undo(store, record.import_id)
    message = undo_refusal(store, record.import_id)
    assert message == f"ConflictError: import {record.import_id} is already undone"


@pytest.mark.parametrize("import_id", [0, -1, 99])
def test_an_import_that_never_was_cannot_be_undone(import_id, store):
    put(store, part(lines(2)))
    message = undo_refusal(store, import_id)
    assert message.startswith(f"NotFoundError: there is no import {import_id}; see")


def test_a_refused_undo_changes_nothing(store):
    first = imported(store, part(lines(2)))
    put(store, part(lines(3)))
    before = (all_incidents(store), store.imports(history=True), counters(store))
    for import_id in (first.import_id, 99):
        undo_refusal(store, import_id)
    assert (all_incidents(store), store.imports(history=True), counters(store)) == before


def test_the_id_of_an_import_is_never_given_again(store):
    first = imported(store, part(lines(2)))
    undo(store, first.import_id)
    assert imported(store, part(lines(3))).import_id > first.import_id


def test_undoing_several_months_in_one_transaction_happens_together(store):
    ids = [imported(store, month_part(f"2024-0{number}")).import_id for number in (1, 2, 3)]
    with store.transaction():
        for import_id in ids:
            store.undo_import(import_id)
    assert (all_incidents(store), states(store)) == ([], [UNDONE] * 3)


def test_no_undo_makes_one_file_count_twice(store):
    """The file of a replaced import has come back under another name in the meantime."""
    put(store, month_part("2024-01", content="same"))
    second = imported(store, month_part("2024-01", 5))
    put(store, month_part("2024-02", content="same"))
    third = store.imports()[-1].import_id
    message = undo_refusal(store, second.import_id)
    assert message == (
        "ConflictError: the undo would bring back 2024-01-derbyshire-street.csv, which is imported"
        f" again as import {third}; undo import {third} first"
    )
