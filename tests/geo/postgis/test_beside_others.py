"""Writers queue, readers never wait, and each sees one state."""

from __future__ import annotations

import threading
import time

import pytest

from geo.errors import StoreError
from geo.store.postgis import server as postgis_server
from tests.geo.postgis.databases import WARDS, opened


def test_two_importers_queue(store, url, partition):
    with opened(url) as other:
        order = []

        def second() -> None:
            with other.transaction():
                order.append("second begins")
                other.put_partition(partition("2024-02"))

        thread = threading.Thread(target=second)
        with store.transaction():
            thread.start()
            store.put_partition(partition("2024-01"))
            time.sleep(0.3)
            order.append("first ends")
        thread.join()
        assert order == ["first ends", "second begins"]
        assert len(store.incidents()) == store.incident_count() == 4
        assert store.data_version().incidents == 2


def test_an_importer_does_not_wait_for_ever(store, url, monkeypatch):
    monkeypatch.setattr(postgis_server, "LOCK_TIMEOUT_S", 0.2)
    with (
        opened(url) as other,
        store.transaction(),
        pytest.raises(StoreError, match="another import was still running after"),
    ):
        other.put_setting("a", 1)


def test_a_reader_sees_the_old_state_during_an_import_and_never_waits(
    store, url, partition, four_squares
):
    store.put_partition(partition("2024-01"))
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader:
        with store.transaction():
            store.put_partition(partition("2024-01", 5, content="v2"))
            store.put_partition(partition("2024-07", 5))
            store.put_layer(WARDS, four_squares.loc[["A"]])
            assert (len(reader.incidents()), reader.incident_count()) == (2, 2)
            assert len(reader.layer("wards")[1]) == 4
            assert len(reader.imports()) == 1
        assert (len(reader.incidents()), reader.incident_count()) == (10, 10)
        assert len(reader.layer("wards")[1]) == 1


def test_all_that_is_read_together_is_of_one_state(store, url, partition, four_squares):
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader, reader.reading():
        before = reader.data_version()
        store.put_partition(partition())
        store.put_layer(WARDS, four_squares.loc[["A"]])
        with reader.reading():
            assert len(reader.incidents()) == 0
        assert reader.data_version() == before
        assert len(reader.layer("wards")[1]) == 4


def test_a_layer_made_anew_under_a_reader_is_refused_not_empty(store, url, four_squares):
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader, reader.reading():
        assert len(reader.layers()) == 1
        store.put_layer(WARDS, four_squares.assign(residents=1))
        with pytest.raises(StoreError, match="wards was replaced while it was read; try again"):
            reader.layer("wards")


def test_nothing_is_written_inside_reading_and_blocks_are_not_nested(store):
    with store.reading(), pytest.raises(StoreError, match="read-only transaction"):
        store.put_setting("a", 1)
    with (
        store.transaction(),
        pytest.raises(StoreError, match="blocks are not nested"),
        store.transaction(),
    ):
        pass
    assert store.setting("a") is None


def test_a_failed_change_takes_only_itself_back(store, partition):
    bad = partition("2024-02", incident_id="the-same")
    with store.transaction():
        store.put_partition(partition("2024-01"))
        with pytest.raises(StoreError, match=r"cannot be used: duplicate key .*the-same"):
            store.put_partition(bad)
    assert store.incident_count() == len(store.incidents()) == 2


def test_many_threads_share_a_store(store, partition):
    def change(number: int) -> None:
        store.put_partition(partition(f"2024-{number:02}"))
        with store.reading():
            assert len(store.incidents()) == store.incident_count()

    threads = [threading.Thread(target=change, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.incident_count() == len(store.incidents()) == 16
    assert store.data_version().incidents == 8


def test_two_that_open_a_new_store_at_once_make_one(url):
    uuids = []

    def make() -> None:
        with opened(url, create=True) as made:
            uuids.append(made.data_version().uuid)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uuids) == 4
    assert len(set(uuids)) == 1


def test_a_closed_store_is_refused(url):
    with opened(url, create=True) as made:
        pass
    with pytest.raises(StoreError, match="it was closed"):
        made.setting("a")
