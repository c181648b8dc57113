"""A store is copied into an empty one, which then gives the same answers."""

import pytest

from geo.errors import ConflictError
from geo.store.copying import copy_store
from tests.geo.stores.parts import (
    Row,
    all_incidents,
    categories,
    imported,
    keyed_part,
    month_part,
    put,
    put_layer,
    undo,
    undo_refusal,
)


@pytest.fixture
def target(new_store):
    opened = new_store()()
    yield opened
    opened.close()


@pytest.fixture
def filled(store, four_squares):
    put_layer(store, four_squares.assign(residents=[1, 2, 3, None], urban=[True, None] * 2))
    put(store, month_part("2024-01", 3), month_part("2024-02", 2))
    put(store, month_part("2024-01", 5), keyed_part([Row("council:a"), Row("council:b")]))
    put(store, keyed_part([Row("council:b", "noise")]))
    with store.transaction():
        store.put_setting("default_layer", "wards")
    return store


def test_an_import_tells_the_rows_that_it_wrote_and_that_still_stand(filled):
    keys = [
        sorted(key[-1] for key in filled.import_rows(record.import_id)["incident_id"])
        for record in filled.imports(history=True)
    ]
    assert keys == [[], ["2", "3"], ["2", "3", "4", "5", "6"], ["a"], ["b"]]
    assert len(filled.import_rows(999)) == 0


def test_a_copy_holds_what_stands(filled, target):
    copy_store(filled, target)
    assert all_incidents(target) == all_incidents(filled)
    assert target.layers() == filled.layers()
    assert target.layer("wards")[1].to_json() == filled.layer("wards")[1].to_json()
    assert target.settings() == filled.settings() == {"default_layer": "wards"}
    facts = [
        [(one.partition_id, one.sha256, one.rows_read, one.summary) for one in store.imports()]
        for store in (filled, target)
    ]
    assert facts[0] == facts[1]
    assert target.data_version().uuid != filled.data_version().uuid


def test_a_copy_goes_on_as_a_store_of_its_own(filled, target):
    copy_store(filled, target)
    assert put(target, month_part("2024-01", 5)) == ["unchanged"]
    record = imported(target, keyed_part([Row("council:b", "litter")]))
    assert record.rows_replaced == 1
    undo(target, record.import_id)
    assert (all_incidents(target), categories(target)["b"]) == (all_incidents(filled), "noise")


def test_what_was_adopted_can_be_undone_down_to_nothing(filled, target):
    copy_store(filled, target)
    for record in reversed(target.imports(history=True)):
        undo(target, record.import_id)
    assert all_incidents(target) == []
    assert undo_refusal(target, 1).endswith("is already undone")


def test_a_store_that_holds_data_is_not_copied_over(filled, target):
    put(target, month_part("2024-05"))
    before = all_incidents(target)
    with pytest.raises(ConflictError, match="the store to copy to already holds data"):
        copy_store(filled, target)
    assert all_incidents(target) == before
