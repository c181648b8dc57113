"""Plans come back as they were put, and a version is only replaced by one made from it."""

import threading

import pytest

from geo.errors import ConflictError, NotFoundError, PatchmapError
from geo.store.copying import copy_store
from geo.store.migrations import migrations
from tests.geo.stores.parts import all_incidents, counters, month_part, put, put_layer

STEPS = [
    {"kind": "move", "by": "Ann Shaw", "blocks": {"a1": ["A", "B"]}},
    {"kind": "move", "by": "Bob", "blocks": {"b1": ["B", "A"]}},
]


def record(plan_id: str = "north", version: int = 1, *, done: int = 2) -> dict:
    return {
        "plan_id": plan_id,
        "title": f"Gŵyl {plan_id}",
        "blocks_layer": "blocks",
        "base_layer": "wards",
        "version": version,
        "begun_by": "Cay",
        "areas": [{"code": "A", "name": 'It\'s "A"', "members": None, "locked": False}],
        "blocks": {"a1": "A", "b1": ""},
        "bridges": {"Ferry": ["a1", "b1"]},
        "steps": STEPS,
        "done": done,
    }


def save(store, plan: dict, *, based_on: int, updated_at: str = "") -> None:
    with store.transaction():
        store.put_plan(plan, based_on=based_on, updated_at=updated_at)


def refusal(store, plan: dict, *, based_on: int) -> str:
    with pytest.raises(ConflictError) as refused:
        save(store, plan, based_on=based_on)
    return str(refused.value)


def test_a_plan_comes_back_as_it_was_put(store, reader):
    assert store.plans() == []
    save(store, record(), based_on=0)
    assert store.plan("north") == reader.plan("north") == record()
    assert counters(reader) == (0, 0, 1, 0)


def test_plans_are_told_by_id_without_their_history(store, reader):
    save(store, record("south", done=0), based_on=0)
    save(store, record("north", done=1), based_on=0, updated_at="2025-05-01T09:30:00Z")
    save(store, record("a_b"), based_on=0)
    plans = {plan["plan_id"]: plan for plan in reader.plans()}
    assert list(plans) == ["a_b", "north", "south"]
    assert plans["north"] == {
        "plan_id": "north",
        "title": "Gŵyl north",
        "blocks_layer": "blocks",
        "base_layer": "wards",
        "version": 1,
        "updated_by": "Ann Shaw",
        "updated_at": "2025-05-01T09:30:00Z",
    }
    assert (plans["a_b"]["updated_by"], plans["south"]["updated_by"]) == ("Bob", "Cay")
    assert plans["a_b"]["updated_at"].endswith("Z")


def test_each_saving_replaces_the_version_that_it_was_made_from(store):
    save(store, record(), based_on=0)
    save(store, record(version=2, done=0), based_on=1)
    assert store.plan("north") == record(version=2, done=0)
    assert counters(store) == (0, 0, 2, 0)


def test_two_savings_of_one_version_do_not_meet(store, reader):
    save(store, record(), based_on=0)
    save(reader, record(version=2, done=1), based_on=1)
    expected = "plan north is now version 2; you edited version 1"
    assert refusal(store, record(version=2), based_on=1) == expected
    expected = "plan north already exists, in version 2; choose another id"
    assert refusal(store, record(), based_on=0) == expected
    assert store.plan("north") == record(version=2, done=1)
    assert counters(store) == (0, 0, 2, 0)


def test_of_two_who_save_at_once_one_is_told(open_store, store):
    save(store, record(), based_on=0)
    begun, outcomes = threading.Barrier(2), []

    def save_too(number: int) -> None:
        own = open_store()
        begun.wait()
        try:
            save(own, record(version=2, done=number), based_on=1)
            outcomes.append("saved")
        except ConflictError:
            outcomes.append("refused")

    threads = [threading.Thread(target=save_too, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "saved"]
    assert counters(store) == (0, 0, 2, 0)


def test_a_plan_that_is_gone_is_not_saved_over(store):
    save(store, record(), based_on=0)
    with store.transaction():
        store.remove_plan("north")
    assert counters(store) == (0, 0, 2, 0)
    expected = "plan north was deleted; you edited version 1"
    assert refusal(store, record(), based_on=1) == expected


def test_an_unknown_plan_is_told_with_those_there_are(store):
    with pytest.raises(NotFoundError, match="no plan 'x'; there are: none yet; 'patchmap plan new"):
        store.plan("x")
    save(store, record(), based_on=0)
    with pytest.raises(NotFoundError, match="there is no plan 'x'; there are: north"):
        store.plan("x")
    with pytest.raises(NotFoundError, match="there is no plan 'x'"), store.transaction():
        store.remove_plan("x")


def test_what_fails_later_in_a_transaction_takes_the_plan_back(store):
    def put_and_fail() -> None:
        with store.transaction():
            store.put_plan(record(), based_on=0)
            store.remove_plan("x")

    with pytest.raises(NotFoundError):
        put_and_fail()
    assert store.plans() == []
    assert counters(store) == (0, 0, 0, 0)


def test_a_reader_sees_the_plans_of_one_state(store, reader):
    save(store, record(), based_on=0)
    with reader.reading():
        before = reader.plans()
        save(store, record(version=2, done=0), based_on=1)
        assert reader.plans() == before
        assert reader.plan("north") == record()
    assert reader.plan("north")["version"] == 2


def test_a_copy_carries_plans(store, new_store, four_squares):
    put_layer(store, four_squares)
    put(store, month_part("2024-01"))
    save(store, record(version=7), based_on=0, updated_at="2025-05-01T09:30:00Z")
    target = new_store()()
    copy_store(store, target)
    assert target.plan("north") == record(version=7)
    assert target.plans() == store.plans()
    target.close()


def test_a_store_that_holds_a_plan_is_not_copied_over(store, new_store):
    target = new_store()()
    save(target, record(), based_on=0)
    with pytest.raises(ConflictError, match="already holds data"):
        copy_store(store, target)
    target.close()


def test_a_backup_carries_plans(geopackage, tmp_path):
    save(geopackage, record(), based_on=0)
    geopackage.back_up(tmp_path / "backup.gpkg")
    with geopackage.transaction():
        geopackage.remove_plan("north")
    geopackage.restore(tmp_path / "backup.gpkg")
    assert geopackage.plan("north") == record()


def test_a_store_of_the_first_release_learns_to_keep_plans(new_store, monkeypatch, four_squares):
    with monkeypatch.context() as first_release:
        first_release.setattr(
            "geo.store.migrations.migrations",
            # The third only adds a column to imports, which are read and written here.
            lambda dialect: [one for one in migrations(dialect) if one.number != 2],
        )
        opener = new_store()
        old = opener()
        put_layer(old, four_squares)
        put(old, month_part("2024-01"))
        before = (all_incidents(old), old.data_version())
        with pytest.raises(PatchmapError, match="patchmap_plans"), old.reading():
            old.plans()
        old.close()
    store = opener()
    assert (all_incidents(store), store.data_version()) == before
    save(store, record(), based_on=0)
    assert [plan["plan_id"] for plan in store.plans()] == ["north"]
    store.close()
