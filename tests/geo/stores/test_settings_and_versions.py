"""Settings come back, and the counters of a data version move when their part changes."""

from geo.store.contract import LayerMetadata
from tests.geo.stores.parts import (
    WARDS,
    Row,
    counters,
    imported,
    keyed_part,
    month_part,
    put,
    put_layer,
    undo,
)


def set_to(store, key: str, value) -> None:
    with store.transaction():
        store.put_setting(key, value)


def test_a_setting_comes_back_as_what_it_was(store):
    assert store.setting("key") is None
    for value in ("Gŵyl", 3, 2**60, 0.1, True, False, 0, "", None, "null", "1"):
        set_to(store, "key", value)
        assert store.setting("key") == value
        assert type(store.setting("key")) is type(value)


def test_settings_do_not_meet(store):
    for key in ("a", "A", "a b", "é", "%s", "default_layer"):
        set_to(store, key, f"of {key}")
    assert {key: store.setting(key) for key in ("a", "A", "a b", "é", "%s")} == {
        key: f"of {key}" for key in ("a", "A", "a b", "é", "%s")
    }
    assert store.settings()["default_layer"] == "of default_layer"
    assert len(store.settings()) == 6


def test_layers_move_the_counter_of_layers_only(store, four_squares):
    assert counters(store) == (0, 0, 0, 0)
    put_layer(store, four_squares)
    assert counters(store) == (0, 1, 0, 0)
    put_layer(store, four_squares.loc[["A"]])
    assert counters(store) == (0, 2, 0, 0)


def test_every_import_that_changes_something_moves_the_counter_of_incidents(store):
    put(store, month_part("2024-01"))
    assert counters(store) == (1, 0, 0, 0)
    put(store, month_part("2024-01", 5))
    assert counters(store) == (2, 0, 0, 0)
    put(store, month_part("2024-02"), month_part("2024-03"))
    assert counters(store) == (4, 0, 0, 0)


def test_an_import_that_changes_nothing_moves_no_counter(store):
    put(store, month_part("2024-01"), keyed_part([Row("council:a")]))
    before = counters(store)
    put(store, month_part("2024-01"), keyed_part([Row("council:a")]))
    put(store, keyed_part([Row("council:a")], content="another file"))
    put(store)
    assert counters(store) == before


def test_undoing_moves_the_counter_on_and_never_back(store):
    record = imported(store, month_part("2024-01"))
    before = counters(store)
    undo(store, record.import_id)
    assert counters(store) == (before[0] + 1, 0, 0, 0)


def test_settings_move_the_counter_of_settings_only(store):
    set_to(store, "a", 1)
    assert counters(store) == (0, 0, 0, 1)
    set_to(store, "a", 2)
    assert counters(store) == (0, 0, 0, 2)


def test_reading_moves_no_counter(store, four_squares):
    put_layer(store, four_squares)
    put(store, month_part("2024-01"))
    before = store.data_version()
    with store.reading():
        _ = store.layers(), store.layer("wards"), store.incidents(), store.incident_count()
        _ = store.imports(), store.imports(history=True), store.setting("a")
    with store.transaction():
        pass
    assert store.data_version() == before


def test_a_data_version_is_one_word_with_the_stores_own_name(new_store):
    one, other = (opened() for opened in (new_store(), new_store()))
    assert str(one.data_version()) == f"{one.data_version().uuid}.0.0.0.0.0.0.0"
    assert one.data_version().uuid != other.data_version().uuid
    one.close()
    other.close()


def test_two_changes_made_apart_are_two_states(store, reader, four_squares):
    versions = {str(store.data_version())}
    for change in (
        lambda: put(store, month_part("2024-01")),
        lambda: put(reader, month_part("2024-02")),
        lambda: put_layer(store, four_squares, WARDS),
        lambda: put_layer(reader, four_squares, LayerMetadata("blocks")),
        lambda: set_to(reader, "a", 1),
    ):
        change()
        assert store.data_version() == reader.data_version()
        versions.add(str(store.data_version()))
    assert len(versions) == 6
