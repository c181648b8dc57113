"""Records with lives: what two extracts show, undone, purged, erased, kept and copied alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from geo.errors import ConflictError
from geo.incidents import Extract, Partition
from geo.store.contract import Store
from geo.store.copying import copy_store
from geo.store.migrations import migrations
from tests.geo.stores.lives import WEEK, events, extract, life_of, record
from tests.geo.stores.parts import (
    CURRENT,
    UNDONE,
    Row,
    all_incidents,
    counters,
    imported,
    keyed_part,
    put,
    rejects,
    states,
    undo,
)
from tests.geo.stores.places import Places, open_at

FIRST = [
    record("open"),
    record("closes"),
    record("reopens", closed="2026-11-10"),
    record("vanishes"),
    record("done", closed="2026-11-10"),
    record("placeless", None, stated_area="E05000001"),
]
LATER = [
    record("open"),
    record("closes", answered="2026-11-25", closed="2026-11-26", outcome="Cleared"),
    record("reopens"),
    record("new"),
    record("placeless", None, stated_area="E05000001", answered="2026-11-27"),
]


@pytest.fixture(scope="module")
def two_extracts(places: Places) -> str:
    """The address of a store with two extracts, a week apart, which tests copy."""
    address = places.new()
    with closing(open_at(address, create=True)) as store:
        put(store, extract(FIRST))
        put(store, extract(LATER, WEEK[1]))
    return address


@pytest.fixture
def two(places: Places, two_extracts: str) -> Iterator[Store]:
    """A store with both extracts of the test's own."""
    address = places.copy(two_extracts)
    with closing(open_at(address)) as store:
        yield store
    places.remove(address)


def test_the_first_extract_shows_no_events(store: Store) -> None:
    done = imported(store, extract(FIRST))
    assert (done.rows_read, done.rows_accepted, done.rows_placeless) == (6, 6, 1)
    assert (done.extracted, done.events) == ("2026-11-23", {})
    assert store.incident_count() == 5
    assert store.placeless_count() == 1
    assert events(store) == []


def test_two_extracts_name_what_changed_between_them(store: Store) -> None:
    put(store, extract(FIRST))
    later = imported(store, extract(LATER, WEEK[1]))
    day = "2026-11-30"
    assert events(store) == [
        ("closes", "answered", day),
        ("closes", "closed", day),
        ("new", "opened", day),
        ("placeless", "answered", day),
        ("reopens", "reopened", day),
        ("vanishes", "vanished", day),
    ]
    assert later.events == {
        "answered": 2, "closed": 1, "opened": 1, "reopened": 1, "vanished": 1,
    }  # fmt: skip


def test_lives_are_as_the_last_extract_has_them(two: Store) -> None:
    assert life_of(two, "closes")["closed"] == "2026-11-26"
    assert life_of(two, "closes")["outcome"] == "Cleared"
    assert life_of(two, "reopens")["reopened"] == 1
    assert life_of(two, "reopens")["closed"] == ""
    assert life_of(two, "vanishes")["vanished"] == "2026-11-30"
    assert life_of(two, "vanishes")["closed"] == ""
    assert life_of(two, "done") | {"vanished": ""} == life_of(two, "done")
    assert two.incident_count() == 6  # what vanished was reported all the same


def test_an_extract_of_changes_lets_nothing_vanish(store: Store) -> None:
    put(store, extract(FIRST))
    done = imported(store, extract([record("new")], WEEK[1], whole=False))
    assert done.events == {"opened": 1}


def test_what_vanished_can_return(two: Store) -> None:
    done = imported(two, extract([record("vanishes")], date(2026, 12, 1), whole=False))
    assert done.events == {"returned": 1}
    assert life_of(two, "vanishes")["vanished"] == ""


def test_an_earlier_extract_is_refused(two: Store) -> None:
    with pytest.raises(ConflictError, match=r"an extract of 2026-11-20, and that of 2026-11-30"):
        put(two, extract(FIRST, date(2026, 11, 20)))


def test_an_extract_of_a_day_that_says_nothing_new_leaves_no_trace(two: Store) -> None:
    before = counters(two), two.imports(history=True)
    # The closed record that it leaves out stays closed; the vanished one is gone already.
    assert put(two, replace(extract(LATER, WEEK[1]), sha256="0" * 64)) == ["unchanged"]
    changes = extract(LATER, date(2026, 12, 1), whole=False)
    assert put(two, changes) == ["unchanged"]
    assert (counters(two), two.imports(history=True)) == before


def test_a_later_snapshot_without_a_change_says_that_nothing_changed(two: Store) -> None:
    before = two.records(), two.imports()
    done = imported(two, extract(LATER, date(2026, 12, 1)))
    assert (done.extracted, done.events, done.rows_read) == ("2026-12-01", {}, 5)
    pd.testing.assert_frame_equal(two.records(), before[0])
    undo(two, done.import_id)
    pd.testing.assert_frame_equal(two.records(), before[0])
    assert two.imports() == before[1]


def test_only_a_life_may_differ(store: Store) -> None:
    put(store, extract([record("a")]))
    assert put(store, extract([record("a", service="Streets")], WEEK[1])) == ["updated"]
    assert life_of(store, "a")["service"] == "Streets"


def test_an_undo_takes_its_events_back(store: Store) -> None:
    put(store, extract(FIRST))
    before = store.records(), all_incidents(store)
    undo(store, imported(store, extract(LATER, WEEK[1])).import_id)
    pd.testing.assert_frame_equal(store.records(), before[0])
    assert all_incidents(store) == before[1]
    assert events(store) == []
    assert states(store) == [CURRENT, UNDONE]
    undo(store, store.imports()[0].import_id)
    assert store.records().empty
    assert store.placeless_count() == 0


def test_what_was_said_before_can_be_purged(two: Store) -> None:
    assert [one.import_id for one in two.purgeable_imports("2999")] == [2]
    with two.transaction():
        two.purge_imports("2999")
    assert two.purgeable_imports("2999") == []
    with pytest.raises(ConflictError, match="were purged"):
        undo(two, 2)


def test_a_place_that_an_extract_no_longer_states_is_the_earlier_one(store: Store) -> None:
    put(store, extract([record("a")]))
    done = imported(store, extract([record("a", None, closed="2026-11-26")], WEEK[1]))
    assert (done.rows_placeless, store.incident_count(), store.placeless_count()) == (0, 1, 0)
    assert life_of(store, "a")["x"] == 435_000.25


def test_a_place_that_becomes_known_is_an_incident(store: Store) -> None:
    put(store, extract([record("a", None)]))
    put(store, extract([record("a")], WEEK[1]))
    assert (store.incident_count(), store.placeless_count()) == (1, 0)
    undo(store, 2)
    assert (store.incident_count(), store.placeless_count()) == (0, 1)


@pytest.mark.parametrize("key", ["closes", "placeless"])
def test_an_erased_record_leaves_no_life(key: str, two: Store) -> None:
    with two.transaction():
        assert two.put_erasures([two.erasure_of("council", key)]) >= 1
    assert f"council:{key}" not in two.records().index
    assert key not in {one for one, _, _ in events(two)}
    done = imported(two, extract([*LATER, record("x")], date(2026, 12, 1)))
    assert f"council:{key}" not in two.records().index
    assert done.rejected_by_reason == {"erased": 1}
    undo(two, done.import_id)
    undo(two, 2)
    assert f"council:{key}" not in two.records().index


def test_records_past_retention_go_with_their_lives(two: Store) -> None:
    before = pd.Timestamp("2026-11-20", tz="UTC")
    assert two.expirable_incidents("council", before) >= 7
    with two.transaction():
        two.expire_incidents("council", before)
    assert two.records().empty
    assert events(two) == []


def test_a_copy_has_the_same_lives(
    two: Store, new_store: Callable[[], Callable[[], Store]]
) -> None:
    copy = new_store()()
    copy_store(two, copy)
    pd.testing.assert_frame_equal(copy.records(), two.records())
    assert events(copy) == events(two)
    assert [one.events for one in copy.imports()] == [one.events for one in two.imports()]
    copy.close()


def test_both_stores_give_the_same_bytes(two: Store) -> None:
    """Written down once: a store of either kind says the very same."""
    columns = ["x", "received", "answered", "closed", "vanished", "reopened", "stated_area"]
    assert two.records()[columns].to_csv(lineterminator="\n").splitlines() == [
        "incident_id,x,received,answered,closed,vanished,reopened,stated_area",
        *(f"council:{line}" for line in (
            ("closes,435000.25,2026-11-02 00:00:00+00:00,2026-11-25 00:00:00+00:00,"
            "2026-11-26 00:00:00+00:00,,0,"),
            "done,435000.25,2026-11-02 00:00:00+00:00,,2026-11-10 00:00:00+00:00,,0,",
            "new,435000.25,2026-11-02 00:00:00+00:00,,,,0,",
            "open,435000.25,2026-11-02 00:00:00+00:00,,,,0,",
            "placeless,,2026-11-02 00:00:00+00:00,2026-11-27 00:00:00+00:00,,,0,E05000001",
            "reopens,435000.25,2026-11-02 00:00:00+00:00,,,,1,",
            "vanishes,435000.25,2026-11-02 00:00:00+00:00,,,2026-11-30 00:00:00+00:00,0,",
        )),
    ]  # fmt: skip


def test_what_was_reopened_has_a_spell_for_which_it_was_closed(two: Store) -> None:
    spells = two.closed_spells()
    assert spells["incident_id"].tolist() == ["council:reopens"]
    assert spells["closed"].tolist() == [pd.Timestamp("2026-11-10", tz="UTC")]
    assert spells["reopened"].tolist() == [pd.Timestamp("2026-11-30", tz="UTC")]
    undo(two, 2)
    assert two.closed_spells().empty


def spells(store: Store) -> list[tuple[str, str, str]]:
    """When records were closed that were opened again, as (key, day, day)."""
    rows = store.closed_spells()
    days = (rows[name].dt.strftime("%Y-%m-%d") for name in ("closed", "reopened"))
    return list(zip(rows["incident_id"].str.removeprefix("council:"), *days, strict=True))


SPELL = ("reopens", "2026-11-10", "2026-11-30")


def test_spells_outlive_a_purge_and_are_copied(
    two: Store, new_store: Callable[[], Callable[[], Store]]
) -> None:
    assert spells(two) == [SPELL]
    with two.transaction():
        two.purge_imports("2999")
    assert spells(two) == [SPELL]
    with closing(new_store()()) as copy:
        copy_store(two, copy)
        assert spells(copy) == [SPELL]
        with closing(new_store()()) as second:
            copy_store(copy, second)
            assert spells(second) == [SPELL]


def test_spells_of_a_record_go_with_its_erasure_and_its_retention(two: Store) -> None:
    with two.transaction():
        two.purge_imports("2999")
        two.put_erasures([two.erasure_of("council", "reopens")])
    assert spells(two) == []
    assert "reopens" not in {key for key, _, _ in events(two)}


def test_each_closing_before_a_reopening_is_a_spell(two: Store) -> None:
    put(two, extract([record("reopens", closed="2026-12-01")], date(2026, 12, 2), whole=False))
    again = extract([record("reopens")], date(2026, 12, 9), whole=False)
    put(two, again)
    assert spells(two) == [SPELL, ("reopens", "2026-12-01", "2026-12-09")]
    undo(two, 4)
    assert spells(two) == [SPELL]
    with two.transaction():
        two.expire_incidents("council", pd.Timestamp("2026-11-20", tz="UTC"))
    assert spells(two) == []


def test_a_store_that_kept_spells_with_their_lives_alone_says_the_same(
    open_store: Callable[[], Store],
) -> None:
    """As the releases before wrote it."""
    [number] = {
        migration.number
        for dialect in ("sqlite", "postgres")
        for migration in migrations(dialect)
        if migration.name.endswith("extracts")
    }
    with closing(open_store()) as store:
        put(store, extract(FIRST))
        put(store, extract(LATER, WEEK[1]))
        with store.transaction():
            store._lives._tables.execute("ALTER TABLE patchmap_life_events DROP COLUMN closed")
            store._lives._tables.execute("ALTER TABLE patchmap_imports DROP COLUMN whole")
            store._lives._tables.execute(f"DELETE FROM patchmap_migrations WHERE number = {number}")
    with closing(open_store()) as store:
        assert spells(store) == [SPELL]
        assert events(store)[4:] == [
            ("reopens", "reopened", "2026-11-30"),
            ("vanishes", "vanished", "2026-11-30"),
        ]


def test_pages_of_changes_say_the_same_as_one_extract_of_all(
    store: Store, new_store: Callable[[], Callable[[], Store]]
) -> None:
    put(store, extract(FIRST))
    put(store, *(extract([one], WEEK[1], whole=False) for one in LATER))
    with closing(new_store()()) as other:
        put(other, extract(FIRST))
        put(other, extract(LATER, WEEK[1]))
        kept = [one for one in events(other) if one[1] != "vanished"]
        assert sorted(events(store)) == sorted(kept)
        assert spells(store) == spells(other) == [SPELL]


def test_a_record_whose_row_is_rejected_has_not_vanished(store: Store) -> None:
    put(store, extract(FIRST))
    later = extract([one for one in LATER if one.key != "council:open"], WEEK[1])
    [batch] = later.batches()
    turned = replace(batch, rejected=rejects("closed before it was received"))
    turned = replace(turned, rejected_ids=frozenset({"council:open", "council:never"}))
    done = imported(store, replace(later, batches=lambda: iter([turned])))
    assert done.rows_rejected == 1
    assert [key for key, event, _ in events(store) if event == "vanished"] == ["vanishes"]
    assert life_of(store, "open")["vanished"] == ""


def test_rows_without_lives_are_refused_among_records(two: Store) -> None:
    """A mapping that has lost its [life]: a record without a place would count twice."""
    plain = keyed_part([Row("council:placeless", "litter", "2026-11-02T09:00:00")])
    with pytest.raises(ConflictError, match=r"council holds records with lives \(import 2\)"):
        put(two, plain)
    undo(two, 2)
    undo(two, 1)
    assert put(two, plain) == ["added"]
    assert (two.incident_count(), two.placeless_count()) == (1, 0)


def test_an_id_of_two_records_without_a_place_is_refused(store: Store) -> None:
    one = record("placeless", None, stated_area="E05000001")
    with pytest.raises(ConflictError, match=r"the id council:placeless appears twice"):
        put(store, extract([one, one]))
    assert not store.imports()
    put(store, extract([one]))
    other = replace(extract([one], WEEK[1]), name="other")
    with pytest.raises(ConflictError, match=r"council:placeless is already used by council"):
        put(store, other)
    assert store.records().index.tolist() == ["council:placeless"]


def test_an_extract_imported_again_after_a_later_one_is_refused(two: Store) -> None:
    before = two.records()
    first = extract(FIRST)
    again = replace(first, extract=Extract(date(2026, 12, 1), whole=True))
    with pytest.raises(ConflictError, match=r"imported already as the extract of 2026-11-23"):
        put(two, again)
    pd.testing.assert_frame_equal(two.records(), before)


def test_two_extracts_that_are_imported_at_once_follow_each_other(
    open_store: Callable[[], Store], store: Store
) -> None:
    def outcome(where: Store, one: Partition) -> str:
        try:
            return put(where, one)[0]
        except ConflictError as refusal:
            return str(refusal)

    with ThreadPoolExecutor(2) as pool:
        running = [
            pool.submit(outcome, store, extract(FIRST)),
            pool.submit(outcome, open_store(), extract(LATER, WEEK[1])),
        ]
    first, later = (one.result() for one in running)
    assert life_of(store, "closes")["closed"] == "2026-11-26"
    if later == "updated":
        assert first == "added"
        assert len(events(store)) == 6
    else:
        assert later == "added"
        assert "cases.csv is an extract of 2026-11-23, and that of 2026-11-30" in first
        assert events(store) == []
