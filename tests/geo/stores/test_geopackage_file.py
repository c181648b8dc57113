"""A GeoPackage is a sound SQLite file, by the standard, whatever was done to it."""

import sqlite3
from contextlib import closing

import pytest

from geo.errors import StoreError
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore, feature_tables, sqlite_connection
from tests.geo.stores.parts import (
    Row,
    all_incidents,
    imported,
    keyed_part,
    lines,
    month_part,
    part,
    put,
    put_layer,
    undo,
)
from tests.geo.stores.soundness import faults


def test_a_new_store_is_sound(geopackage, store_path):
    assert faults(store_path) == []


@pytest.mark.parametrize("one_by_one", [0, 5_000])
def test_a_store_is_sound_after_every_kind_of_change(
    geopackage, store_path, four_squares, one_by_one, monkeypatch
):
    monkeypatch.setattr(feature_tables, "_MOST_ROWS_ONE_BY_ONE", one_by_one)
    put_layer(geopackage, four_squares)
    put_layer(geopackage, four_squares.loc[["A"]], LayerMetadata("wards-2025_b"))
    put_layer(geopackage, four_squares.loc[["B", "C"]])
    put(geopackage, month_part("2024-01", 30), month_part("2024-02", 3))
    record = imported(geopackage, month_part("2024-01", 7, category="noise"))
    assert faults(store_path) == []
    undo(geopackage, record.import_id)
    put(geopackage, keyed_part([Row("council:a"), Row("council:b")]))
    put(geopackage, keyed_part([Row("council:b", x=1.0), Row("council:c")], batch_rows=1))
    assert faults(store_path) == []
    for one in reversed(geopackage.imports(history=True)):
        if one.state == "current":
            undo(geopackage, one.import_id)
    assert (all_incidents(geopackage), faults(store_path)) == ([], [])


def test_a_store_is_sound_after_an_error_in_the_middle(geopackage, store_path):
    put(geopackage, part(lines(5)))
    with pytest.raises(ZeroDivisionError):
        put(geopackage, part(lines(9), batch_rows=2, fails=ZeroDivisionError()))
    assert faults(store_path) == []


def test_a_file_is_marked_as_a_geopackage_with_its_log_beside_it(geopackage, store_path):
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert connection.execute("PRAGMA user_version").fetchone() == (10300,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_write_ahead_logging_is_put_on_again_when_another_program_took_it_off(
    geopackage, store_path
):
    geopackage.close()
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    GeoPackageStore(store_path).close()
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_closed_store_is_one_file(geopackage, store_path):
    put(geopackage, month_part("2024-01"))
    geopackage.close()
    assert [path.name for path in store_path.parent.glob("s.gpkg*")] == ["s.gpkg"]


def test_a_second_writer_waits_and_is_refused_in_the_end(geopackage, store_path, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT_S", 0.1)
    other = GeoPackageStore(store_path)
    with (
        geopackage.transaction(),
        pytest.raises(StoreError, match="another program is using it") as refused,
    ):
        put(other)
    assert "\n" not in str(refused.value)
    other.close()


def test_nothing_is_changed_outside_a_transaction(geopackage, four_squares):
    for change in (
        lambda: geopackage.put_layer(LayerMetadata("wards"), four_squares),
        lambda: geopackage.put_setting("a", 1),
        lambda: geopackage.put_partition(month_part("2024-01")),
    ):
        with pytest.raises(StoreError, match=r"changed inside its transaction\(\) only"):
            change()
    assert (geopackage.layers(), geopackage.settings(), geopackage.imports()) == ([], {}, [])


def test_a_store_opens_for_reading_while_another_one_writes(geopackage, store_path, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT_S", 0.1)
    with geopackage.transaction():
        geopackage.put_setting("a", 1)
        beside = GeoPackageStore(store_path)
        assert beside.setting("a") is None
        beside.close()


def test_what_a_power_cut_leaves_is_the_state_before_the_change(geopackage, store_path):
    """The file and its log as they stand in the middle of a change that is never committed."""
    put(geopackage, month_part("2024-01"))
    copy = store_path.with_name("after-the-cut.gpkg")
    with geopackage.transaction():
        geopackage.put_partition(month_part("2024-02", 20_000))
        for ending in ("", "-wal"):
            content = store_path.with_name(store_path.name + ending).read_bytes()
            copy.with_name(copy.name + ending).write_bytes(content)
    after = GeoPackageStore(copy)
    assert [record.month for record in after.imports()] == ["2024-01"]
    assert len(all_incidents(after)) == 2
    after.close()
    assert faults(copy) == []
