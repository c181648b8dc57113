"""What imports replaced or undos removed can be removed for good."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from geo.errors import ConflictError, StoreError
from geo.store.contract import ImportRecord, Store
from geo.store.geopackage import GeoPackageStore, sqlite_connection
from tests.geo.stores.parts import (
    CURRENT,
    UNDONE,
    Row,
    all_incidents,
    as_tuples,
    frame,
    imported,
    keyed_part,
    lines,
    month_part,
    part,
    put,
    states,
    undo,
)
from tests.geo.stores.soundness import faults
from tests.geo.stores.traces import fill_with_traces, traces

FIRST, SECOND, THIRD = (f"2024-0{month}-01T12:00:00Z" for month in (1, 2, 3))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Sets the time of the imports that follow."""
    return lambda moment: monkeypatch.setattr("geo.store.import_records.now", lambda: moment)


def purged(store: Store, before: str) -> list[ImportRecord]:
    preview = store.purgeable_imports(before)
    with store.transaction():
        records = store.purge_imports(before)
    assert records == preview
    return records


def test_a_purge_removes_what_was_replaced_and_nothing_else(store, at):
    versions = [lines(5), lines(3, category="noise"), lines(9, category="theft")]
    records = []
    for moment, rows in zip((FIRST, SECOND, THIRD), versions, strict=True):
        at(moment)
        records.append(imported(store, part(rows)))
    put(store, keyed_part([Row("council:a"), Row("council:b")]))
    before = (all_incidents(store), store.data_version())
    assert [one.import_id for one in purged(store, SECOND)] == []
    assert [(one.import_id, one.rows_replaced) for one in purged(store, THIRD)] == [
        (records[1].import_id, 5)
    ]
    assert (all_incidents(store), store.data_version()) == before
    assert purged(store, THIRD) == []
    # The third can be undone still; what the second replaced is gone.
    undo(store, records[2].import_id)
    expected = [*frame(versions[1]).itertuples(index=False)]
    assert sum("noise" in row for row in all_incidents(store)) == len(expected) == 3
    with pytest.raises(ConflictError, match="cannot be undone: the 5 rows that it replaced were"):
        undo(store, records[1].import_id)
    assert states(store)[:3] == ["replaced", CURRENT, UNDONE]


def test_an_import_that_replaced_nothing_can_still_be_undone(store):
    record = imported(store, month_part("2024-01", 3))
    assert purged(store, "9999") == []
    assert undo(store, record.import_id).purged_at == ""
    assert all_incidents(store) == []


def test_rows_that_a_keyed_import_updated_are_purged(store):
    put(store, keyed_part([Row("council:a"), Row("council:b")]))
    put(store, keyed_part([Row("council:b", category="noise")]))
    before = all_incidents(store)
    (record,) = purged(store, "9999")
    assert record.rows_replaced == 1
    assert all_incidents(store) == before
    assert [bool(one.purged_at) for one in store.imports(history=True)] == [False, True]
    # Another update holds what it replaces, and can be undone.
    again = imported(store, keyed_part([Row("council:b", category="theft")]))
    undo(store, again.import_id)
    assert all_incidents(store) == before


def test_an_undo_leaves_no_copy_of_what_it_brought_back(store):
    put(store, part(lines(4)))
    record = imported(store, part(lines(2)))
    undo(store, record.import_id)
    assert store.purgeable_imports("9999") == []
    assert all_incidents(store) == as_tuples(frame(lines(4)))


def test_no_file_of_a_geopackage_has_a_trace_after_a_purge(tmp_path, monkeypatch):
    path = tmp_path / "store" / "s.gpkg"
    path.parent.mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with closing(GeoPackageStore(path, create=True)) as store:
        fill_with_traces(store)
        before = all_incidents(store)
        # Both in the file with its log, and after the log was played into the file.
        assert traces(tmp_path) > 500
        assert len(purged(store, "9999")) == 2
        store.compact()
        assert traces(tmp_path) == 0
        assert path.with_name("s.gpkg-wal").stat().st_size == 0
        assert all_incidents(store) == before
        assert faults(path) == []
        store.back_up(tmp_path / "saved.gpkg")
    assert traces(tmp_path) == 0


def test_a_geopackage_that_another_program_reads_is_not_said_to_be_clean(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "s.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill_with_traces(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM incidents").fetchone()
            purged(store, "9999")
            with pytest.raises(StoreError, match="another program is reading it; try again"):
                store.compact()
        store.compact()
    assert traces(tmp_path) == 0


def test_a_store_is_compacted_outside_of_transactions_only(store):
    with pytest.raises(StoreError), store.transaction():
        store.compact()
