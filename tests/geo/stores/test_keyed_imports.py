"""Rows that bear the source's own ids update the rows of the same id, and only those."""

from contextlib import suppress
from dataclasses import replace

import pytest

from geo.errors import ConflictError, PatchmapError
from tests.geo.stores.parts import (
    CURRENT,
    UNDONE,
    Row,
    all_incidents,
    as_tuples,
    categories,
    counters,
    frame,
    imported,
    keyed_part,
    put,
    states,
    undo,
    undo_refusal,
)

WEEK = "2024-01-05T10:00:00"


def row(key: str, category: str = "noise", **values) -> Row:
    return Row(f"council:{key}", category, WEEK, **values)


def rows(**kinds: str) -> list[Row]:
    return [row(key, category) for key, category in kinds.items()]


def test_new_ids_are_added_and_the_others_stay(store):
    assert put(store, keyed_part(rows(a="noise", b="litter"))) == ["added"]
    assert put(store, keyed_part(rows(c="noise"))) == ["updated"]
    assert categories(store) == {"a": "noise", "b": "litter", "c": "noise"}
    assert states(store) == [CURRENT, CURRENT]


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "graffiti"},
        {"x": 435_000.250001},
        {"location": "Another Street"},
        {"reference": "r-2"},
        {"when": "2024-01-05T10:00:01"},
    ],
    ids=str,
)
def test_an_id_that_is_there_is_updated_where_any_value_differs(changes, store):
    put(store, keyed_part([row("a"), row("b")]))
    changed = [row("a")._replace(**changes), row("b")]
    with store.transaction():
        change, record = store.put_partition(keyed_part(changed))
    assert (change, record.rows_replaced) == ("updated", 1)
    assert all_incidents(store) == as_tuples(frame(changed, source="council"))


def test_an_update_that_says_nothing_new_leaves_no_trace(store):
    first = imported(store, keyed_part(rows(a="noise", b="litter")))
    before = (counters(store), store.imports(history=True))
    with store.transaction():
        change, record = store.put_partition(keyed_part(rows(b="litter"), content="another file"))
    # Of this file: one row, not the two of the import that is named.
    assert (change, record) == ("unchanged", replace(first, rows_read=1, rows_accepted=1))
    assert (counters(store), store.imports(history=True)) == before


def test_rows_rejected_of_a_file_that_changes_nothing_are_counted(store):
    put(store, keyed_part(rows(a="noise", b="litter")))
    again = keyed_part(rows(b="litter"), content="2", rejected=["no date", "no date"])
    with store.transaction():
        change, record = store.put_partition(replace(again, file="again.csv"))
    assert (change, record.file, record.rows_read) == ("unchanged", "again.csv", 3)
    assert (record.rows_accepted, record.rejected_by_reason) == (1, {"no date": 2})


def test_the_same_file_again_is_not_even_read(store):
    one, batches = keyed_part(rows(a="noise")), []
    put(store, one)
    with store.transaction():
        assert store.put_partition(one, on_batch=batches.append)[0] == "unchanged"
    assert batches == []


def test_an_older_file_again_is_an_update_of_its_own(store):
    old, new = keyed_part(rows(a="noise")), keyed_part(rows(a="litter"))
    assert [put(store, one) for one in (old, new, old)] == [["added"], ["updated"], ["updated"]]
    assert categories(store) == {"a": "noise"}


def test_undoing_an_update_restores_what_it_changed_and_removes_what_it_added(store):
    put(store, keyed_part(rows(a="noise", b="litter")))
    record = imported(store, keyed_part(rows(b="graffiti", c="noise")))
    assert categories(store) == {"a": "noise", "b": "graffiti", "c": "noise"}
    undo(store, record.import_id)
    assert categories(store) == {"a": "noise", "b": "litter"}
    assert states(store) == [CURRENT, UNDONE]


def test_a_chain_of_updates_is_undone_step_by_step(store):
    steps = [rows(a="noise", b="noise"), rows(a="litter", c="litter"), rows(a="theft", b="theft")]
    ids = [imported(store, keyed_part(step)).import_id for step in steps]
    assert categories(store) == {"a": "theft", "b": "theft", "c": "litter"}
    undo(store, ids[2])
    assert categories(store) == {"a": "litter", "b": "noise", "c": "litter"}
    undo(store, ids[1])
    assert categories(store) == {"a": "noise", "b": "noise"}
    undo(store, ids[0])
    assert all_incidents(store) == []


def test_updates_are_undone_the_last_one_first(store):
    first = imported(store, keyed_part(rows(a="noise")))
    second = imported(store, keyed_part(rows(b="noise")))
    message = undo_refusal(store, first.import_id)
    after, before = second.import_id, first.import_id
    assert message == (
        f"ConflictError: import {after} was made after import {before}; undo import {after} first"
    )


def test_batches_make_no_difference_to_an_update(store):
    put(store, keyed_part([row(str(i)) for i in range(10)]))
    changed = [row(str(i), "litter") for i in range(5, 15)]
    record = imported(store, keyed_part(changed, batch_rows=3, rejected=["no date"]))
    assert (record.rows_read, record.rows_accepted, record.rows_replaced) == (11, 10, 5)
    assert categories(store) == {
        str(i): "noise" if i < 5 else "litter" for i in sorted(range(15), key=str)
    }


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_an_id_that_stands_twice_in_a_file_never_survives_its_undo(batch_rows, store):
    """It may be refused or the last row may win; what the import wrote must go with it."""
    put(store, keyed_part(rows(a="noise")))
    before = all_incidents(store)
    twice = [row("a", "litter"), row("a", "theft")]
    with suppress(PatchmapError):
        undo(store, imported(store, keyed_part(twice, batch_rows=batch_rows)).import_id)
    assert all_incidents(store) == before


def test_an_id_that_two_batches_of_a_file_name_is_refused(store):
    twice = [row("a", "litter"), row("a", "theft")]
    with pytest.raises(ConflictError, match="id council:a appears twice; each row needs its own"):
        put(store, keyed_part(twice, batch_rows=1))
    assert store.imports(history=True) == []


def test_two_sources_with_the_same_own_ids_do_not_meet(store):
    put(store, keyed_part(rows(a="noise")))
    put(store, keyed_part([Row("housing:a", "litter", WEEK)], source="housing"))
    assert len(all_incidents(store)) == 2


def test_an_id_of_another_partition_is_refused(store):
    """Two lists of one source share their ids: neither may take over the rows of the other."""
    put(store, keyed_part(rows(a="noise"), name="north"))
    with pytest.raises(
        ConflictError, match=r"the id .*a is already used by council/north; import the file"
    ):
        put(store, keyed_part(rows(a="litter"), name="south"))
    assert categories(store) == {"a": "noise"}
