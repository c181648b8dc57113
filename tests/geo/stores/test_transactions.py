"""All of a change or none of it, for the writer and for every reader beside it."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from geo.errors import PatchmapError
from geo.store.contract import LayerMetadata
from tests.geo.stores.parts import (
    Row,
    all_incidents,
    as_tuples,
    counters,
    frame,
    imported,
    keyed_part,
    lines,
    month_part,
    part,
    put,
    put_layer,
    undo,
)


def everything(store) -> tuple:
    """All that a store can tell."""
    with store.reading():
        layers = [store.layer(metadata.layer_id)[1].to_json() for metadata in store.layers()]
        known = store.layers(), store.imports(history=True), store.settings(), counters(store)
        return all_incidents(store), layers, *known


def fail_after(store, *changes: Callable[[], object]) -> None:
    """Make the changes in one transaction, and fail at its very end."""
    with store.transaction():
        for change in changes:
            change()
        raise ZeroDivisionError


def test_nothing_of_a_change_stays_after_an_error_inside_it(store, four_squares):
    put_layer(store, four_squares)
    first = imported(store, month_part("2024-01"))
    put(store, month_part("2024-03", 4))
    before = everything(store)
    with pytest.raises(ZeroDivisionError):
        fail_after(
            store,
            lambda: store.put_layer(LayerMetadata("blocks"), four_squares),
            lambda: store.put_layer(LayerMetadata("wards"), four_squares.loc[["A"]].assign(a=1)),
            lambda: store.put_partition(month_part("2024-02")),
            lambda: store.put_partition(month_part("2024-03", 9)),
            lambda: store.undo_import(first.import_id),
            lambda: store.put_setting("a", 1),
        )
    assert everything(store) == before


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("after", [1, 2])
def test_an_error_in_the_middle_of_the_batches_takes_all_back(after, keyed, store):
    old = [Row(f"police.uk:{i}") for i in range(6)]
    put(store, part(old, keyed=keyed))
    before = everything(store)
    new = [Row(f"police.uk:{i}", "noise") for i in range(3, 9)]
    broken = part(new[: after * 2], batch_rows=2, fails=RuntimeError("ends here"), keyed=keyed)
    with pytest.raises(RuntimeError, match="ends here"):
        put(store, month_part("2024-02"), broken)
    assert everything(store) == before
    assert put(store, part(new, keyed=keyed)) == ["updated" if keyed else "replaced"]


def test_an_error_that_is_caught_inside_a_transaction_leaves_no_half_partition(store):
    """The rest may stay or be refused; but what stays must be whole."""
    broken = part(lines(6), batch_rows=2, fails=ZeroDivisionError())
    with suppress(PatchmapError), store.transaction():
        store.put_partition(month_part("2024-02", 3))
        with suppress(ZeroDivisionError):
            store.put_partition(broken)
    months = {record.month: record.rows_accepted for record in store.imports()}
    assert months in ({}, {"2024-02": 3})
    assert len(all_incidents(store)) == sum(months.values())


def test_an_error_of_the_one_who_watches_takes_all_back(store):
    def watch(_batch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.transaction():
        store.put_partition(month_part("2024-01"), on_batch=watch)
    assert (all_incidents(store), store.imports(history=True)) == ([], [])


def test_the_store_can_be_changed_again_after_an_error(store):
    with pytest.raises(ZeroDivisionError):
        fail_after(store, lambda: store.put_partition(month_part("2024-01")))
    assert put(store, month_part("2024-01")) == ["added"]
    assert len(all_incidents(store)) == 2


def test_a_change_sees_what_was_changed_before_in_its_transaction(store, four_squares):
    with store.transaction():
        store.put_partition(month_part("2024-01"))
        store.put_layer(LayerMetadata("wards"), four_squares)
        assert store.put_partition(month_part("2024-01"))[0] == "unchanged"
        assert (store.incident_count(), len(store.incidents())) == (2, 2)
        assert len(store.layer("wards")[1]) == 4
        assert [record.month for record in store.imports()] == ["2024-01"]


def test_a_reader_sees_the_old_state_until_the_change_is_whole(store, reader):
    put(store, month_part("2024-01"))
    before = everything(reader)
    with store.transaction():
        store.put_partition(month_part("2024-01", 5))
        store.put_partition(month_part("2024-02"))
        store.put_setting("a", 1)
        assert everything(reader) == before
    assert everything(reader) == everything(store) != before


def test_all_that_is_read_together_is_of_one_state(store, reader, four_squares):
    put(store, month_part("2024-01"))
    with reader.reading():
        before = everything(reader)
        put(store, month_part("2024-01", 7))
        put_layer(store, four_squares)
        assert everything(reader) == before
    assert len(all_incidents(reader)) == 7


def test_reading_inside_reading_ends_nothing(store, reader):
    with reader.reading():
        before = reader.data_version()
        with reader.reading():
            pass
        put(store, month_part("2024-01"))
        assert reader.data_version() == before


def test_an_error_while_reading_lets_the_store_go(store, reader):
    def fail() -> None:
        with reader.reading():
            reader.layers()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    put(store, month_part("2024-01"))
    assert len(all_incidents(reader)) == 2


def in_threads(*works: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread of its own; tells what they raised."""
    errors = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - given back to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return errors


def test_threads_share_a_store(store):
    months = [f"2024-{number:02}" for number in range(1, 9)]
    assert (
        in_threads(*(lambda month=month: put(store, month_part(month)) for month in months)) == []
    )
    assert [record.month for record in store.imports()] == months
    assert (len(all_incidents(store)), counters(store)[0]) == (16, 8)


@pytest.mark.parametrize("same_object", [False, True])
def test_readers_in_other_threads_never_see_a_part_of_a_change(same_object, store, reader):
    beside, counts, done = store if same_object else reader, set(), threading.Event()

    def write() -> None:
        for number in range(6):
            with store.transaction():
                for month in ("2024-01", "2024-02"):
                    store.put_partition(month_part(month, 5 + number % 2))
        done.set()

    def read() -> None:
        while not done.is_set():
            with beside.reading():
                counts.add((len(beside.incidents()), beside.incident_count()))
            time.sleep(0.002)

    try:
        assert in_threads(write, read, read) == []
    finally:
        done.set()
    assert counts <= {(0, 0), (10, 10), (12, 12)}


def test_two_stores_on_one_place_take_turns(store, reader):
    works = [
        lambda number=number: put((store, reader)[number % 2], month_part(f"2024-{number + 1:02}"))
        for number in range(8)
    ]
    assert in_threads(*works) == []
    assert (len(all_incidents(store)), counters(store)[0]) == (16, 8)
    assert all_incidents(reader) == all_incidents(store)


def test_a_keyed_chain_across_two_stores_is_one_chain(store, reader):
    put(store, keyed_part([Row("council:a", "noise")]))
    second = imported(reader, keyed_part([Row("council:a", "litter")]))
    undo(store, second.import_id)
    assert all_incidents(reader) == as_tuples(frame([Row("council:a", "noise")], source="council"))
