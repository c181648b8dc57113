"""A server that goes away: what was begun is refused, and the store recovers."""

from __future__ import annotations

import time

import pytest

from geo.errors import StoreError
from geo.store.postgis import PostgisStore
from geo.store.postgis import server as postgis_server
from tests.geo.postgis.databases import opened, refusal


def test_a_store_at_rest_does_not_notice_a_restart(private, store, partition):
    store.put_partition(partition())
    private.restart()
    assert store.incident_count() == 2


def test_a_restart_in_the_middle_of_a_change_is_refused_and_leaves_nothing(
    private, store, partition
):
    store.put_partition(partition("2024-01"))

    def change() -> None:
        with store.transaction():
            store.put_partition(partition("2024-02"))
            private.restart()
            store.put_partition(partition("2024-03"))

    with pytest.raises(StoreError, match="cannot be used"):
        change()
    assert [record.month for record in store.imports()] == ["2024-01"]
    store.put_partition(partition("2024-02"))
    assert store.incident_count() == len(store.incidents()) == 4


def test_a_server_that_is_down_is_refused_and_used_again_once_it_is_up(private, url, monkeypatch):
    monkeypatch.setattr(postgis_server, "POOL_TIMEOUT_S", 1.0)
    with opened(url, create=True) as store:
        store.put_setting("a", 1)
        private.stop()
        try:
            with pytest.raises(StoreError, match="cannot be used: it gave no connection in 1 sec"):
                store.setting("a")
            assert "its server cannot be reached" in refusal(url)
        finally:
            private.start()
        assert setting_within(store, "a", seconds=120) == 1


def setting_within(store: PostgisStore, key: str, *, seconds: float) -> object:
    """A setting, asked for again until the store has recovered."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return store.setting(key)
        except StoreError:
            if time.monotonic() > deadline:
                raise
